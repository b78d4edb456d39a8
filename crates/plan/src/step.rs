//! How blocks move: the closed set of steps, and the traits of what they run.

use std::any::Any;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use blockfold_core::{
    Block, Cancel, Columns, Divisions, Error, Expr, Grid, RecordBatch, Region, Result, Scalar, SchemaRef,
};

use crate::chain::blocks_of_share;
use crate::exchange::{Input, Router, Routing};
use crate::narrow::Narrowing;
use crate::task::{BlockStream, TaskContext};
use crate::tiles::TileReader;

/// Index of a step in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

/// How blocks move. Closed on purpose.
#[derive(Clone, Debug)]
pub enum Step {
    /// Blocks come from a source.
    Read {
        /// The source.
        source: Arc<dyn Source>,
        /// Filters of its rows that earlier steps give.
        narrowed_by: Vec<Narrowing>,
    },
    /// Each block is made from blocks of the inputs.
    Map {
        /// The inputs, and which of their blocks each output block is made from.
        inputs: Vec<(StepId, BlockMap)>,
        /// The work.
        kernel: Arc<dyn Kernel>,
    },
    /// All blocks become one.
    Reduce {
        /// The input.
        input: StepId,
        /// The work.
        reducer: Arc<dyn Reducer>,
    },
    /// Rows go to the block that their routing names; they wait in memory, or in scratch when it is short.
    Exchange {
        /// The input.
        input: StepId,
        /// A step whose one block the routing is made from, as the bounds of ranges.
        made_from: Option<StepId>,
        /// A step without whose parts the exchange is not needed: when its result is one block after all, rows stay
        /// where they are, and block `p` of the result is the `p`-th share of the input's blocks.
        unless: Option<StepId>,
        /// Where rows go.
        routing: Arc<dyn Routing>,
    },
    /// Blocks go to a sink, one output a block.
    Write {
        /// The input.
        input: StepId,
        /// The sink.
        sink: Arc<dyn Sink>,
    },
}

/// Which block of an input a block is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockMap {
    /// The block of the same index.
    Same,
    /// The input's only block, for every block.
    Whole,
    /// The block of the same index, or the input's only block when it was not spread.
    SameOrWhole,
    /// An even share of the input's blocks, one after the other.
    Share {
        /// Number of shares.
        parts: usize,
    },
    /// Block `b` is made from the input's blocks `starts[b] .. starts[b + 1]`, one after the other; blocks before the
    /// first start and from the last one on are left out.
    Runs {
        /// One more start than there are blocks.
        starts: Arc<[usize]>,
    },
    /// Any box of the input's elements may be asked for: arrays.
    Boxes,
    /// Blocks `first .. first + blocks` are made from the input's blocks `0 .. blocks`; others not from this input.
    Offset {
        /// First block that this input gives.
        first: usize,
        /// Number of blocks that it gives.
        blocks: usize,
    },
}

impl BlockMap {
    /// The input's block from which `block` is made.
    pub fn input_block(&self, block: usize) -> Option<usize> {
        match self {
            BlockMap::Same | BlockMap::SameOrWhole => Some(block),
            BlockMap::Whole => Some(0),
            BlockMap::Share { .. } | BlockMap::Runs { .. } | BlockMap::Boxes => None,
            BlockMap::Offset { first, blocks } => block.checked_sub(*first).filter(|inner| inner < blocks),
        }
    }

    /// The input's blocks from which `block` is made, for maps that take several, given how many there are.
    pub fn run(&self, block: usize, blocks: usize) -> Option<Range<usize>> {
        match self {
            BlockMap::Share { parts } => Some(blocks_of_share(block, *parts, blocks)),
            BlockMap::Runs { starts } => {
                let start = |at: usize| starts.get(at).or(starts.last()).map_or(blocks, |start| (*start).min(blocks));
                Some(start(block)..start(block + 1))
            }
            _ => None,
        }
    }
}

/// A step with what is known about its result.
#[derive(Clone, Debug)]
pub struct StepNode {
    /// The step.
    pub step: Step,
    /// Columns of the result.
    pub schema: SchemaRef,
    /// Blocks of the result.
    pub grid: Grid,
}

