//! Folds the blocks of a chain into partials and merges them in block order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use blockfold_core::{Error, Permit, Result};
use blockfold_plan::{Chain, End, Partial, Reducer, StepId};

use crate::dispatch::Dispatch;
use crate::executor::ChainRun;
use crate::state::{RunState, Stored};
use crate::stream;
use crate::tasks::{self, TaskPlan};

/// A partial with the permit for its bytes.
struct Held {
    partial: Box<dyn Partial>,
    permit: Permit,
}

/// A node of the merge tree: level 0 holds tasks, level `n + 1` pairs of level `n`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    level: u32,
    index: usize,
}

/// Runs a chain that ends in a reduction and stores the one block of its result.
pub(crate) fn run(run: &mut ChainRun<'_>, chain: &Chain, id: StepId, reducer: &Arc<dyn Reducer>) -> Result<()> {
    let (plans, skipped) = tasks::runs(&run.state.graph, chain);
    run.state.metrics.add_groups_skipped(skipped);
    run.started(plans.len());
    let held = match reducer.may_stop_early() {
        Some(end) => in_sequence(run, chain, reducer, &plans, end)?,
        None => as_tree(run, chain, reducer, &plans)?,
    };
    let mut held = match held {
        Some(held) => held,
        None => empty(run, reducer)?,
    };
    let block = reducer.finish(held.partial).map_err(|error| error.at(reducer.name()))?;
    held.permit.resize(block.bytes(), reducer.name(), &reducer.remedy())?;
    run.state.store(id, Stored { block, _permit: held.permit });
    Ok(())
}

fn empty(run: &ChainRun<'_>, reducer: &Arc<dyn Reducer>) -> Result<Held> {
    let permit = run.budget.permit(reducer.name(), reducer.initial_bytes(), &reducer.remedy())?;
    Ok(Held { partial: reducer.partial()?, permit })
}

/// All tasks, their partials merged pairwise: the tree's shape depends on the number of tasks alone.
fn as_tree(
    run: &mut ChainRun<'_>,
    chain: &Chain,
    reducer: &Arc<dyn Reducer>,
    plans: &[TaskPlan],
) -> Result<Option<Held>> {
    let mut dispatch: Dispatch<'_, Held> = Dispatch::new(run.pool);
    let mut tree = MergeTree::new(plans.len());
    let mut merging: BTreeMap<usize, Place> = BTreeMap::new();
    let mut waiting: VecDeque<usize> = (0..plans.len()).collect();
    // The task that runs alone, once tasks side by side outgrew the budget.
    let (mut is_tight, mut alone) = (false, None);
    loop {
        while dispatch.has_room() && !(is_tight && dispatch.in_flight() > 0) {
            let Some(&task) = waiting.front() else { break };
            let Some(permit) = run.permit(reducer, &plans[task], dispatch.in_flight())? else { break };
            waiting.pop_front();
            alone = is_tight.then_some(task);
            run.task_started(task, permit.bytes());
            spawn_fold(run, &mut dispatch, chain, reducer, &plans[task], task, permit);
        }
        let Some(done) = dispatch.wait() else { break };
        let is_task = !merging.contains_key(&done.tag);
        if is_task && alone != Some(done.tag) && plans.len() > 1 && is_over_budget(&done.result) {
            // Its neighbours held what it needed: it is done again when they are finished.
            is_tight = true;
            waiting.push_front(done.tag);
            continue;
        }
        let place = merging.remove(&done.tag).unwrap_or(Place { level: 0, index: done.tag });
        let held = run.finished(done.tag, place.level == 0, done.elapsed, done.result)?;
        run.note_task_bytes(held.permit.bytes());
        if let Some((parent, earlier, later)) = tree.put(place, held) {
            // Tags of merges follow those of tasks.
            let tag = plans.len() + tree.next_tag();
            merging.insert(tag, parent);
            let reducer = reducer.clone();
            dispatch.spawn(tag, move || merge(&reducer, earlier, later));
        }
    }
    Ok(tree.into_root())
}

