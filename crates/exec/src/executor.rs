//! Runs a step graph, chain after chain.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blockfold_core::{Budget, Cancel, Divisions, Error, Permit, RecordBatch, Result, SchemaRef};
use blockfold_plan::chain::step_label;
use blockfold_plan::estimate::{STORE_SHARE, share};
use blockfold_plan::step::StepNode;
use blockfold_plan::{Chain, ChainEnd, Estimate, InPlace, Metrics, Sizes, Step, StepGraph, StepId};

use crate::answer::{self, BatchIter};
use crate::events::{Event, Subscriber};
use crate::kept::KeptSource;
use crate::report::{ChainReport, RunReport};
use crate::scratch::{Scratch, ScratchArea, ScratchOptions};
use crate::state::{RunState, Stored};
use crate::store::Room;
use crate::{exchange, reduce, write};

/// A pool of threads with a memory budget.
#[derive(Clone)]
pub struct Executor {
    pool: Arc<rayon::ThreadPool>,
    room: Room,
    subscribers: Vec<Arc<dyn Subscriber>>,
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

/// One chain of a run, as its end sees it.
pub(crate) struct ChainRun<'a> {
    pub(crate) state: Arc<RunState>,
    pub(crate) pool: &'a rayon::ThreadPool,
    pub(crate) budget: &'a Budget,
    subscribers: &'a [Arc<dyn Subscriber>],
    index: usize,
    estimated_rows: Option<u64>,
    /// Bytes written to scratch so far that were told of.
    spilled_bytes: u64,
    report: ChainReport,
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
        Ok(Executor { pool: Arc::new(pool), room, subscribers: Vec::new() })
    }

    /// Adds somebody who watches the runs.
    pub fn subscribe(&mut self, subscriber: Arc<dyn Subscriber>) {
        self.subscribers.push(subscriber);
    }

    /// Tells those who watch of something that happened beside the runs of steps.
    pub fn tell(&self, event: &Event) {
        self.subscribers.iter().for_each(|subscriber| subscriber.event(event));
    }

    /// Whether anybody watches.
    pub fn is_watched(&self) -> bool {
        !self.subscribers.is_empty()
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The memory budget.
    pub fn budget(&self) -> &Budget {
        &self.room.budget
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
        let start = Instant::now();
        let (state, estimate) = self.prepare(graph, cancel)?;
        let mut report = RunReport::default();
        let mut outcome = Outcome { holds_answer, ..Outcome::empty(graph, estimate) };
        self.run_chains(&state, &Chain::of(graph), &[], &mut report, &mut outcome)?;
        if let Step::Reduce { .. } = graph.node(graph.root).step {
            let Stored::Block { block, permit } = state.take(graph.root)? else {
                return Err(Error::internal("rows in parts were left as the answer"));
            };
            if holds_answer {
                outcome.partitions = vec![vec![block.frame()?.clone()]];
                outcome.permits = vec![permit];
            }
        }
        self.complete(&state, &mut report, start);
        outcome.report = report;
        Ok(outcome)
    }

    /// Runs a graph and hands its answer on batch by batch, never holding the whole.
    pub fn stream(&self, graph: &StepGraph, cancel: Cancel) -> Result<BatchIter> {
        let (state, estimate) = self.prepare(graph, cancel)?;
        let mut report = RunReport::default();
        let mut chains = Chain::of(graph);
        let last = chains.pop().filter(|chain| chain.end == ChainEnd::Answer);
        let Some(last) = last else {
            let outcome = self.run(graph, state.cancel.clone())?;
            return Ok(BatchIter::of_outcome(outcome));
        };
        let mut none = Outcome::empty(graph, estimate);
        self.run_chains(&state, &chains, std::slice::from_ref(&last), &mut report, &mut none)?;
        Ok(BatchIter::start(self.pool.clone(), self.room.budget.clone(), state, last))
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
        let (state, estimate) = self.prepare(&graph, cancel)?;
        let (mut report, mut none) = (RunReport::default(), Outcome::empty(&graph, estimate));
        let mut chains = Chain::of(&graph);
        chains.retain(|chain| chain.end != ChainEnd::Answer);
        self.run_chains(&state, &chains, &[], &mut report, &mut none)?;
        match state.take(graph.root)? {
            Stored::Store(store) => Ok(KeptSource::new(store, divisions)),
            _ => Err(Error::internal("the answer was not stored")),
        }
    }

    /// Runs chains one after the other; what neither they nor `later` ones read is forgotten as soon as it can be.
    fn run_chains(
        &self,
        state: &Arc<RunState>,
        chains: &[Chain],
        later: &[Chain],
        report: &mut RunReport,
        outcome: &mut Outcome,
    ) -> Result<()> {
        for (index, chain) in chains.iter().enumerate() {
            self.run_chain(state, index, chain, report, outcome)?;
            let unread = [chains.get(index + 1..).unwrap_or_default(), later].concat();
            self.drop_unread(index, state.keep_only(&needed_after(&state.graph, &unread)));
        }
        Ok(())
    }

    fn drop_unread(&self, chain: usize, unread: Vec<Stored>) {
        let bytes = unread.iter().map(Stored::bytes);
        let (memory_bytes, scratch_bytes) = bytes.fold((0, 0), |sum, bytes| (sum.0 + bytes.0, sum.1 + bytes.1));
        drop(unread);
        if memory_bytes + scratch_bytes > 0 {
            let event = Event::Dropped { chain, memory_bytes, scratch_bytes };
            self.subscribers.iter().for_each(|subscriber| subscriber.event(&event));
        }
    }

    fn prepare(&self, graph: &StepGraph, cancel: Cancel) -> Result<(Arc<RunState>, Estimate)> {
        let estimate = Estimate::of(graph, self.threads(), self.room.budget.total_bytes());
        estimate.check()?;
        self.room.budget.reset_peak();
        let state = RunState::new(graph.clone(), cancel, self.room.clone())?;
        Ok((Arc::new(state), estimate))
    }

    fn run_chain(
        &self,
        state: &Arc<RunState>,
        index: usize,
        chain: &Chain,
        report: &mut RunReport,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let start = Instant::now();
        let before = Counts::of(&state.metrics);
        self.room.budget.reset_peak();
        let mut run = ChainRun {
            state: state.clone(),
            pool: &self.pool,
            budget: &self.room.budget,
            subscribers: &self.subscribers,
            index,
            estimated_rows: rows_of(state, chain),
            spilled_bytes: before.spilled_bytes,
            report: ChainReport { label: chain.label(&state.graph), ..ChainReport::default() },
        };
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
                    write::run(&mut run, chain, &sink.clone()).map(|files| outcome.files = files)
                }
                _ => Err(Error::internal("a chain's end is not a write")),
            },
            ChainEnd::Answer if outcome.holds_answer => answer::collect(&mut run, chain, outcome),
            ChainEnd::Answer => answer::discard(&mut run, chain),
        };
        run.note_spilled();
        run.emit(&Event::ChainFinished { chain: index, elapsed: start.elapsed() });
        let mut chain_report = run.report;
        chain_report.elapsed = start.elapsed();
        chain_report.peak_bytes = self.room.budget.peak_bytes();
        before.complete(&mut chain_report, state, chain);
        report.chains.push(chain_report);
        result
    }

    fn complete(&self, state: &RunState, report: &mut RunReport, start: Instant) {
        report.rows_read = state.metrics.rows_read();
        report.bytes_read = state.metrics.bytes_read();
        report.rows_written = state.metrics.rows_written();
        report.bytes_written = state.metrics.bytes_written();
        report.spilled_bytes = state.metrics.bytes_spilled();
        report.unspilled_bytes = state.metrics.bytes_unspilled();
        report.groups_skipped = state.metrics.groups_skipped();
        report.pages_skipped = state.metrics.pages_skipped();
        report.peak_bytes = report.chains.iter().map(|chain| chain.peak_bytes).max().unwrap_or(0);
        report.elapsed = start.elapsed();
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

impl ChainRun<'_> {
    pub(crate) fn emit(&self, event: &Event) {
        self.subscribers.iter().for_each(|subscriber| subscriber.event(event));
    }

    pub(crate) fn started(&mut self, tasks: usize) {
        let (label, rows) = (self.report.label.clone(), self.estimated_rows);
        self.emit(&Event::ChainStarted { chain: self.index, label, tasks, rows });
    }

    pub(crate) fn task_started(&mut self, task: usize, permit_bytes: u64) {
        self.report.tasks += 1;
        self.note_task_bytes(permit_bytes);
        self.emit(&Event::TaskStarted { chain: self.index, task, permit_bytes });
    }

    /// Tells of rows that went to scratch since the last time.
    fn note_spilled(&mut self) {
        let total = self.state.metrics.bytes_spilled();
        if total > self.spilled_bytes {
            self.emit(&Event::Spilled { chain: self.index, bytes: total - self.spilled_bytes, total });
            self.spilled_bytes = total;
        }
    }

    /// Counts rows of the answer.
    pub(crate) fn note_rows_out(&mut self, rows: u64) {
        self.report.rows_out += rows;
    }

    /// Keeps the largest permit that a task of the chain held.
    pub(crate) fn note_task_bytes(&mut self, bytes: u64) {
        self.report.task_bytes = self.report.task_bytes.max(bytes);
    }

    /// Takes note of a finished piece of work; a failure cancels the run.
    pub(crate) fn finished<T>(&mut self, tag: usize, is_task: bool, elapsed: Duration, result: Result<T>) -> Result<T> {
        self.note_spilled();
        match result {
            Ok(value) => {
                if is_task {
                    self.emit(&Event::TaskFinished {
                        chain: self.index,
                        task: tag,
                        elapsed,
                        rows_read: self.state.metrics.rows_read(),
                        bytes_read: self.state.metrics.bytes_read(),
                        promised_bytes: self.budget.promised_bytes(),
                    });
                }
                self.state.cancel.check().map(|()| value)
            }
            Err(error) => {
                self.state.cancel.cancel();
                self.emit(&Event::TaskFailed { chain: self.index, task: tag, error: error.to_string() });
                Err(error)
            }
        }
    }
}
