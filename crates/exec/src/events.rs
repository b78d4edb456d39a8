//! Everything that happens in a run, as one stream.

use std::time::Duration;

/// Something that happened in a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A chain of steps starts.
    ChainStarted {
        /// Index of the chain in the run.
        chain: usize,
        /// Its steps in one line.
        label: String,
        /// Number of its tasks.
        tasks: usize,
        /// Rows that will stream through, when known.
        rows: Option<u64>,
    },
    /// A task got its permit and goes to the pool.
    TaskStarted {
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// Bytes promised to it.
        permit_bytes: u64,
    },
    /// A task is done.
    TaskFinished {
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// Time in the pool.
        elapsed: Duration,
        /// Rows read so far by all tasks of the run.
        rows_read: u64,
        /// Bytes read so far by all tasks of the run.
        bytes_read: u64,
        /// Bytes promised to all tasks now.
        promised_bytes: u64,
    },
    /// A task failed; the run is being cancelled.
    TaskFailed {
        /// Index of the chain in the run.
        chain: usize,
        /// Index of the task in the chain.
        task: usize,
        /// The error as text.
        error: String,
    },
    /// Rows went to scratch.
    Spilled {
        /// Index of the chain in the run.
        chain: usize,
        /// Bytes written since the chain last said so.
        bytes: u64,
        /// Bytes written so far by the run.
        total: u64,
    },
    /// Rows that no later chain reads were dropped.
    Dropped {
        /// Index of the chain after which they were.
        chain: usize,
        /// Bytes given back in memory.
        memory_bytes: u64,
        /// Bytes given back in scratch.
        scratch_bytes: u64,
    },
    /// A chain is done.
    ChainFinished {
        /// Index of the chain in the run.
        chain: usize,
        /// Time from its first task to its end.
        elapsed: Duration,
    },
    /// A delayed call starts, on the thread that tells of it.
    CallStarted {
        /// Its name.
        name: String,
    },
    /// A delayed call is done, or has failed; told by the thread that made it.
    CallFinished {
        /// Its name.
        name: String,
        /// How long it took.
        elapsed: Duration,
        /// Bytes of its result, when its function tells.
        bytes: Option<u64>,
        /// The error as text, if it failed.
        error: Option<String>,
    },
}

/// Somebody who watches runs. Called on the coordinating thread, so that tasks are never held up; delayed calls are told
/// of by the threads that make them.
pub trait Subscriber: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: &Event);
}
