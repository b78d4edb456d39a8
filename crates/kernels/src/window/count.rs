//! Counts of rows: row numbers, values so far, ranks.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, UInt64Array};
use blockfold_core::{DType, Result};

use super::{Marks, Running};

/// Number of each row in its group, from 1 on.
#[derive(Debug, Default)]
pub struct RowNumber {
    row: u64,
}

impl Running for RowNumber {
    fn next(&mut self, _: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        let number = |start: &bool| {
            self.row = if *start { 1 } else { self.row + 1 };
            self.row
        };
        Ok(Arc::new(UInt64Array::from_iter_values(marks.groups.iter().map(number))))
    }
}

/// Number of values of the group so far that are not null.
#[derive(Debug, Default)]
pub struct CumCount {
    count: u64,
}

impl Running for CumCount {
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        let nulls = values.logical_nulls();
        let count = |(row, start): (usize, &bool)| {
            self.count = if *start { 0 } else { self.count };
            self.count += u64::from(nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
            self.count
        };
        Ok(Arc::new(UInt64Array::from_iter_values(marks.groups.iter().enumerate().map(count))))
    }
}

/// What equal values are ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RankMethod {
    /// The mean of the ranks that they take up, as f64.
    #[default]
    Average,
    /// The least of the ranks that they take up.
    Min,
    /// The greatest of the ranks that they take up.
    Max,
    /// One more than the value before them, so that no rank is left out.
    Dense,
    /// Each its own, in the order of rows.
    Ordinal,
}

impl RankMethod {
    /// Whether a rank depends on how many equal values follow.
    pub fn looks_ahead(self) -> bool {
        matches!(self, RankMethod::Average | RankMethod::Max)
    }

    /// Type of the ranks.
    pub fn dtype(self) -> DType {
        if self == RankMethod::Average { DType::Float64 } else { DType::UInt64 }
    }
}

/// Rank of each value in its group, from 1 on, of rows that come sorted by value with nulls last.
#[derive(Debug)]
pub struct Rank {
    method: RankMethod,
    row: u64,
    dense: u64,
    /// First row of the tie under way, and its number of rows.
    tie: (u64, u64),
}

impl Rank {
    /// Ranks by a method.
    pub fn new(method: RankMethod) -> Self {
        Rank { method, row: 0, dense: 0, tie: (0, 0) }
    }

    fn step(&mut self, starts_group: bool, tie: Option<u64>) {
        if starts_group {
            (self.row, self.dense) = (0, 0);
        }
        self.row += 1;
        if let Some(length) = tie {
            self.dense += 1;
            self.tie = (self.row, length);
        }
    }

    fn rank(&self) -> u64 {
        let (first, length) = self.tie;
        match self.method {
            RankMethod::Ordinal => self.row,
            RankMethod::Dense => self.dense,
            RankMethod::Max => first + length.saturating_sub(1),
            RankMethod::Min | RankMethod::Average => first,
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn average(&self) -> f64 {
        let (first, length) = self.tie;
        first as f64 + (length.saturating_sub(1)) as f64 / 2.0
    }
}

impl Running for Rank {
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        let nulls = values.logical_nulls();
        let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let tie = |row: usize| {
            let starts = marks.ties.get(row).copied().unwrap_or(false);
            starts.then(|| marks.tie_lengths.get(row).copied().unwrap_or(1))
        };
        let groups = marks.groups.iter().enumerate();
        if self.method == RankMethod::Average {
            let ranks = groups.map(|(row, start)| {
                self.step(*start, tie(row));
                is_valid(row).then(|| self.average())
            });
            return Ok(Arc::new(ranks.collect::<Float64Array>()));
        }
        let ranks = groups.map(|(row, start)| {
            self.step(*start, tie(row));
            is_valid(row).then(|| self.rank())
        });
        Ok(Arc::new(ranks.collect::<UInt64Array>()))
    }
}
