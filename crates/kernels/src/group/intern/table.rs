//! Codes by distance from the start of a narrow range.

use super::lookup;
use crate::group::fixed::FixedBits;

/// Longest table that statistics alone justify, in entries of 4 bytes.
const MAX_PROMISED_LEN: u64 = 1 << 22;

/// A table this long is worth it for any number of values.
const FREE_LEN: u64 = 1 << 20;

/// An exact table this long is worth it for any number of rows.
const SMALL_LEN: u64 = 1 << 16;

/// Entries of a table for each value in it, at most.
const MAX_SPARSITY: u64 = 8;

/// Code plus one by distance from `base`; 0 where there is none. Fresh zeros cost nothing until touched.
#[derive(Debug, Default)]
pub(super) struct Table {
    base: u64,
    codes: Vec<u32>,
}

impl Table {
    /// A table for a range promised by statistics; `None` when it is too wide.
    pub(super) fn of_statistics(least: u64, greatest: u64) -> Option<Self> {
        let len = range_len(least, greatest).filter(|len| *len <= MAX_PROMISED_LEN)?;
        Some(Table { base: least, codes: vec![0; usize::try_from(len).ok()?] })
    }

    /// A table for a range that is known, not promised; `None` when it is too wide for `rows` rows.
    pub(super) fn exact(least: u64, greatest: u64, rows: usize) -> Option<Self> {
        let max_len = SMALL_LEN.max((rows as u64).saturating_mul(MAX_SPARSITY));
        let len = range_len(least, greatest).filter(|len| *len <= max_len)?;
        Some(Table { base: least, codes: vec![0; usize::try_from(len).ok()?] })
    }

    /// An empty table for the range of this one and another, with room for more on both sides; `None` when it
    /// would be too long for `distinct` values.
    pub(super) fn widened(&self, least: u64, greatest: u64, distinct: usize, promised_len: usize) -> Option<Self> {
        let (mut least, mut greatest) = (least, greatest);
        if !self.codes.is_empty() {
            least = least.min(self.base);
            greatest = greatest.max(self.base.saturating_add(self.codes.len() as u64 - 1));
        }
        let max_len = FREE_LEN.max(distinct as u64 * MAX_SPARSITY).max(promised_len as u64);
        let len = range_len(least, greatest).filter(|len| *len <= max_len)?;
        let room = (len / 2).max(32);
        let (base, last) = (least.saturating_sub(room), greatest.saturating_add(room));
        Some(Table { base, codes: vec![0; usize::try_from(range_len(base, last)?).ok()?] })
    }

    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.codes.capacity() * size_of::<u32>()) as u64
    }

    #[inline]
    pub(super) fn covers(&self, bits: u64) -> bool {
        self.place(bits) < self.codes.len()
    }

    /// Writes the codes of values, [`MISSING`](crate::group::hash::MISSING) for those that have none; whether
    /// all have one.
    #[inline]
    pub(super) fn find<V: FixedBits>(&self, values: &[V], codes: &mut [u32]) -> bool {
        if let Some(values) = V::as_i64(values) {
            return lookup::find_i64(&self.codes, i64::from_bits(self.base), values, codes);
        }
        lookup::find(&self.codes, values.iter().map(|value| self.place(value.to_bits())), codes)
    }

    /// The code of a value of the range, `next` after it was entered.
    pub(super) fn find_or_insert(&mut self, bits: u64, next: u32) -> u32 {
        let place = self.place(bits);
        let Some(entry) = self.codes.get_mut(place) else { return next };
        if *entry == 0 {
            *entry = next.wrapping_add(1);
        }
        entry.wrapping_sub(1)
    }

    #[inline]
    fn place(&self, bits: u64) -> usize {
        usize::try_from(bits.wrapping_sub(self.base)).unwrap_or(usize::MAX)
    }
}

/// Bytes of the table that statistics justify.
pub(super) fn promised_bytes(least: u64, greatest: u64) -> u64 {
    range_len(least, greatest).filter(|len| *len <= MAX_PROMISED_LEN).map_or(0, |len| len * size_of::<u32>() as u64)
}

fn range_len(least: u64, greatest: u64) -> Option<u64> {
    greatest.checked_sub(least)?.checked_add(1)
}
