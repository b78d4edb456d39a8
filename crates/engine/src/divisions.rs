//! Rows that know their place: divisions, slices by their column, partitions by number.

use std::cmp::Ordering;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use blockfold_core::{DType, Divisions, Error, Expr, RecordBatch, Result, Scalar, col, lit};
use blockfold_io::memory::MemorySource;
use blockfold_ops::frame::{CheckOrder, Divide, Filter, KeyBounds, Measure, Partitions, Read};
use blockfold_plan::Plan;

use crate::frame::LazyFrame;

/// How [`LazyFrame::set_index_with`] divides a frame.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SetIndexOptions {
    npartitions: Option<usize>,
    divisions: Option<Vec<Scalar>>,
    sorted: bool,
}

impl SetIndexOptions {
    /// As many partitions as the frame has, divided by what is known of them or by a sample.
    pub fn new() -> Self {
        SetIndexOptions::default()
    }

    /// About so many partitions, divided by a sample. Fewer when there are fewer distinct values.
    pub fn npartitions(mut self, partitions: usize) -> Self {
        self.npartitions = Some(partitions);
        self
    }

    /// These divisions, one more than there are partitions; they must span all values.
    pub fn divisions<S: Into<Scalar>>(mut self, divisions: impl IntoIterator<Item = S>) -> Self {
        self.divisions = Some(divisions.into_iter().map(Into::into).collect());
        self
    }

    /// Whether the frame is sorted already. Its partitions stay as they are, and its order is checked as rows stream.
    pub fn sorted(mut self, sorted: bool) -> Self {
        self.sorted = sorted;
        self
    }
}

impl LazyFrame {
    /// The frame sorted by a column, in partitions whose divisions are known.
    ///
    /// Where statistics say that partitions do not overlap, each is sorted by itself and no row moves, as far as a
    /// partition fits a task's share of the budget. Else a sample is taken at once, by a run that reads this column
    /// alone, and rows go to their partitions when the result is asked for. Rows of equal values keep their order.
    ///
    /// # Nulls
    /// Last, after NaN, in the last partition.
    ///
    /// # Memory
    /// As [`LazyFrame::sort`].
    ///
    /// # Errors
    /// No such column, or one of a type without single values, as lists.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.set_index("timestamp").loc("2000-01-01".."2000-01-31")
    /// # }
    /// ```
    pub fn set_index(&self, column: &str) -> LazyFrame {
        self.set_index_with(column, SetIndexOptions::new())
    }

    /// As [`LazyFrame::set_index`], with a number of partitions, given divisions, or input that is sorted already.
    ///
    /// # Errors
    /// As [`LazyFrame::set_index`]; divisions that do not ascend or do not span all values; input told to be sorted
    /// that is not, naming partition and values, when the frame is made or when it runs.
    pub fn set_index_with(&self, column: &str, options: SetIndexOptions) -> LazyFrame {
        self.then(|plan| self.indexed(plan, column, &options))
    }

    fn indexed(&self, plan: Plan, column: &str, options: &SetIndexOptions) -> Result<Plan> {
        let refuse = |what: &str| Err(Error::argument("set_index", what));
        match (options.npartitions, &options.divisions) {
            (Some(_), Some(_)) => {
                return refuse("a number of partitions follows from divisions; give only one of them");
            }
            (Some(_), None) if options.sorted => {
                return refuse(
                    "sorted input keeps its partitions; leave npartitions out and call repartition afterwards",
                );
            }
            (Some(0), None) => return refuse("a frame has at least one partition"),
            _ => {}
        }
        if options.sorted {
            return self.said_to_be_sorted(plan, column, options.divisions.as_deref());
        }
        if let Some(bounds) = &options.divisions {
            return Divide::plan(plan, column, bounds.clone(), true);
        }
        if options.npartitions.is_none()
            && let Some(known) = plan.op().divisions_on(column)
            && let Ok(divided) = Divide::plan(plan.clone(), column, known.bounds.to_vec(), true)
        {
            return Ok(divided);
        }
        let partitions = options.npartitions.map_or_else(|| self.npartitions(), Ok)?;
        let found = self.answer(|plan| KeyBounds::plan(plan, column, partitions))?;
        match scalars(&found, "bound")? {
            bounds if bounds.is_empty() => Divide::without_values(plan, column),
            bounds => Divide::plan(plan, column, bounds, true),
        }
    }

    /// The answer of a plan over this frame, from a run of its own.
    pub(crate) fn answer(&self, f: impl FnOnce(Plan) -> Result<Plan>) -> Result<RecordBatch> {
        self.then(f).collect()?.to_batch()
    }

