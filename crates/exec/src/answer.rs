//! Runs a chain whose blocks are the answer: held as a whole, or handed on batch by batch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use blockfold_core::block::slice_bytes;
use blockfold_core::{Budget, Error, Permit, RecordBatch, Result, SchemaRef};
use blockfold_plan::{BlockStream, Chain};

use crate::chain_run::ChainRun;
use crate::dispatch::{Dispatch, Done};
use crate::events::RunEnd;
use crate::executor::Outcome;
use crate::neighbours::Neighbours;
use crate::state::RunState;
use crate::stream;
use crate::streamed::StreamTeller;
use crate::tasks;
use crate::teller::end_by;

const REMEDY: &str =
    "raise the memory budget, take the answer in parts with collect_partitions, or write it with write_parquet";

/// Bytes that a task may hold before it hands its batches on and is taken up again later.
const PART_BYTES: u64 = 8 << 20;

/// Pulls every batch of the answer and drops it.
pub(crate) fn discard(run: &mut ChainRun<'_>, chain: &Chain) -> Result<()> {
    let plans = tasks::singles(&run.state.graph, run.state.as_ref(), chain);
    run.started(plans.len());
    let mut dispatch: Dispatch<'_, (u64, Permit)> = run.dispatch();
    let mut next = 0;
    loop {
        while next < plans.len() && dispatch.has_room() {
            let bytes = plans[next].stream_bytes;
            let Some(permit) = run.permit("the answer", bytes, REMEDY, dispatch.in_flight())? else { break };
            run.task_started(next, permit.bytes());
            let (state, top, block) = (run.state.clone(), chain.top, plans[next].blocks.start);
            dispatch.spawn(next, move || {
                let (mut stream, mut rows) = (stream::open(&state, top, block)?, 0);
                while let Some(batch) = stream.next()? {
                    rows += batch.rows();
                }
                Ok((rows, permit))
            });
            next += 1;
        }
        let Some(done) = dispatch.wait() else { return Ok(()) };
        let (rows, _permit) = run.finished(true, done)?;
        run.note_rows_out(rows);
    }
}

/// Holds every batch of the answer, paid for out of the budget.
pub(crate) fn collect(run: &mut ChainRun<'_>, chain: &Chain, outcome: &mut Outcome) -> Result<()> {
    let plans = tasks::singles(&run.state.graph, run.state.as_ref(), chain);
    run.started(plans.len());
    let mut dispatch: Dispatch<'_, (Vec<RecordBatch>, Permit)> = run.dispatch();
    let mut done_blocks: BTreeMap<usize, (Vec<RecordBatch>, Permit)> = BTreeMap::new();
    let mut waiting: VecDeque<usize> = (0..plans.len()).collect();
    let mut neighbours = Neighbours::of(plans.len());
    loop {
        while dispatch.has_room() && neighbours.may_start(dispatch.in_flight()) {
            let Some(&next) = waiting.front() else { break };
            let bytes = plans[next].stream_bytes;
            let Some(permit) = run.permit("the answer", bytes, REMEDY, dispatch.in_flight())? else { break };
            waiting.pop_front();
            neighbours.note_start(next);
            run.task_started(next, permit.bytes());
            let (state, top, plan) = (run.state.clone(), chain.top, plans[next].clone());
            dispatch.spawn(next, move || {
                let mut open = stream::open(&state, top, plan.blocks.start)?;
                let part = pull(open.as_mut(), u64::MAX, plan.stream_bytes, permit)?;
                Ok((part.batches, part.permit))
            });
        }
        let Some(done) = dispatch.wait() else { break };
        if neighbours.held_what_it_needed(run, &done)? {
            waiting.push_front(done.tag);
            continue;
        }
        let task = done.tag;
        let part = run.finished(true, done)?;
        run.note_task_bytes(part.1.bytes());
        run.note_rows_out(part.0.iter().map(|batch| batch.num_rows() as u64).sum());
        done_blocks.insert(task, part);
    }
    for (batches, permit) in done_blocks.into_values() {
        outcome.partitions.push(batches);
        outcome.permits.push(Arc::new(permit));
    }
    Ok(())
}

struct Part {
    batches: Vec<RecordBatch>,
    permit: Permit,
    ended: bool,
}

/// Pulls batches until they hold `quota` bytes or the stream ends. A part that is handed on may be smaller, where there
/// is no room for more of it now.
fn pull(stream: &mut dyn BlockStream, quota: u64, stream_bytes: u64, mut permit: Permit) -> Result<Part> {
    let (mut batches, mut held) = (Vec::new(), 0u64);
    while held < quota {
        let Some(block) = stream.next()? else {
            permit.resize(held, "the answer", REMEDY)?;
            return Ok(Part { batches, permit, ended: true });
        };
        let batch = block.frame()?.clone();
        held += slice_bytes(&batch);
        let needed = held.saturating_add(stream_bytes);
        let is_last = held >= quota;
        batches.push(batch);
        // The batch that ends a part is paid for by what was promised to the stream that made it.
        if needed > permit.bytes() && !is_last {
            match permit.resize(needed, "the answer", REMEDY) {
                Err(_) if quota < u64::MAX => break,
                result => result?,
            }
        }
    }
    Ok(Part { batches, permit, ended: false })
}

