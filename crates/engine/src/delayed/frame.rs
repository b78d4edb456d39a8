//! Frames made of delayed calls, and delayed calls made of frames.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use blockfold_core::block::slice_bytes;
use blockfold_core::{Block, ByteSize, Cancel, Error, Grid, RecordBatch, Result, SchemaRef};
use blockfold_io::memory::conform;
use blockfold_plan::{BlockMeta, BlockStream, PartitionEstimate, Source, TaskContext};
use blockfold_tasks::{Arg, Delayed, try_delayed};

use super::made::Made;
use crate::collected::Frame;
use crate::frame::LazyFrame;
use crate::session::Session;

/// Rows of the batches handed on.
const BATCH_ROWS: usize = 64 * 1024;

/// What a delayed call may give for a partition of a frame.
pub trait IntoBatches: Send + Sync + 'static {
    /// The rows, in batches.
    fn batches(&self) -> &[RecordBatch];
}

impl IntoBatches for RecordBatch {
    fn batches(&self) -> &[RecordBatch] {
        std::slice::from_ref(self)
    }
}

impl IntoBatches for Vec<RecordBatch> {
    fn batches(&self) -> &[RecordBatch] {
        self
    }
}

impl IntoBatches for Frame {
    fn batches(&self) -> &[RecordBatch] {
        Frame::batches(self)
    }
}

impl Session {
    /// A lazy frame whose partitions are the results of delayed calls: record batches, lists of them, or collected
    /// frames. Nothing is called until the frame is run; what several partitions read is called once a run, before the
    /// first of them, and all else by the thread that reads the partition.
    ///
    /// # Memory
    /// `partition_bytes` is the most that one partition may have; it is promised to the task that reads it. Without it a
    /// quarter of the budget is shared out evenly among the threads.
    ///
    /// # Errors
    /// No partition. When it is run: the failure of a call, columns other than `schema` says, or a partition that is
    /// larger than was promised.
    ///
    /// # Examples
    /// ```
    /// use blockfold::prelude::*;
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().build()?;
    /// let days = datasets::timeseries(&session, datasets::options().start("2000-01-01").end("2000-01-04"))?;
    /// let first = try_delayed(|day: &Frame| day.to_batch().map(|rows| rows.slice(0, 10)));
    /// let days_apart = days.to_delayed()?;
    /// let parts = days_apart.iter().map(|day| first.call(day));
    /// let firsts = session.from_delayed(parts, days.schema()?, None)?;
    /// assert_eq!(firsts.len()?, 30);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_delayed<T: IntoBatches>(
        &self,
        partitions: impl IntoIterator<Item = Delayed<T>>,
        schema: SchemaRef,
        partition_bytes: Option<ByteSize>,
    ) -> Result<LazyFrame> {
        let made = Made::new(self, partitions)?;
        if made.blocks() == 0 {
            return Err(Error::argument("from_delayed", "a frame needs at least one partition"));
        }
        let bytes = partition_bytes.map_or_else(|| made.usual_bytes(), |bytes| bytes.0);
        self.read(Arc::new(DelayedSource { made, schema, bytes }))
    }
}

impl LazyFrame {
    /// A delayed call that collects the frame. Equal frames share one call.
    pub fn delayed(&self) -> Delayed<Frame> {
        super::describe_shapes();
        let token = self.plan().map_or_else(|error| error.to_string(), |plan| plan.token().to_string());
        let collect = try_delayed(collect_frame).named("collect").blocking();
        collect.token((self.session.address(), token)).call(self.clone())
    }

    /// A delayed call for each partition, which collects it.
    ///
    /// # Errors
    /// What was wrong with the frame.
    pub fn to_delayed(&self) -> Result<Vec<Delayed<Frame>>> {
        Ok((0..self.npartitions()?).map(|partition| self.get_partition(partition).delayed()).collect())
    }
}

fn collect_frame(frame: &LazyFrame) -> Result<Frame> {
    frame.collect()
}

impl From<LazyFrame> for Arg<Frame> {
    fn from(frame: LazyFrame) -> Self {
        frame.delayed().into()
    }
}

impl From<&LazyFrame> for Arg<Frame> {
    fn from(frame: &LazyFrame) -> Self {
        frame.delayed().into()
    }
}

/// Partitions that delayed calls make.
struct DelayedSource<T> {
    made: Arc<Made<T>>,
    schema: SchemaRef,
    /// The most that a partition may have.
    bytes: u64,
}

impl<T> fmt::Debug for DelayedSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delayed: {:?}", self.made)
    }
}

impl<T: IntoBatches> Source for DelayedSource<T> {
    fn name(&self) -> &'static str {
        "delayed"
    }

    fn detail(&self) -> String {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        format!("{} calls, columns {}", self.made.blocks(), names.join(", "))
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn grid(&self) -> Grid {
        Grid::unknown(self.made.blocks())
    }

    fn estimate(&self, _partition: usize) -> PartitionEstimate {
        PartitionEstimate {
            peak_bytes: self.bytes,
            batch: BlockMeta { rows: BATCH_ROWS as u64, bytes: self.bytes },
            ..PartitionEstimate::default()
        }
    }

    fn prepare(&self, cancel: &Cancel) -> Result<Option<Arc<dyn Any + Send + Sync>>> {
        self.made.prepare(cancel)
    }

    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        let part = self.made.make(partition, &task.cancel)?;
        let place = format!("partition {partition} of a frame of delayed calls");
        let batches: Result<Vec<RecordBatch>> =
            part.batches().iter().map(|batch| conform(batch, &self.schema, &place)).collect();
        let batches = batches?;
        let needed_bytes = batches.iter().map(slice_bytes).sum();
        if needed_bytes > self.bytes {
            return Err(Error::OverBudget {
                step: place,
                needed_bytes,
                budget_bytes: self.bytes,
                remedy: "give from_delayed a larger partition_bytes, or make smaller partitions".to_owned(),
            });
        }
        let metrics = task.metrics.clone();
        let slices = batches.into_iter().flat_map(slices);
        Ok(Box::new(slices.map(move |batch| {
            // The batches are the partition's own.
            let _alive = &part;
            metrics.add_rows_read(batch.num_rows() as u64);
            Ok(Block::from(batch))
        })))
    }
}

fn slices(batch: RecordBatch) -> impl Iterator<Item = RecordBatch> + Send {
    let rows = batch.num_rows();
    (0..rows).step_by(BATCH_ROWS).map(move |start| batch.slice(start, BATCH_ROWS.min(rows - start)))
}
