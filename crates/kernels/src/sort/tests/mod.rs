//! Sorting, bounds, the first k and routing against plain comparisons, over every kind of key.

mod edges;
pub(crate) mod kinds;
mod random;
