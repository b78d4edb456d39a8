//! Parquet read back: against arrow-rs's own reader, over damaged files, over files of other writers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod corpus;
mod damaged;
mod datasets;
mod pruning;
mod support;
mod written;
