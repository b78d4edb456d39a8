//! The same rows in other partitions, their order kept.

use blockfold_core::{ByteSize, DType, Divisions, Error, Result, Scalar};
use blockfold_kernels::functions::window_starts;
use blockfold_ops::frame::{Coalesce, Divide, Measure, Partitions, Rebalance, typed_bounds};
use blockfold_plan::Plan;

use crate::divisions::{scalars, without_divisions};
use crate::frame::LazyFrame;

/// Most partitions of windows of time.
const MAX_WINDOWS: usize = 100_000;

impl LazyFrame {
    /// The same rows in order, in `partitions` partitions. Fewer are shares of neighbours and nothing moves; more have
    /// evenly many rows each.
    ///
    /// # Memory
    /// Where rows move, they wait in memory as far as the budget allows, else in scratch.
    ///
    /// # Errors
    /// No partitions at all.
    pub fn repartition(&self, partitions: usize) -> LazyFrame {
        self.then(|plan| {
            let (blocks, is_fixed) = (plan.meta().grid.blocks(), plan.op().has_fixed_blocks());
            match is_fixed && partitions > 0 {
                true if partitions == blocks => Ok(plan),
                true if partitions < blocks => Coalesce::plan(plan, partitions),
                _ => Rebalance::plan(plan, partitions),
            }
        })
    }

    /// The same rows in order, in partitions of about so many bytes in memory. They are measured at once, by a run of
    /// their own. Neighbours that are small enough are joined and nothing moves; if one is too large, all rows are
    /// dealt out evenly.
    ///
    /// # Errors
    /// A size of nothing; whatever the run that measures meets.
    pub fn repartition_bytes(&self, target: ByteSize) -> LazyFrame {
        self.then(|plan| {
            if target.0 == 0 {
                return Err(Error::argument("repartition", "partitions of no bytes; give a size above zero"));
            }
            let measured = self.answer(Measure::bytes)?;
            let bytes: Vec<u64> = scalars(&measured, "bytes")?.iter().map(count).collect();
            let total: u64 = bytes.iter().sum();
            if plan.op().has_fixed_blocks() && bytes.iter().all(|bytes| *bytes <= target.0) {
                return match joined(&bytes, target.0) {
                    starts if starts.len() == bytes.len() + 1 => Ok(plan),
                    starts => Partitions::runs(plan, starts),
                };
            }
            let partitions = usize::try_from(total.div_ceil(target.0)).unwrap_or(usize::MAX);
            Rebalance::plan(plan, partitions.max(1))
        })
    }

    /// The same rows in order, in partitions of these divisions of the column by which the frame is divided. Where
    /// partitions begin at divisions of the frame, they are joined and nothing moves.
    ///
    /// # Errors
    /// A frame without divisions; divisions that do not ascend, or do not span the frame's.
    pub fn repartition_divisions<S: Into<Scalar>>(&self, divisions: impl IntoIterator<Item = S>) -> LazyFrame {
        let bounds: Vec<Scalar> = divisions.into_iter().map(Into::into).collect();
        self.then(|plan| {
            let known = plan.meta().grid.divisions().cloned().ok_or_else(|| without_divisions("repartition"))?;
            divided(plan, &known, &bounds)
        })
    }

    /// The same rows in order, in one partition for each window of time, as `1D`, `1h`, `1w` or `1mo`, of the column
    /// by which the frame is divided. Windows begin at multiples in the calendar, weeks on Mondays; a point at the end
    /// of the last window belongs to it.
    ///
    /// # Errors
    /// A frame without divisions, or by a column that is neither a date nor a timestamp; a text that is no window;
    /// more than 100000 windows.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(series: LazyFrame) -> LazyFrame {
    /// series.repartition_frequency("1mo")
    /// # }
    /// ```
    pub fn repartition_frequency(&self, window: &str) -> LazyFrame {
        self.then(|plan| {
            let known = plan.meta().grid.divisions().cloned().ok_or_else(|| without_divisions("repartition"))?;
            let bounds = windows(&plan, &known, window)?;
            divided(plan, &known, &bounds)
        })
    }
}

fn count(value: &Scalar) -> u64 {
    value.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

/// Where runs of neighbours start that have no more than `target` bytes together.
fn joined(bytes: &[u64], target: u64) -> Vec<usize> {
    let (mut starts, mut held) = (vec![0], 0u64);
    for (at, bytes) in bytes.iter().enumerate() {
        held = held.saturating_add(*bytes);
        if held > target && at > 0 {
            starts.push(at);
            held = *bytes;
        }
    }
    starts.push(bytes.len());
    starts
}

/// The rows of a divided frame by other divisions.
fn divided(plan: Plan, known: &Divisions, bounds: &[Scalar]) -> Result<Plan> {
    let dtype = plan.schema().field_with_name(&known.column)?.data_type().clone();
    let bounds = typed_bounds("repartition", &known.column, &blockfold_core::expr::plain_type(&dtype), bounds)?;
    let (Some(first), Some(last)) = (known.bounds.first(), known.bounds.last()) else { return Ok(plan) };
    let is_wider = bounds.first().and_then(|bound| bound.compare(first)).is_some_and(|order| order.is_gt())
        || bounds.last().and_then(|bound| bound.compare(last)).is_some_and(|order| order.is_lt());
    if is_wider {
        let what = format!("the frame's divisions go from {first} to {last}; give divisions that span them");
        return Err(Error::argument("repartition", what));
    }
    if bounds == known.bounds.as_ref() {
        return Ok(plan);
    }
    match starts(known, &bounds) {
        Some(starts) if plan.op().has_fixed_blocks() => Partitions::runs(plan, starts),
        _ => Divide::plan(plan, &known.column, bounds, false),
    }
}

/// The partitions at which others begin, when each begins at one.
fn starts(known: &Divisions, bounds: &[Scalar]) -> Option<Vec<usize>> {
    let partitions = known.bounds.len() - 1;
    if known.bounds.first() != bounds.first() || known.bounds.last() != bounds.last() {
        return None;
    }
    let inner = bounds.get(1..bounds.len() - 1)?;
    let starts = inner.iter().map(|bound| known.bounds.get(..partitions)?.iter().position(|start| start == bound));
    let mut starts: Vec<usize> = std::iter::once(Some(0)).chain(starts).collect::<Option<_>>()?;
    starts.push(partitions);
    Some(starts)
}

/// Divisions at the starts of windows of time.
fn windows(plan: &Plan, known: &Divisions, window: &str) -> Result<Vec<Scalar>> {
    let dtype = plan.schema().field_with_name(&known.column)?.data_type().clone();
    let (Some(first), Some(last)) = (known.bounds.first(), known.bounds.last()) else { return Ok(Vec::new()) };
    let count = |bound: &Scalar| match bound {
        Scalar::Timestamp(count, ..) => Some(*count),
        Scalar::Date(days) => Some(i64::from(*days)),
        _ => None,
    };
    let (Some(low), Some(high)) = (count(first), count(last)) else {
        let (op, got) = (format!("repartition of '{}' by '{window}'", known.column), dtype.to_string());
        return Err(Error::Type { op, expected: "divisions by a date or timestamp".to_string(), got });
    };
    let bound = |start: i64| match &dtype {
        DType::Timestamp(unit, zone) => Scalar::Timestamp(start, *unit, zone.clone()),
        _ => i32::try_from(start).map_or(Scalar::Null, Scalar::Date),
    };
    let starts = window_starts(&dtype, window, (low, high), MAX_WINDOWS)?;
    Ok(std::iter::once(first.clone()).chain(starts.into_iter().map(bound)).chain([last.clone()]).collect())
}
