//! Which rows a filter rules out before they are read.
//!
//! A filter is made once into a [`Test`] and asked about row groups, about pages, and about bloom filters: each of
//! them is a set of [`Facts`] about some rows. A test answers with what may come out for these rows; when truth may
//! not, they need not be read. Whatever is not understood may come out as anything.
//!
//! Statistics of floats say nothing about NaN unless they count it. Since NaN is greater than every number, an
//! upper bound rules nothing out until NaN is known to be absent.

mod bloom;
mod interval;
mod pages;
mod test;

pub(super) use bloom::may_match;
pub(super) use interval::Interval;
pub(super) use pages::kept_ranges;
pub(super) use test::{Facts, Test};