    fn said_to_be_sorted(&self, plan: Plan, column: &str, bounds: Option<&[Scalar]>) -> Result<Plan> {
        if let Some(bounds) = bounds {
            return CheckOrder::plan(plan, column, bounds.to_vec());
        }
        if let Some(known) = plan.op().divisions_on(column)
            && let Ok(checked) = CheckOrder::plan(plan.clone(), column, known.bounds.to_vec())
        {
            return Ok(checked);
        }
        let ends = self.answer(|plan| Measure::ends(plan, column))?;
        let ends = Ends::of(&ends, column)?;
        match &ends {
            ends if ends.firsts.is_empty() => Divide::without_values(plan, column),
            // A value in two partitions has to be brought together.
            ends if ends.shares_value => Divide::plan(plan, column, ends.bounds.clone(), true),
            ends if ends.starts.len() == plan.meta().grid.blocks() + 1 => {
                CheckOrder::plan(plan, column, ends.bounds.clone())
            }
            ends => CheckOrder::plan(Partitions::runs(plan, ends.starts.clone())?, column, ends.bounds.clone()),
        }
    }

    /// Rows whose value of the divisions' column lies between two values, both included as in pandas, however the
    /// range is spelled; open ends take all. Only partitions that may hold such rows are read.
    ///
    /// A text stands for the point in time that it says, midnight for a date alone.
    ///
    /// # Nulls
    /// Left out unless both ends are open.
    ///
    /// # Errors
    /// A frame without divisions; values that cannot be compared with the column's.
    pub fn loc<S: Into<Scalar> + Clone>(&self, range: impl RangeBounds<S>) -> LazyFrame {
        let end = |bound: Bound<&S>| match bound {
            Bound::Included(value) | Bound::Excluded(value) => Some(value.clone().into()),
            Bound::Unbounded => None,
        };
        let (low, high) = (end(range.start_bound()), end(range.end_bound()));
        self.then(|plan| located(plan, low, high))
    }

    /// Rows whose value of the divisions' column equals a value. Only the partition that may hold it is read.
    ///
    /// # Errors
    /// As [`LazyFrame::loc`].
    pub fn loc_value(&self, value: impl Into<Scalar>) -> LazyFrame {
        let value: Scalar = value.into();
        self.then(|plan| located(plan, Some(value.clone()), Some(value)))
    }

    /// Some of the partitions, by number; the others are never read. Divisions are kept.
    ///
    /// # Errors
    /// Partitions that are not there, none at all, or a frame whose number of partitions follows from the budget, as
    /// of a sort: persist such a frame, or call [`LazyFrame::set_index`] or [`LazyFrame::repartition`].
    pub fn partitions(&self, range: impl RangeBounds<usize>) -> LazyFrame {
        self.then(|plan| {
            let start = match range.start_bound() {
                Bound::Included(start) => *start,
                Bound::Excluded(before) => before.saturating_add(1),
                Bound::Unbounded => 0,
            };
            let end = match range.end_bound() {
                Bound::Included(last) => last.saturating_add(1),
                Bound::Excluded(end) => *end,
                Bound::Unbounded => plan.meta().grid.blocks(),
            };
            Partitions::plan(plan, start..end)
        })
    }

    /// One partition, by number.
    ///
    /// # Errors
    /// As [`LazyFrame::partitions`].
    pub fn get_partition(&self, partition: usize) -> LazyFrame {
        self.partitions(partition..=partition)
    }
}

/// The values of a column.
pub(crate) fn scalars(rows: &RecordBatch, column: &str) -> Result<Vec<Scalar>> {
    let found = rows.column_by_name(column).ok_or_else(|| Error::internal(format!("an answer without '{column}'")))?;
    (0..rows.num_rows()).map(|row| Scalar::from_array(found.as_ref(), row)).collect()
}

/// Divisions of sorted partitions, from their ends.
struct Ends {
    /// Where each partition with values starts; those without join the one before.
    starts: Vec<usize>,
    firsts: Vec<Scalar>,
    bounds: Vec<Scalar>,
    /// Whether some value is the last of one partition and the first of the next.
    shares_value: bool,
}

impl Ends {
    /// # Errors
    /// Partitions that are not in order, naming both values.
    fn of(measured: &RecordBatch, column: &str) -> Result<Self> {
        let (firsts, lasts) = (scalars(measured, "first")?, scalars(measured, "last")?);
        let mut ends = Ends { starts: Vec::new(), firsts: Vec::new(), bounds: Vec::new(), shares_value: false };
        let mut last: Option<(usize, Scalar)> = None;
        for (partition, (first, greatest)) in firsts.iter().zip(lasts).enumerate() {
            if *first == Scalar::Null {
                continue;
            }
            let order = last.as_ref().map(|(_, last)| last.compare(first));
            if let (Some((before, last)), Some(None | Some(Ordering::Greater))) = (&last, order) {
                let what = format!(
                    "input told to be sorted that is not: '{column}' is {first} at the start of partition {partition} \
                     after {last} in partition {before}; leave sorted out"
                );
                return Err(Error::argument("set_index", what));
            }
            ends.shares_value |= order == Some(Some(Ordering::Equal));
            ends.starts.push(if ends.starts.is_empty() { 0 } else { partition });
            ends.firsts.push(first.clone());
            if ends.bounds.last().is_none_or(|bound| bound.compare(first) == Some(Ordering::Less)) {
                ends.bounds.push(first.clone());
            }
            last = Some((partition, greatest));
        }
        ends.starts.push(firsts.len());
        ends.bounds.extend(last.map(|(_, greatest)| greatest));
        Ok(ends)
    }
}

