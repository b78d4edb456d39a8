//! Rows sorted by group, and lists of values with a list for each group.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, LargeListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use blockfold_core::{DType, Field, Result};

use super::{States, other_spec};

/// Rows sorted by group, those of one group in their order.
#[derive(Debug)]
pub(super) struct ByGroup {
    /// Where each group's rows start, and the end of the last.
    starts: Vec<u32>,
    /// The rows.
    order: Vec<u32>,
}

impl ByGroup {
    /// A counting sort of rows by their groups, of which there are `groups`.
    pub(super) fn new(rows: impl ExactSizeIterator<Item = u32> + Clone, groups: usize) -> Self {
        let mut next = vec![0u32; groups + 1];
        for group in rows.clone() {
            if let Some(count) = next.get_mut(group as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut next {
            sum += *start;
            *start = sum;
        }
        let starts = next.clone();
        let mut order = vec![0u32; rows.len()];
        for (row, group) in (0u32..).zip(rows) {
            let Some(place) = next.get_mut(group as usize) else { continue };
            if let Some(slot) = order.get_mut(*place as usize) {
                *slot = row;
            }
            *place += 1;
        }
        ByGroup { starts, order }
    }

    /// Where the rows of a group are.
    pub(super) fn range(&self, group: u32) -> Range<usize> {
        let at = |group: usize| self.starts.get(group).map_or(self.order.len(), |start| *start as usize);
        at(group as usize)..at(group as usize + 1)
    }

    /// The rows of a group.
    pub(super) fn rows(&self, group: u32) -> &[u32] {
        self.order.get(self.range(group)).unwrap_or_default()
    }

    /// All rows, group after group.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// Lists of elements that lie in this order.
    pub(super) fn lists(&self, elements: ArrayRef) -> Result<ArrayRef> {
        lists(elements, self.starts.windows(2).map(|ends| (ends[1] - ends[0]) as usize))
    }
}

/// Type of a column of lists.
pub(super) fn list_type(element: DType) -> DType {
    DType::LargeList(Arc::new(Field::new_list_field(element, true)))
}

/// Lists of the given lengths, one after the other.
pub(super) fn lists(elements: ArrayRef, lengths: impl IntoIterator<Item = usize>) -> Result<ArrayRef> {
    let field = Arc::new(Field::new_list_field(elements.data_type().clone(), true));
    let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
    Ok(Arc::new(LargeListArray::try_new(field, offsets, elements, None)?))
}

impl States<'_> {
    /// The elements of a column of lists.
    pub(super) fn elements(&self, at: usize) -> Result<ArrayRef> {
        let lists: &LargeListArray = self.array(at)?.as_list_opt().ok_or_else(other_spec)?;
        let (start, end) = ends(lists.offsets());
        Ok(lists.values().slice(start, end - start))
    }

    /// The group of each element of a column of lists.
    pub(super) fn element_rows(&self, at: usize) -> Result<Vec<u32>> {
        let lists: &LargeListArray = self.array(at)?.as_list_opt().ok_or_else(other_spec)?;
        let lengths = lists.offsets().lengths();
        Ok(self.rows.iter().zip(lengths).flat_map(|(group, len)| std::iter::repeat_n(*group, len)).collect())
    }
}

fn ends(offsets: &OffsetBuffer<i64>) -> (usize, usize) {
    let offsets: &ScalarBuffer<i64> = offsets.inner();
    let at = |offset: Option<&i64>| offset.and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    (at(offsets.first()), at(offsets.last()))
}
