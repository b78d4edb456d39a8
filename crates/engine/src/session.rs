//! A session: a memory budget, threads, a scratch folder.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use blockfold_core::{Budget, ByteSize, Cancel, Error, RecordBatch, Result};
use blockfold_exec::{Executor, ScratchOptions, Subscriber};
use blockfold_io::ipc::IpcSource;
use blockfold_io::memory::MemorySource;
use blockfold_io::parquet::ParquetSource;
use blockfold_io::paths::{Paths, resolve};
use blockfold_plan::Source;
use blockfold_tasks::{Pool, Settings};
use blockfold_watch::Recorder;

use crate::delayed::CallWatch;
use crate::frame::LazyFrame;
use crate::recording::{self, UsedBytes};

/// The least budget that a session accepts: one batch of a few columns must fit.
const MIN_BUDGET_BYTES: u64 = 1 << 20;

/// The most threads that a session starts.
const MAX_THREADS: usize = 1024;

/// A memory budget with threads, under which frames are read and run; cheap to clone.
///
/// # Memory
/// All runs of a session share its budget: bytes are promised to tasks before they start, and results that are
/// held count until they are dropped.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    executor: Executor,
    scratch: PathBuf,
    cancel: Cancel,
    /// How threads for calls differ from the usual ones.
    call_settings: Option<CallSettings>,
    /// Threads for delayed calls, started with the first.
    calls: Mutex<Option<Arc<Pool>>>,
    /// Tells of delayed calls, when somebody watches.
    call_watch: OnceLock<Arc<CallWatch>>,
    recorder: OnceLock<Recorder>,
    used_bytes: Option<UsedBytes>,
    /// Where the recording is written when the session ends.
    record_to: Option<PathBuf>,
    #[cfg(feature = "dashboard")]
    dashboard: OnceLock<blockfold_dashboard::Dashboard>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let (Some(recorder), Some(path)) = (self.recorder.get(), &self.record_to) {
            // The threads of calls, and the run of a client's calls, end first.
            self.calls.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            self.call_watch.take();
            self.executor.flush();
            // Nobody is left to be told; `write_recording` tells.
            let _ = recorder.recording().write(path);
        }
    }
}

/// Settings of a session.
#[derive(Clone, Default)]
#[must_use]
pub struct SessionBuilder {
    budget: Option<ByteSize>,
    threads: Option<usize>,
    scratch: ScratchOptions,
    subscribers: Vec<Arc<dyn Subscriber>>,
    cancel: Cancel,
    call_settings: Option<CallSettings>,
    records: bool,
    record_to: Option<PathBuf>,
    used_bytes: Option<UsedBytes>,
    #[cfg(feature = "dashboard")]
    dashboard: Option<String>,
}

/// Changes the settings of threads for delayed calls.
type CallSettings = Arc<dyn Fn(Settings) -> Settings + Send + Sync>;

impl SessionBuilder {
    /// Bytes that the session may hold; by default half of what the machine or its container has.
    pub fn memory_budget(mut self, budget: ByteSize) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Number of threads; by default one for each core that the process may use.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Folder for scratch files; by default the system's folder for temporary files. Its files have no names, so
    /// that nothing is left behind whatever ends the process. Nothing is written there
    /// until something spills.
    pub fn scratch(mut self, folder: impl AsRef<Path>) -> Self {
        self.scratch.folder = folder.as_ref().to_path_buf();
        self
    }

    /// Bytes that scratch files may take at once; by default as many as the disk has. A run that needs more fails
    /// with [`Error::ScratchLimit`].
    pub fn scratch_limit(mut self, limit: ByteSize) -> Self {
        self.scratch.limit_bytes = limit.0;
        self
    }

    /// Adds somebody who watches the session's runs, as a progress bar.
    pub fn subscribe(mut self, subscriber: Arc<dyn Subscriber>) -> Self {
        self.subscribers.push(subscriber);
        self
    }

    /// Whether the session's runs are recorded, for [`Session::recorder`], dashboards, reports and traces.
    ///
    /// # Memory
    /// Some 10 MB for a run of any number of tasks, beside the budget.
    pub fn record(mut self, records: bool) -> Self {
        self.records = records;
        self
    }

    /// Records the session's runs and writes them to a file, as `run.bfrun`, when the session ends. What cannot be written
    /// then is lost; [`Session::write_recording`] tells of errors.
    pub fn record_to(mut self, path: impl AsRef<Path>) -> Self {
        self.records = true;
        self.record_to = Some(path.as_ref().to_path_buf());
        self
    }

    /// Serves a page that shows the session's runs, on an address such as `127.0.0.1:8787`, until the session ends. What to
    /// open is told by [`Session::dashboard_url`]; who may is in the guide to the dashboard. The runs are recorded.
    #[cfg(feature = "dashboard")]
    pub fn dashboard(mut self, address: impl Into<String>) -> Self {
        self.records = true;
        self.dashboard = Some(address.into());
        self
    }

