//! Sorting: the order of rows by several keys, bounds that split a frame by key, and the first k rows.
//!
//! Keys are turned into words of 64 bits that sort like them, with as many columns in a word as fit, and rows are
//! sorted by one word at a time: all rows by the first, ties alone by the next ([`sort_order`]). Nothing here
//! merges sorted runs or moves columns; a caller takes the order and gathers.
//!
//! One order holds everywhere: NaN equals NaN and is greater than every number, -0.0 equals 0.0, strings compare by
//! their bytes, and nulls come first or last whatever the direction. Inside of lists and structs floats compare by IEEE
//! 754's total order.

mod bounds;
mod check;
mod first;
mod key;
mod order;
mod packed;
pub(crate) mod plain;
mod radix;
mod split;
#[cfg(test)]
mod tests;
mod text;
mod top;
mod walk;

pub use bounds::SortBounds;
pub use check::{is_sorted, last_row};
pub use order::{SORT_BYTES_PER_ROW, SortOrder, sort_order};
pub use top::TopK;
