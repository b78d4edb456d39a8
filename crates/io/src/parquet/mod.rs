//! Parquet files: a source that reads as little as it can, in as little memory as it can.
//!
//! Opening reads footers only and keeps some hundred bytes of each column chunk (`meta`). A partition is a row
//! group; it streams page by page, so that memory does not depend on how large row groups are (`stream`).
//! Bytes come by `pread` into reused buffers (`file`); nothing is mapped.

mod columns;
mod describe;
mod fault;
mod file;
mod footer;
pub(crate) mod hive;
mod layout;
mod meta;
mod open;
mod prune;
mod ranges;
pub mod sink;
mod source;
mod stream;

pub use source::{BATCH_ROWS, ParquetSource};
