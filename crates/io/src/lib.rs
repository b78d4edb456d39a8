//! Where blocks come from and where they go: Parquet, mapped Arrow IPC, batches in memory.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod content;
pub mod ipc;
mod map;
pub mod memory;
pub mod npy;
pub mod output;
pub mod parquet;
pub mod paths;
pub mod tensor;
#[cfg(feature = "zarr")]
pub mod zarr;