/// The answer batch by batch, in order, computed a little ahead of the reader.
///
/// # Memory
/// Holds at most one part of a few MiB for each thread; a slow reader holds the run up, not the memory.
/// Dropping the iterator cancels the run.
pub struct BatchIter {
    schema: SchemaRef,
    ready: VecDeque<RecordBatch>,
    _held: Vec<Arc<Permit>>,
    run: Option<Streaming>,
}

/// A partition under way: its stream, when no task has it just now.
struct Open {
    stream: Option<Box<dyn BlockStream>>,
    parts: VecDeque<Part>,
    ended: bool,
}

struct Streaming {
    pool: Arc<rayon::ThreadPool>,
    budget: Budget,
    state: Arc<RunState>,
    chain: Chain,
    blocks: usize,
    current: usize,
    open: BTreeMap<usize, Open>,
    told: StreamTeller,
}

type Advanced = (Part, Box<dyn BlockStream>);

impl BatchIter {
    pub(crate) fn of_outcome(outcome: Outcome) -> Self {
        let ready = outcome.partitions.into_iter().flatten().collect();
        BatchIter { schema: outcome.schema, ready, _held: outcome.permits, run: None }
    }

    pub(crate) fn start(
        pool: Arc<rayon::ThreadPool>,
        budget: Budget,
        state: Arc<RunState>,
        chain: Chain,
        told: StreamTeller,
    ) -> Self {
        let node = state.graph.node(chain.top);
        let (schema, blocks) = (node.schema.clone(), node.grid.blocks());
        let run = Streaming { pool, budget, state, chain, blocks, current: 0, open: BTreeMap::new(), told };
        BatchIter { schema, ready: VecDeque::new(), _held: Vec::new(), run: Some(run) }
    }

    /// Columns of the batches.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Iterator for BatchIter {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            self._held.clear();
            match self.run.as_mut()?.advance() {
                Ok(Some(part)) => {
                    self.ready.extend(part.batches);
                    self._held.push(Arc::new(part.permit));
                }
                Ok(None) => {
                    self.run = None;
                    return None;
                }
                Err(error) => {
                    self.run = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Streaming {
    /// The next part in order: from what is ready, else computed by a round of tasks, one for each partition
    /// of a window as wide as the pool.
    fn advance(&mut self) -> Result<Option<Part>> {
        loop {
            if self.current >= self.blocks {
                self.told.end(&self.state, RunEnd::Done);
                return Ok(None);
            }
            if let Some(open) = self.open.get_mut(&self.current) {
                if let Some(part) = open.parts.pop_front() {
                    return Ok(Some(part));
                }
                if open.ended {
                    self.open.remove(&self.current);
                    self.current += 1;
                    continue;
                }
            }
            self.round()?;
        }
    }

    fn round(&mut self) -> Result<()> {
        let pool = self.pool.clone();
        let mut dispatch: Dispatch<'_, Advanced> = Dispatch::new(&pool, self.told.told());
        let window = self.current..(self.current + pool.current_num_threads()).min(self.blocks);
        for block in window {
            let is_new = !self.open.contains_key(&block);
            let open = self.open.entry(block).or_insert(Open { stream: None, parts: VecDeque::new(), ended: false });
            if open.ended || !open.parts.is_empty() {
                continue;
            }
            // What is kept ready must leave room for what computes it.
            let part_bytes = PART_BYTES.min(self.budget.total_bytes() / 16);
            let stream_bytes = self.chain.bounds(&self.state.graph, self.state.as_ref(), block).peak_bytes;
            let bytes = stream_bytes.saturating_add(part_bytes);
            let others = usize::from(block > self.current);
            let permit = self.state.permit("the answer", bytes, REMEDY, others);
            let permit = permit.inspect_err(|error| self.told.end(&self.state, end_by(error)))?;
            let Some(permit) = permit else { break };
            if is_new {
                self.told.permitted(block, permit.bytes());
            }
            let (state, top, stream) = (self.state.clone(), self.chain.top, open.stream.take());
            dispatch.spawn(block, move || {
                let mut stream = match stream {
                    Some(stream) => stream,
                    None => stream::open(&state, top, block)?,
                };
                let part = pull(stream.as_mut(), part_bytes, stream_bytes, permit)?;
                Ok((part, stream))
            });
        }
        while let Some(done) = dispatch.wait() {
            let Done { tag, result, work } = done;
            let (part, stream) = result.inspect_err(|error| {
                self.state.cancel.cancel();
                self.told.failed(&self.state, tag, work, error);
            })?;
            let rows = part.batches.iter().map(|batch| batch.num_rows() as u64).sum();
            self.told.finished(&self.state, tag, work, rows, part.ended);
            let open = self.open.get_mut(&tag).ok_or_else(|| Error::internal("a part of no partition"))?;
            open.ended = part.ended;
            open.stream = (!part.ended).then_some(stream);
            open.parts.push_back(part);
        }
        Ok(())
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.state.cancel.cancel();
        self.told.end(&self.state, RunEnd::Cancelled);
    }
}
