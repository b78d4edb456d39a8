//! The join of two partitions: one side is built into a table, batches of the other are probed against it.
//!
//! A [`JoinTable`] numbers the distinct key rows of its side, as group-by does, and keeps the rows of each number
//! one after the other. A [`Prober`] finds the numbers of a batch's keys and hands out [`Probe`], an iterator of
//! batches of bounded length, so that a join that multiplies rows streams. What a prober knows of matched build
//! rows is in its [`Matched`], which merge; [`JoinTable::remaining`] gives the build rows that are due in the end.
//!
//! Rows come in the order of the probe side, and those of one probe row in the order of the build side.
//!
//! A build side that does not fit in memory is joined in pieces: the whole probe side is probed against one table
//! after the other, and a [`SeenRows`] for each probe batch remembers what matched an earlier piece.
//!
//! Beside it: [`AsofTable`] joins to the nearest key of sorted rows, [`Bloom`] and [`JoinTable::key_range`] prune a
//! probe side before it is read. Key columns of both sides are of one type; casting is the caller's part. Nothing
//! here knows threads, budgets or spilling: a caller asks [`JoinTable::bytes`] and acts.

mod asof;
mod bloom;
mod build;
mod gather;
mod matched;
mod options;
mod probe;
mod prober;
mod remaining;
mod rows;
mod table;
#[cfg(test)]
mod tests;

pub use asof::{AsofDirection, AsofOptions, AsofTable, Tolerance};
pub use bloom::Bloom;
pub use build::JoinBuilder;
pub use matched::{Matched, SeenRows};
pub use options::{JoinKind, JoinOptions, OutputColumn};
pub use probe::Probe;
pub use prober::Prober;
pub use remaining::Remaining;
pub use table::{JoinTable, estimate_bytes};

pub use crate::group::key_range;
