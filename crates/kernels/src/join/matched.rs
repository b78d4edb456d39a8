//! Which rows have met a pair.

use arrow::array::BooleanBufferBuilder;
use blockfold_core::{Error, Result};

/// The key numbers of a table that probing has found. All rows of a number match together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    words: Vec<u64>,
}

impl Matched {
    /// None of some numbers.
    pub(super) fn none(numbers: usize) -> Self {
        Matched { words: vec![0; numbers.div_ceil(64)] }
    }

    /// Takes in what another prober of the same table found.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was of another table.
    pub fn merge(&mut self, other: &Matched) -> Result<()> {
        if !self.is_as_long_as(other) {
            return Err(Error::internal("matches of two tables were merged"));
        }
        self.words.iter_mut().zip(&other.words).for_each(|(ours, theirs)| *ours |= theirs);
        Ok(())
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        (self.words.capacity() * size_of::<u64>()) as u64
    }

    pub(super) fn is_as_long_as(&self, other: &Matched) -> bool {
        self.words.len() == other.words.len()
    }

    /// Sets the numbers that exist.
    pub(super) fn set(&mut self, numbers: &[u32]) {
        for number in numbers {
            if let Some(word) = self.words.get_mut(*number as usize / 64) {
                *word |= 1 << (number % 64);
            }
        }
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// Which rows of one probe batch have met a pair in the pieces of a build side so far.
#[derive(Debug)]
pub struct SeenRows {
    bits: BooleanBufferBuilder,
}

impl SeenRows {
    /// None of `rows` rows.
    pub fn none(rows: usize) -> Self {
        let mut bits = BooleanBufferBuilder::new(rows);
        bits.append_n(rows, false);
        SeenRows { bits }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.bits.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bits.capacity().div_ceil(8) as u64
    }

    pub(super) fn has(&self, row: usize) -> bool {
        row < self.bits.len() && self.bits.get_bit(row)
    }

    pub(super) fn set(&mut self, row: usize) {
        if row < self.bits.len() {
            self.bits.set_bit(row, true);
        }
    }
}
