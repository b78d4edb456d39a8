//! Routing: which of several parts each row belongs to, and the rows of a batch side by part.
//!
//! An exchange moves rows so that those that belong together meet: rows of equal keys ([`hash_keys`] and
//! [`part_of`]), or rows of one range of keys ([`range_parts`]). [`scatter`] then sorts a batch by part.
//! Nothing here knows how many parts fit into memory or where they go.
//!
//! Hashes depend on values only, not on how an array represents them, and are the same in every run.

mod compact;
mod hash;
mod part;
mod range;
mod scatter;

pub(crate) use compact::compacted;
pub use hash::hash_keys;
pub use part::{part_of, parts_of};
pub use range::range_parts;
pub use scatter::scatter;