/// Tasks from one end of the frame, merged one after the other, until the result cannot change.
fn in_sequence(
    run: &mut ChainRun<'_>,
    chain: &Chain,
    reducer: &Arc<dyn Reducer>,
    plans: &[TaskPlan],
    end: End,
) -> Result<Option<Held>> {
    let order = |n: usize| if end == End::First { n } else { plans.len() - 1 - n };
    let mut dispatch: Dispatch<'_, Held> = Dispatch::new(run.pool);
    let mut waiting: BTreeMap<usize, Held> = BTreeMap::new();
    let (mut next, mut merged) = (0, 0);
    let mut sum: Option<Held> = None;
    let mut window = 1;
    while merged < plans.len() && !sum.as_ref().is_some_and(|sum| sum.partial.is_complete()) {
        // One task first, since it is often enough; then as many as there are threads.
        while next < plans.len() && next < merged + window && dispatch.has_room() {
            let plan = &plans[order(next)];
            let Some(permit) = run.permit(reducer, plan, dispatch.in_flight())? else { break };
            run.task_started(next, permit.bytes());
            spawn_fold(run, &mut dispatch, chain, reducer, plan, next, permit);
            next += 1;
        }
        let Some(done) = dispatch.wait() else { break };
        let held = run.finished(done.tag, true, done.elapsed, done.result)?;
        waiting.insert(done.tag, held);
        while let Some(held) = waiting.remove(&merged) {
            let (earlier, later) = if end == End::First { (sum.take(), Some(held)) } else { (Some(held), sum.take()) };
            sum = match (earlier, later) {
                (Some(earlier), Some(later)) => Some(merge(reducer, earlier, later)?),
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
    reducer: &Arc<dyn Reducer>,
    plan: &TaskPlan,
    tag: usize,
    permit: Permit,
) {
    let (state, reducer, top, plan) = (run.state.clone(), reducer.clone(), chain.top, plan.clone());
    dispatch.spawn(tag, move || fold(&state, &reducer, top, &plan, permit));
}

/// One task: every batch of its blocks folded into one partial.
fn fold(
    state: &RunState,
    reducer: &Arc<dyn Reducer>,
    top: StepId,
    plan: &TaskPlan,
    mut permit: Permit,
) -> Result<Held> {
    let mut partial = reducer.partial()?;
    let remedy = reducer.remedy();
    // Growth beyond the permit is asked for in steps, so that the budget's counter is not touched each batch.
    for block in plan.blocks.clone() {
        let mut stream = stream::open(state, top, block)?;
        while let Some(batch) = stream.next()? {
            let place = || format!("{} block {block}", reducer.name());
            partial.fold(&batch).map_err(|error| error.at(place()))?;
            // Twice what is held, since a table that grows is copied to a larger one.
            let needed = plan.stream_bytes.saturating_add(partial.bytes().saturating_mul(2));
            if needed > permit.bytes() {
                permit.resize(needed.saturating_add(needed / 8), reducer.name(), &remedy)?;
            }
            if partial.is_complete() {
                break;
            }
        }
        if partial.is_complete() {
            break;
        }
    }
    permit.resize(partial.bytes(), reducer.name(), &remedy)?;
    Ok(Held { partial, permit })
}

fn is_over_budget<T>(result: &Result<T>) -> bool {
    result.as_ref().is_err_and(|error| matches!(error.root(), Error::OverBudget { .. }))
}

fn merge(reducer: &Arc<dyn Reducer>, mut earlier: Held, later: Held) -> Result<Held> {
    earlier.partial.merge(later.partial).map_err(|error| error.at(reducer.name()))?;
    drop(later.permit);
    earlier.permit.resize(earlier.partial.bytes(), reducer.name(), &reducer.remedy())?;
    Ok(earlier)
}

/// Partials waiting for their neighbour.
struct MergeTree {
    tasks: usize,
    waiting: BTreeMap<Place, Held>,
    merges: usize,
}

impl MergeTree {
    fn new(tasks: usize) -> Self {
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
    fn put(&mut self, mut place: Place, held: Held) -> Option<(Place, Held, Held)> {
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
    fn into_root(self) -> Option<Held> {
        self.waiting.into_values().next()
    }
}

impl ChainRun<'_> {
    /// A permit for a task, `None` when it must wait for others to finish.
    fn permit(&self, reducer: &Arc<dyn Reducer>, plan: &TaskPlan, in_flight: usize) -> Result<Option<Permit>> {
        let bytes = plan.stream_bytes.saturating_add(reducer.initial_bytes());
        match self.budget.try_permit(bytes) {
            Some(permit) => Ok(Some(permit)),
            None if in_flight > 0 => Ok(None),
            None => self.budget.permit(reducer.name(), bytes, &reducer.remedy()).map(Some),
        }
    }
}
