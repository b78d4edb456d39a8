//! How blocks tile the whole.

use std::sync::Arc;

use crate::region::Chunks;
use crate::scalar::Scalar;

/// Lengths of the blocks: along a frame's one axis, or along each axis of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Lengths {
    /// So many blocks, of lengths that only a run can tell.
    Unknown {
        /// Number of blocks.
        blocks: usize,
    },
    /// One length for each block.
    Known(Arc<[u64]>),
    /// The chunks of an array; the length of a block is its number of elements.
    Array(Chunks),
}

/// Index bounds of partitions: partition `i` holds values in `[bounds[i], bounds[i + 1])`, the last one closed. Nulls and
/// NaN are in the last one. A column without values has one partition between two nulls.
#[derive(Clone, Debug, PartialEq)]
pub struct Divisions {
    /// The column that the bounds are of.
    pub column: String,
    /// One more bound than there are partitions.
    pub bounds: Arc<[Scalar]>,
}

/// How blocks tile a frame or an array: a frame has one axis, whose lengths may be unknown, with divisions when they are
/// known; an array has any number of axes of known lengths.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    lengths: Lengths,
    divisions: Option<Divisions>,
}

impl Grid {
    /// A grid of known lengths.
    pub fn known(lengths: impl Into<Arc<[u64]>>) -> Self {
        Grid { lengths: Lengths::Known(lengths.into()), divisions: None }
    }

    /// A grid of so many blocks of unknown length.
    pub fn unknown(blocks: usize) -> Self {
        Grid { lengths: Lengths::Unknown { blocks }, divisions: None }
    }

    /// The grid of an array.
    pub fn array(chunks: Chunks) -> Self {
        Grid { lengths: Lengths::Array(chunks), divisions: None }
    }

    /// The chunks, when the grid is an array's.
    pub fn chunks(&self) -> Option<&Chunks> {
        match &self.lengths {
            Lengths::Array(chunks) => Some(chunks),
            _ => None,
        }
    }

    /// This grid with divisions.
    pub fn with_divisions(mut self, divisions: Option<Divisions>) -> Self {
        self.divisions = divisions;
        self
    }

    /// The same blocks with lengths forgotten, as after a filter; divisions stay true.
    pub fn forget_lengths(&self) -> Self {
        Grid { lengths: Lengths::Unknown { blocks: self.blocks() }, divisions: self.divisions.clone() }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        match &self.lengths {
            Lengths::Unknown { blocks } => *blocks,
            Lengths::Known(lengths) => lengths.len(),
            Lengths::Array(chunks) => chunks.blocks(),
        }
    }

    /// Length of a block, when known.
    pub fn length(&self, block: usize) -> Option<u64> {
        match &self.lengths {
            Lengths::Unknown { .. } => None,
            Lengths::Known(lengths) => lengths.get(block).copied(),
            Lengths::Array(chunks) => (block < chunks.blocks()).then(|| chunks.region(block).elements() as u64),
        }
    }

    /// Sum of all lengths, when known.
    pub fn total(&self) -> Option<u64> {
        match &self.lengths {
            Lengths::Unknown { blocks: 0 } => Some(0),
            Lengths::Unknown { .. } => None,
            Lengths::Known(lengths) => Some(lengths.iter().sum()),
            Lengths::Array(chunks) => Some(chunks.elements()),
        }
    }

    /// Bounds of the partitions, when known.
    pub fn divisions(&self) -> Option<&Divisions> {
        self.divisions.as_ref()
    }

    /// The grid of these grids one after another; divisions are dropped unless they follow each other.
    pub fn concat<'a>(grids: impl IntoIterator<Item = &'a Grid> + Clone) -> Self {
        let blocks = grids.clone().into_iter().map(Grid::blocks).sum();
        let mut lengths = Vec::with_capacity(blocks);
        for grid in grids.clone() {
            for block in 0..grid.blocks() {
                match grid.length(block) {
                    Some(length) => lengths.push(length),
                    None => return Grid::unknown(blocks),
                }
            }
        }
        Grid::known(lengths)
    }
}