/// Steps in an order in which inputs come before their consumers.
#[derive(Clone, Debug)]
pub struct StepGraph {
    /// The steps.
    pub nodes: Vec<StepNode>,
    /// The step whose blocks are the answer.
    pub root: StepId,
}

impl StepGraph {
    /// A step with what is known about it.
    pub fn node(&self, id: StepId) -> &StepNode {
        &self.nodes[id.0]
    }

    /// A number that differs once a file that is read was written anew.
    pub fn content(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for node in &self.nodes {
            if let Step::Read { source, .. } = &node.step {
                source.content().hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// How many places of other steps a step is read from.
    pub fn readers_of(&self, id: StepId) -> usize {
        let reads = |node: &StepNode| match &node.step {
            Step::Read { .. } => 0,
            Step::Map { inputs, .. } => inputs.iter().filter(|(input, _)| *input == id).count(),
            Step::Reduce { input, .. } | Step::Exchange { input, .. } | Step::Write { input, .. } => {
                usize::from(*input == id)
            }
        };
        self.nodes.iter().map(reads).sum()
    }

    /// The first step that takes the blocks of a step in.
    pub fn reader_of(&self, id: StepId) -> Option<&Step> {
        let reads = |step: &Step| match step {
            Step::Read { .. } => false,
            Step::Map { inputs, .. } => inputs.iter().any(|(input, _)| *input == id),
            Step::Reduce { input, .. } | Step::Exchange { input, .. } | Step::Write { input, .. } => *input == id,
        };
        self.nodes.iter().map(|node| &node.step).find(|step| reads(step))
    }
}

/// Rows and bytes of a block that does not exist yet: upper bounds as good as known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockMeta {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What is known about one partition of a source before it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionEstimate {
    /// Rows, exact or expected after the source's own filter.
    pub rows: Option<u64>,
    /// Bytes that will be read from files.
    pub read_bytes: u64,
    /// Upper bound on bytes alive inside the source while it streams, the batch handed on included.
    pub peak_bytes: u64,
    /// The largest batch handed on.
    pub batch: BlockMeta,
    /// Whether statistics already rule the whole partition out.
    pub skipped: bool,
}

/// Where blocks come from.
///
/// Sources narrow themselves: [`Source::with_columns`], [`Source::with_filter`] and [`Source::with_limit`]
/// return a source that reads less, so that optimizer rules need not know what a source is.
pub trait Source: fmt::Debug + Send + Sync {
    /// Kind of source, as `parquet`.
    fn name(&self) -> &'static str;
    /// What is read, in one line for `explain`: files, columns, filter, what is skipped.
    fn detail(&self) -> String;
    /// A text equal for sources that read the same, `None` when only identity tells.
    fn token(&self) -> Option<String>;
    /// A number that differs once the files that are read were written anew; 0 where there are none.
    fn content(&self) -> u64 {
        0
    }
    /// Columns of the blocks. A column that was asked for as codes may arrive as a dictionary of this type.
    fn schema(&self) -> SchemaRef;
    /// The partitions.
    fn grid(&self) -> Grid;
    /// What is known about a partition.
    fn estimate(&self, partition: usize) -> PartitionEstimate;
    /// This source with no more than these columns.
    fn with_columns(&self, _wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        Ok(None)
    }
    /// This source with rows dropped where the predicate does not hold, exactly; `None` when it cannot.
    fn with_filter(&self, _predicate: &Expr) -> Result<Option<Arc<dyn Source>>> {
        Ok(None)
    }
    /// This source with rows after the first `rows` left out; may still give more.
    fn with_limit(&self, _rows: u64) -> Option<Arc<dyn Source>> {
        None
    }
    /// Bounds of a column's values from statistics; they may be wider than the truth and, if a file lies, wrong.
    fn column_range(&self, _column: &str) -> Option<(Scalar, Scalar)> {
        None
    }
    /// Divisions of the partitions by a column, when what is known of them says that their values do not overlap.
    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        self.grid().divisions().filter(|divisions| divisions.column == column).cloned()
    }
    /// The name under which a run is handed the blocks, for sources that cannot read themselves: what made them lies elsewhere.
    fn given(&self) -> Option<String> {
        None
    }
    /// Whether a box of an array takes reading the whole of each chunk that it touches, as when chunks are compressed.
    fn reads_whole_chunks(&self) -> bool {
        false
    }
    /// Makes what all blocks of a run need, before the first of them and outside of the pool; it is kept until the run ends.
    ///
    /// # Errors
    /// Whatever cannot be made.
    fn prepare(&self, _cancel: &Cancel) -> Result<Option<Arc<dyn Any + Send + Sync>>> {
        Ok(None)
    }
    /// Streams one partition.
    ///
    /// # Errors
    /// Whatever the file or generator cannot give, naming the file.
    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>>;
    /// A reader of any box of an array's elements.
    ///
    /// # Errors
    /// A source of frames.
    fn open_tiles(&self, _task: &TaskContext) -> Result<Box<dyn TileReader>> {
        Err(Error::internal(format!("{} is not an array", self.name())))
    }
}

/// Pure work on blocks already in memory.
pub trait Kernel: fmt::Debug + Send + Sync {
    /// Name in `explain`.
    fn name(&self) -> &'static str;
    /// Parameters in `explain`.
    fn detail(&self) -> String {
        String::new()
    }
    /// The block made from the inputs' blocks.
    fn run(&self, inputs: &[Block], task: &TaskContext) -> Result<Block>;
    /// Upper bound on bytes alive while running, output included, inputs not.
    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64;
    /// Upper bound of the output.
    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        BlockMeta { rows: inputs.iter().map(|input| input.rows).max().unwrap_or(0), bytes: self.peak_bytes(inputs) }
    }
    /// Whether the kernel must see a partition as one block instead of batch by batch.
    fn whole_partition(&self) -> bool {
        false
    }
    /// Whether the kernel keeps to [`TaskContext::allowance_bytes`], by taking a partition in smaller parts.
    fn keeps_allowance(&self) -> bool {
        false
    }
    /// The axis of an array along which the kernel works on all elements together, and about how many elements it takes at
    /// a time.
    fn whole_axis(&self) -> Option<(usize, usize)> {
        None
    }
    /// The boxes of a block, in the order in which they have to be made, or those of them that lie within one block of the
    /// exchange that they are sent to; `None` when any will do.
    fn boxes(&self, _block: &Region, _within: Option<&Region>) -> Option<Vec<Region>> {
        None
    }
    /// Whether block `(j, i)` is block `(i, j)` transposed, and comes cheap right after it.
    fn is_mirrored(&self) -> bool {
        false
    }
    /// Whether making a block once more takes longer than keeping it, or may give something else: then a result
    /// that is read more than once is stored.
    fn is_costly(&self) -> bool {
        false
    }
    /// Rows of the result, expected, given those of the inputs.
    fn rows(&self, inputs: &[Option<u64>]) -> Option<u64> {
        inputs.iter().copied().max().flatten()
    }
    /// What a user should know before the run, as rows that multiply.
    fn warning(&self) -> Option<String> {
        None
    }
    /// The stream made from the inputs, for kernels that give more or fewer blocks than they take; `None` for
    /// those that make one block of one.
    ///
    /// # Errors
    /// Whatever the kernel finds wrong with its inputs; it may leave them half read.
    fn open(&self, _inputs: &mut Vec<Input>, _task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        Ok(None)
    }
    /// The reader of an array's elements made from those of the inputs.
    ///
    /// # Errors
    /// A kernel of frames.
    fn open_tiles(&self, _inputs: Vec<Box<dyn TileReader>>, _task: &TaskContext) -> Result<Box<dyn TileReader>> {
        Err(Error::internal(format!("{} is not of arrays", self.name())))
    }
}

