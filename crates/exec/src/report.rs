//! What a run really needed.

use std::time::Duration;

/// What one chain really needed.
#[derive(Clone, Debug, Default)]
pub struct ChainReport {
    /// The chain's steps in one line.
    pub label: String,
    /// Tasks that ran.
    pub tasks: usize,
    /// Rows that its sources gave.
    pub rows: u64,
    /// Bytes that its sources read from files.
    pub read_bytes: u64,
    /// Bytes written to scratch.
    pub spilled_bytes: u64,
    /// The most bytes that one task held a permit for.
    pub task_bytes: u64,
    /// The most bytes that were promised at once while the chain ran.
    pub peak_bytes: u64,
    /// Time from first task to end.
    pub elapsed: Duration,
}

/// What a run really needed.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// Chain by chain, in the order in which they ran.
    pub chains: Vec<ChainReport>,
    /// Rows that sources gave.
    pub rows_read: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Rows written to files.
    pub rows_written: u64,
    /// Bytes written to files.
    pub bytes_written: u64,
    /// Bytes written to scratch, compressed.
    pub spilled_bytes: u64,
    /// Bytes read back from scratch.
    pub unspilled_bytes: u64,
    /// Row groups not read since statistics or bloom filters rule them out.
    pub groups_skipped: u64,
    /// Pages not read since the page index rules them out.
    pub pages_skipped: u64,
    /// The most bytes promised at once.
    pub peak_bytes: u64,
    /// Time of the whole run.
    pub elapsed: Duration,
}
