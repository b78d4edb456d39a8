//! Runs a chain that ends in an exchange: its rows go to a store, each to the part that the routing names.

use std::sync::Arc;

use blockfold_core::{Block, Permit, RecordBatch, Result, SchemaRef};
use blockfold_plan::estimate::exchange_task_bytes;
use blockfold_plan::{Chain, Origin, Router, Routing, StepId};

use crate::chain_run::ChainRun;
use crate::dispatch::Dispatch;
use crate::feeder::Feeder;
use crate::frames::within;
use crate::narrow::Learning;
use crate::state::{RunState, Stored};
use crate::store::Store;
use crate::stream;
use crate::tasks::{self, TaskPlan};

const REMEDY: &str = "raise the memory budget";

/// Sends every row to its part and stores the parts; rows stay where they are when it is not needed.
pub(crate) fn run(
    run: &mut ChainRun<'_>,
    chain: &Chain,
    id: StepId,
    made_from: Option<StepId>,
    routing: &Arc<dyn Routing>,
) -> Result<()> {
    let (plans, skipped) = tasks::runs(&run.state.graph, run.state.as_ref(), chain);
    run.state.metrics.add_groups_skipped(skipped);
    run.started(plans.len());
    let made_from = made_from.map(|from| run.state.block(from)).transpose()?;
    let router = routing.router(made_from.as_ref())?;
    let node = run.state.graph.node(id);
    let parts = node.grid.blocks();
    let learning = Learning::start(&run.state, router.digest());
    let store = Store::learning_by(run.state.store_context(parts), node.schema.clone(), parts, learning);
    let place = format!("{} exchange", routing.name());
    let mut dispatch: Dispatch<'_, Permit> = run.dispatch();
    let mut next = 0;
    loop {
        while next < plans.len() && dispatch.has_room() {
            let bytes = plans[next].stream_bytes.saturating_add(exchange_task_bytes(parts, run.budget.total_bytes()));
            let Some(permit) = run.permit(&place, bytes, REMEDY, dispatch.in_flight())? else { break };
            run.task_started(next, permit.bytes());
            let feeder = Feeder::new(store.clone(), router.clone(), u32::try_from(next).unwrap_or(u32::MAX));
            let (state, top, plan, place) = (run.state.clone(), chain.top, plans[next].clone(), place.clone());
            let router = router.clone();
            dispatch.spawn(next, move || {
                send(&state, (top, id), &plan, feeder, router.as_ref()).map_err(|error| error.at(place))?;
                Ok(permit)
            });
            next += 1;
        }
        let Some(done) = dispatch.wait() else { break };
        run.finished(true, done)?;
    }
    run.state.store(id, Stored::Store(store));
    Ok(())
}

/// The rows of a block; elements of an array are rows of its only column.
fn rows_of(block: Block, schema: &SchemaRef) -> Result<RecordBatch> {
    match block {
        Block::Array(tile) => Ok(RecordBatch::try_new(schema.clone(), vec![tile.values.to_column()?])?),
        other => other.frame().cloned(),
    }
}

/// One task: all rows of its blocks.
pub(crate) fn send(
    state: &Arc<RunState>,
    (top, id): (StepId, StepId),
    plan: &TaskPlan,
    mut feeder: Feeder,
    router: &dyn Router,
) -> Result<()> {
    for block in plan.all() {
        let mut stream = stream::open(state, top, block)?;
        let mut row = 0;
        while let Some(batch) = stream.next()? {
            let batch = &rows_of(batch, &state.graph.node(top).schema)?;
            let origin = if router.is_by_origin() { Origin { block, row } } else { Origin::default() };
            within(id, || feeder.push(batch, origin))?;
            row += batch.num_rows() as u64;
        }
    }
    within(id, || feeder.finish())
}
