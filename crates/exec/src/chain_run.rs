//! One chain of a run: what its end asks for while it coordinates tasks, and what is told of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blockfold_core::{Budget, Permit, Result};

use crate::dispatch::{Dispatch, Done};
use crate::events::Event;
use crate::report::ChainReport;
use crate::state::RunState;
use crate::teller::Teller;

/// One chain of a run, as its end sees it.
pub(crate) struct ChainRun<'a> {
    pub(crate) state: Arc<RunState>,
    pub(crate) pool: &'a rayon::ThreadPool,
    pub(crate) budget: &'a Budget,
    teller: &'a Teller,
    index: usize,
    estimated_rows: Option<u64>,
    tasks: usize,
    /// Since when the next task waits for its permit, and how long the last one did.
    waiting_since: Option<Instant>,
    waited: Duration,
    /// Bytes written to scratch so far that were told of.
    spilled_bytes: u64,
    report: ChainReport,
}

impl<'a> ChainRun<'a> {
    pub(crate) fn new(
        state: &Arc<RunState>,
        (pool, budget): (&'a rayon::ThreadPool, &'a Budget),
        teller: &'a Teller,
        index: usize,
        (label, estimated_rows): (String, Option<u64>),
    ) -> Self {
        let spilled_bytes = state.metrics.bytes_spilled();
        ChainRun {
            state: state.clone(),
            pool,
            budget,
            teller,
            index,
            estimated_rows,
            tasks: 0,
            waiting_since: None,
            waited: Duration::ZERO,
            spilled_bytes,
            report: ChainReport { label, ..ChainReport::default() },
        }
    }

    /// What was counted, once the chain ended.
    pub(crate) fn into_report(mut self) -> ChainReport {
        self.note_spilled();
        self.report
    }

    pub(crate) fn started(&mut self, tasks: usize) {
        self.tasks = tasks;
        let (run, chain, rows) = (self.teller.run(), self.index, self.estimated_rows);
        let label = self.report.label.as_str().into();
        self.teller.tell(Event::ChainStarted { run, chain, label, tasks, rows });
    }

    /// Where pieces of the chain's work are handed to the pool, once it started.
    pub(crate) fn dispatch<T: Send + 'static>(&self) -> Dispatch<'a, T> {
        Dispatch::new(self.pool, self.teller.chain(self.index, self.tasks))
    }

    /// A permit for the next task; `None` when it must wait for others that are under way.
    pub(crate) fn permit(&mut self, step: &str, bytes: u64, remedy: &str, in_flight: usize) -> Result<Option<Permit>> {
        let permit = self.state.permit(step, bytes, remedy, in_flight)?;
        match permit {
            Some(_) => self.waited = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed()),
            None => self.waiting_since = self.waiting_since.or_else(|| Some(Instant::now())),
        }
        Ok(permit)
    }

    pub(crate) fn task_started(&mut self, task: usize, permit_bytes: u64) {
        self.report.tasks += 1;
        self.report.waited += self.waited;
        self.note_task_bytes(permit_bytes);
        let (run, chain, waited) = (self.teller.run(), self.index, self.waited);
        self.teller.tell(Event::TaskPermitted { run, chain, task, permit_bytes, waited });
    }

    /// Tells of rows that went to scratch since the last time.
    fn note_spilled(&mut self) {
        let total = self.state.metrics.bytes_spilled();
        if total > self.spilled_bytes {
            let (run, chain, bytes) = (self.teller.run(), self.index, total - self.spilled_bytes);
            self.teller.tell(Event::Spilled { run, chain, bytes, total });
            self.spilled_bytes = total;
        }
    }

    /// Counts rows of the answer.
    pub(crate) fn note_rows_out(&mut self, rows: u64) {
        self.report.rows_out += rows;
    }

    /// Keeps the largest permit that a task of the chain held.
    pub(crate) fn note_task_bytes(&mut self, bytes: u64) {
        self.report.task_bytes = self.report.task_bytes.max(bytes);
    }

    /// Takes note of a task that found no room and will be done again.
    pub(crate) fn gave_up<T>(&mut self, done: &Done<T>) {
        self.teller.tell(Event::PieceFinished { chain: self.index, work: done.work });
    }

    /// Takes note of a finished piece of work; a failure cancels the run.
    pub(crate) fn finished<T>(&mut self, is_task: bool, done: Done<T>) -> Result<T> {
        self.note_spilled();
        let Done { tag: task, result, work } = done;
        let chain = self.index;
        match result {
            Ok(value) => {
                let (metrics, promised_bytes) = (&self.state.metrics, self.budget.promised_bytes());
                let (rows_read, bytes_read) = (metrics.rows_read(), metrics.bytes_read());
                self.teller.tell(match is_task {
                    true => Event::TaskFinished { chain, task, work, rows_read, bytes_read, promised_bytes },
                    false => Event::PieceFinished { chain, work },
                });
                self.state.cancel.check().map(|()| value)
            }
            Err(error) => {
                self.state.cancel.cancel();
                self.teller.tell(Event::TaskFailed { chain, task, work, error: error.to_string().into() });
                Err(error)
            }
        }
    }
}
