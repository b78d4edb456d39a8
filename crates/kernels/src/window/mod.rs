//! Running functions: for each row a value made of the rows of its group up to it, as running sums and ranks.
//!
//! Rows come in batches with the rows of a group next to each other, in the order that counts; [`Runs`] finds where groups
//! begin, and each [`Running`] function keeps what it needs of the group under way: a number, or a row. So a group may
//! have any number of rows. What looks ahead ([`fill_backward`], ties of [`Rank`]) is told what comes.

mod count;
mod fold;
mod pick;
mod rolling;
mod runs;
#[cfg(test)]
mod tests;

use arrow::array::ArrayRef;
use blockfold_core::Result;

pub use count::{CumCount, Rank, RankMethod, RowNumber};
pub use fold::{cum_product, cum_sum};
pub use pick::{CumExtreme, FillForward, Lag, fill_backward};
pub use rolling::{MOST_ROLLING_ROWS, Reach, Rolling, RollingSpec, Statistic};
pub use runs::Runs;

/// Where groups and ties begin among the rows of a batch.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Whether a row is the first of its group.
    pub groups: Vec<bool>,
    /// Whether a row is the first of its group with its rank; empty when nothing ranks.
    pub ties: Vec<bool>,
    /// The number of rows of the tie that a row is the first of; empty when nothing asks for it.
    pub tie_lengths: Vec<u64>,
}

/// A value for each row, made of the rows of its group up to it.
pub trait Running: Send {
    /// The values of the rows right after those seen so far.
    ///
    /// # Errors
    /// A result that does not fit its type; values of another type than the function was made for.
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef>;
}
