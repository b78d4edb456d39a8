//! Grouped aggregation: rows come in batches, one row per group comes out.
//!
//! A [`GroupState`] numbers the groups of a batch's keys by first appearance and hands the numbers to one
//! accumulator per aggregate. Each key column is interned to small codes first: by a direct table when its
//! values lie in a narrow range, through its dictionary when it has one, else by hashing. The codes of one key
//! are the groups; the codes of several are packed and looked up once more. All of them number values alike, so
//! a column whose statistics lied changes from table to hashing without touching what was aggregated.
//!
//! States of different parts of a frame merge; groups are mapped by distinct key, never by row. Nothing here
//! knows threads, budgets or spilling: a caller asks [`GroupState::bytes`] and acts, if need be by
//! [draining](GroupState::drain) the groups to columns, which another state [absorbs](GroupState::absorb).
//!
//! Results depend on the sequence of calls only: hashing has a fixed seed and no order of a table shows.

mod accumulate;
mod drain;
pub(crate) mod fixed;
mod hash;
mod index;
mod intern;
mod keys;
mod pairs;
mod rank;
mod several;
mod spec;
mod state;
#[cfg(test)]
mod tests;
mod whole;

pub use keys::key_range;
pub(crate) use keys::{KeyFinder, KeyIndex, OrderedBits};
pub use rank::{Rank, quantile_between};
pub use spec::{AggSpec, GroupSpec, KeySpec};
pub use state::GroupState;
