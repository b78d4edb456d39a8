//! What the tasks of one run share.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blockfold_core::{Block, Budget, Cancel, Error, Permit, Result};
use blockfold_plan::estimate::{ALLOWANCE_SHARE, STORE_SHARE, chunk_bytes, share};
use blockfold_plan::{
    BlockMeta, Chain, Input, Metrics, Narrowing, Sizes, Source, Step, StepGraph, StepId, TaskContext,
};

use crate::narrow::{Finished, NarrowedSource};
use crate::part::StorePart;
use crate::report::RunReport;
use crate::store::{Room, Store, StoreContext};

/// What a chain left to later ones.
#[derive(Clone)]
pub(crate) enum Stored {
    /// One block, with the permit for its bytes.
    Block { block: Block, permit: Arc<Permit> },
    /// Rows by part.
    Store(Arc<Store>),
    /// Nothing: an exchange that was not needed.
    Passed,
}

impl Stored {
    /// A block that a later chain reads.
    pub(crate) fn block(block: Block, permit: Permit) -> Self {
        Stored::Block { block, permit: Arc::new(permit) }
    }

    /// Rows, and bytes before compression, of all blocks.
    pub(crate) fn total(&self) -> BlockMeta {
        match self {
            Stored::Store(store) => store.total(),
            _ => self.size(0),
        }
    }

    /// Bytes in memory and in scratch now.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        match self {
            Stored::Block { permit, .. } => (permit.bytes(), 0),
            Stored::Store(store) => (store.memory_bytes(), store.scratch_bytes()),
            Stored::Passed => (0, 0),
        }
    }

    fn size(&self, block: usize) -> BlockMeta {
        match self {
            Stored::Block { block: whole, .. } if block == 0 => BlockMeta { rows: whole.rows(), bytes: whole.bytes() },
            Stored::Block { .. } | Stored::Passed => BlockMeta::default(),
            Stored::Store(store) => store.size(block),
        }
    }
}

/// What the tasks of one run share.
pub(crate) struct RunState {
    pub(crate) graph: Arc<StepGraph>,
    pub(crate) cancel: Cancel,
    pub(crate) metrics: Arc<Metrics>,
    budget: Budget,
    room: Room,
    stored: Mutex<HashMap<StepId, Stored>>,
    /// Sources that finished steps narrowed, by the step that reads them.
    narrowed: Mutex<HashMap<StepId, NarrowedSource>>,
    shared: Arc<Shared>,
}

/// What runs of one graph share.
pub(crate) struct Shared {
    graph: Arc<StepGraph>,
    /// The budget that the graph was made for.
    budget_bytes: u64,
    /// What kernels may take that keep to an allowance, by step.
    allowances: HashMap<StepId, u64>,
    /// What sources made before the run, for all of their blocks.
    _prepared: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Shared {
    /// # Errors
    /// A source that cannot make what its blocks need.
    pub(crate) fn of(graph: Arc<StepGraph>, budget_bytes: u64, cancel: &Cancel) -> Result<Self> {
        let mut allowances = HashMap::new();
        for chain in Chain::of(&graph) {
            let bytes = chain.allowance_bytes(&graph, share(ALLOWANCE_SHARE, budget_bytes));
            for step in &chain.steps {
                let least = allowances.entry(*step).or_insert(bytes);
                *least = bytes.min(*least);
            }
        }
        let mut prepared = Vec::new();
        for node in &graph.nodes {
            if let Step::Read { source, .. } = &node.step {
                prepared.extend(source.prepare(cancel)?);
            }
        }
        Ok(Shared { graph, budget_bytes, allowances, _prepared: prepared })
    }
}

impl RunState {
    /// The state of a run that has not begun.
    ///
    /// # Errors
    /// A source that cannot make what its blocks need.
    pub(crate) fn new(graph: StepGraph, cancel: Cancel, room: Room) -> Result<Self> {
        let shared = Shared::of(Arc::new(graph), room.budget.total_bytes(), &cancel)?;
        Ok(RunState::of(Arc::new(shared), cancel, room))
    }

    /// The state of one of the runs of a graph.
    pub(crate) fn of(shared: Arc<Shared>, cancel: Cancel, room: Room) -> Self {
        let (metrics, budget, stored) = (Arc::default(), room.budget.clone(), Mutex::default());
        RunState {
            graph: shared.graph.clone(),
            cancel,
            metrics,
            budget,
            room,
            stored,
            narrowed: Mutex::default(),
            shared,
        }
    }

    /// The budget of the session.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// What a task sees that makes a block of a step.
    pub(crate) fn task(&self, id: StepId, block: usize) -> TaskContext {
        let (cancel, metrics) = (self.cancel.clone(), self.metrics.clone());
        let allowance_bytes = self.shared.allowances.get(&id).copied().unwrap_or_else(|| self.allowance_bytes());
        TaskContext { block, cancel, metrics, allowance_bytes }
    }

    /// Puts what the run counted into its report.
    pub(crate) fn complete(&self, report: &mut RunReport, elapsed: Duration) {
        report.rows_read = self.metrics.rows_read();
        report.bytes_read = self.metrics.bytes_read();
        report.rows_written = self.metrics.rows_written();
        report.bytes_written = self.metrics.bytes_written();
        report.spilled_bytes = self.metrics.bytes_spilled();
        report.unspilled_bytes = self.metrics.bytes_unspilled();
        report.groups_skipped = self.metrics.groups_skipped();
        report.pages_skipped = self.metrics.pages_skipped();
        report.peak_bytes = report.chains.iter().map(|chain| chain.peak_bytes).max().unwrap_or(0);
        report.elapsed = elapsed;
    }

