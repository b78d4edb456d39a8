//! Runs step graphs block by block inside a memory budget.
//!
//! The calling thread coordinates: it hands a task to the pool only with a permit for the task's bytes, so
//! that inside the pool nothing waits. Results do not depend on the number of threads, nor on the order in
//! which tasks finish: partials merge in a tree whose shape depends on block indices alone.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod answer;
mod chain_run;
mod dispatch;
mod events;
mod exchange;
mod executor;
mod feeder;
mod fragment;
mod frames;
mod held;
mod kept;
mod narrow;
mod neighbours;
mod part;
mod reduce;
mod report;
mod ring;
#[cfg(test)]
mod ring_tests;
mod scratch;
mod state;
mod store;
mod stream;
mod streamed;
mod tasks;
mod teller;
mod tiles;
mod write;

pub use answer::BatchIter;
pub use dispatch::{is_in_pool, standing_in};
pub use events::{ChainPlan, Event, RunEnd, RunPlan, Subscriber, Work};
pub use executor::{Executor, OpenRun, Outcome};
pub use fragment::{Cut, Fragment, Fragments, Given, Parcel, Read};
pub use frames::{Frame, Frames};
pub use kept::KeptSource;
pub use report::{ChainReport, RunReport};
pub use ring::{Follower, Record, Ring};
pub use scratch::{ScratchArea, ScratchOptions};