/// Work that makes one block of many: partials are folded block by block and merged in block order.
pub trait Reducer: fmt::Debug + Send + Sync {
    /// Name in `explain`.
    fn name(&self) -> &'static str;
    /// Parameters in `explain`.
    fn detail(&self) -> String {
        String::new()
    }
    /// An empty partial.
    fn partial(&self) -> Result<Box<dyn Partial>>;
    /// The result.
    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block>;
    /// The partial of which [`Partial::pack`] made this.
    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>>;
    /// Bytes that an empty partial takes.
    fn initial_bytes(&self) -> u64;
    /// Bytes of a partial after folding `input` rows and bytes: an estimate, since the data decides.
    fn expected_bytes(&self, input: BlockMeta) -> u64;
    /// Bytes of all that partials drain after such input in all, when they are spread.
    fn drained_bytes(&self, input: BlockMeta) -> u64 {
        self.expected_bytes(input)
    }
    /// Rows of the result, expected.
    fn result_rows(&self, _input_rows: Option<u64>) -> Option<u64> {
        None
    }
    /// How partials are spread over blocks of the result when they are too large to be one; `None` when they
    /// cannot. The blocks then hold what [`Partial::drain`] gave, for a kernel that makes the result of it.
    fn spread(&self) -> Option<Arc<dyn Router>> {
        None
    }
    /// Which end the blocks are folded from when a few of them may be enough; `None` when all are needed.
    fn may_stop_early(&self) -> Option<End> {
        None
    }
    /// A text equal for reducers of one input whose results come of the same partials, and how much such a partial knows: one
    /// that knows more serves those that ask less. Its partials can be copied.
    fn shared_partial(&self) -> Option<(String, u32)> {
        None
    }
    /// What to do when partials outgrow the budget.
    fn remedy(&self) -> String {
        "raise the memory budget".to_string()
    }
}

