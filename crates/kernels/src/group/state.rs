//! The state of a grouped aggregation between batches.

use std::fmt;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt8Array};
use arrow::compute::cast;
use blockfold_core::{DType, Error, Result};

use super::accumulate::{Accumulator, Batch, Slots, accumulator};
use super::index::GroupIndex;
use super::intern::{Column, code_after};
use super::spec::GroupSpec;
use blockfold_core::expr::plain_type;

/// Batches with at least this many rows a group have their rows counted once for all aggregates.
const ROWS_FOR_COUNTS: usize = 4;

/// Groups and their aggregates so far.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, Float64Array, Int64Array};
/// use blockfold_core::{AggFunc, DType};
/// use blockfold_kernels::group::{AggSpec, GroupSpec, GroupState, KeySpec};
///
/// let spec = Arc::new(GroupSpec {
///     keys: vec![KeySpec { name: "id".into(), dtype: DType::Int64, range: None }],
///     aggs: vec![AggSpec { name: "x".into(), func: AggFunc::Sum, inputs: vec![DType::Float64] }],
/// });
/// let mut state = GroupState::new(spec)?;
/// let ids: ArrayRef = Arc::new(Int64Array::from(vec![7, 3, 7]));
/// let x: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.0, 2.0]));
/// state.update(&[ids], &[x], 3)?;
/// let result = state.finish()?;
/// assert_eq!(result.column(0).as_ref(), &Int64Array::from(vec![3, 7]));
/// assert_eq!(result.column(1).as_ref(), &Float64Array::from(vec![1.0, 2.5]));
/// # Ok::<(), blockfold_core::Error>(())
/// ```
pub struct GroupState {
    pub(super) spec: Arc<GroupSpec>,
    pub(super) index: GroupIndex,
    pub(super) accumulators: Vec<Box<dyn Accumulator>>,
    /// Group of each row of a batch.
    pub(super) rows: Vec<u32>,
    /// Rows of a batch in each group.
    counts: Slots<u32>,
    wants_counts: bool,
    /// Whether there were no rows yet; without keys there is a group nevertheless.
    pub(super) is_empty: bool,
}

impl GroupState {
    /// A state that has seen no rows.
    ///
    /// # Errors
    /// [`Error::Type`] when an aggregate does not take its input, [`Error::Unsupported`] when a type is not
    /// supported as a key.
    pub fn new(spec: Arc<GroupSpec>) -> Result<Self> {
        let accumulators = spec.aggs.iter().map(accumulator).collect::<Result<Vec<_>>>()?;
        let wants_counts = accumulators.iter().any(|accumulator| accumulator.wants_counts());
        let index = GroupIndex::new(&spec)?;
        let (rows, counts) = (Vec::new(), Slots::default());
        Ok(GroupState { spec, index, accumulators, rows, counts, wants_counts, is_empty: true })
    }

    /// Takes a batch of `rows` rows in: `keys` and the `inputs` of one aggregate after the other, in the order of the
    /// spec. Each may come as a dictionary array of its type.
    ///
    /// # Nulls
    /// Null keys are a group of their own, as are all NaN; -0.0 is 0.0.
    ///
    /// # Errors
    /// [`Error::Type`] for an array of another type than the spec says. The state is of no use after an error.
    pub fn update(&mut self, keys: &[ArrayRef], inputs: &[ArrayRef], rows: usize) -> Result<()> {
        self.check(keys, inputs, rows)?;
        if rows == 0 {
            return Ok(());
        }
        self.is_empty = false;
        self.index.assign(keys, rows, &mut self.rows)?;
        let groups = self.index.len();
        let is_whole = self.spec.keys.is_empty();
        let has_counts = self.wants_counts && groups.saturating_mul(ROWS_FOR_COUNTS) <= rows;
        if has_counts {
            count(&self.rows, groups, is_whole, &mut self.counts);
        }
        let counts = has_counts.then_some(self.counts.entries());
        let batch = Batch { rows: &self.rows, groups, counts, is_whole };
        let inputs: Vec<ArrayRef> = inputs.iter().map(booleans_as_bytes).collect::<Result<_>>()?;
        let mut start = 0;
        for (accumulator, agg) in self.accumulators.iter_mut().zip(&self.spec.aggs) {
            let end = start + agg.inputs.len();
            accumulator.update(&batch, inputs.get(start..end).unwrap_or_default())?;
            start = end;
        }
        Ok(())
    }

