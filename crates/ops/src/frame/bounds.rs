//! Divisions at work: bounds of a column's type, and the check that rows are where divisions say.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat;
use blockfold_core::expr::plain_type;
use blockfold_core::{Block, DType, Divisions, Error, Expr, Result, Scalar, Schema, col, lit};
use blockfold_kernels::evaluate::{evaluate, predicate_mask};
use blockfold_kernels::sort::{SortBounds, SortOrder, is_sorted, last_row};
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, TaskContext};

/// The order of rows inside divided partitions: nulls last, after NaN.
pub(super) const ASCENDING: SortOrder = SortOrder { descending: false, nulls_last: true };

/// The plain type of a column.
///
/// # Errors
/// No such column.
pub(super) fn column_type(schema: &Schema, column: &str) -> Result<DType> {
    let have = || super::names(schema);
    let field = schema.field_with_name(column);
    let field = field.map_err(|_| Error::ColumnNotFound { name: column.to_string(), have: have() })?;
    Ok(plain_type(field.data_type()))
}

/// The plain type of a column that partitions can be divided by.
///
/// # Errors
/// No such column, or one of a type without single values.
pub(super) fn index_type(op: &str, schema: &Schema, column: &str) -> Result<DType> {
    let dtype = column_type(schema, column)?;
    let is_point = matches!(dtype, DType::Date32 | DType::Timestamp(..) | DType::Duration(_) | DType::Boolean);
    if dtype.is_integer() || dtype.is_floating() || dtype.is_string() || is_point {
        return Ok(dtype);
    }
    let (op, got) = (format!("{op} by '{column}'"), dtype.to_string());
    Err(Error::Type { op, expected: "a column of numbers, texts, truth values or points in time".to_string(), got })
}

/// Bounds as values of the column's type.
///
/// # Errors
/// Bounds that the type cannot say, null or NaN, fewer than two, or bounds that do not ascend; only the last one may
/// equal the one before, for a partition of one value.
pub fn typed_bounds(op: &str, column: &str, dtype: &DType, bounds: &[Scalar]) -> Result<Vec<Scalar>> {
    if bounds.len() < 2 {
        let what = format!("{} divisions; give one more than there are partitions, at least two", bounds.len());
        return Err(Error::argument(op, what));
    }
    let typed = |bound: &Scalar| -> Result<Scalar> {
        let is_nan = matches!(bound, Scalar::Float(value) if value.is_nan());
        if *bound == Scalar::Null || is_nan {
            let what =
                format!("a division of '{column}' is {bound}; nulls and NaN go to the last partition by themselves");
            return Err(Error::argument(op, what));
        }
        let array =
            bound.to_array(dtype).map_err(|error| error.of_op(format!("{op}: a division of '{column}', {bound},")))?;
        let exact = Scalar::from_array(array.as_ref(), 0)?;
        match (bound, bound.compare(&exact)) {
            (Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_), Some(Ordering::Less | Ordering::Greater)) => {
                Err(Error::argument(op, format!("the division {bound} of '{column}' is no value of type {dtype}")))
            }
            _ => Ok(exact),
        }
    };
    let typed: Vec<Scalar> = bounds.iter().map(typed).collect::<Result<_>>()?;
    for (at, pair) in typed.windows(2).enumerate() {
        let is_last = at + 2 == typed.len();
        let ascends =
            matches!(pair, [a, b] if a.compare(b).is_some_and(|order| order.is_lt() || is_last && order.is_eq()));
        if let ([a, b], false) = (pair, ascends) {
            let what = format!("divisions of '{column}' must ascend, but {a} is followed by {b}");
            return Err(Error::argument(op, what));
        }
    }
    Ok(typed)
}

