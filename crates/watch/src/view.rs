//! What a dashboard, a report and a recording show of runs: plain data, as JSON where it leaves the process.
//!
//! Times are microseconds since the start of the run, sizes are bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a run, or a chain of it, stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Nothing of it has started.
    #[default]
    Waiting,
    /// It runs.
    Running,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// A run in a line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its number in the session.
    pub id: u64,
    /// What it computes, in a line.
    pub label: String,
    /// When it started, in milliseconds since 1970, UTC.
    pub started_unix_ms: u64,
    /// How long it ran, or has run so far.
    pub elapsed_us: u64,
    /// How it stands.
    pub state: Standing,
    /// Tasks known so far.
    pub tasks: u64,
    /// Tasks done.
    pub tasks_done: u64,
    /// Tasks failed.
    pub tasks_failed: u64,
    /// Rows read.
    pub rows_read: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes written to scratch.
    pub spilled_bytes: u64,
    /// The most bytes promised at once.
    pub peak_bytes: u64,
    /// The session's budget.
    pub budget_bytes: u64,
    /// Threads of the pool.
    pub threads: u32,
    /// Why it failed.
    pub error: Option<String>,
    /// Events that the ring had no room for.
    pub dropped_events: u64,
}

/// The chains of a run and what flows between them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlanView {
    /// The chains, in the order in which they run.
    pub chains: Vec<ChainView>,
    /// From which chain to which rows flow.
    pub edges: Vec<(usize, usize)>,
}

/// One chain of fused steps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChainView {
    /// Its index in the run.
    pub chain: usize,
    /// Its steps in one line.
    pub label: String,
    /// The text of each step.
    pub steps: Vec<String>,
    /// How it stands.
    pub state: Standing,
    /// Its tasks, tasks that started, and tasks done.
    pub tasks: u64,
    /// Tasks that started.
    pub tasks_started: u64,
    /// Tasks done.
    pub tasks_done: u64,
    /// Rows that came in, from sources and from earlier chains.
    pub rows_in: u64,
    /// Rows expected to come in, when known.
    pub rows_expected: Option<u64>,
    /// Rows that it gave.
    pub rows_out: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes written to scratch.
    pub spilled_bytes: u64,
    /// Bytes that the estimate promised as peak.
    pub projected_bytes: u64,
    /// The most bytes promised at once while it ran.
    pub peak_bytes: u64,
    /// When it started.
    pub started_us: Option<u64>,
    /// How long it ran, or has run so far.
    pub elapsed_us: u64,
    /// Sentences that say why: what spilled, what waited, which partition was skewed, and what to change.
    pub causes: Vec<String>,
}

/// The task stream between two times, at most one rectangle a pixel and lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lanes {
    /// Start of what is shown.
    pub from_us: u64,
    /// End of what is shown.
    pub to_us: u64,
    /// One lane a worker thread.
    pub lanes: Vec<Lane>,
}

/// The tasks of one worker.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lane {
    /// The worker's index.
    pub worker: u32,
    /// The name of its thread.
    pub name: String,
    /// Its rectangles in the order of time, not overlapping.
    pub rects: Vec<Rect>,
}

/// One task, or several too short to be told apart at this zoom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Start.
    pub start_us: u64,
    /// End.
    pub end_us: u64,
    /// Time of it in which tasks ran: less than the width when some of it was idle.
    pub busy_us: u64,
    /// The chain of its tasks: where several meet, the one with the most time.
    pub chain: u32,
    /// The task, when it is one.
    pub task: Option<u64>,
    /// How many tasks it stands for.
    pub tasks: u32,
    /// How many of these failed.
    pub failed: u32,
}

/// Measures over time, evenly spaced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Series {
    /// Time of the first point.
    pub from_us: u64,
    /// Time between two points.
    pub step_us: u64,
    /// Points by name. Bytes: `budget`, `promised`, `used`, `resident`, `spilled`, `worker.0`, `worker.1`, ... (promised to
    /// each worker's task). Bytes a second: `disk_read`, `disk_written`, `spill_rate`. Shares of one: `cpu` (of all
    /// cores), `occupancy` (of the workers that run a task).
    pub columns: BTreeMap<String, Vec<Option<f64>>>,
}

