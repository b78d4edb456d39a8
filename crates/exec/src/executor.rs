//! Runs a step graph, chain after chain.

use std::sync::Arc;
use std::time::Instant;

use blockfold_core::{Budget, Cancel, Divisions, Error, Permit, RecordBatch, Result, SchemaRef};
use blockfold_plan::chain::step_label;
use blockfold_plan::estimate::{STORE_SHARE, share};
use blockfold_plan::step::StepNode;
use blockfold_plan::{Chain, ChainEnd, Estimate, InPlace, Metrics, Sizes, Step, StepGraph, StepId};

use crate::answer::{self, BatchIter};
use crate::chain_run::ChainRun;
use crate::events::{Event, RunEnd, RunPlan, Subscriber};
use crate::fragment::Running;
use crate::kept::KeptSource;
use crate::report::{ChainReport, RunReport};
use crate::ring::Follower;
use crate::scratch::{Scratch, ScratchArea, ScratchOptions};
use crate::state::{RunState, Stored};
use crate::store::Room;
use crate::streamed::StreamTeller;
use crate::teller::{Teller, Watch, end_of, plan_of};
use crate::{exchange, reduce, write};

/// A pool of threads with a memory budget.
#[derive(Clone)]
pub struct Executor {
    pool: Arc<rayon::ThreadPool>,
    room: Room,
    watch: Watch,
    /// Who runs fragments now.
    pub(crate) fragments: Arc<Running>,
}

/// A run of something else than steps, as of delayed calls.
pub struct OpenRun(Teller);

impl OpenRun {
    /// Its number in the session.
    pub fn number(&self) -> u64 {
        self.0.run()
    }

    /// Tells that it ended, and sees to it that all followers know it when this returns.
    pub fn end(self, end: RunEnd) {
        self.0.end(end, RunReport::default());
    }
}

/// The answer of a run and what it needed.
pub struct Outcome {
    /// Columns of the answer.
    pub schema: SchemaRef,
    /// Batches of the answer, block by block; empty for a run that wrote files.
    pub partitions: Vec<Vec<RecordBatch>>,
    /// Files written.
    pub files: usize,
    /// Permits for the bytes of the answer.
    pub permits: Vec<Arc<Permit>>,
    /// What the run needed.
    pub report: RunReport,
    /// What the run was estimated to need.
    pub estimate: Estimate,
    /// Whether the answer is held; else it is counted and dropped.
    holds_answer: bool,
}

impl Outcome {
    fn empty(graph: &StepGraph, estimate: Estimate) -> Self {
        Outcome {
            schema: graph.node(graph.root).schema.clone(),
            partitions: Vec::new(),
            files: 0,
            permits: Vec::new(),
            report: RunReport::default(),
            estimate,
            holds_answer: true,
        }
    }
}