/// Whether bounds ascend so that each value belongs to exactly one partition that a range exchange makes.
pub(super) fn is_strict(bounds: &[Scalar]) -> bool {
    let pairs = bounds.windows(2).enumerate();
    let ascends = |(at, pair): (usize, &[Scalar])| match pair {
        [a, b] => a.compare(b).is_some_and(|order| order.is_lt() || at + 2 == bounds.len() && order.is_eq()),
        _ => false,
    };
    bounds.len() > 1 && pairs.clone().all(ascends)
}

/// The bounds between partitions, for routing by ranges.
///
/// # Errors
/// Bounds that the type cannot say.
pub(super) fn inner_bounds(bounds: &[Scalar], dtype: &DType) -> Result<SortBounds> {
    let inner = bounds.get(1..bounds.len().saturating_sub(1)).unwrap_or_default();
    let arrays: Vec<ArrayRef> = inner.iter().map(|bound| bound.to_array(dtype)).collect::<Result<_>>()?;
    let arrays: Vec<&dyn arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
    let values = if arrays.is_empty() { arrow::array::new_empty_array(dtype) } else { concat(&arrays)? };
    SortBounds::from_batch(&RecordBatch::try_from_iter_with_nullable([("bound", values, true)])?, &[ASCENDING])
}

/// Whether a column's value is neither null nor NaN: one that a division can bound.
pub(super) fn is_bounded(column: &str, dtype: &DType) -> Expr {
    let is_value = col(column).is_not_null();
    if dtype.is_floating() { is_value.and(col(column).lt_eq(f64::INFINITY)) } else { is_value }
}

/// Whether a row is not where its partition's divisions say, given its number and how many there are.
pub(super) fn is_outside(column: &str, dtype: &DType, bounds: &[Scalar], partition: usize) -> Option<Expr> {
    let is_last = partition + 2 >= bounds.len();
    let (low, high) = (bounds.get(partition)?, bounds.get(partition + 1)?);
    if *low == Scalar::Null {
        return None;
    }
    let below = col(column).lt(lit(low.clone()));
    Some(match is_last {
        true => below.or(col(column).gt(lit(high.clone())).and(is_bounded(column, dtype))),
        false => below.or(col(column).gt_eq(lit(high.clone()))).or(col(column).is_null()),
    })
}

/// The value of the first row for which a predicate holds.
pub(super) fn first_where(predicate: &Expr, column: &str, rows: &RecordBatch) -> Result<Option<Scalar>> {
    let mask = predicate_mask(predicate, rows)?;
    let Some(row) = mask.values().set_indices().next() else { return Ok(None) };
    Scalar::from_array(evaluate(&col(column), rows)?.as_ref(), row).map(Some)
}

/// Checks rows as they stream by: that they are in the order of a column, that each partition's values are between
/// its divisions, or both.
#[derive(Clone, Debug)]
pub(super) struct CheckRows {
    /// The op that asks, for messages.
    pub(super) op: &'static str,
    pub(super) column: String,
    pub(super) dtype: DType,
    pub(super) divisions: Option<Divisions>,
    pub(super) is_ordered: bool,
}

impl CheckRows {
    /// The check of one partition.
    pub(super) fn of(&self, partition: usize) -> Checker {
        let bounds = self.divisions.as_ref().map(|known| known.bounds.as_ref());
        let outside = bounds.and_then(|bounds| is_outside(&self.column, &self.dtype, bounds, partition));
        Checker { check: self.clone(), partition, outside, previous: None }
    }

    fn claim(&self) -> &'static str {
        if self.is_ordered { "input told to be sorted that is not" } else { "divisions that do not hold" }
    }

    fn remedy(&self) -> &'static str {
        match self.is_ordered {
            true => "leave sorted out",
            false => "what is known of the input is wrong; set_index with a number of partitions looks at the data",
        }
    }
}