    /// Takes in the state of the rows right after ours.
    ///
    /// # Errors
    /// [`Error::Internal`] when `later` has another spec.
    pub fn merge(&mut self, later: GroupState) -> Result<()> {
        if later.is_empty {
            return Ok(());
        }
        self.is_empty = false;
        let mapping = self.index.absorb(&later.index)?;
        let groups = self.index.len();
        for (ours, theirs) in self.accumulators.iter_mut().zip(later.accumulators) {
            ours.merge(theirs, &mapping, groups)?;
        }
        Ok(())
    }

    /// Makes room for the groups of `total` rows in all if nearly each of the `seen` rows so far made one: tables that
    /// are known to grow are made once.
    pub fn expect(&mut self, seen: usize, total: usize) {
        self.index.expect(seen, total);
    }

    /// Number of groups so far.
    pub fn groups(&self) -> usize {
        self.index.len()
    }

    /// Bytes held. Cheap: looks at capacities only.
    pub fn bytes(&self) -> u64 {
        let accumulators: u64 = self.accumulators.iter().map(|accumulator| accumulator.bytes()).sum();
        let rows = self.rows.capacity() * size_of::<u32>();
        self.index.bytes() + accumulators + self.counts.bytes() + rows as u64
    }

    /// Bytes that [`GroupState::new`] allocates.
    pub fn initial_bytes(spec: &GroupSpec) -> u64 {
        spec.keys.iter().map(|key| Column::initial_bytes(&key.dtype, key.range)).sum()
    }

    /// One row per group, keys ascending and nulls last; without keys one row.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a sum that does not fit its type.
    pub fn finish(self) -> Result<RecordBatch> {
        let order = self.index.order();
        self.finish_in(&order)
    }

    /// One row per group in order of first appearance; without keys one row. Saves the sort where another order
    /// follows anyway.
    ///
    /// # Errors
    /// As [`GroupState::finish`].
    pub fn finish_unsorted(self) -> Result<RecordBatch> {
        let order: Vec<u32> = (0..code_after(self.index.len())).collect();
        self.finish_in(&order)
    }

    fn finish_in(self, order: &[u32]) -> Result<RecordBatch> {
        let mut columns = self.index.keys(order)?;
        drop(self.index);
        for accumulator in self.accumulators {
            columns.push(accumulator.finish(order)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(order.len()));
        Ok(RecordBatch::try_new_with_options(self.spec.schema(), columns, &options)?)
    }

    fn check(&self, keys: &[ArrayRef], inputs: &[ArrayRef], rows: usize) -> Result<()> {
        let arrays = keys.iter().chain(inputs);
        let is_fitting = keys.len() == self.spec.keys.len()
            && inputs.len() == self.spec.inputs()
            && arrays.into_iter().all(|array| array.len() == rows);
        if !is_fitting {
            return Err(Error::internal("keys and inputs do not fit the spec of the aggregation"));
        }
        self.check_room(rows)
    }

    pub(super) fn check_room(&self, rows: usize) -> Result<()> {
        if self.groups() + rows < u32::MAX as usize {
            return Ok(());
        }
        Err(Error::Unsupported {
            what: "an aggregation with more than four billion groups in one state".into(),
            instead: "split the frame by one of the keys".into(),
        })
    }
}

impl fmt::Debug for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupState").field("spec", &self.spec).field("groups", &self.groups()).finish_non_exhaustive()
    }
}

/// Counts the rows of each group.
fn count(rows: &[u32], groups: usize, is_whole: bool, counts: &mut Slots<u32>) {
    counts.clear();
    counts.begin(groups, rows.len());
    if is_whole {
        counts.entries_mut().fill(code_after(rows.len()));
    } else {
        counts.add(rows, rows, |_, count, _| *count += 1);
    }
    counts.end(|_, count, more| *count += more);
}

/// Booleans as bytes of 0 and 1, which accumulators take; other arrays as they are.
pub(super) fn booleans_as_bytes(array: &ArrayRef) -> Result<ArrayRef> {
    if plain_type(array.data_type()) != DType::Boolean {
        return Ok(Arc::clone(array));
    }
    let booleans = cast(array, &DType::Boolean)?;
    let booleans: &BooleanArray = booleans.as_boolean();
    let bytes = booleans.values().iter().map(u8::from).collect();
    Ok(Arc::new(UInt8Array::new(bytes, booleans.nulls().cloned())))
}