impl Executor {
    /// A pool of so many threads.
    ///
    /// # Errors
    /// When the system refuses to start threads.
    pub fn new(threads: usize, budget: Budget, scratch: ScratchOptions) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|i| format!("blockfold-{i}"))
            .build()
            .map_err(|error| Error::External(Box::new(error)))?;
        let room = Room::new(budget, Arc::new(Scratch::new(scratch)));
        Ok(Executor { pool: Arc::new(pool), room, watch: Watch::default(), fragments: Arc::default() })
    }

    /// Adds somebody who watches the runs as they go.
    pub fn subscribe(&mut self, subscriber: Arc<dyn Subscriber>) {
        self.watch.subscribers.push(subscriber);
    }

    /// Has some follow the runs from now on through a ring, a little behind; false when others do already.
    ///
    /// # Errors
    /// The operating system refuses a thread for the ring.
    pub fn follow(&self, followers: Vec<Box<dyn Follower>>) -> Result<bool> {
        self.watch.follow(self.threads(), followers)
    }

    /// Tells those who watch of something that happened beside the runs of steps, on the calling thread.
    pub fn tell(&self, at: Instant, event: Event) {
        let lane = self.watch.ring().map_or(0, |ring| ring.lane());
        self.watch.tell_at(at, lane, event);
    }

    /// Opens a run of something else than steps, whose events are [told](Executor::tell) until it is ended.
    pub fn open_run(&self, label: &str) -> OpenRun {
        let plan = || RunPlan {
            label: label.to_string(),
            budget_bytes: self.budget().total_bytes(),
            threads: self.threads(),
            ..RunPlan::default()
        };
        OpenRun(self.watch.begin(plan))
    }

    /// Whether anybody watches.
    pub fn is_watched(&self) -> bool {
        self.watch.is_watched()
    }

    /// Hands what was told so far to those who follow.
    pub fn flush(&self) {
        self.watch.flush();
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The memory budget.
    pub fn budget(&self) -> &Budget {
        &self.room.budget
    }

    /// Tells the bytes that wait in memory for later chains and the bytes in scratch files, whenever it is asked, even after
    /// the executor is gone.
    pub fn stored(&self) -> impl Fn() -> (u64, u64) + Send + Sync + 'static {
        let room = self.room.clone();
        move || (room.memory_bytes(), room.scratch.used_bytes())
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// Bytes in scratch files now.
    pub fn scratch_bytes(&self) -> u64 {
        self.room.scratch.used_bytes()
    }

    /// A scratch file of so many bytes, for what is kept as an array.
    ///
    /// # Errors
    /// [`Error::ScratchLimit`](blockfold_core::Error::ScratchLimit) when scratch has not so many left; a folder that cannot
    /// be written.
    pub fn scratch_area(&self, bytes: u64) -> Result<ScratchArea> {
        ScratchArea::create(&self.room.scratch, bytes)
    }

    /// Runs a graph and holds its answer.
    ///
    /// # Memory
    /// The answer is paid for out of the budget until its permits are dropped.
    ///
    /// # Errors
    /// The first error of any task; [`Error::OverBudget`] before a byte is read when the graph cannot fit.
    pub fn run(&self, graph: &StepGraph, cancel: Cancel) -> Result<Outcome> {
        self.run_and(graph, cancel, true)
    }

    /// Runs a graph and drops its answer batch by batch: the outcome has reports alone.
    ///
    /// # Errors
    /// As [`Executor::run`], but for answers that do not fit.
    pub fn measure(&self, graph: &StepGraph, cancel: Cancel) -> Result<Outcome> {
        self.run_and(graph, cancel, false)
    }

    fn run_and(&self, graph: &StepGraph, cancel: Cancel, holds_answer: bool) -> Result<Outcome> {
        let chains = Chain::of(graph);
        let (estimate, teller) = self.begin(graph, &chains);
        let mut report = RunReport::default();
        let mut outcome = Outcome { holds_answer, ..Outcome::empty(graph, estimate) };
        let result = self.prepare(graph, &outcome.estimate, cancel).and_then(|state| {
            let result = self.run_chains(&state, &teller, &chains, &[], &mut report, &mut outcome);
            state.complete(&mut report, teller.elapsed());
            result?;
            if let Step::Reduce { .. } = graph.node(graph.root).step {
                let Stored::Block { block, permit } = state.take(graph.root)? else {
                    return Err(Error::internal("rows in parts were left as the answer"));
                };
                if holds_answer {
                    outcome.partitions = vec![vec![block.frame()?.clone()]];
                    outcome.permits = vec![permit];
                }
            }
            Ok(())
        });
        teller.end(end_of(&result), report.clone());
        outcome.report = report;
        result.map(|()| outcome)
    }

    /// Runs a graph and hands its answer on batch by batch, never holding the whole.
    pub fn stream(&self, graph: &StepGraph, cancel: Cancel) -> Result<BatchIter> {
        let chains = Chain::of(graph);
        let Some((last, earlier)) = chains.split_last().filter(|(last, _)| last.end == ChainEnd::Answer) else {
            return Ok(BatchIter::of_outcome(self.run(graph, cancel)?));
        };
        let (estimate, teller) = self.begin(graph, &chains);
        let (mut report, mut none) = (RunReport::default(), Outcome::empty(graph, estimate));
        let result = self.prepare(graph, &none.estimate, cancel).and_then(|state| {
            let later = std::slice::from_ref(last);
            self.run_chains(&state, &teller, earlier, later, &mut report, &mut none).map(|()| state)
        });
        match result {
            Ok(state) => {
                let tasks = graph.node(last.top).grid.blocks();
                let of_chain = ChainReport { label: last.label(graph), tasks, ..ChainReport::default() };
                let rows = rows_of(&state, last);
                let told = StreamTeller::start(teller, &state, report, of_chain, rows);
                Ok(BatchIter::start(self.pool.clone(), self.room.budget.clone(), state, last.clone(), told))
            }
            Err(error) => {
                let result = Err(error);
                teller.end(end_of(&result), report);
                result
            }
        }
    }

    /// Runs a graph and keeps the blocks of its answer for later runs: in memory as far as there is room, else in
    /// scratch.
    ///
    /// # Memory
    /// Blocks in memory are paid for out of the budget, and make room when other runs need it.
    ///
    /// # Errors
    /// As [`Executor::run`], but for answers that do not fit.
    pub fn keep(&self, graph: &StepGraph, divisions: Option<Divisions>, cancel: Cancel) -> Result<KeptSource> {
        let (mut graph, top) = (graph.clone(), graph.root);
        let StepNode { schema, grid, .. } = graph.node(top).clone();
        let routing = Arc::new(InPlace { blocks: grid.blocks() });
        let step = Step::Exchange { input: top, made_from: None, unless: None, routing };
        graph.nodes.push(StepNode { step, schema, grid });
        graph.root = StepId(graph.nodes.len() - 1);
        let mut chains = Chain::of(&graph);
        chains.retain(|chain| chain.end != ChainEnd::Answer);
        let (estimate, teller) = self.begin(&graph, &chains);
        let (mut report, mut none) = (RunReport::default(), Outcome::empty(&graph, estimate));
        let result = self.prepare(&graph, &none.estimate, cancel).and_then(|state| {
            let result = self.run_chains(&state, &teller, &chains, &[], &mut report, &mut none);
            state.complete(&mut report, teller.elapsed());
            result?;
            match state.take(graph.root)? {
                Stored::Store(store) => Ok(KeptSource::new(store, divisions)),
                _ => Err(Error::internal("the answer was not stored")),
            }
        });
        teller.end(end_of(&result), report);
        result
    }

    /// Runs chains one after the other; what neither they nor `later` ones read is forgotten as soon as it can be.
    fn run_chains(
        &self,
        state: &Arc<RunState>,
        teller: &Teller,
        chains: &[Chain],
        later: &[Chain],
        report: &mut RunReport,
        outcome: &mut Outcome,
    ) -> Result<()> {
        for (index, chain) in chains.iter().enumerate() {
            self.run_chain(state, teller, index, chain, report, outcome)?;
            let unread = [chains.get(index + 1..).unwrap_or_default(), later].concat();
            drop_unread(teller, index, state.keep_only(&needed_after(&state.graph, &unread)));
        }
        Ok(())
    }

    /// What a run is estimated to need, and who tells of it.
    fn begin(&self, graph: &StepGraph, chains: &[Chain]) -> (Estimate, Teller) {
        let estimate = Estimate::of(graph, self.threads(), self.room.budget.total_bytes());
        let teller = self.watch.begin(|| plan_of(graph, chains, &estimate, self.threads()));
        (estimate, teller)
    }

    fn prepare(&self, graph: &StepGraph, estimate: &Estimate, cancel: Cancel) -> Result<Arc<RunState>> {
        estimate.check()?;
        self.room.budget.reset_peak();
        Ok(Arc::new(RunState::new(graph.clone(), cancel, self.room.clone())?))
    }

    fn run_chain(
        &self,
        state: &Arc<RunState>,
        teller: &Teller,
        index: usize,
        chain: &Chain,
        report: &mut RunReport,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let start = Instant::now();
        let before = Counts::of(&state.metrics);
        self.room.budget.reset_peak();
        let of_chain = (chain.label(&state.graph), rows_of(state, chain));
        let mut run = ChainRun::new(state, (&self.pool, &self.room.budget), teller, index, of_chain);
        let result = match chain.end {
            ChainEnd::Reduce(id) => match &state.graph.node(id).step {
                Step::Reduce { reducer, .. } => reduce::run(&mut run, chain, id, &reducer.clone()),
                _ => Err(Error::internal("a chain's end is not a reduction")),
            },
            ChainEnd::Exchange(id) => match &state.graph.node(id).step {
                Step::Exchange { unless: Some(unless), .. } if state.is_one_block(*unless) => {
                    state.store(id, Stored::Passed);
                    Ok(())
                }
                Step::Exchange { made_from, routing, .. } => {
                    exchange::run(&mut run, chain, id, *made_from, &routing.clone())
                }
                _ => Err(Error::internal("a chain's end is not an exchange")),
            },
            ChainEnd::Write(id) => match &state.graph.node(id).step {
                Step::Write { sink, .. } => {
                    write::run(&mut run, chain, id, &sink.clone()).map(|files| outcome.files = files)
                }
                _ => Err(Error::internal("a chain's end is not a write")),
            },
            ChainEnd::Answer if outcome.holds_answer => answer::collect(&mut run, chain, outcome),
            ChainEnd::Answer => answer::discard(&mut run, chain),
        };
        let mut chain_report = run.into_report();
        let elapsed = start.elapsed();
        chain_report.elapsed = elapsed;
        chain_report.peak_bytes = self.room.budget.peak_bytes();
        before.complete(&mut chain_report, state, chain);
        if self.watch.is_watched() {
            let (run, report) = (teller.run(), Arc::new(chain_report.clone()));
            teller.tell(Event::ChainFinished { run, chain: index, elapsed, report });
        }
        report.chains.push(chain_report);
        result
    }
}

