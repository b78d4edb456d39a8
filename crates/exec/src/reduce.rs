//! Folds the blocks of a chain into partials and merges them in block order.
//!
//! A reducer whose partials may outgrow memory says how they are spread: a partial beyond its share of the budget,
//! or one that saves nothing, is drained to a store, by part. Whether a partial is drained depends on its blocks
//! and the budget alone, never on what else runs, so that the result does not depend on threads.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::{Block, Error, Permit, RecordBatch, Result};
use blockfold_plan::estimate::{PARTIAL_SHARE, exchange_task_bytes, share};
use blockfold_plan::{Chain, End, Origin, Partial, Reducer, Router, StepId};

use crate::chain_run::ChainRun;
use crate::dispatch::Dispatch;
use crate::feeder::Feeder;
use crate::frames::within;
use crate::narrow::Learning;
use crate::neighbours::Neighbours;
use crate::state::{RunState, Stored};
use crate::store::{Store, StoreContext};
use crate::stream;
use crate::tasks::{self, TaskPlan};

/// A partial with the permit for its bytes.
pub(crate) struct Held {
    pub(crate) partial: Box<dyn Partial>,
    pub(crate) permit: Permit,
    /// The first task whose blocks it is of.
    pub(crate) task: usize,
    /// Where rows of the same blocks went before, when they did.
    pub(crate) feeder: Option<Feeder>,
}

/// A node of the merge tree: level 0 holds tasks, level `n + 1` pairs of level `n`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) level: u32,
    pub(crate) index: usize,
}

/// Runs a chain that ends in a reduction and stores its result: one block, or rows by part when it was spread.
pub(crate) fn run(run: &mut ChainRun<'_>, chain: &Chain, id: StepId, reducer: &Arc<dyn Reducer>) -> Result<()> {
    let (plans, skipped) = tasks::runs(&run.state.graph, run.state.as_ref(), chain);
    run.state.metrics.add_groups_skipped(skipped);
    run.started(plans.len());
    let stream_bytes = plans.iter().map(|plan| plan.stream_bytes).max().unwrap_or(0);
    let spread = reducer.spread().map(|router| {
        let learning = Learning::start(&run.state, router.digest());
        Arc::new(Spread::new(&run.state, router, stream_bytes, learning))
    });
    let folding = Folding { id, reducer: reducer.clone(), spread: spread.clone() };
    let held = match reducer.may_stop_early() {
        Some(end) => in_sequence(run, chain, &folding, &plans, end)?,
        None => as_tree(run, chain, &folding, &plans)?,
    };
    let mut held = match held {
        Some(held) => held,
        None => folding.empty(&run.state)?,
    };
    if let (Some(spread), true) = (&spread, held.feeder.is_some()) {
        spread.drain(&mut held)?;
        run.state.store(id, Stored::Store(spread.stored().ok_or_else(|| Error::internal("nothing was drained"))?));
        return Ok(());
    }
    let block = reducer.finish(held.partial).map_err(|error| error.at(reducer.name()))?;
    run.state.resize(&mut held.permit, block.bytes(), reducer.name(), &reducer.remedy())?;
    run.state.store(id, Stored::block(block, held.permit));
    Ok(())
}

/// What tasks fold with.
#[derive(Clone)]
pub(crate) struct Folding {
    pub(crate) id: StepId,
    pub(crate) reducer: Arc<dyn Reducer>,
    pub(crate) spread: Option<Arc<Spread>>,
}

/// Where partials go that are not to be kept.
pub(crate) struct Spread {
    router: Arc<dyn Router>,
    context: StoreContext,
    /// Made with the columns of the first rows that are drained.
    store: Mutex<Option<Arc<Store>>>,
    learning: Option<Arc<Learning>>,
    /// Bytes beyond which a partial is drained.
    limit_bytes: u64,
    /// Bytes that draining takes beside the partial.
    drain_bytes: u64,
}

/// Bytes that a partial is assumed to grow by for a row.
const GROWTH_BYTES: u64 = 128;

/// A partial may always have this much.
const LEAST_PARTIAL_BYTES: u64 = 128 << 10;

/// Larger partials are slower to look up and to merge than to move.
const MOST_PARTIAL_BYTES: u64 = 16 << 20;

