//! Delayed calls, a scheduler for millions of small tasks, and futures on a local client.
//!
//! [`delayed`] puts off the calls of a function. Calls that read each other make a graph; [`Delayed::compute`] numbers
//! its tasks depth first and runs them on a [`Pool`], where each result is dropped at its last use. A [`Client`] makes
//! calls in the background and gives [`Future`]s, which later calls may take as arguments. [`Bag`] has a few operations
//! over sequences.
//!
//! It deliberately knows nothing of memory budgets and never writes to disk, and everything happens in one process.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use blockfold_tasks::delayed;
//!
//! let double = delayed(|x: &i64| 2 * x);
//! let total = delayed(|xs: &[Arc<i64>]| xs.iter().map(|x| **x).sum::<i64>());
//! let doubled: Vec<_> = (1..=4).map(|x| double.call(x)).collect();
//! assert_eq!(*total.call(doubled).compute()?, 20);
//! # Ok::<(), blockfold_tasks::Error>(())
//! ```

#![forbid(unsafe_code)]

mod bag;
mod blocking;
mod callable;
mod client;
mod coordinate;
mod delayed;
mod describe;
mod error;
mod events;
mod explain;
mod function;
mod future;
mod garbage;
mod graph;
mod held;
mod help;
mod lanes;
mod node;
mod order;
mod param;
mod parts;
mod plan;
mod pool;
mod pure;
mod regroup;
mod run;
mod seats;
mod serial;
mod settings;
mod sync;
mod task;
mod timer;
mod wait;

pub use bag::Bag;
pub use callable::{Callable, DelayedFn, Pure, Tokened, TryDelayedFn, delayed, try_delayed};
pub use client::{Client, Submit};
pub use coordinate::{Event, Lock, LockGuard, Queue, Variable};
pub use delayed::{Delayed, Wanted, compute_all, explain_all};
pub use describe::describe_with;
pub use error::{BoxError, Error, Result};
pub use events::{Subscriber, TaskFinished, TaskStarted};
pub use future::Future;
pub use graph::{TaskGraph, TaskInfo, graph, graph_as_typed};
pub use param::{Arg, Later, Param};
pub use parts::{Parts, SharedResults};
pub use pool::Pool;
pub use settings::Settings;
#[cfg(feature = "shuttle")]
#[doc(hidden)]
pub use sync::refuse_threads;
pub use wait::{AsCompleted, Until, Waited, as_completed, wait};