fn drop_unread(teller: &Teller, chain: usize, unread: Vec<Stored>) {
    let bytes = unread.iter().map(Stored::bytes);
    let (memory_bytes, scratch_bytes) = bytes.fold((0, 0), |sum, bytes| (sum.0 + bytes.0, sum.1 + bytes.1));
    drop(unread);
    if memory_bytes + scratch_bytes > 0 {
        teller.tell(Event::Dropped { run: teller.run(), chain, memory_bytes, scratch_bytes });
    }
}

/// A run's counters before a chain.
struct Counts {
    rows_read: u64,
    bytes_read: u64,
    rows_written: u64,
    spilled_bytes: u64,
    moved_out_bytes: u64,
    unspilled_bytes: u64,
    groups_skipped: u64,
    pages_skipped: u64,
}

impl Counts {
    fn of(metrics: &Metrics) -> Self {
        Counts {
            rows_read: metrics.rows_read(),
            bytes_read: metrics.bytes_read(),
            rows_written: metrics.rows_written(),
            spilled_bytes: metrics.bytes_spilled(),
            moved_out_bytes: metrics.bytes_moved_out(),
            unspilled_bytes: metrics.bytes_unspilled(),
            groups_skipped: metrics.groups_skipped(),
            pages_skipped: metrics.pages_skipped(),
        }
    }