impl Spread {
    /// For tasks that stream so many bytes at most.
    pub(crate) fn new(
        state: &RunState,
        router: Arc<dyn Router>,
        stream_bytes: u64,
        learning: Option<Arc<Learning>>,
    ) -> Self {
        let (parts, budget_bytes) = (router.parts(), state.budget_bytes());
        let drain_bytes = exchange_task_bytes(parts, budget_bytes);
        // A task that runs alone has room to stream, to drain, and for what `make_room` asks for before it drains.
        let alone_bytes = budget_bytes.saturating_sub(stream_bytes).saturating_sub(drain_bytes) / 4;
        let limit_bytes = share(PARTIAL_SHARE, budget_bytes).min(alone_bytes);
        let limit_bytes = limit_bytes.clamp(LEAST_PARTIAL_BYTES, MOST_PARTIAL_BYTES);
        let context = state.store_context(parts);
        Spread { router, context, store: Mutex::default(), learning, limit_bytes, drain_bytes }
    }

    fn wants(&self, partial: &dyn Partial) -> bool {
        partial.is_passing() || partial.bytes() > self.limit_bytes
    }

    /// Empties a partial into the store.
    fn drain(&self, held: &mut Held) -> Result<()> {
        self.feed(&mut held.feeder, held.task, held.partial.as_mut())?;
        held.feeder.as_mut().map_or(Ok(()), Feeder::finish)
    }

    fn feed(&self, feeder: &mut Option<Feeder>, task: usize, partial: &mut dyn Partial) -> Result<()> {
        if self.router.is_by_origin() {
            return Err(Error::internal("a partial cannot be spread by where its rows came from"));
        }
        let rows = partial.drain()?;
        if feeder.is_none() {
            let (store, task) = (self.store_of(&rows), u32::try_from(task).unwrap_or(u32::MAX));
            *feeder = Some(Feeder::new(store, self.router.clone(), task));
        }
        feeder.as_mut().map_or(Ok(()), |feeder| feeder.push(&rows, Origin::default()))
    }

    fn store_of(&self, rows: &RecordBatch) -> Arc<Store> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = self.router.parts();
        let new = || Store::learning_by(self.context.clone(), rows.schema(), parts, self.learning.clone());
        store.get_or_insert_with(new).clone()
    }

    /// Where rows went, when any did.
    pub(crate) fn stored(&self) -> Option<Arc<Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on from a partial of which so many chunks were drained elsewhere.
    pub(crate) fn feeder(&self, task: usize, partial: &mut dyn Partial, chunks: u32) -> Result<Feeder> {
        let store = self.store_of(&partial.drain()?);
        let task = u32::try_from(task).unwrap_or(u32::MAX);
        Ok(Feeder::new(store, self.router.clone(), task).after(chunks))
    }
}

/// All tasks, their partials merged pairwise: the tree's shape depends on the number of tasks alone.
fn as_tree(run: &mut ChainRun<'_>, chain: &Chain, folding: &Folding, plans: &[TaskPlan]) -> Result<Option<Held>> {
    let mut dispatch: Dispatch<'_, Held> = run.dispatch();
    let mut tree = MergeTree::new(plans.len());
    let mut merging: BTreeMap<usize, Place> = BTreeMap::new();
    let mut waiting: VecDeque<usize> = (0..plans.len()).collect();
    let mut neighbours = Neighbours::of(plans.len());
    loop {
        while dispatch.has_room() && neighbours.may_start(dispatch.in_flight()) {
            let Some(&task) = waiting.front() else { break };
            let Some(permit) = fold_permit(run, &folding.reducer, &plans[task], dispatch.in_flight())? else { break };
            waiting.pop_front();
            neighbours.note_start(task);
            run.task_started(task, permit.bytes());
            spawn_fold(run, &mut dispatch, chain, folding, &plans[task], task, permit);
        }
        let Some(done) = dispatch.wait() else { break };
        let is_task = !merging.contains_key(&done.tag);
        if is_task && neighbours.held_what_it_needed(run, &done)? {
            waiting.push_front(done.tag);
            continue;
        }
        let place = merging.remove(&done.tag).unwrap_or(Place { level: 0, index: done.tag });
        let held = run.finished(place.level == 0, done)?;
        run.note_task_bytes(held.permit.bytes());
        if let Some((parent, earlier, later)) = tree.put(place, held) {
            // Tags of merges follow those of tasks.
            let tag = plans.len() + tree.next_tag();
            merging.insert(tag, parent);
            let folding = folding.clone();
            dispatch.spawn(tag, move || within(folding.id, || folding.merge(earlier, later)));
        }
    }
    Ok(tree.into_root())
}

