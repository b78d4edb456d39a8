//! Everything that happens in runs, as one stream of events.
//!
//! A [`Subscriber`] is told at once, on the thread that coordinates a run, and may cancel it. A
//! [`Follower`](crate::Follower) is told a little later, through a ring that no task waits for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blockfold_plan::StepId;
use blockfold_plan::tally::Tally;

use crate::report::{ChainReport, RunReport};

/// Something that happened in a run. Of several runs at once, the number of the run tells them apart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A run starts.
    RunStarted {
        /// Its number in the session, from 1.
        run: u64,
        /// What it will do.
        plan: Arc<RunPlan>,
    },
    /// A chain of steps starts: its tasks are planned, and ready, as they need earlier chains only.
    ChainStarted {
        /// The run.
        run: u64,
        /// Index of the chain in the run.
        chain: usize,
        /// Its steps in one line.
        label: Arc<str>,
        /// Number of its tasks.
        tasks: usize,
        /// Rows that will stream through, when known.
        rows: Option<u64>,
    },
    /// A task got its permit and goes to the pool.
    TaskPermitted {
        /// The run.
        run: u64,
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// Bytes promised to it.
        permit_bytes: u64,
        /// How long it was the next one, waiting for these bytes.
        waited: Duration,
    },
    /// A thread of the pool starts a task. Told by that thread, so to followers alone.
    TaskStarted {
        /// The run.
        run: u64,
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// Which thread of the pool.
        worker: u32,
    },
    /// A task is done.
    TaskFinished {
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// Where and when it ran, and what it counted.
        work: Work,
        /// Rows read so far by all tasks of the run.
        rows_read: u64,
        /// Bytes read so far by all tasks of the run.
        bytes_read: u64,
        /// Bytes promised to all tasks now.
        promised_bytes: u64,
    },
    /// Work of a chain beside that of whole tasks is done: two partials merged, a part of an answer made.
    PieceFinished {
        /// Index of the chain in the run.
        chain: usize,
        /// Where and when it ran, and what it counted.
        work: Work,
    },
    /// A task failed; the run is being cancelled.
    TaskFailed {
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// Where and when it ran, and what it counted.
        work: Work,
        /// The error as text.
        error: Arc<str>,
    },
    /// Rows went to scratch.
    Spilled {
        /// The run.
        run: u64,
        /// Index of the chain in the run.
        chain: usize,
        /// Bytes written since the chain last said so.
        bytes: u64,
        /// Bytes written so far by the run.
        total: u64,
    },
    /// Rows that no later chain reads were dropped.
    Dropped {
        /// The run.
        run: u64,
        /// Index of the chain after which they were.
        chain: usize,
        /// Bytes given back in memory.
        memory_bytes: u64,
        /// Bytes given back in scratch.
        scratch_bytes: u64,
    },
    /// A chain is done.
    ChainFinished {
        /// The run.
        run: u64,
        /// Index of the chain in the run.
        chain: usize,
        /// Time from its first task to its end.
        elapsed: Duration,
        /// What it needed.
        report: Arc<ChainReport>,
    },
    /// A run is done, has failed or was cancelled.
    RunFinished {
        /// The run.
        run: u64,
        /// Time of the whole run.
        elapsed: Duration,
        /// How it ended.
        end: RunEnd,
        /// What it needed, as far as it came.
        report: Arc<RunReport>,
    },
    /// A delayed call starts, on the thread that tells of it.
    CallStarted {
        /// The run.
        run: u64,
        /// Its name.
        name: Arc<str>,
    },
    /// A delayed call is done, or has failed; told by the thread that made it.
    CallFinished {
        /// The run.
        run: u64,
        /// Its name.
        name: Arc<str>,
        /// When it started.
        start: Instant,
        /// How long it took.
        elapsed: Duration,
        /// Bytes of its result, when its function tells.
        bytes: Option<u64>,
        /// The error as text, if it failed.
        error: Option<Arc<str>>,
    },
}

impl Event {
    /// The run that it belongs to.
    pub fn run(&self) -> u64 {
        match self {
            Event::RunStarted { run, .. }
            | Event::ChainStarted { run, .. }
            | Event::TaskPermitted { run, .. }
            | Event::TaskStarted { run, .. }
            | Event::Spilled { run, .. }
            | Event::Dropped { run, .. }
            | Event::ChainFinished { run, .. }
            | Event::RunFinished { run, .. }
            | Event::CallStarted { run, .. }
            | Event::CallFinished { run, .. } => *run,
            Event::TaskFinished { work, .. } | Event::PieceFinished { work, .. } | Event::TaskFailed { work, .. } => {
                work.run
            }
        }
    }
}

/// Where and when a piece of work ran, and what it counted.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// The run it belongs to.
    pub run: u64,
    /// Which thread of the pool.
    pub worker: u32,
    /// When it started.
    pub start: Instant,
    /// Time in the pool.
    pub elapsed: Duration,
    /// Rows and bytes that went in and out.
    pub tally: Tally,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// With its answer.
    Done,
    /// With this error.
    Failed(Arc<str>),
    /// It was cancelled, or nobody wanted the rest of its answer.
    Cancelled,
}

/// What a run will do.
#[derive(Clone, Debug, Default)]
pub struct RunPlan {
    /// What it computes, in a line.
    pub label: String,
    /// Its chains, in the order in which they run.
    pub chains: Vec<ChainPlan>,
    /// From which chain to which rows flow.
    pub edges: Vec<(usize, usize)>,
    /// The session's budget.
    pub budget_bytes: u64,
    /// Threads of the pool.
    pub threads: usize,
}

/// What a chain of a run will do.
#[derive(Clone, Debug, Default)]
pub struct ChainPlan {
    /// Its steps in one line.
    pub label: String,
    /// Its steps with their texts, sources first.
    pub steps: Vec<(StepId, String)>,
    /// The name of each step, as in the label.
    pub names: Vec<String>,
    /// Rows expected to come in, when known.
    pub rows: Option<u64>,
    /// Bytes expected to be read from files.
    pub read_bytes: u64,
    /// Bytes of one task, as estimated.
    pub task_bytes: u64,
    /// Bytes expected to wait in memory for later chains.
    pub kept_bytes: u64,
    /// Bytes of all tasks at once and of what is held, as estimated.
    pub projected_bytes: u64,
    /// Bytes expected to go to scratch.
    pub scratch_bytes: u64,
    /// Blocks of the chain.
    pub blocks: usize,
    /// Blocks that statistics rule out.
    pub skipped_blocks: usize,
}

/// Somebody who watches runs. Called on the coordinating thread, so that tasks are never held up; delayed calls are told
/// of by the threads that make them.
pub trait Subscriber: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: &Event);
}