/// Which tasks to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskQuery {
    /// Only of this chain.
    pub chain: Option<usize>,
    /// Only `running`, `done` or `failed`.
    pub state: Option<Standing>,
    /// Only whose label or error contains this text, without regard to case.
    pub text: String,
    /// `start`, `elapsed`, `wait`, `permit_bytes`, `rows` or `bytes`; with a minus before it, the largest first.
    pub sort: String,
    /// Rows left out at the start.
    pub offset: usize,
    /// Rows at most.
    pub limit: usize,
}

/// Some tasks of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TaskPage {
    /// Tasks that match the query. Of a long run the recorder keeps the slowest, the failed and a sample of the others.
    pub matching: u64,
    /// Tasks of the run.
    pub tasks: u64,
    /// The rows asked for.
    pub rows: Vec<TaskRow>,
}

/// One task.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TaskRow {
    /// Its chain.
    pub chain: usize,
    /// Its index in the chain.
    pub task: u64,
    /// The chain's label, or the call's name.
    pub label: String,
    /// Which worker ran it.
    pub worker: u32,
    /// How it stands.
    pub state: Standing,
    /// When it started.
    pub start_us: u64,
    /// How long it waited for its permit.
    pub wait_us: u64,
    /// How long it ran.
    pub elapsed_us: u64,
    /// Bytes promised to it.
    pub permit_bytes: u64,
    /// Rows that came in.
    pub rows: u64,
    /// Bytes that it read.
    pub bytes: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// A node of a flame graph.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flame {
    /// The op, kernel or function.
    pub name: String,
    /// Samples in it and below it, in microseconds.
    pub us: u64,
    /// What it called.
    pub children: Vec<Flame>,
}

/// The process and its machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct System {
    /// Version of blockfold.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// The session's threads.
    pub threads: u32,
    /// Cores that the process may use.
    pub cores: u32,
    /// The processor's name.
    pub cpu: String,
    /// The session's budget.
    pub budget_bytes: u64,
    /// Memory of the machine, or of the control group when that is less.
    pub memory_bytes: u64,
    /// Bytes of the process that are resident.
    pub resident_bytes: u64,
    /// The scratch folder.
    pub scratch: String,
    /// Free bytes where scratch lies.
    pub scratch_free_bytes: u64,
    /// Other facts, by name.
    pub more: Vec<(String, String)>,
}

/// Whatever has runs to show: a session that records, or a recording that was read.
///
/// Methods answer `None` for a run that is not there. They are called by the server's threads, and may take a lock, but
/// never one that a task of a run waits for.
pub trait Watched: Send + Sync {
    /// All runs, newest last.
    fn runs(&self) -> Vec<RunSummary>;
    /// Grows whenever something of a run has changed; of no run (`None`), whenever any has.
    fn version(&self, run: Option<u64>) -> u64;
    /// Chains and their counts.
    fn plan(&self, run: u64) -> Option<PlanView>;
    /// The task stream from one time to another in at most `pixels` rectangles a lane; to its end when `to_us` is `None`.
    fn lanes(&self, run: u64, from_us: u64, to_us: Option<u64>, pixels: usize) -> Option<Lanes>;
    /// Measures from one time to another, in at most `points` points.
    fn series(&self, run: u64, from_us: u64, to_us: Option<u64>, points: usize) -> Option<Series>;
    /// Tasks in a list.
    fn tasks(&self, run: u64, query: &TaskQuery) -> Option<TaskPage>;
    /// Where the time went.
    fn flame(&self, run: u64) -> Option<Flame>;
    /// Sentences that say why the run took what it took, the most important first.
    fn causes(&self, run: u64) -> Option<Vec<String>>;
    /// The process and its machine.
    fn system(&self) -> System;
    /// Whether runs may still change: false for a recording.
    fn is_live(&self) -> bool;
}