    /// Puts what the chain counted into its report, and what it left for later ones.
    fn complete(&self, report: &mut ChainReport, state: &RunState, chain: &Chain) {
        let now = Counts::of(&state.metrics);
        report.rows = now.rows_read - self.rows_read;
        report.read_bytes = now.bytes_read - self.bytes_read;
        report.spilled_bytes = now.spilled_bytes - self.spilled_bytes;
        report.moved_out_bytes = now.moved_out_bytes - self.moved_out_bytes;
        report.unspilled_bytes = now.unspilled_bytes - self.unspilled_bytes;
        report.groups_skipped = now.groups_skipped - self.groups_skipped;
        report.pages_skipped = now.pages_skipped - self.pages_skipped;
        report.room_bytes = share(STORE_SHARE, state.budget_bytes());
        report.allowance_bytes = state.allowance_bytes();
        let stored = |id: &StepId| state.find(*id).map_or(0, |stored| stored.total().rows);
        report.rows_in = report.rows + chain.streams(&state.graph).iter().map(stored).sum::<u64>();
        match chain.end {
            ChainEnd::Write(_) => report.rows_out = now.rows_written - self.rows_written,
            ChainEnd::Answer => {}
            ChainEnd::Reduce(id) | ChainEnd::Exchange(id) => {
                let Some(left) = state.find(id) else { return };
                report.rows_out = left.total().rows;
                report.kept_bytes = left.bytes().0;
                report.waiting_bytes = left.total().bytes;
                report.waits_for = state.graph.reader_of(id).map_or("the answer".to_string(), step_label);
            }
        }
    }
}

fn rows_of(state: &RunState, chain: &Chain) -> Option<u64> {
    let graph = &state.graph;
    (0..graph.node(chain.top).grid.blocks()).map(|block| chain.bounds(graph, state, block).rows).sum()
}

/// Steps whose results some of the chains read, and the answer.
fn needed_after(graph: &StepGraph, later: &[Chain]) -> Vec<StepId> {
    later.iter().flat_map(|chain| chain.reads(graph)).chain([graph.root]).collect()
}
