//! Where rows go in an exchange.

mod hash;

pub use hash::{HashRouter, HashRouting};
