//! Logical plans, the rules that rewrite them, and the steps that they lower to.
//!
//! Ops are open: anyone adds one by implementing [`Op`]. Steps are closed: fusion, the memory planner and the
//! executor know only the kinds of [`Step`]. This crate never names an op, a file format or a kernel library.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod chain;
pub mod estimate;
pub mod exchange;
pub mod explain;
pub mod lower;
pub mod narrow;
pub mod op;
pub mod optimize;
pub mod rules;
pub mod selectivity;
pub mod step;
pub mod tally;
pub mod task;
pub mod tiles;
mod together;
mod uses;

pub use chain::{Chain, ChainEnd, Sizes};
pub use estimate::{ChainEstimate, Estimate};
pub use exchange::{InPlace, Input, Origin, Part, Router, Routing, Scattered};
pub use explain::Stage;
pub use lower::{Lower, Moved};
pub use narrow::{Digest, Narrow, Narrowed, Narrowing, RowFilter};
pub use op::{Meta, Op, Plan};
pub use optimize::{Rule, optimize};
pub use step::{
    BlockMap, BlockMeta, End, Kernel, Packed, Partial, PartitionEstimate, Reducer, Sink, Source, Step, StepGraph,
    StepId, Written,
};
pub use task::{BlockStream, Metrics, TaskContext};
pub use tiles::TileReader;