impl Kernel for CheckRows {
    fn name(&self) -> &'static str {
        "check"
    }

    fn detail(&self) -> String {
        let order = if self.is_ordered { " in order" } else { "" };
        let divisions = if self.divisions.is_some() { " within divisions" } else { "" };
        format!("{}{order}{divisions}", self.column)
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("a check gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        // The order is checked by a number for each row; comparisons hold a bit each.
        inputs.iter().map(|input| input.rows.saturating_mul(32)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let input = inputs.pop().ok_or_else(|| Error::internal("a check of no block"))?.into_stream()?;
        Ok(Some(Box::new(CheckedStream { input, checker: self.of(task.block) })))
    }
}

/// The check of one partition, batch by batch.
pub(super) struct Checker {
    check: CheckRows,
    partition: usize,
    outside: Option<Expr>,
    /// The last key of the batches so far.
    previous: Option<Vec<ArrayRef>>,
}

impl Checker {
    pub(super) fn push(&mut self, rows: &RecordBatch) -> Result<()> {
        let column = &self.check.column;
        if let Some(outside) = &self.outside
            && let Some(value) = first_where(outside, column, rows)?
        {
            return Err(self.misplaced(&value));
        }
        if !self.check.is_ordered || rows.num_rows() == 0 {
            return Ok(());
        }
        let keys = [evaluate(&col(column), rows)?];
        if !is_sorted(&keys, &[ASCENDING], self.previous.as_deref())? {
            return Err(self.unsorted(&keys)?);
        }
        self.previous = last_row(&keys)?;
        Ok(())
    }

    fn misplaced(&self, value: &Scalar) -> Error {
        let bounds = self.check.divisions.as_ref().map(|known| known.bounds.as_ref()).unwrap_or_default();
        let (low, high) = (bounds.get(self.partition), bounds.get(self.partition + 1));
        let (low, high) = (low.unwrap_or(&Scalar::Null), high.unwrap_or(&Scalar::Null));
        let (claim, column, partition) = (self.check.claim(), &self.check.column, self.partition);
        let what = format!(
            "{claim}: '{column}' is {value} in partition {partition}, whose divisions are {low} and {high}; {}",
            self.check.remedy()
        );
        Error::argument(self.check.op, what)
    }

    /// The error about the first row that comes before the one above it.
    fn unsorted(&self, keys: &[ArrayRef; 1]) -> Result<Error> {
        let previous = self.previous.as_deref();
        let prefix = |len: usize| is_sorted(&[keys[0].slice(0, len)], &[ASCENDING], previous);
        // Whether the first rows are in order can only change once, from yes to no.
        let (mut sorted, mut unsorted) = (0, keys[0].len());
        while unsorted - sorted > 1 {
            let middle = sorted.midpoint(unsorted);
            if prefix(middle)? { sorted = middle } else { unsorted = middle }
        }
        let value = Scalar::from_array(keys[0].as_ref(), sorted)?;
        let before = match (sorted.checked_sub(1), previous) {
            (Some(row), _) => Scalar::from_array(keys[0].as_ref(), row)?,
            (None, Some([last])) => Scalar::from_array(last.as_ref(), 0)?,
            (None, _) => Scalar::Null,
        };
        let (claim, column, partition) = (self.check.claim(), &self.check.column, self.partition);
        let what =
            format!("{claim}: '{column}' is {value} after {before} in partition {partition}; {}", self.check.remedy());
        Ok(Error::argument(self.check.op, what))
    }
}

struct CheckedStream {
    input: Box<dyn BlockStream>,
    checker: Checker,
}

impl BlockStream for CheckedStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(block) = self.input.next()? else { return Ok(None) };
        self.checker.push(block.frame()?)?;
        Ok(Some(block))
    }
}

/// Divisions as `explain` shows them.
pub(super) fn shown(bounds: &[Scalar]) -> String {
    match (bounds.first(), bounds.last()) {
        (Some(first), Some(last)) => format!("{} partitions from {first} to {last}", bounds.len() - 1),
        _ => "no partitions".to_string(),
    }
}

/// Divisions of a column.
pub(super) fn divisions(column: &str, bounds: &Arc<[Scalar]>) -> Divisions {
    Divisions { column: column.to_string(), bounds: bounds.clone() }
}
