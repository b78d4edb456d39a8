//! `sort`: rows in the order of keys; rows of equal keys keep their order.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, new_empty_array};
use arrow::compute::{concat_batches, take_record_batch};
use blockfold_core::{Block, Columns, Error, Expr, Grid, IntoExpr, RecordBatch, Result, Scalar};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::sort::{SORT_BYTES_PER_ROW, SortOrder, is_sorted, last_row, sort_order};
use blockfold_plan::{
    BlockMap, BlockMeta, BlockStream, Input, Kernel, Lower, Meta, Op, Part, Plan, Router, StepId, TaskContext, optimize,
};

use super::{Select, TopK};
use crate::exchange::{AroundRouter, FindBounds, RangeRouter, RangeRouting, Sampler};

/// A key to sort by and its order: ascending and nulls last unless told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What to sort by.
    pub expr: Expr,
    /// In which order.
    pub order: SortOrder,
}

impl SortKey {
    /// Nulls before all values, whatever the direction.
    pub fn nulls_first(mut self) -> Self {
        self.order.nulls_last = false;
        self
    }
}

/// Ascending by a column or expression, nulls last.
pub fn asc(key: impl IntoExpr) -> SortKey {
    SortKey { expr: key.into_expr(), order: SortOrder { descending: false, nulls_last: true } }
}

/// Descending by a column or expression, nulls last.
pub fn desc(key: impl IntoExpr) -> SortKey {
    SortKey { expr: key.into_expr(), order: SortOrder { descending: true, nulls_last: true } }
}

impl<E: IntoExpr> From<E> for SortKey {
    fn from(key: E) -> Self {
        asc(key)
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.order.descending { " descending" } else { "" };
        let nulls = if self.order.nulls_last { "" } else { " nulls first" };
        write!(f, "{}{direction}{nulls}", self.expr)
    }
}

/// Sort keys as `explain` shows them.
pub(super) fn key_list(keys: &[SortKey]) -> String {
    let texts: Vec<String> = keys.iter().map(SortKey::to_string).collect();
    format!("[{}]", texts.join(", "))
}

/// # Errors
/// Keys over missing columns, that aggregate, or of types without an order.
pub(super) fn check_keys(keys: &[SortKey], input: &Plan) -> Result<()> {
    if keys.is_empty() {
        return Err(Error::argument("sort", "needs at least one key"));
    }
    for key in keys {
        if !key.expr.is_row_wise() {
            return Err(Error::argument("sort", format!("{} aggregates; sort rows by values of rows", key.expr)));
        }
        let dtype = key.expr.dtype(input.schema())?;
        let has_order = sort_order(&[new_empty_array(&dtype)], &[key.order]).is_ok();
        if !has_order {
            let (op, expected) = (format!("sort by {}", key.expr), "a type whose values have an order".to_string());
            return Err(Error::Type { op, expected, got: dtype.to_string() });
        }
    }
    Ok(())
}

/// Columns that sorting needs for `wanted` ones.
pub(super) fn needed(keys: &[SortKey], wanted: &Columns) -> Columns {
    match wanted {
        Columns::All => Columns::All,
        wanted => keys.iter().fold(wanted.clone(), |all, key| all.union(Columns::values(key.expr.columns()))),
    }
}

/// Rows in the order of keys.
#[derive(Debug)]
pub struct Sort {
    input: [Plan; 1],
    keys: Vec<SortKey>,
}

impl Sort {
    /// A plan of the rows of `input` in the order of `keys`, the first one before the others.
    ///
    /// # Errors
    /// Keys over missing columns, that aggregate, or of types without an order.
    pub fn plan(input: Plan, keys: Vec<SortKey>) -> Result<Plan> {
        Plan::new(Sort { input: [input], keys })
    }

    fn exprs(&self) -> Vec<Expr> {
        self.keys.iter().map(|key| key.expr.without_alias().clone()).collect()
    }

    fn orders(&self) -> Vec<SortOrder> {
        self.keys.iter().map(|key| key.order).collect()
    }
}

/// Rows up to which the first ones are kept aside instead of sorting all.
const TOP_ROWS: u64 = 100_000;

/// Frames of one block up to this size are sorted where they are.
const SMALL_BYTES: u64 = 8 << 20;

impl Op for Sort {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn detail(&self) -> String {
        format!("by {}", key_list(&self.keys))
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Sort::plan(inputs.remove(0), self.keys.clone())
    }

    fn meta(&self) -> Result<Meta> {
        check_keys(&self.keys, &self.input[0])?;
        let meta = self.input[0].meta();
        let grid = match meta.grid.total() {
            Some(rows) if meta.grid.blocks() == 1 => Grid::known([rows]),
            _ => Grid::unknown(meta.grid.blocks()),
        };
        Ok(Meta { schema: meta.schema.clone(), grid })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        needed(&self.keys, wanted)
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        Some(predicate.clone())
    }