    pub(crate) fn promised_bytes(&self) -> u64 {
        self.budget.promised_bytes()
    }

    /// The budget that decides what is kept where: that of the session, or for a fragment the one that all workers have.
    pub(crate) fn budget_bytes(&self) -> u64 {
        self.shared.budget_bytes
    }

    /// What a store of so many parts is made with.
    pub(crate) fn store_context(&self, parts: usize) -> StoreContext {
        let total = self.budget_bytes();
        StoreContext {
            room: self.room.clone(),
            metrics: self.metrics.clone(),
            share_bytes: share(STORE_SHARE, total),
            chunk_bytes: chunk_bytes(parts, total),
        }
    }

    /// Sends rows that wait in memory to scratch so that `bytes` more can be promised; whether there were any.
    pub(crate) fn make_room(&self, bytes: u64) -> Result<bool> {
        self.room.make_room(bytes, &self.metrics)
    }

    /// A permit for a task; `None` when it must wait for others that are under way.
    ///
    /// # Errors
    /// [`Error::OverBudget`] when nothing is under way, and nothing waits in memory that could go to scratch.
    pub(crate) fn permit(&self, step: &str, bytes: u64, remedy: &str, in_flight: usize) -> Result<Option<Permit>> {
        loop {
            match self.budget.try_permit(bytes) {
                Some(permit) => return Ok(Some(permit)),
                None if in_flight > 0 => return Ok(None),
                None if bytes <= self.budget.total_bytes()
                    && self.make_room(bytes).map_err(|error| error.at(step))? => {}
                None => return self.budget.permit(step, bytes, remedy).map(Some),
            }
        }
    }

    /// Makes a permit hold `bytes` in all; rows that wait in memory make room.
    pub(crate) fn resize(&self, permit: &mut Permit, bytes: u64, step: &str, remedy: &str) -> Result<()> {
        loop {
            match permit.resize(bytes, step, remedy) {
                Err(_) if self.make_room(bytes)? => {}
                result => return result,
            }
        }
    }

    pub(crate) fn store(&self, id: StepId, stored: Stored) {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).insert(id, stored);
    }

    /// Takes out what no later chain reads.
    pub(crate) fn keep_only(&self, needed: &[StepId]) -> Vec<Stored> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let unread: Vec<StepId> = stored.keys().copied().filter(|id| !needed.contains(id)).collect();
        unread.iter().filter_map(|id| stored.remove(id)).collect()
    }

    pub(crate) fn find(&self, id: StepId) -> Option<Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(crate) fn take(&self, id: StepId) -> Result<Stored> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.remove(&id).ok_or_else(|| Error::internal("a result was taken before its step ran"))
    }

    /// The one block of a step that ran before.
    pub(crate) fn block(&self, id: StepId) -> Result<Block> {
        match self.find(id) {
            Some(Stored::Block { block, .. }) => Ok(block),
            Some(Stored::Store(_) | Stored::Passed) => Err(Error::internal("a block was asked of rows in parts")),
            None => Err(Error::internal("a block was read before its step ran")),
        }
    }

    /// What a step left, as filters are made from it; `None` before it ran.
    pub(crate) fn finished(&self, id: StepId) -> Option<Finished> {
        match self.find(id)? {
            Stored::Block { block, .. } => Some(Finished::Block(block)),
            Stored::Store(store) => Some(Finished::Rows(store.learning())),
            Stored::Passed => None,
        }
    }

    /// The source that a step reads, narrowed once by the steps that it names; they ran before.
    pub(crate) fn source(
        &self,
        id: StepId,
        source: &Arc<dyn Source>,
        narrowed_by: &[Narrowing],
    ) -> Result<NarrowedSource> {
        let mut narrowed = self.narrowed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = narrowed.get(&id) {
            return Ok(found.clone());
        }
        let found = NarrowedSource::of(self, source, narrowed_by)?;
        narrowed.insert(id, found.clone());
        Ok(found)
    }

    /// Whether a step that ran before left one block.
    pub(crate) fn is_one_block(&self, id: StepId) -> bool {
        matches!(self.find(id), Some(Stored::Block { .. }))
    }

    /// A block of a step that ran before; `None` where it left nothing. An only block is every block of a step that
    /// is read as a whole.
    pub(crate) fn input(&self, id: StepId, block: usize, is_whole: bool) -> Result<Option<Input>> {
        match self.find(id) {
            Some(Stored::Block { block: only, .. }) => Ok((block == 0 || is_whole).then_some(Input::Block(only))),
            Some(Stored::Store(store)) => {
                let metrics = self.metrics.clone();
                Ok(Some(Input::Part(Arc::new(StorePart { store, part: block, metrics }))))
            }
            Some(Stored::Passed) => Err(Error::internal("a part was asked of rows that stayed where they are")),
            None => Err(Error::internal("a block was read before its step ran")),
        }
    }
}

impl Sizes for RunState {
    fn block(&self, id: StepId, block: usize) -> BlockMeta {
        self.find(id).map(|stored| stored.size(block)).unwrap_or_default()
    }

    fn knows_rows(&self, _: StepId) -> bool {
        true
    }

    fn is_passed(&self, id: StepId) -> bool {
        matches!(self.find(id), Some(Stored::Passed))
    }

    fn allowance_bytes(&self) -> u64 {
        share(ALLOWANCE_SHARE, self.budget_bytes())
    }
}
