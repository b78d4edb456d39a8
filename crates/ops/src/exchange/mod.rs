//! Where rows go in an exchange.

mod hash;
mod keys;
mod range;
mod sample;

pub use hash::{HashRouter, HashRouting};
pub use keys::Keys;
pub(crate) use range::AroundRouter;
pub use range::{RangeRouter, RangeRouting};
pub(crate) use sample::{FindBounds, Sampler};
