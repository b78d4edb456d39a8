//! What moves rows between blocks: who decides where they go, and what a kernel sees of those that came together.

use std::fmt;
use std::sync::Arc;

use blockfold_core::{Block, Error, RecordBatch, Result};

use crate::estimate::CHUNK_SHARE;
use crate::narrow::Digest;
use crate::step::BlockMeta;
use crate::task::BlockStream;
use crate::tiles::TileReader;

/// Rows sorted by the part that they go to.
#[derive(Clone, Debug)]
pub struct Scattered {
    /// The rows, those of part 0 first; rows of one part keep their order.
    pub rows: RecordBatch,
    /// Where each part's rows begin, and the number of rows: one more than there are parts.
    pub offsets: Vec<u32>,
}

/// Where rows came from, for routings by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Block of the input.
    pub block: usize,
    /// Number of the first row in that block.
    pub row: u64,
}

/// Sends rows to parts. The part of a row depends on the row and its origin alone.
pub trait Router: fmt::Debug + Send + Sync {
    /// Number of parts.
    fn parts(&self) -> usize;
    /// Sorts rows by part.
    fn scatter(&self, rows: &RecordBatch, origin: Origin) -> Result<Scattered>;
    /// Whether the part of a row depends on where it came from, so that rows of different blocks must not be
    /// handed over together.
    fn is_by_origin(&self) -> bool {
        false
    }
    /// What is to be learnt of the rows on their way, for sources that are read later.
    fn digest(&self) -> Option<Arc<dyn Digest>> {
        None
    }
}

/// How an exchange routes, before it is known what it is made from.
pub trait Routing: fmt::Debug + Send + Sync {
    /// Kind of routing, as `hash`.
    fn name(&self) -> &'static str;
    /// Parameters in `explain`.
    fn detail(&self) -> String {
        String::new()
    }
    /// Whether the rows of a block stay together, in the part of the block's number.
    fn is_in_place(&self) -> bool {
        false
    }
    /// The router, made from the block of the step that the exchange waits for, when it waits for one.
    fn router(&self, made_from: Option<&Block>) -> Result<Arc<dyn Router>>;
}

/// Rows stay in the block that they come from: what is stored so that it need not be made again.
#[derive(Clone, Copy, Debug)]
pub struct InPlace {
    /// Number of blocks.
    pub blocks: usize,
}

impl Routing for InPlace {
    fn name(&self) -> &'static str {
        "in-place"
    }

    fn detail(&self) -> String {
        "kept, since it is read more than once".to_string()
    }

    fn is_in_place(&self) -> bool {
        true
    }

    fn router(&self, _: Option<&Block>) -> Result<Arc<dyn Router>> {
        Ok(Arc::new(*self))
    }
}

impl Router for InPlace {
    fn parts(&self) -> usize {
        self.blocks
    }

    fn scatter(&self, rows: &RecordBatch, origin: Origin) -> Result<Scattered> {
        if origin.block >= self.blocks {
            return Err(Error::internal(format!("rows of block {} of {}", origin.block, self.blocks)));
        }
        let end = u32::try_from(rows.num_rows()).map_err(|_| Error::internal("a chunk of too many rows"))?;
        let offsets = (0..=self.blocks).map(|part| if part <= origin.block { 0 } else { end }).collect();
        Ok(Scattered { rows: rows.clone(), offsets })
    }

    fn is_by_origin(&self) -> bool {
        true
    }
}

/// Rows that came together: in memory or in scratch, read in the order of their origin as often as needed.
pub trait Part: Send + Sync {
    /// Rows and bytes in memory, exactly.
    fn size(&self) -> BlockMeta;
    /// Streams the rows.
    fn open(&self) -> Result<Box<dyn BlockStream>>;
    /// The same rows in smaller parts; they go to scratch when memory is short.
    fn split(&self, router: &Arc<dyn Router>) -> Result<Vec<Arc<dyn Part>>>;
}

/// What a kernel is given of one input.
pub enum Input {
    /// Batches as they stream by.
    Stream(Box<dyn BlockStream>),
    /// A block that is in memory as a whole.
    Block(Block),
    /// Rows that an exchange brought together.
    Part(Arc<dyn Part>),
    /// Any box of an array's elements.
    Boxes(Box<dyn TileReader>),
}

impl Input {
    /// The input as a stream.
    pub fn into_stream(self) -> Result<Box<dyn BlockStream>> {
        match self {
            Input::Stream(stream) => Ok(stream),
            Input::Block(block) => Ok(Box::new(std::iter::once(Ok(block)))),
            Input::Part(part) => part.open(),
            Input::Boxes(_) => Err(Error::internal("an array as rows")),
        }
    }
}

/// Bytes of rows that one part of an exchange is meant to hold: with its tables it stays near the cache.
pub const PART_BYTES: u64 = 8 << 20;

/// Most parts of an exchange; larger ones split their parts again.
const MAX_PARTS: u64 = 1024;

/// Bytes that a piece of a chunk is meant to have at least, and parts that there may be whatever the pieces.
const PIECE_BYTES: u64 = 8 << 10;
const LEAST_PARTS: u64 = 16;

/// Number of parts for so many bytes under a budget: a part should be worth a task, and fit beside others.
pub fn parts_for(bytes: u64, budget_bytes: u64) -> usize {
    let part_bytes = PART_BYTES.min(budget_bytes / 24).max(1 << 18);
    // Rows of one chunk that go to one part are a piece of their own: many small ones cost more than they carry.
    let most = (budget_bytes / CHUNK_SHARE / PIECE_BYTES).clamp(LEAST_PARTS, MAX_PARTS);
    let parts = bytes.div_ceil(part_bytes).clamp(1, most);
    usize::try_from(parts).unwrap_or(1)
}
