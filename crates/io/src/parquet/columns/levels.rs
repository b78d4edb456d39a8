//! Which rows of a page of a flat column have a value.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use bytes::Bytes;

use super::Result;
use super::hybrid::{Hybrid, Stretch};

/// Rows with a value, from a row on.
pub(super) struct Levels {
    /// `None` when every row has a value, as is usual even for columns that may have none.
    valid: Option<BooleanBuffer>,
    at: usize,
}

impl Levels {
    /// Every row has a value.
    pub(super) const ALL: Levels = Levels { valid: None, at: 0 };

    /// Definition levels of one bit, of `rows` rows.
    pub(super) fn decode(data: Bytes, rows: usize) -> Result<Self> {
        let mut levels = Hybrid::new(data, 1)?;
        if rows == 0 || levels.same()?.is_some_and(|(level, count)| level == 1 && count >= rows) {
            return Ok(Levels::ALL);
        }
        let mut valid = BooleanBufferBuilder::new(rows);
        levels.decode(rows, |stretch| match stretch {
            Stretch::Same(level, count) => valid.append_n(count, level == 1),
            Stretch::Numbers(levels) => {
                let bits = levels.iter().rev().fold(0u64, |bits, level| (bits << 1) | u64::from(*level));
                valid.append_packed_range(0..levels.len(), &bits.to_le_bytes());
            }
        })?;
        let valid = valid.finish();
        let has_nulls = valid.count_set_bits() < rows;
        Ok(Levels { valid: has_nulls.then_some(valid), at: 0 })
    }

    /// The next `rows` rows: which have a value, `None` when all have; and how many have.
    pub(super) fn take(&mut self, rows: usize) -> (Option<NullBuffer>, usize) {
        let Some(valid) = &self.valid else { return (None, rows) };
        let start = self.at.min(valid.len());
        let taken = NullBuffer::new(valid.slice(start, rows.min(valid.len() - start)));
        self.at += rows;
        let count = taken.len() - taken.null_count();
        (Some(taken).filter(|taken| taken.null_count() > 0), count)
    }
}
