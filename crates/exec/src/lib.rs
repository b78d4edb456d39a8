//! Runs step graphs block by block inside a memory budget.
//!
//! The calling thread coordinates: it hands a task to the pool only with a permit for the task's bytes, so
//! that inside the pool nothing waits. Results do not depend on the number of threads, nor on the order in
//! which tasks finish: partials merge in a tree whose shape depends on block indices alone.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod answer;
mod dispatch;
mod events;
mod exchange;
mod executor;
mod feeder;
mod held;
mod kept;
mod narrow;
mod part;
mod reduce;
mod report;
mod scratch;
mod state;
mod store;
mod stream;
mod tasks;
mod tiles;
mod write;

pub use answer::BatchIter;
pub use dispatch::{is_in_pool, standing_in};
pub use events::{Event, Subscriber};
pub use executor::{Executor, Outcome};
pub use kept::KeptSource;
pub use report::{ChainReport, RunReport};
pub use scratch::{ScratchArea, ScratchOptions};