    /// How to ask the process's allocator for the bytes that it has given out, for recordings.
    pub fn used_bytes(mut self, used_bytes: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.used_bytes = Some(Arc::new(used_bytes));
        self
    }

    /// Changes how threads for delayed calls are made; see [`Session::call_settings`].
    pub fn call_settings(mut self, change: impl Fn(Settings) -> Settings + Send + Sync + 'static) -> Self {
        self.call_settings = Some(Arc::new(change));
        self
    }

    /// A flag that cancels the session's runs when it is set, as by a signal handler.
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// The session.
    ///
    /// # Errors
    /// A budget below 1 MiB, no threads, or a system that refuses to start them.
    pub fn build(self) -> Result<Session> {
        let budget = self.budget.unwrap_or_else(default_budget);
        if budget.0 < MIN_BUDGET_BYTES {
            let what = format!("{budget} is too little to work in; give at least {}", ByteSize(MIN_BUDGET_BYTES));
            return Err(Error::argument("memory budget", what));
        }
        let threads = match self.threads {
            Some(0) => return Err(Error::argument("threads", "a session needs at least one")),
            Some(threads) if threads > MAX_THREADS => {
                let what =
                    format!("{threads} is too many; more threads than cores only cost memory, at most {MAX_THREADS}");
                return Err(Error::argument("threads", what));
            }
            Some(threads) => threads,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let scratch = self.scratch.folder.clone();
        let mut executor = Executor::new(threads, Budget::new(budget.0), self.scratch)?;
        self.subscribers.into_iter().for_each(|subscriber| executor.subscribe(subscriber));
        let call_watch = OnceLock::new();
        if executor.is_watched() {
            call_watch.get_or_init(|| Arc::new(CallWatch::new(executor.clone())));
        }
        let session = Session(Arc::new(Inner {
            executor,
            scratch,
            cancel: self.cancel,
            call_settings: self.call_settings,
            calls: Mutex::default(),
            call_watch,
            recorder: OnceLock::new(),
            used_bytes: self.used_bytes,
            record_to: self.record_to,
            #[cfg(feature = "dashboard")]
            dashboard: OnceLock::new(),
        }));
        if self.records {
            session.start_recording()?;
        }
        #[cfg(feature = "dashboard")]
        if let Some(address) = self.dashboard {
            session.start_dashboard(&address)?;
        }
        Ok(session)
    }
}

/// Half of the machine's memory, or of its container's limit.
fn default_budget() -> ByteSize {
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
    });
    let bytes = limit.into_iter().chain(total).min().unwrap_or(4 << 30);
    ByteSize((bytes / 2).max(MIN_BUDGET_BYTES))
}

thread_local! {
    static SCOPE: RefCell<Option<Cancel>> = const { RefCell::new(None) };
}

/// What a function returns, with `cancel` stopping all runs that it starts on this thread, of whatever session.
///
/// # Examples
/// ```
/// use blockfold::prelude::*;
/// use blockfold::{Cancel, cancellable};
///
/// # fn main() -> blockfold::Result<()> {
/// let session = Session::builder().build()?;
/// let cancel = Cancel::default();
/// cancel.cancel();
/// let stopped = cancellable(&cancel, || session.ones([10], ()).compute());
/// assert!(matches!(stopped, Err(Error::Cancelled)));
/// assert!(session.ones([10], ()).compute().is_ok());
/// # Ok(())
/// # }
/// ```
pub fn cancellable<T>(cancel: &Cancel, f: impl FnOnce() -> T) -> T {
    let before = SCOPE.replace(Some(cancel.clone()));
    let result = f();
    SCOPE.set(before);
    result
}

impl Session {
    /// Settings of a new session.
    ///
    /// # Examples
    /// ```
    /// use blockfold::{ByteSize, Session};
    /// let session = Session::builder().memory_budget(ByteSize::mib(64)).threads(2).build()?;
    /// assert_eq!(session.memory_budget(), ByteSize::mib(64));
    /// # Ok::<(), blockfold::Error>(())
    /// ```
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// Bytes that the session may hold.
    pub fn memory_budget(&self) -> ByteSize {
        ByteSize(self.0.executor.budget().total_bytes())
    }

    /// Bytes that are promised now: to running tasks, and to results that are held.
    pub fn promised_bytes(&self) -> u64 {
        self.0.executor.budget().promised_bytes()
    }

    /// Bytes that scratch files take now.
    pub fn scratch_bytes(&self) -> u64 {
        self.0.executor.scratch_bytes()
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.0.executor.threads()
    }

    /// Folder for scratch files.
    pub fn scratch(&self) -> &Path {
        &self.0.scratch
    }