/// Tasks from one end of the frame, merged one after the other, until the result cannot change.
fn in_sequence(
    run: &mut ChainRun<'_>,
    chain: &Chain,
    folding: &Folding,
    plans: &[TaskPlan],
    end: End,
) -> Result<Option<Held>> {
    let order = |n: usize| if end == End::First { n } else { plans.len() - 1 - n };
    let mut dispatch: Dispatch<'_, Held> = run.dispatch();
    let mut waiting: BTreeMap<usize, Held> = BTreeMap::new();
    let (mut next, mut merged) = (0, 0);
    let mut sum: Option<Held> = None;
    let mut window = 1;
    let (mut again, mut neighbours) = (VecDeque::new(), Neighbours::of(plans.len()));
    while merged < plans.len() && !sum.as_ref().is_some_and(|sum| sum.partial.is_complete()) {
        // One task first, since it is often enough; then as many as there are threads.
        while dispatch.has_room() && neighbours.may_start(dispatch.in_flight()) {
            let new = (next < plans.len() && next < merged + window).then_some(next);
            let Some(task) = again.front().copied().or(new) else { break };
            let plan = &plans[order(task)];
            let Some(permit) = fold_permit(run, &folding.reducer, plan, dispatch.in_flight())? else { break };
            again.pop_front();
            neighbours.note_start(task);
            run.task_started(task, permit.bytes());
            spawn_fold(run, &mut dispatch, chain, folding, plan, task, permit);
            next = next.max(task + 1);
        }
        let Some(done) = dispatch.wait() else { break };
        if neighbours.held_what_it_needed(run, &done)? {
            again.push_front(done.tag);
            continue;
        }
        let task = done.tag;
        let held = run.finished(true, done)?;
        waiting.insert(task, held);
        while let Some(held) = waiting.remove(&merged) {
            let (earlier, later) = if end == End::First { (sum.take(), Some(held)) } else { (Some(held), sum.take()) };
            sum = match (earlier, later) {
                (Some(earlier), Some(later)) => Some(folding.merge(earlier, later)?),
                (one, other) => one.or(other),
            };
            merged += 1;
        }
        window = run.pool.current_num_threads() + 1;
    }
    Ok(sum)
}

fn spawn_fold(
    run: &ChainRun<'_>,
    dispatch: &mut Dispatch<'_, Held>,
    chain: &Chain,
    folding: &Folding,
    plan: &TaskPlan,
    tag: usize,
    permit: Permit,
) {
    let (state, folding, top, plan) = (run.state.clone(), folding.clone(), chain.top, plan.clone());
    dispatch.spawn(tag, move || folding.fold(&state, top, &plan, tag, permit));
}

impl Folding {
    /// A partial of no task.
    pub(crate) fn empty(&self, state: &RunState) -> Result<Held> {
        let reducer = &self.reducer;
        let permit = state.budget().permit(reducer.name(), reducer.initial_bytes(), &reducer.remedy())?;
        Ok(Held { partial: reducer.partial()?, permit, task: 0, feeder: None })
    }

    /// One task: every batch of its blocks folded into one partial.
    pub(crate) fn fold(
        &self,
        state: &Arc<RunState>,
        top: StepId,
        plan: &TaskPlan,
        task: usize,
        permit: Permit,
    ) -> Result<Held> {
        let mut held = Held { partial: self.reducer.partial()?, permit, task, feeder: None };
        for blocks in stream::together(state, top, plan) {
            let block = blocks.first().copied().unwrap_or_default();
            let place = || format!("{} block {block}", self.reducer.name());
            let mut stream = stream::open_blocks(state, top, &blocks)?;
            while let Some(batch) = stream.next()? {
                for piece in self.pieces(batch)? {
                    within(self.id, || held.partial.fold(&piece)).map_err(|error| error.at(place()))?;
                    within(self.id, || self.make_room(&mut held, plan.stream_bytes))?;
                }
                if held.partial.is_complete() {
                    break;
                }
            }
            if held.partial.is_complete() {
                break;
            }
        }
        if let (Some(spread), true) = (&self.spread, held.feeder.is_some()) {
            // What is left would be drained when it is merged; until then it would keep memory from other tasks.
            spread.drain(&mut held)?;
        }
        self.settle(held)
    }

