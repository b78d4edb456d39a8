//! Work on one box of an array: random numbers, permuted axes, reductions, products.
//!
//! Kernels are pure functions from tensors to tensors; they know nothing of plans, files, threads or budgets.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod complex;
pub mod decompose;
pub mod fourier;
mod index;
pub mod lanes;
pub mod permute;
pub mod product;
pub mod random;
pub mod reduce;
pub mod select;
