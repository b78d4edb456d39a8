//! Where rows go in an exchange.

mod digest;
mod hash;
mod keys;
mod range;
mod sample;

pub(crate) use digest::{BloomFilter, KeyDigest, LearntKeys};
pub use hash::{HashRouter, HashRouting};
pub use keys::Keys;
pub(crate) use range::AroundRouter;
pub use range::{RangeRouter, RangeRouting};
pub(crate) use sample::{FindBounds, Sampler};
