//! How groups are aggregated: folded block by block, spread over parts by their keys when they are many, and merged
//! part by part.

use std::any::Any;
use std::sync::Arc;

use arrow::array::ArrayRef;
use blockfold_core::{Block, Error, Expr, RecordBatch, Result, col};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::group::{GroupSpec, GroupState, KeySpec};
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, Packed, Part, Partial, Reducer, Router, TaskContext};

use crate::exchange::{HashRouter, Keys};

/// Groups that are assumed for a key of which nothing is known.
const UNKNOWN_GROUPS: u128 = 1_000;

/// Bytes of a row that an aggregate holds until the end: a value and its group.
const HELD_BYTES: u64 = 16;

/// Groups that need no thought of moving them.
const FEW_GROUPS: u128 = 1 << 16;

/// Groups as far as statistics of the keys tell, and whether they tell.
fn groups_by_range(spec: &GroupSpec) -> (u128, bool) {
    let mut groups: u128 = 1;
    for key in &spec.keys {
        let of_key = key.range.map_or(UNKNOWN_GROUPS, |(low, high)| (high - low + 2).unsigned_abs());
        groups = groups.saturating_mul(of_key);
    }
    (groups, spec.keys.iter().all(|key| key.range.is_some()))
}

/// Whether statistics say that all groups fit wherever a task fits.
pub(super) fn has_few_groups(spec: &GroupSpec) -> bool {
    let (groups, is_known) = groups_by_range(spec);
    is_known && groups <= FEW_GROUPS && !spec.aggs.iter().any(|agg| agg.func.holds_rows())
}

/// Bytes of the states of all groups of so many rows, where statistics tell how many groups there are and each takes
/// the same room whatever its rows.
pub(super) fn known_bytes(spec: &GroupSpec, rows: Option<u64>) -> Option<u64> {
    let (groups, is_known) = groups_by_range(spec);
    let is_known = is_known && !spec.aggs.iter().any(|agg| agg.func.holds_rows());
    let groups = u64::try_from(groups).unwrap_or(u64::MAX).min(rows.unwrap_or(u64::MAX));
    is_known.then(|| groups.saturating_mul(row_bytes(spec)))
}

/// Bytes of a group's keys and states in tables and columns.
fn row_bytes(spec: &GroupSpec) -> u64 {
    16 * (spec.keys.len() + spec.aggs.len()) as u64 + 16
}

/// The keys of drained states.
fn state_keys(spec: &GroupSpec) -> Keys {
    Keys::new(spec.keys.iter().map(|key| col(&key.name)).collect())
}

/// Aggregates of each group.
#[derive(Debug)]
pub(super) struct GroupReducer {
    spec: Arc<GroupSpec>,
    keys: Vec<Expr>,
    inputs: Vec<Expr>,
    /// Parts that groups may be spread over; `None` when they are few.
    parts: Option<usize>,
    detail: String,
}

impl GroupReducer {
    pub(super) fn new(
        spec: Arc<GroupSpec>,
        keys: Vec<Expr>,
        inputs: Vec<Expr>,
        parts: Option<usize>,
        detail: String,
    ) -> Self {
        GroupReducer { spec, keys, inputs, parts, detail }
    }

    /// Groups as far as statistics tell.
    fn expected_groups(&self, rows: u64) -> u64 {
        u64::try_from(groups_by_range(&self.spec).0).unwrap_or(u64::MAX).min(rows.max(1))
    }
}

