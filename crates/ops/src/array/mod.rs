//! Ops over arrays. Each lowers to a map whose kernel opens a reader over readers, or to a reduction.

mod broadcast;
mod concat;
pub mod create;
mod elementwise;
mod kernel;
mod lanes;
mod matmul;
mod permute;
mod rechunk;
mod reduce;
mod reshape;
mod rows;
mod slice;
mod take;

pub use broadcast::BroadcastTo;
pub use concat::ConcatAxis;
pub use elementwise::Elementwise;
pub use lanes::Lanes;
pub use matmul::Matmul;
pub use permute::Permute;
pub use rechunk::Rechunk;
pub use reduce::ReduceAxes;
pub use reshape::Reshape;
pub use rows::{FromFrame, ToFrame};
pub use slice::{AxisSlice, Slice};
pub use take::Take;

pub use elementwise::operand;
