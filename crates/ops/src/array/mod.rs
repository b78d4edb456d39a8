//! Ops over arrays. Each lowers to a map whose kernel opens a reader over readers, or to a reduction.

mod assign;
mod broadcast;
mod bytes;
mod complex;
mod concat;
pub mod create;
mod digitize;
mod elementwise;
mod kernel;
mod lanes;
mod map_blocks;
mod matmul;
mod permute;
mod rechunk;
mod recut;
mod reduce;
mod reshape;
mod rows;
mod slice;
mod sliced;
mod take;
mod triangle;

pub use assign::Assign;
pub use blockfold_core::region::AxisSlice;
pub use broadcast::BroadcastTo;
pub use bytes::Bytes;
pub use complex::ComplexElementwise;
pub use concat::ConcatAxis;
pub use digitize::{Digitize, TakeAlong};
pub use elementwise::Elementwise;
pub use lanes::Lanes;
pub use map_blocks::{BoxFn, MapBlocks, MapOverlap};
pub use matmul::Matmul;
pub use permute::Permute;
pub use rechunk::Rechunk;
pub use reduce::ReduceAxes;
pub use reshape::Reshape;
pub use rows::{FromFrame, ToFrame};
pub use slice::Slice;
pub use take::Take;
pub use triangle::TallTriangle;

pub use elementwise::{broadcast_shape, operand};
pub use kernel::reader_of_blocks;

pub(crate) use sliced::SlicedSource;
