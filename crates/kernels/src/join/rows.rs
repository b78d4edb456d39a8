//! The build rows of each key number.

use crate::group::KeyIndex;

/// Instead of a number or build row: a probe row to output without a pair.
pub(super) const ALONE: u32 = KeyIndex::MISSING - 1;

/// Rows by number.
#[derive(Debug)]
pub(super) enum Rows {
    /// Each row has its own number: they are numbered in order, so row and number are the same.
    Unique(usize),
    /// Rows of number `n`, in order, are `rows[starts[n]..starts[n + 1]]`.
    Many { starts: Vec<u32>, rows: Vec<u32> },
    /// Nobody asks for rows, only whether there is one.
    Unneeded(usize),
}

impl Rows {
    /// Sorts rows by their numbers, counting first.
    pub(super) fn of(numbers: &[u32], distinct: usize) -> Self {
        if distinct == numbers.len() {
            return Rows::Unique(numbers.len());
        }
        let (starts, rows) = Self::lists(numbers, distinct);
        Rows::Many { starts, rows }
    }

    /// The starts of each number's list of rows, and the lists.
    pub(super) fn lists(numbers: &[u32], distinct: usize) -> (Vec<u32>, Vec<u32>) {
        let mut starts = vec![0u32; distinct + 1];
        for number in numbers {
            add_one(&mut starts, *number as usize + 1);
        }
        running_sums(&mut starts);
        let mut rows = vec![0u32; numbers.len()];
        // Each start moves to its end, which is the next one's start.
        for (row, number) in (0u32..).zip(numbers) {
            let place = add_one(&mut starts, *number as usize);
            if let Some(to) = rows.get_mut(place as usize) {
                *to = row;
            }
        }
        starts.rotate_right(1);
        starts[0] = 0;
        (starts, rows)
    }

    /// Number of build rows.
    pub(super) fn len(&self) -> usize {
        match self {
            Rows::Unique(rows) | Rows::Unneeded(rows) => *rows,
            Rows::Many { rows, .. } => rows.len(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        match self {
            Rows::Unique(_) | Rows::Unneeded(_) => 0,
            Rows::Many { starts, rows } => ((starts.capacity() + rows.capacity()) * size_of::<u32>()) as u64,
        }
    }

    /// Calls `visit` with each row of a number.
    pub(super) fn for_each(&self, number: u32, visit: impl FnMut(u32)) {
        match self {
            Rows::Many { starts, rows } => slice_of(starts, rows, number).iter().copied().for_each(visit),
            Rows::Unique(_) | Rows::Unneeded(_) => std::iter::once(number).for_each(visit),
        }
    }
}

/// The rows of a number; none for [`KeyIndex::MISSING`].
#[inline]
pub(super) fn slice_of<'a>(starts: &[u32], rows: &'a [u32], number: u32) -> &'a [u32] {
    let (start, end) = bounds(starts, number);
    rows.get(start as usize..end as usize).unwrap_or_default()
}

/// Where the rows of a number start and end.
#[inline]
pub(super) fn bounds(starts: &[u32], number: u32) -> (u32, u32) {
    const { assert!(KeyIndex::MISSING == u32::MAX) };
    let number = number as usize;
    match starts.get(number..number.saturating_add(2)) {
        Some([start, end]) => (*start, *end),
        _ => (0, 0),
    }
}

/// Adds one to an entry; returns what it was.
#[inline]
fn add_one(entries: &mut [u32], at: usize) -> u32 {
    let Some(entry) = entries.get_mut(at) else { return u32::MAX };
    *entry += 1;
    *entry - 1
}

fn running_sums(entries: &mut [u32]) {
    let mut sum = 0;
    for entry in entries {
        sum += *entry;
        *entry = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_number_keep_their_order() {
        let Rows::Many { starts, rows } = Rows::of(&[0, 1, 0, 2, 1, 0], 3) else { panic!("not unique") };
        assert_eq!(slice_of(&starts, &rows, 0), [0, 2, 5]);
        assert_eq!(slice_of(&starts, &rows, 1), [1, 4]);
        assert_eq!(slice_of(&starts, &rows, 2), [3]);
        assert!(slice_of(&starts, &rows, 3).is_empty());
        assert!(slice_of(&starts, &rows, KeyIndex::MISSING).is_empty());
        assert!(matches!(Rows::of(&[0, 1], 2), Rows::Unique(2)));
        assert_eq!(Rows::of(&[], 0).len(), 0);
    }
}
