//! Spans of the `tracing` crate, for users who have collectors of their own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use blockfold_exec::{Event, RunEnd, Subscriber};
use tracing::{Level, Span};

/// Tells the collector of the `tracing` crate of runs: a span `run` with a span `chain` for each of its chains, in which
/// tasks are events. Subscribe it to a session.
#[derive(Debug, Default)]
pub struct Spans {
    runs: Mutex<HashMap<u64, Run>>,
}

#[derive(Debug)]
struct Run {
    span: Span,
    chains: HashMap<usize, Span>,
}

impl Run {
    fn chain(&self, chain: usize) -> &Span {
        self.chains.get(&chain).unwrap_or(&self.span)
    }
}

impl Subscriber for Spans {
    fn event(&self, event: &Event) {
        let number = event.run();
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { plan, .. } => {
                let span = tracing::info_span!(parent: None, "run", number, label = plan.label.as_str(), budget_bytes = plan.budget_bytes);
                runs.insert(number, Run { span, chains: HashMap::new() });
            }
            Event::ChainStarted { chain, label, tasks, .. } => {
                if let Some(run) = runs.get_mut(&number) {
                    let span = tracing::info_span!(parent: &run.span, "chain", chain = *chain, label = &**label, tasks = *tasks);
                    run.chains.insert(*chain, span);
                }
            }
            Event::TaskFinished { chain, task, work, .. } => {
                if let Some(run) = runs.get(&number) {
                    let (us, rows) = (work.elapsed.as_micros(), work.tally.rows_in);
                    tracing::event!(parent: run.chain(*chain), Level::DEBUG, task = *task, elapsed_us = us, rows, worker = work.worker, "task finished");
                }
            }
            Event::TaskFailed { chain, task, error, .. } => {
                if let Some(run) = runs.get(&number) {
                    tracing::event!(parent: run.chain(*chain), Level::ERROR, task = *task, error = &**error, "task failed");
                }
            }
            Event::Spilled { chain, bytes, .. } => {
                if let Some(run) = runs.get(&number) {
                    tracing::event!(parent: run.chain(*chain), Level::INFO, bytes = *bytes, "spilled");
                }
            }
            Event::ChainFinished { chain, .. } => {
                runs.get_mut(&number).map(|run| run.chains.remove(chain)).unwrap_or_default();
            }
            Event::RunFinished { end, .. } => {
                if let (Some(run), RunEnd::Failed(error)) = (runs.remove(&number), end) {
                    tracing::event!(parent: &run.span, Level::ERROR, error = &**error, "run failed");
                }
            }
            _ => {}
        }
    }
}