    /// A lazy frame of Parquet files: a file, a folder, a glob, or a list of these; folders called `key=value`
    /// give columns. Reads footers only.
    ///
    /// # Errors
    /// No file there, a damaged footer, or files whose schemas differ, naming column and file.
    pub fn read_parquet(&self, paths: impl Into<Paths>) -> Result<LazyFrame> {
        self.read_parquet_and_index(paths).map(|(frame, _)| frame)
    }

    /// As [`Session::read_parquet`], with the names of the columns that pandas or Dask wrote as the index.
    ///
    /// # Errors
    /// As [`Session::read_parquet`].
    pub fn read_parquet_and_index(&self, paths: impl Into<Paths>) -> Result<(LazyFrame, Vec<String>)> {
        let files = resolve(&paths.into(), &["parquet", "parq", "pq"])?;
        let source = ParquetSource::open(files)?;
        let index = source.index_columns().to_vec();
        Ok((self.read(Arc::new(source))?, index))
    }

    /// A lazy frame of Arrow IPC files, memory-mapped and scanned without a copy; compressed ones are decoded.
    ///
    /// # Errors
    /// No file there, a damaged file, or files whose schemas differ, naming column and file.
    pub fn read_ipc(&self, paths: impl Into<Paths>) -> Result<LazyFrame> {
        self.read(Arc::new(IpcSource::open(paths)?))
    }

    /// A lazy frame of batches in memory, one partition each.
    ///
    /// # Errors
    /// No batch at all, or batches whose columns differ.
    pub fn from_batches(&self, batches: Vec<RecordBatch>) -> Result<LazyFrame> {
        self.read(Arc::new(MemorySource::from_batches(batches)?))
    }

    /// A lazy frame of any source of blocks.
    pub fn read(&self, source: Arc<dyn Source>) -> Result<LazyFrame> {
        LazyFrame::read(self, source)
    }

    pub(crate) fn executor(&self) -> &Executor {
        &self.0.executor
    }

    /// Threads for delayed calls.
    ///
    /// # Errors
    /// The operating system refuses threads.
    pub(crate) fn calls(&self) -> Result<Arc<Pool>> {
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*calls {
            return Ok(pool.clone());
        }
        let pool = Arc::new(Pool::new(self.call_settings())?);
        *calls = Some(pool.clone());
        Ok(pool)
    }

    /// Records the session's runs from now on; does nothing when they are recorded already. Delayed calls of clients that were
    /// made before are not told of.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn start_recording(&self) -> Result<&Recorder> {
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recorder) = self.0.recorder.get() {
            return Ok(recorder);
        }
        let recorder = recording::record(&self.0.executor, &self.0.scratch, self.0.used_bytes.clone())?;
        self.0.call_watch.get_or_init(|| Arc::new(CallWatch::new(self.0.executor.clone())));
        let recorder = self.0.recorder.get_or_init(|| recorder);
        // Those for calls are made anew with the next call, and tell of it.
        let before = calls.take();
        drop(calls);
        drop(before);
        Ok(recorder)
    }

    /// Tells of delayed calls, when somebody watches.
    pub(crate) fn call_watch(&self) -> Option<&Arc<CallWatch>> {
        self.0.call_watch.get()
    }

    /// What records the session's runs; `None` unless it was [started](Session::start_recording) or the session was built with [`record`](crate::SessionBuilder::record).
    ///
    /// # Examples
    /// ```
    /// use blockfold::prelude::*;
    /// use blockfold::watch::view::Watched;
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().threads(2).record(true).build()?;
    /// let total = session.ones([1000, 1000], ()).sum(()).compute()?;
    /// let recorder = session.recorder().expect("it records");
    /// let run = recorder.runs().pop().expect("a run");
    /// assert_eq!((run.tasks, run.tasks_failed), (run.tasks_done, 0));
    /// println!("{}", session.performance_report()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn recorder(&self) -> Option<&Recorder> {
        self.0.recorder.get()
    }

    #[cfg(feature = "dashboard")]
    pub(crate) fn dashboard(&self) -> &OnceLock<blockfold_dashboard::Dashboard> {
        &self.0.dashboard
    }

    /// Sees to it that what happened so far is recorded.
    pub(crate) fn flush_events(&self) {
        self.0.executor.flush();
    }

    /// Tells sessions apart, as long as they live.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Settings of threads for calls with what the builder said of them.
    pub(crate) fn changed(&self, settings: Settings) -> Settings {
        match &self.0.call_settings {
            Some(change) => change(settings),
            None => settings,
        }
    }

    /// A flag that the session's flag sets, too.
    pub(crate) fn own_cancel(&self) -> Cancel {
        self.0.cancel.child()
    }

    /// A flag for one run, which the session's flag and the thread's also cancel.
    pub(crate) fn cancel(&self) -> Cancel {
        SCOPE.with_borrow(|scope| match scope {
            Some(scope) => self.0.cancel.child_of_both(scope),
            None => self.0.cancel.child(),
        })
    }
}
