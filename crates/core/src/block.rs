//! The unit of data in memory.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};

use crate::error::{Error, Result};
use crate::tensor::Tile;

/// A block: a batch of a frame's partition, a tile of an array's chunk, or an opaque object.
#[derive(Clone)]
pub enum Block {
    /// Rows of a frame.
    Frame(RecordBatch),
    /// Elements of an array.
    Array(Tile),
    /// Anything else that steps hand to each other.
    Object {
        /// The thing.
        value: Arc<dyn Any + Send + Sync>,
        /// Bytes that it keeps alive.
        bytes: u64,
    },
}

impl Block {
    /// The rows of a frame's block.
    pub fn frame(&self) -> Result<&RecordBatch> {
        match self {
            Block::Frame(batch) => Ok(batch),
            _ => Err(Error::internal("a frame's kernel was given something else")),
        }
    }

    /// The elements of an array's block.
    pub fn array(&self) -> Result<&Tile> {
        match self {
            Block::Array(tile) => Ok(tile),
            _ => Err(Error::internal("an array's kernel was given something else")),
        }
    }

    /// An object of a type.
    pub fn object<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        let wrong = || Error::internal("a kernel was given an object of another kind");
        match self {
            Block::Object { value, .. } => value.clone().downcast().map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// Rows in the block, or elements; an object has none.
    pub fn rows(&self) -> u64 {
        match self {
            Block::Frame(batch) => batch.num_rows() as u64,
            Block::Array(tile) => tile.values.elements() as u64,
            Block::Object { .. } => 0,
        }
    }

    /// Bytes that the block keeps alive, shared buffers counted once each time they are referred to.
    pub fn bytes(&self) -> u64 {
        match self {
            Block::Frame(batch) => batch.get_array_memory_size() as u64,
            Block::Array(tile) => tile.values.bytes(),
            Block::Object { bytes, .. } => *bytes,
        }
    }
}

/// Bytes of a batch's rows, without the rest of buffers that it shares.
pub fn slice_bytes(batch: &RecordBatch) -> u64 {
    let bytes = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or(0) as u64;
    batch.columns().iter().map(bytes).sum()
}

impl From<RecordBatch> for Block {
    fn from(batch: RecordBatch) -> Self {
        Block::Frame(batch)
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Block::Frame(batch) => write!(f, "frame of {} rows, {} columns", batch.num_rows(), batch.num_columns()),
            Block::Array(tile) => write!(f, "{} {:?}", tile.region, tile.values),
            Block::Object { .. } => write!(f, "object"),
        }
    }
}