impl Reducer for GroupReducer {
    fn name(&self) -> &'static str {
        if self.keys.is_empty() { "aggregate" } else { "group" }
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        let state = GroupState::new(self.spec.clone())?;
        let (spec, keys, inputs) = (self.spec.clone(), self.keys.clone(), self.inputs.clone());
        Ok(Box::new(Groups { spec, state, keys, inputs, may_pass: self.parts.is_some(), rows: 0, passing: None }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        Ok(downcast(partial)?.state.finish()?.into())
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        let mut groups = downcast(self.partial()?)?;
        groups.state.absorb(&packed.batch()?)?;
        Ok(groups)
    }

    fn initial_bytes(&self) -> u64 {
        GroupState::initial_bytes(&self.spec)
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        let held = self.spec.aggs.iter().filter(|agg| agg.func.holds_rows()).count() as u64 * HELD_BYTES;
        let groups_bytes = self.expected_groups(input.rows).saturating_mul(row_bytes(&self.spec));
        self.initial_bytes().max(groups_bytes).saturating_add(input.rows.saturating_mul(held))
    }

    fn result_rows(&self, input_rows: Option<u64>) -> Option<u64> {
        if self.keys.is_empty() { Some(1) } else { input_rows.map(|rows| self.expected_groups(rows)) }
    }

    fn spread(&self) -> Option<Arc<dyn Router>> {
        self.parts.map(|parts| Arc::new(HashRouter::new(state_keys(&self.spec), parts, 0)) as Arc<dyn Router>)
    }

    fn remedy(&self) -> String {
        "there are more groups than the budget holds: raise the memory budget, or group by fewer or coarser keys"
            .to_string()
    }
}

/// Rows after which it is asked whether keys repeat, and the hundredths of them that are groups when they hardly do:
/// of half a million keys drawn alike, 97 of the first 100 rows of 32 Ki are new, and 75 of 256 Ki.
const HARDLY: [(usize, usize); 2] = [(32 * 1024, 97), (256 * 1024, 75)];

struct Groups {
    spec: Arc<GroupSpec>,
    state: GroupState,
    keys: Vec<Expr>,
    inputs: Vec<Expr>,
    /// Whether rows may pass without being grouped.
    may_pass: bool,
    /// Rows folded so far.
    rows: usize,
    /// Rows that pass as states of one row each, since keys hardly repeat.
    passing: Option<RecordBatch>,
}

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Groups>> {
    partial.into_any().downcast().map_err(|_| Error::internal("groups met another reduction's partial"))
}

impl Groups {
    /// Whether the rows so far had nearly as many groups.
    fn hardly_repeats(&self) -> bool {
        let groups = self.state.groups();
        HARDLY.iter().any(|(rows, hundredths)| self.rows >= *rows && groups * 100 >= self.rows * hundredths)
    }
}

impl Partial for Groups {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let batch = block.frame()?;
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| evaluate(key, batch)).collect::<Result<_>>()?;
        let inputs: Vec<ArrayRef> = self.inputs.iter().map(|input| evaluate(input, batch)).collect::<Result<_>>()?;
        if self.passing.is_some() {
            self.passing = Some(GroupState::lift(&self.spec, &keys, &inputs, batch.num_rows())?);
            return Ok(());
        }
        self.state.update(&keys, &inputs, batch.num_rows())?;
        self.rows += batch.num_rows();
        if self.may_pass && self.hardly_repeats() {
            self.passing = Some(self.state.drain()?);
        }
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        self.state.merge(downcast(later)?.state)
    }

    fn bytes(&self) -> u64 {
        self.state.bytes() + self.passing.as_ref().map_or(0, |rows| rows.get_array_memory_size() as u64)
    }

    fn pack(mut self: Box<Self>) -> Result<Packed> {
        if self.is_passing() {
            return Err(Error::internal("rows that pass were packed"));
        }
        Ok(Packed::of(vec![self.state.drain()?]))
    }

    fn is_passing(&self) -> bool {
        self.passing.as_ref().is_some_and(|rows| rows.num_rows() > 0)
    }

    fn drain(&mut self) -> Result<RecordBatch> {
        match &mut self.passing {
            Some(rows) => {
                let none = rows.slice(0, 0);
                Ok(std::mem::replace(rows, none))
            }
            None => {
                self.rows = 0;
                self.state.drain()
            }
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Merges the states of the groups of one part; a finished block passes.
#[derive(Debug)]
pub(super) struct MergeGroups {
    spec: Arc<GroupSpec>,
    /// Whether all groups are in one part: then they are sorted by key, as those of a finished block are.
    is_sorted: bool,
}

impl MergeGroups {
    pub(super) fn new(spec: &GroupSpec, parts: usize) -> Self {
        // A part has few of the values between the bounds: tables as wide as these would be mostly empty.
        let keys = spec.keys.iter().map(|key| KeySpec { range: None, ..key.clone() }).collect();
        MergeGroups { spec: Arc::new(GroupSpec { keys, aggs: spec.aggs.clone() }), is_sorted: parts == 1 }
    }
}

impl Kernel for MergeGroups {
    fn name(&self) -> &'static str {
        "merge groups"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        inputs.first().cloned().ok_or_else(|| Error::internal("groups of no block"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        // States are tables of twice their size while they grow, and become columns at the end.
        inputs.iter().map(|input| input.bytes.saturating_mul(4)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let all = inputs.first().copied().unwrap_or_default();
        let rows = all.rows.min(BATCH_ROWS as u64);
        BlockMeta { rows, bytes: all.bytes.checked_div(all.rows).unwrap_or(0).saturating_mul(rows) }
    }

    fn whole_partition(&self) -> bool {
        true
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn keeps_allowance(&self) -> bool {
        true
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        match inputs.pop() {
            Some(Input::Part(part)) => Ok(Some(Box::new(MergeStream {
                spec: self.spec.clone(),
                is_sorted: self.is_sorted,
                task: task.clone(),
                waiting: vec![(part, 0)],
                result: None,
            }))),
            Some(other) => other.into_stream().map(Some),
            None => Ok(Some(Box::new(std::iter::empty()))),
        }
    }
}

/// Rows of a batch of the result.
const BATCH_ROWS: usize = 32 * 1024;

/// How often a part is split again before it is taken as it is: beyond this, hashes do not differ.
const MAX_LEVEL: u32 = 6;

struct MergeStream {
    spec: Arc<GroupSpec>,
    is_sorted: bool,
    task: TaskContext,
    /// Parts to be merged, with the number of times that they were split, the next one last.
    waiting: Vec<(Arc<dyn Part>, u32)>,
    /// What is left of the last part's result.
    result: Option<RecordBatch>,
}

impl MergeStream {
    /// The groups of a part, `None` when their states outgrow the allowance.
    fn merge(&self, part: &dyn Part, level: u32) -> Result<Option<GroupState>> {
        let mut state = GroupState::new(self.spec.clone())?;
        let mut stream = part.open()?;
        let (mut seen, total) = (0, usize::try_from(part.size().rows).unwrap_or(usize::MAX));
        while let Some(block) = stream.next()? {
            self.task.cancel.check()?;
            state.absorb(block.frame()?)?;
            if seen == 0 {
                seen = block.frame()?.num_rows();
                state.expect(seen, total);
            }
            if level < MAX_LEVEL && state.groups() > 1 && state.bytes() > self.task.allowance_bytes / 2 {
                return Ok(None);
            }
        }
        Ok(Some(state))
    }

    fn split(&mut self, part: &dyn Part, level: u32) -> Result<()> {
        let parts = (part.size().bytes / (self.task.allowance_bytes / 8).max(1)).clamp(2, 64);
        let (keys, parts) = (state_keys(&self.spec), usize::try_from(parts).unwrap_or(2));
        let router: Arc<dyn Router> = Arc::new(HashRouter::new(keys, parts, level + 1));
        let smaller = part.split(&router)?;
        self.waiting.extend(smaller.into_iter().rev().map(|part| (part, level + 1)));
        Ok(())
    }
}

impl BlockStream for MergeStream {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(result) = self.result.take().filter(|result| result.num_rows() > 0) {
                let rows = result.num_rows().min(BATCH_ROWS);
                self.result = Some(result.slice(rows, result.num_rows() - rows));
                return Ok(Some(result.slice(0, rows).into()));
            }
            let Some((part, level)) = self.waiting.pop() else { return Ok(None) };
            if part.size().rows == 0 {
                continue;
            }
            match self.merge(part.as_ref(), level)? {
                Some(state) if self.is_sorted && level == 0 => self.result = Some(state.finish()?),
                Some(state) => self.result = Some(state.finish_unsorted()?),
                None => self.split(part.as_ref(), level)?,
            }
        }
    }
}
