//! Runs a chain that ends in a sink: one task a block, all outputs or none.

use std::sync::Arc;

use blockfold_core::{Permit, Result};
use blockfold_plan::{Chain, Sink, StepId, Written};

use crate::chain_run::ChainRun;
use crate::dispatch::Dispatch;
use crate::frames::within;
use crate::state::RunState;
use crate::stream;
use crate::tasks::{self, TaskPlan};

const REMEDY: &str = "raise the memory budget, or write smaller row groups";

/// Writes every block and counts the files; on any error the sink removes what it wrote.
pub(crate) fn run(run: &mut ChainRun<'_>, chain: &Chain, id: StepId, sink: &Arc<dyn Sink>) -> Result<usize> {
    let plans = worth_a_file(&run.state, chain, tasks::singles(&run.state.graph, run.state.as_ref(), chain));
    run.started(plans.len());
    sink.begin()?;
    let result = write_all(run, chain, (id, sink), &plans).and_then(|()| sink.commit());
    if result.is_err() {
        sink.abort();
    }
    result.map(|()| plans.len())
}

/// Blocks of which an exchange made more than there were rows for get no file, unless all are empty.
fn worth_a_file(state: &RunState, chain: &Chain, mut plans: Vec<TaskPlan>) -> Vec<TaskPlan> {
    if !chain.reads(&state.graph).is_empty() {
        let has_rows = |plan: &TaskPlan| chain.bounds(&state.graph, state, plan.blocks.start).rows != Some(0);
        let first = plans.first().cloned();
        plans.retain(has_rows);
        if plans.is_empty() {
            plans.extend(first);
        }
    }
    plans
}

fn write_all(
    run: &mut ChainRun<'_>,
    chain: &Chain,
    (id, sink): (StepId, &Arc<dyn Sink>),
    plans: &[TaskPlan],
) -> Result<()> {
    let mut dispatch: Dispatch<'_, (Written, Permit)> = run.dispatch();
    let mut next = 0;
    loop {
        while next < plans.len() && dispatch.has_room() {
            let bounds = chain.bounds(&run.state.graph, run.state.as_ref(), plans[next].blocks.start);
            let bytes = bounds.peak_bytes.saturating_add(sink.peak_bytes(bounds.batch));
            let place = format!("write {}", sink.name());
            let Some(permit) = run.permit(&place, bytes, REMEDY, dispatch.in_flight())? else { break };
            run.task_started(next, permit.bytes());
            let (state, sink, top, block) = (run.state.clone(), sink.clone(), chain.top, plans[next].blocks.start);
            dispatch.spawn(next, move || {
                let mut stream = stream::open(&state, top, block)?;
                let written = within(id, || sink.write(block, stream.as_mut(), &state.task(top, block)))?;
                Ok((written, permit))
            });
            next += 1;
        }
        let Some(done) = dispatch.wait() else { return Ok(()) };
        run.finished(true, done)?;
    }
}
