//! Tells those who watch a session of its delayed calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blockfold_exec::{Event, Executor, OpenRun, RunEnd};
use blockfold_tasks::{Subscriber, TaskFinished, TaskStarted};

/// Tells of calls, as parts of a run: the one that `compute` opened, or one of a client's calls, which have no end.
pub(crate) struct CallWatch {
    executor: Executor,
    open: Mutex<Open>,
    /// The run that calls belong to now, 0 for none.
    run: AtomicU64,
    /// The run that calls belonged to last: some end after it, when another one failed.
    last: AtomicU64,
}

#[derive(Default)]
struct Open {
    run: Option<OpenRun>,
    /// Calls of `compute` that are under way.
    computing: usize,
}

impl CallWatch {
    pub(crate) fn new(executor: Executor) -> Self {
        CallWatch { executor, open: Mutex::default(), run: AtomicU64::new(0), last: AtomicU64::new(0) }
    }

    /// What a function returns that makes calls; its calls are one run, together with those of others at the same time.
    pub(super) fn during<T>(
        &self,
        f: impl FnOnce() -> Result<T, blockfold_tasks::Error>,
    ) -> Result<T, blockfold_tasks::Error> {
        self.opened().computing += 1;
        let result = f();
        let mut open = self.lock();
        open.computing -= 1;
        if open.computing == 0 {
            let end = match &result {
                Ok(_) => RunEnd::Done,
                Err(blockfold_tasks::Error::Cancelled { .. }) => RunEnd::Cancelled,
                Err(error) => RunEnd::Failed(error.to_string().into()),
            };
            self.close(&mut open, end);
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> MutexGuard<'_, Open> {
        let mut open = self.lock();
        if open.run.is_none() {
            let run = self.executor.open_run("delayed calls");
            self.run.store(run.number(), Ordering::Release);
            self.last.store(run.number(), Ordering::Release);
            open.run = Some(run);
        }
        open
    }

    fn close(&self, open: &mut Open, end: RunEnd) {
        self.run.store(0, Ordering::Release);
        if let Some(run) = open.run.take() {
            run.end(end);
        }
    }

    /// The run that calls belong to now; opened by the first call of a client.
    fn run(&self) -> u64 {
        match self.run.load(Ordering::Acquire) {
            0 => self.opened().run.as_ref().map_or(0, OpenRun::number),
            run => run,
        }
    }
}

impl Subscriber for CallWatch {
    fn started(&self, event: &TaskStarted<'_>) {
        self.executor.tell(event.start, Event::CallStarted { run: self.run(), name: event.name.clone() });
    }

    fn finished(&self, event: &TaskFinished<'_>) {
        let elapsed = event.stop.saturating_duration_since(event.start);
        let run = self.last.load(Ordering::Acquire);
        let (name, start, bytes) = (event.name.clone(), event.start, event.bytes);
        let error = event.error.map(|error| error.to_string().into());
        self.executor.tell(event.stop, Event::CallFinished { run, name, start, elapsed, bytes, error });
    }
}

impl Drop for CallWatch {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = open.run.take() {
            run.end(RunEnd::Done);
        }
    }
}
