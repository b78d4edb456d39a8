//! Sources narrowed by what finished steps tell, and rows left out as soon as they are read.

use std::sync::Arc;

use arrow::compute::filter_record_batch;
use blockfold_core::{Block, Permit, RecordBatch, Result};
use blockfold_plan::{BlockStream, Digest, Narrowing, RowFilter, Source, StepId, TaskContext};

use crate::state::RunState;

/// A source as a read sees it once the steps are finished that narrow it.
#[derive(Clone)]
pub(crate) struct NarrowedSource {
    source: Arc<dyn Source>,
    filters: Vec<Arc<dyn RowFilter>>,
}

impl NarrowedSource {
    /// The source with the filters that finished steps give. Its blocks stay the same.
    pub(crate) fn of(state: &RunState, source: &Arc<dyn Source>, narrowed_by: &[Narrowing]) -> Result<Self> {
        let mut narrowed = NarrowedSource { source: source.clone(), filters: Vec::new() };
        for Narrowing { step, by } in narrowed_by {
            let Some(result) = state.learnt(*step)? else { continue };
            let found = by.narrow(&result, narrowed.source.as_ref())?;
            let filtered = found.predicate.map(|predicate| narrowed.source.with_filter(&predicate)).transpose()?;
            if let Some(filtered) = filtered.flatten().filter(|new| new.grid().blocks() == source.grid().blocks()) {
                narrowed.source = filtered;
            }
            narrowed.filters.extend(found.rows);
        }
        Ok(narrowed)
    }

    pub(crate) fn open(&self, block: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        let mut stream = self.source.open(block, task)?;
        for filter in &self.filters {
            stream = Box::new(Sieve { inner: stream, filter: Some(filter.clone()), seen: 0, dropped: 0 });
        }
        Ok(stream)
    }
}

/// Rows after which it is seen whether a filter is worth its time.
const TRIAL_ROWS: usize = 64 * 1024;

/// A filter is worth its time when it drops one row of so many.
const WORTH: usize = 8;

/// Leaves rows out that a filter says are not needed, unless it drops hardly any.
struct Sieve {
    inner: Box<dyn BlockStream>,
    filter: Option<Arc<dyn RowFilter>>,
    seen: usize,
    dropped: usize,
}

impl Sieve {
    fn sieved(&mut self, rows: &RecordBatch) -> Result<Option<RecordBatch>> {
        let Some(filter) = &self.filter else { return Ok(Some(rows.clone())) };
        let mask = filter.mask(rows)?;
        let kept = mask.true_count();
        self.seen += rows.num_rows();
        self.dropped += rows.num_rows() - kept;
        if self.seen >= TRIAL_ROWS && self.dropped < self.seen / WORTH {
            self.filter = None;
        }
        Ok(match kept {
            0 => None,
            _ if kept == rows.num_rows() => Some(rows.clone()),
            _ => Some(filter_record_batch(rows, &mask)?),
        })
    }
}

impl BlockStream for Sieve {
    fn next(&mut self) -> Result<Option<Block>> {
        while let Some(block) = self.inner.next()? {
            if let Some(rows) = self.sieved(block.frame()?)? {
                return Ok(Some(rows.into()));
            }
        }
        Ok(None)
    }
}

/// What is learnt of rows on their way to a store, with the permit for it.
pub(crate) struct Learning {
    pub(crate) digest: Arc<dyn Digest>,
    _permit: Permit,
}

impl Learning {
    /// Asked for before any task runs, so that whether something is learnt does not depend on threads.
    pub(crate) fn start(state: &RunState, digest: Option<Arc<dyn Digest>>) -> Option<Arc<Learning>> {
        let digest = digest?;
        let permit = state.permit("a filter of keys", digest.bytes(), "raise the memory budget", 0).ok().flatten()?;
        Some(Arc::new(Learning { digest, _permit: permit }))
    }
}

impl RunState {
    /// What a finished step tells: its one block, or what was learnt of its rows; `None` where there is nothing.
    fn learnt(&self, id: StepId) -> Result<Option<Block>> {
        match self.finished(id) {
            Some(Finished::Block(block)) => Ok(Some(block)),
            Some(Finished::Rows(learning)) => learning.map(|learning| learning.digest.finish()).transpose(),
            None => Ok(None),
        }
    }
}

/// The result of a step as filters are made from it.
pub(crate) enum Finished {
    /// One block.
    Block(Block),
    /// Rows in parts, and what was learnt of them.
    Rows(Option<Arc<Learning>>),
}
