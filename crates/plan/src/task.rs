//! What a task sees while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blockfold_core::{Block, Cancel, Result};

use crate::tally::Tally;

/// Counters of a run, shared by its tasks.
#[derive(Debug, Default)]
pub struct Metrics {
    bytes_read: AtomicU64,
    rows_read: AtomicU64,
    bytes_written: AtomicU64,
    rows_written: AtomicU64,
    bytes_spilled: AtomicU64,
    bytes_unspilled: AtomicU64,
    bytes_moved_out: AtomicU64,
    groups_skipped: AtomicU64,
    pages_skipped: AtomicU64,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident $add:ident $(=> $($tally:ident)+)?),*) => {
        impl Metrics {$(
            $(#[$doc])*
            pub fn $field(&self) -> u64 { self.$field.load(Ordering::Relaxed) }
            /// Adds to the counter of the same name, and to what the task on this thread counts for itself.
            pub fn $add(&self, more: u64) {
                self.$field.fetch_add(more, Ordering::Relaxed);
                $(Tally::count(|tally| { $(tally.$tally += more;)+ });)?
            }
        )*}
    };
}
counters!(
    /// Bytes read from files.
    bytes_read add_bytes_read => bytes_in,
    /// Rows that sources looked at, before their own filters; sources count them.
    rows_read add_rows_read => rows_in,
    /// Bytes written to files.
    bytes_written add_bytes_written => bytes_out,
    /// Rows written to files.
    rows_written add_rows_written,
    /// Bytes written to scratch.
    bytes_spilled add_bytes_spilled => bytes_out spilled_bytes,
    /// Bytes read back from scratch.
    bytes_unspilled add_bytes_unspilled => bytes_in,
    /// Bytes of those written to scratch that waited in memory first, and made room for tasks.
    bytes_moved_out add_bytes_moved_out,
    /// Row groups that were not read since their statistics or bloom filters rule them out.
    groups_skipped add_groups_skipped,
    /// Pages that were not read since the page index rules them out.
    pages_skipped add_pages_skipped
);

/// What a task is given: which block it makes, whether to stop, and where to count.
#[derive(Clone, Debug)]
pub struct TaskContext {
    /// The block that the task makes.
    pub block: usize,
    /// Set when the run is to stop.
    pub cancel: Cancel,
    /// The run's counters.
    pub metrics: Arc<Metrics>,
    /// Bytes that kernels that take a partition in smaller parts keep to.
    pub allowance_bytes: u64,
}

impl Default for TaskContext {
    fn default() -> Self {
        let (cancel, metrics) = (Cancel::default(), Arc::default());
        TaskContext { block: 0, cancel, metrics, allowance_bytes: u64::MAX }
    }
}

/// A partition as it streams by, in batches.
pub trait BlockStream: Send {
    /// The next batch, `None` after the last one.
    fn next(&mut self) -> Result<Option<Block>>;
}

impl<I: Iterator<Item = Result<Block>> + Send> BlockStream for I {
    fn next(&mut self) -> Result<Option<Block>> {
        Iterator::next(self).transpose()
    }
}