/// Rows between two values, from the partitions that may hold them.
fn located(plan: Plan, low: Option<Scalar>, high: Option<Scalar>) -> Result<Plan> {
    let Some(known) = plan.meta().grid.divisions().cloned() else {
        return Err(without_divisions("loc"));
    };
    let dtype = plan.schema().field_with_name(&known.column)?.data_type().clone();
    let (low, high) = (point("loc", low, &dtype)?, point("loc", high, &dtype)?);
    let Some(range) = holding(&known, low.as_ref(), high.as_ref()) else {
        // No partition may hold such a row: not one is read.
        let none = MemorySource::new(vec![Vec::new()], plan.schema().clone())?;
        return Read::plan(Arc::new(none));
    };
    let column = || col(&known.column);
    let ends = [low.map(|low| column().gt_eq(lit(low))), high.map(|high| column().lt_eq(lit(high)))];
    let wanted = Expr::all_of(ends.into_iter().flatten());
    let plan = if range.len() < plan.meta().grid.blocks() { Partitions::plan(plan, range)? } else { plan };
    match wanted {
        Some(wanted) => Filter::plan(plan, wanted).map_err(|error| error.of_op(format!("loc by '{}'", known.column))),
        None => Ok(plan),
    }
}

pub(crate) fn without_divisions(op: &str) -> Error {
    Error::argument(op, "the divisions of this frame are not known; call set_index first")
}

/// A value as what the column's are compared with: a text is a point in time beside such.
pub(crate) fn point(op: &str, value: Option<Scalar>, dtype: &DType) -> Result<Option<Scalar>> {
    match (value, dtype) {
        (Some(Scalar::Null), _) => Err(Error::argument(op, "null lies in no range; use filter with is_null")),
        (Some(text @ Scalar::Utf8(_)), DType::Date32 | DType::Timestamp(..)) => {
            let array = text.to_array(dtype).map_err(|error| error.of_op(format!("{op}: {text}")))?;
            Scalar::from_array(array.as_ref(), 0).map(Some)
        }
        (value, _) => Ok(value),
    }
}

/// Order of a bound and a value as a filter compares them; `None` when that is not known here.
fn compare(bound: &Scalar, value: &Scalar) -> Option<Ordering> {
    match (bound, value) {
        // Midnight depends on the zone.
        (Scalar::Timestamp(_, _, Some(_)), Scalar::Date(_)) | (Scalar::Date(_), Scalar::Timestamp(_, _, Some(_))) => {
            None
        }
        _ => bound.compare(value),
    }
}

/// The partitions that may hold values between two, both included; `None` when none does.
fn holding(known: &Divisions, low: Option<&Scalar>, high: Option<&Scalar>) -> Option<Range<usize>> {
    let partitions = known.bounds.len().saturating_sub(1);
    let (first, last) = (known.bounds.first()?, known.bounds.last()?);
    let is_above = |bound: &Scalar, value: &Scalar| compare(bound, value) == Some(Ordering::Greater);
    let is_empty = low.zip(high).is_some_and(|(low, high)| is_above(low, high));
    // Beyond the last bound is nothing but NaN, which is greater than all.
    let is_beyond = high.is_some() && low.is_some_and(|low| compare(last, low) == Some(Ordering::Less));
    if is_empty || is_beyond || high.is_some_and(|high| is_above(first, high)) {
        return None;
    }
    let up_to =
        |value: &Scalar| known.bounds.iter().take(partitions).take_while(|bound| !is_above(bound, value)).count();
    let start = match low {
        Some(low) if compare(first, low).is_some() => {
            up_to(low).saturating_sub(if is_rounded(first, low) { 2 } else { 1 })
        }
        _ => 0,
    };
    let end = high.map_or(partitions, up_to);
    Some(start..end.max(start + 1))
}

/// Whether bounds that are whole numbers are rounded when they are compared with a value: one that seems to equal a
/// bound may be below it.
fn is_rounded(bound: &Scalar, value: &Scalar) -> bool {
    bound.integer().is_some() && matches!(value, Scalar::Float(_))
}