    fn limited(&self, rows: u64) -> Result<Option<Plan>> {
        if rows > TOP_ROWS {
            return Ok(None);
        }
        TopK::plan(self.input[0].clone(), self.keys.clone(), rows).map(Some)
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let schema = self.input[0].schema().clone();
        let kernel = SortPart { keys: self.exprs(), orders: self.orders(), detail: self.detail(), is_in_place: false };
        let (rows, bytes) = lower.expected(input);
        if lower.grid(input).blocks() == 1 && rows.is_some() && bytes <= SMALL_BYTES.min(lower.budget_bytes() / 16) {
            let grid = lower.grid(input).clone();
            return Ok(lower.map(vec![(input, BlockMap::Same)], kernel, schema, grid));
        }
        let moved = self.ranges(lower)?;
        let grid = lower.grid(moved).clone();
        Ok(lower.map(vec![(moved, BlockMap::Same)], kernel, schema, grid))
    }
}

/// The values of a column in ranges, as the first step of sorting them.
pub(super) fn in_ranges(values: Plan, column: &str, lower: &mut Lower) -> Result<StepId> {
    Sort { input: [values], keys: vec![asc(column)] }.ranges(lower)
}

impl Sort {
    /// The step that sends rows to ranges of keys.
    fn ranges(&self, lower: &mut Lower) -> Result<StepId> {
        // Read for the sample, and once more for the exchange.
        let input = lower.lower_kept(&self.input[0])?;
        let parts = lower.parts(input);
        let bounds = Sort::find_bounds(lower, &self.input[0], input, (self.exprs(), self.orders()), parts)?;
        let routing = RangeRouting { keys: self.exprs(), orders: self.orders() };
        let schema = self.input[0].schema().clone();
        Ok(lower.exchange(input, Some(bounds), routing, schema, Grid::unknown(parts)))
    }

    /// The step that finds the bounds of ranges. Where the input comes straight from sources, keys alone are read for
    /// the sample; else what earlier steps stored is read twice.
    pub(super) fn find_bounds(
        lower: &mut Lower,
        plan: &Plan,
        input: StepId,
        (exprs, orders): (Vec<Expr>, Vec<SortOrder>),
        parts: usize,
    ) -> Result<StepId> {
        let types: Vec<_> = exprs.iter().map(|key| key.dtype(plan.schema())).collect::<Result<_>>()?;
        let none = types.iter().map(new_empty_array).collect();
        let named = exprs.iter().enumerate().map(|(at, key)| key.clone().alias(format!("k{at}"))).collect();
        let keys = Select::plan(plan.clone(), named)?;
        let schema = keys.schema().clone();
        let (sampled, keys) = if lower.is_read_again(input) {
            let names = schema.fields().iter().map(|field| blockfold_core::col(field.name())).collect();
            (lower.lower(&optimize(&keys)?)?, names)
        } else {
            (input, exprs)
        };
        Ok(lower.reduce(sampled, FindBounds { keys, orders, none, parts }, schema))
    }
}

/// Sorts the rows of one part.
#[derive(Debug)]
pub(super) struct SortPart {
    pub(super) keys: Vec<Expr>,
    pub(super) orders: Vec<SortOrder>,
    pub(super) detail: String,
    /// Whether partitions are sorted as they stream by, each small enough to be held as a whole.
    pub(super) is_in_place: bool,
}

/// Rows of a batch of the result.
const BATCH_ROWS: usize = 32 * 1024;

/// Bytes that sorting takes: rows as they came, as one, in order, and their keys.
pub(super) fn sort_bytes(input: BlockMeta) -> u64 {
    input.bytes.saturating_mul(2).saturating_add(input.rows.saturating_mul(SORT_BYTES_PER_ROW))
}

impl Kernel for SortPart {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        inputs.first().cloned().ok_or_else(|| Error::internal("a sort of no block"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        inputs.iter().map(|input| sort_bytes(*input)).sum()
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
        !self.is_in_place
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let Some(input) = inputs.pop() else { return Ok(Some(Box::new(std::iter::empty()))) };
        let sorter = Sorter { keys: self.keys.clone(), orders: self.orders.clone(), task: task.clone() };
        let (mut waiting, mut current) = (Vec::new(), Current::Nothing);
        match input {
            Input::Part(part) => waiting.push(Waiting { part, level: 0, is_equal: false }),
            Input::Block(block) => current = sorter.sort(block.frame()?.clone())?,
            other => current = sorter.gathered(other.into_stream()?)?,
        }
        Ok(Some(Box::new(SortStream { sorter, waiting, current })))
    }
}

pub(super) struct Sorter {
    pub(super) keys: Vec<Expr>,
    pub(super) orders: Vec<SortOrder>,
    pub(super) task: TaskContext,
}

enum Current {
    Nothing,
    /// Rows and the order in which those from a place on are due.
    Sorted {
        rows: RecordBatch,
        order: UInt32Array,
        next: usize,
    },
    /// Rows that are in order as they come.
    Equal(Box<dyn BlockStream>),
}

impl Sorter {
    fn keys_of(&self, rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
        self.keys.iter().map(|key| evaluate(key, rows)).collect()
    }

