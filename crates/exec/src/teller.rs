//! Tells those who watch of what happens in runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use blockfold_core::{Error, Result};
use blockfold_plan::{Chain, ChainEnd, Estimate, StepGraph, chain::step_label, explain};

use crate::events::{ChainPlan, Event, RunEnd, RunPlan, Subscriber, Work};
use crate::frames::Working;
use crate::report::RunReport;
use crate::ring::{Follower, Ring};

/// Characters of a run's label.
const LABEL_CHARS: usize = 160;

/// Everybody who watches the runs of an executor.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) subscribers: Vec<Arc<dyn Subscriber>>,
    /// What followers read, once there are some.
    ring: Arc<OnceLock<Arc<Ring>>>,
    runs: Arc<AtomicU64>,
}

impl Watch {
    /// Has some follow the runs from now on; false when others do already.
    pub(crate) fn follow(&self, threads: usize, followers: Vec<Box<dyn Follower>>) -> Result<bool> {
        if self.ring().is_some() {
            return Ok(false);
        }
        Ok(self.ring.set(Ring::start(threads, followers)?).is_ok())
    }

    pub(crate) fn ring(&self) -> Option<&Arc<Ring>> {
        self.ring.get()
    }

    /// Sees to it that followers know of all that happened so far.
    pub(crate) fn flush(&self) {
        self.ring().map(|ring| ring.flush());
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.ring().is_some() || !self.subscribers.is_empty()
    }

    /// Tells of an event that happened just now.
    pub(crate) fn tell(&self, event: Event) {
        if self.is_watched() {
            self.tell_at(Instant::now(), 0, event);
        }
    }

    pub(crate) fn tell_at(&self, at: Instant, lane: u32, event: Event) {
        self.subscribers.iter().for_each(|subscriber| subscriber.event(&event));
        if let Some(ring) = self.ring() {
            ring.push(at, lane, event);
        }
    }

    /// A new run, which is told of with its plan.
    pub(crate) fn begin(&self, plan: impl FnOnce() -> RunPlan) -> Teller {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_watched() {
            self.tell(Event::RunStarted { run, plan: Arc::new(plan()) });
        }
        Teller { watch: self.clone(), run, start: Instant::now() }
    }
}

/// Tells of one run.
#[derive(Clone)]
pub(crate) struct Teller {
    watch: Watch,
    run: u64,
    start: Instant,
}

impl Teller {
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn tell(&self, event: Event) {
        self.watch.tell(event);
    }

    /// Tells that the run ended, and sees to it that all followers know the whole run when this returns.
    pub(crate) fn end(&self, end: RunEnd, report: RunReport) {
        if self.watch.is_watched() {
            let (run, elapsed, report) = (self.run, self.elapsed(), Arc::new(report));
            self.tell(Event::RunFinished { run, elapsed, end, report });
        }
        self.watch.flush();
    }

    /// What the pieces of work of a chain tell on their way; those with a tag from `tasks` on are no tasks.
    pub(crate) fn chain(&self, chain: usize, tasks: usize) -> Told {
        Told { ring: self.watch.ring().cloned(), run: self.run, chain, tasks }
    }
}

/// How a run ended that returned this.
pub(crate) fn end_of<T>(result: &Result<T>) -> RunEnd {
    result.as_ref().err().map_or(RunEnd::Done, end_by)
}

/// How a run ended that this error ended.
pub(crate) fn end_by(error: &Error) -> RunEnd {
    match error.root() {
        Error::Cancelled => RunEnd::Cancelled,
        _ => RunEnd::Failed(error.to_string().into()),
    }
}

/// What pieces of work of a chain tell from the threads that do them.
#[derive(Clone)]
pub(crate) struct Told {
    ring: Option<Arc<Ring>>,
    run: u64,
    chain: usize,
    tasks: usize,
}

impl Told {
    /// A piece of work starts on a thread; it is under way until the guard is dropped.
    pub(crate) fn start(&self, tag: usize, worker: u32, at: Instant) -> Option<Working> {
        let ring = self.ring.as_ref()?;
        if tag < self.tasks {
            let (run, chain, task) = (self.run, self.chain, tag);
            ring.push(at, worker, Event::TaskStarted { run, chain, task, worker });
        }
        ring.frames().enter(worker, self.run, self.chain)
    }

    /// Where, when and with what counts a piece of work ran.
    pub(crate) fn work(&self, worker: u32, start: Instant, tally: blockfold_plan::tally::Tally) -> Work {
        Work { run: self.run, worker, start, elapsed: start.elapsed(), tally }
    }
}

/// What a run of some chains will do.
pub(crate) fn plan_of(graph: &StepGraph, chains: &[Chain], estimate: &Estimate, threads: usize) -> RunPlan {
    let ends = |chain: &Chain| match chain.end {
        ChainEnd::Reduce(id) | ChainEnd::Exchange(id) | ChainEnd::Write(id) => Some(id),
        ChainEnd::Answer => None,
    };
    let mut edges = Vec::new();
    for (to, chain) in chains.iter().enumerate() {
        for id in chain.reads(graph) {
            edges.extend(chains.iter().position(|from| ends(from) == Some(id)).map(|from| (from, to)));
        }
    }
    edges.dedup();
    let planned = chains.iter().enumerate().map(|(index, chain)| {
        let steps = || chain.steps.iter().copied().chain(ends(chain));
        let expected = estimate.chains.get(index);
        let bytes = |of: fn(&blockfold_plan::ChainEstimate) -> u64| expected.map_or(0, of);
        ChainPlan {
            label: chain.label(graph),
            steps: steps().map(|id| (id, explain::step(graph, id))).collect(),
            names: steps().map(|id| step_label(&graph.node(id).step)).collect(),
            rows: expected.and_then(|chain| chain.rows),
            read_bytes: bytes(|chain| chain.read_bytes),
            task_bytes: bytes(|chain| chain.task_bytes),
            kept_bytes: bytes(|chain| chain.kept_bytes),
            projected_bytes: bytes(|chain| chain.peak_bytes),
            scratch_bytes: bytes(|chain| chain.scratch_bytes),
            blocks: expected.map_or(0, |chain| chain.blocks),
            skipped_blocks: expected.map_or(0, |chain| chain.skipped_blocks),
        }
    });
    let chains: Vec<ChainPlan> = planned.collect();
    let labels: Vec<&str> = chains.iter().map(|chain| chain.label.as_str()).collect();
    let label = labels.join(" | ").chars().take(LABEL_CHARS).collect();
    RunPlan { label, chains, edges, budget_bytes: estimate.budget_bytes, threads }
}
