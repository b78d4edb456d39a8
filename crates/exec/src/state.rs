//! What the tasks of one run share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::{Block, Cancel, Error, Permit, Result};
use blockfold_plan::{Metrics, StepGraph, StepId, TaskContext};

/// A block that a later chain reads, with the permit for its bytes.
pub(crate) struct Stored {
    pub(crate) block: Block,
    pub(crate) _permit: Permit,
}

/// What the tasks of one run share.
pub(crate) struct RunState {
    pub(crate) graph: StepGraph,
    pub(crate) cancel: Cancel,
    pub(crate) metrics: Arc<Metrics>,
    stored: Mutex<HashMap<StepId, Stored>>,
}

impl RunState {
    pub(crate) fn new(graph: StepGraph, cancel: Cancel) -> Self {
        RunState { graph, cancel, metrics: Arc::default(), stored: Mutex::default() }
    }

    pub(crate) fn task(&self, block: usize) -> TaskContext {
        TaskContext { block, cancel: self.cancel.clone(), metrics: self.metrics.clone() }
    }

    pub(crate) fn store(&self, id: StepId, stored: Stored) {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).insert(id, stored);
    }

    pub(crate) fn take(&self, id: StepId) -> Result<Stored> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.remove(&id).ok_or_else(|| Error::internal("a result was taken before its step ran"))
    }

    /// The block of a step that ran before.
    pub(crate) fn block(&self, id: StepId) -> Result<Block> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let found = stored.get(&id).map(|stored| stored.block.clone());
        found.ok_or_else(|| Error::internal("a block was read before its step ran"))
    }
}