    fn sort(&self, rows: RecordBatch) -> Result<Current> {
        let order = UInt32Array::from(sort_order(&self.keys_of(&rows)?, &self.orders)?);
        Ok(Current::Sorted { rows, order, next: 0 })
    }

    fn gathered(&self, mut stream: Box<dyn BlockStream>) -> Result<Current> {
        let mut batches = Vec::new();
        while let Some(block) = stream.next()? {
            self.task.cancel.check()?;
            batches.push(block.frame()?.clone());
        }
        match batches.as_slice() {
            [] => Ok(Current::Nothing),
            many if self.is_in_order(many)? => {
                Ok(Current::Equal(Box::new(batches.into_iter().map(|rows| Ok(rows.into())))))
            }
            [one] => self.sort(one.clone()),
            [first, ..] => self.sort(concat_batches(first.schema_ref(), &batches)?),
        }
    }

    fn is_in_order(&self, batches: &[RecordBatch]) -> Result<bool> {
        let mut previous = None;
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let keys = self.keys_of(batch)?;
            if !is_sorted(&keys, &self.orders, previous.as_deref())? {
                return Ok(false);
            }
            previous = last_row(&keys)?;
        }
        Ok(true)
    }

    /// The part in smaller ones, each in order after the one before, and whether rows of one are equal.
    pub(super) fn split(&self, part: &dyn Part) -> Result<Vec<(Arc<dyn Part>, bool)>> {
        let parts = (sort_bytes(part.size()) / (self.task.allowance_bytes / 4).max(1)).clamp(2, 64);
        let parts = usize::try_from(parts).unwrap_or(2);
        let (mut sampler, mut none) = (Sampler::new(parts), Vec::new());
        let mut stream = part.open()?;
        while let Some(block) = stream.next()? {
            self.task.cancel.check()?;
            let keys = self.keys_of(block.frame()?)?;
            sampler.push(&keys)?;
            none = keys.iter().map(|key| key.slice(0, 0)).collect();
        }
        let bounds = sampler.bounds(&self.orders, parts, &none)?;
        if bounds.is_empty() {
            // All sampled keys are equal: rows of that key need no sorting, the few others are no burden.
            let around = AroundRouter::new(self.keys.clone(), &sampler.keys()?, &self.orders)?;
            let router: Arc<dyn Router> = Arc::new(around);
            return Ok(part.split(&router)?.into_iter().zip([false, true, false]).collect());
        }
        let router: Arc<dyn Router> = Arc::new(RangeRouter::new(self.keys.clone(), bounds));
        Ok(part.split(&router)?.into_iter().map(|part| (part, false)).collect())
    }
}

/// How often a part is split again before it is sorted whatever its size.
pub(super) const MAX_LEVEL: u32 = 8;

struct Waiting {
    part: Arc<dyn Part>,
    /// How often it was split.
    level: u32,
    /// Whether all its keys are equal.
    is_equal: bool,
}

struct SortStream {
    sorter: Sorter,
    /// Parts to be sorted, the next one last.
    waiting: Vec<Waiting>,
    current: Current,
}

impl SortStream {
    fn take_up(&mut self, Waiting { part, level, is_equal }: Waiting) -> Result<()> {
        let fits = sort_bytes(part.size()) <= self.sorter.task.allowance_bytes;
        if is_equal {
            self.current = Current::Equal(part.open()?);
        } else if fits || level >= MAX_LEVEL {
            self.current = self.sorter.gathered(part.open()?)?;
        } else {
            let smaller = self.sorter.split(part.as_ref())?.into_iter().rev();
            self.waiting.extend(smaller.map(|(part, is_equal)| Waiting { part, level: level + 1, is_equal }));
        }
        Ok(())
    }
}

impl BlockStream for SortStream {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            match &mut self.current {
                Current::Sorted { rows, order, next } if *next < order.len() => {
                    let len = BATCH_ROWS.min(order.len() - *next);
                    let batch = take_record_batch(rows, &order.slice(*next, len))?;
                    *next += len;
                    return Ok(Some(batch.into()));
                }
                Current::Equal(stream) => {
                    if let Some(block) = stream.next()? {
                        return Ok(Some(block));
                    }
                }
                _ => {}
            }
            self.current = Current::Nothing;
            let Some(next) = self.waiting.pop() else { return Ok(None) };
            if next.part.size().rows > 0 {
                self.take_up(next)?;
            }
        }
    }
}