/// An end of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first block.
    First,
    /// The last block.
    Last,
}

/// A result in the making.
pub trait Partial: Send {
    /// Takes in the next block.
    fn fold(&mut self, block: &Block) -> Result<()>;
    /// Takes in a partial of the blocks right after those seen so far.
    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()>;
    /// Bytes held now.
    fn bytes(&self) -> u64;
    /// Whether no further block can change the result.
    fn is_complete(&self) -> bool {
        false
    }
    /// The partial as rows, to cross to another process: what [`Reducer::unpack`] makes of them goes on as this would.
    fn pack(self: Box<Self>) -> Result<Packed>;
    /// Whether keeping the partial saves nothing, so that it should be drained whatever its size.
    fn is_passing(&self) -> bool {
        false
    }
    /// Takes everything out as rows that [`Reducer::spread`] routes; the partial is empty afterwards.
    fn drain(&mut self) -> Result<RecordBatch> {
        Err(Error::internal("this partial cannot be drained"))
    }
    /// A copy, for a partial that several results come of.
    fn copied(&self) -> Result<Box<dyn Partial>> {
        Err(Error::internal("this partial cannot be copied"))
    }
    /// For [`Reducer::finish`] and [`Partial::merge`] to get their own type back.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// A partial as rows and numbers.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// Rows; the columns of one batch need not be those of another.
    pub batches: Vec<RecordBatch>,
    /// Numbers that they do not tell.
    pub numbers: Vec<u64>,
}

impl Packed {
    /// Of batches alone.
    pub fn of(batches: Vec<RecordBatch>) -> Self {
        Packed { batches, numbers: Vec::new() }
    }

    /// The only batch.
    ///
    /// # Errors
    /// Another number of batches.
    pub fn batch(mut self) -> Result<RecordBatch> {
        match (self.batches.pop(), self.batches.is_empty()) {
            (Some(batch), true) => Ok(batch),
            _ => Err(Error::internal("a packed partial of another kind")),
        }
    }
}

/// What a task wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The file, under its final name.
    pub path: PathBuf,
}

/// Where blocks go. Outputs appear whole or not at all.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Kind of sink.
    fn name(&self) -> &'static str;
    /// What is written, in one line for `explain`.
    fn detail(&self) -> String;
    /// Prepares the output under a temporary name, before any task runs.
    fn begin(&self) -> Result<()>;
    /// Writes one partition under a temporary name and counts its rows and bytes.
    fn write(&self, partition: usize, stream: &mut dyn BlockStream, task: &TaskContext) -> Result<Written>;
    /// Makes the whole output appear under its name.
    fn commit(&self) -> Result<()>;
    /// Removes whatever was written.
    fn abort(&self);
    /// Upper bound on bytes alive inside the sink for one partition of such batches.
    fn peak_bytes(&self, batch: BlockMeta) -> u64;
}
