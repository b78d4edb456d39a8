//! The catalogue of ops, one op per file.
//!
//! A new op touches three places: its file here, its line in [`registry`], and the method that users type.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod array;
pub mod exchange;
pub mod frame;
pub mod registry;
