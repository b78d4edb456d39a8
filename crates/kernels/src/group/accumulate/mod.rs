//! Accumulators: one per aggregate, one entry per group.

mod by_group;
mod choose;
mod co_moments;
mod count;
mod custom;
mod distinct;
mod edge;
mod extreme;
mod list;
mod mode;
mod moments;
mod product;
mod quantile;
mod slots;
mod sum;
mod text;
mod top_k;
mod totals;
mod wide;

use std::any::Any;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Error, Result};

pub(super) use self::choose::accumulator;
pub(super) use self::extreme::primitive;
pub(super) use self::quantile::Between;
pub(super) use self::slots::Slots;

/// Rows of a batch with their groups.
pub(super) struct Batch<'a> {
    /// Group of each row.
    pub(super) rows: &'a [u32],
    /// Number of groups so far, those of this batch included.
    pub(super) groups: usize,
    /// Rows of this batch in each group, when there are few groups.
    pub(super) counts: Option<&'a [u32]>,
    /// Whether all rows are one group because there are no keys.
    pub(super) is_whole: bool,
}

/// Aggregates of every group. Entries are made for groups as batches bring them; a group that has no entry had
/// no rows.
pub(super) trait Accumulator: Any + Send {
    /// Takes a batch in.
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()>;
    /// Types of the columns that [`Accumulator::state`] makes.
    fn state_types(&self) -> Vec<DType>;
    /// The entries of the first `groups` groups as columns, one row each, for [`Accumulator::absorb`].
    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>>;
    /// Takes entries of the rows after ours in.
    fn absorb(&mut self, states: &States<'_>) -> Result<()>;
    /// Takes an accumulator of the rows after ours in; its group `g` is our `mapping[g]`, and there are `groups` of
    /// ours then. The same as to absorb its state, for those that know a shorter way.
    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        let columns = later.state(mapping.len())?;
        self.absorb(&States { columns: &columns, rows: mapping, groups })
    }
    /// Bytes held.
    fn bytes(&self) -> u64;
    /// The results of groups.
    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef>;
    /// Whether [`Batch::counts`] would save it work.
    fn wants_counts(&self) -> bool {
        false
    }
}

/// Entries of groups as columns. A group may have several rows, the earlier first.
pub(super) struct States<'a> {
    /// The columns that [`Accumulator::state`] made.
    pub(super) columns: &'a [ArrayRef],
    /// Our group of each row; new groups are numbered in the order of their first rows.
    pub(super) rows: &'a [u32],
    /// Number of our groups, those of these rows included.
    pub(super) groups: usize,
}

impl States<'_> {
    pub(super) fn array(&self, at: usize) -> Result<&ArrayRef> {
        self.columns.get(at).ok_or_else(other_spec)
    }

    pub(super) fn column<T: ArrowPrimitiveType>(&self, at: usize) -> Result<&PrimitiveArray<T>> {
        self.array(at)?.as_primitive_opt().ok_or_else(other_spec)
    }
}

fn other_spec() -> Error {
    Error::internal("states of different specs were merged")
}

/// An accumulator as what it is, to merge it with one of its own kind.
pub(super) fn same_kind<A: Accumulator>(other: Box<dyn Accumulator>) -> Result<Box<A>> {
    let other: Box<dyn Any> = other;
    other.downcast().map_err(|_| other_spec())
}

/// The input of an aggregate that has one.
pub(super) fn required(inputs: &[ArrayRef]) -> Result<&ArrayRef> {
    inputs.first().ok_or_else(|| Error::internal("an aggregate got no input"))
}

/// An entry of a group, its default when the group has none.
#[inline]
pub(super) fn entry<N: Copy + Default>(entries: &[N], group: u32) -> N {
    entries.get(group as usize).copied().unwrap_or_default()
}

/// The type in which values of fixed width are held: a Boolean is a byte on its way through.
fn carrier(dtype: &DType) -> DType {
    if *dtype == DType::Boolean { DType::UInt8 } else { dtype.clone() }
}