    /// A batch in pieces such that one more does not take a partial far beyond its limit.
    fn pieces(&self, batch: Block) -> Result<Vec<Block>> {
        let (Some(spread), Block::Frame(rows)) = (&self.spread, &batch) else { return Ok(vec![batch]) };
        let len = usize::try_from(spread.limit_bytes / GROWTH_BYTES).unwrap_or(usize::MAX).max(1024);
        if rows.num_rows() <= len {
            return Ok(vec![batch]);
        }
        let piece = |start: usize| rows.slice(start, len.min(rows.num_rows() - start)).into();
        Ok((0..rows.num_rows()).step_by(len).map(piece).collect())
    }

    /// Asks for what the partial has grown by, or drains it.
    fn make_room(&self, held: &mut Held, stream_bytes: u64) -> Result<()> {
        let mut needed = stream_bytes.saturating_add(held.partial.bytes().saturating_mul(2));
        match &self.spread {
            Some(spread) if held.feeder.is_some() || spread.wants(held.partial.as_ref()) => {
                if held.feeder.is_none() {
                    // All that draining will ever take is asked for before the first row leaves: a task that is
                    // refused can still be done again.
                    needed = needed.max(stream_bytes + spread.limit_bytes.saturating_mul(3)) + spread.drain_bytes;
                    held.permit.resize(needed, self.reducer.name(), &self.reducer.remedy())?;
                }
                if spread.wants(held.partial.as_ref()) {
                    spread.feed(&mut held.feeder, held.task, held.partial.as_mut())?;
                }
                Ok(())
            }
            // Growth is asked for in steps, so that the budget's counter is not touched each batch.
            _ if needed > held.permit.bytes() => {
                held.permit.resize(needed.saturating_add(needed / 8), self.reducer.name(), &self.reducer.remedy())
            }
            _ => Ok(()),
        }
    }

    /// Two partials as one.
    pub(crate) fn merge(&self, mut earlier: Held, mut later: Held) -> Result<Held> {
        if let (Some(spread), true) = (&self.spread, earlier.feeder.is_some() || later.feeder.is_some()) {
            spread.drain(&mut earlier)?;
            spread.drain(&mut later)?;
            return self.settle(earlier);
        }
        earlier.partial.merge(later.partial).map_err(|error| error.at(self.reducer.name()))?;
        drop(later.permit);
        if let Some(spread) = self.spread.as_ref().filter(|spread| spread.wants(earlier.partial.as_ref())) {
            spread.drain(&mut earlier)?;
        }
        self.settle(earlier)
    }

    /// Keeps no more promised than the partial holds.
    fn settle(&self, mut held: Held) -> Result<Held> {
        held.permit.resize(held.partial.bytes(), self.reducer.name(), &self.reducer.remedy())?;
        Ok(held)
    }
}

/// Partials waiting for their neighbour.
pub(crate) struct MergeTree {
    tasks: usize,
    waiting: BTreeMap<Place, Held>,
    merges: usize,
}

impl MergeTree {
    pub(crate) fn new(tasks: usize) -> Self {
        MergeTree { tasks, waiting: BTreeMap::new(), merges: 0 }
    }

    fn next_tag(&mut self) -> usize {
        self.merges += 1;
        self.merges - 1
    }

    /// Number of nodes on a level.
    fn width(&self, level: u32) -> usize {
        self.tasks.div_ceil(1 << level)
    }

    /// Puts a partial in its place; returns a pair to be merged and the place of the result.
    pub(crate) fn put(&mut self, mut place: Place, held: Held) -> Option<(Place, Held, Held)> {
        // A node without a right neighbour moves up as it is.
        while self.width(place.level) > 1 && place.index.is_multiple_of(2) && place.index + 1 >= self.width(place.level)
        {
            place = Place { level: place.level + 1, index: place.index / 2 };
        }
        let parent = Place { level: place.level + 1, index: place.index / 2 };
        let sibling = Place { level: place.level, index: place.index ^ 1 };
        match self.waiting.remove(&sibling) {
            Some(other) if sibling.index < place.index => Some((parent, other, held)),
            Some(other) => Some((parent, held, other)),
            None => {
                self.waiting.insert(place, held);
                None
            }
        }
    }

    /// The one partial that is left when every pair is merged.
    pub(crate) fn into_root(self) -> Option<Held> {
        self.waiting.into_values().next()
    }
}

/// A permit for a task, `None` when it must wait for others to finish.
fn fold_permit(
    run: &mut ChainRun<'_>,
    reducer: &Arc<dyn Reducer>,
    plan: &TaskPlan,
    in_flight: usize,
) -> Result<Option<Permit>> {
    let bytes = plan.stream_bytes.saturating_add(reducer.initial_bytes());
    run.permit(reducer.name(), bytes, &reducer.remedy(), in_flight)
}
