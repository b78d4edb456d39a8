//! Work on ONE block: expression evaluation, scalar functions, grouped aggregation.
//!
//! Kernels are pure functions from arrays to arrays; they know nothing of plans, files, threads or budgets.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod evaluate;
pub mod functions;
pub mod group;
pub mod join;
pub mod route;
pub mod sort;
pub mod window;
