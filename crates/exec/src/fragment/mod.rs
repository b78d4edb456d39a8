//! Runs in fragments: pieces of chains that workers of a cluster do apart, each from what others gave.
//!
//! A graph is cut the same way wherever it is cut, so a fragment is told by its number: what it reads and does is worked out
//! where it runs. Fragments are groups of the tasks of a local run, and partials are merged in the same tree, so that what one
//! exchange or reduction gives is the same bit for bit.

mod cut;
mod given;
mod needs;
mod parcel;
mod work;

pub use cut::{Cut, Fragment, Fragments, Read};
pub use given::Given;
pub use parcel::Parcel;

pub(crate) use work::Running;
