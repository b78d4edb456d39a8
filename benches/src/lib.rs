//! Benches of blockfold: `src/bin/workload.rs` does the work that `cargo xtask bench peers` compares (see
//! `docs/benchmarks.md`). Nothing here is for others to use.

pub mod tables;
