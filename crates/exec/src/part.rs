//! Parts of stores, and how their rows are read.

use std::sync::Arc;

use arrow::compute::concat_batches;
use blockfold_core::{Block, Error, RecordBatch, Result, SchemaRef};
use blockfold_plan::tally::Tally;
use blockfold_plan::{BlockMeta, BlockStream, Metrics, Origin, Part, Router};

use crate::feeder::Feeder;
use crate::held::retyped;
use crate::store::{Piece, Store, StoreContext};

/// A part of a store.
#[derive(Clone)]
pub(crate) struct StorePart {
    pub(crate) store: Arc<Store>,
    pub(crate) part: usize,
    /// Counters of the run that reads it.
    pub(crate) metrics: Arc<Metrics>,
}

impl Part for StorePart {
    fn size(&self) -> BlockMeta {
        self.store.size(self.part)
    }

    fn open(&self) -> Result<Box<dyn BlockStream>> {
        let (store, metrics) = (self.store.clone(), self.metrics.clone());
        Ok(Box::new(PartStream::new(store, self.part, None, metrics)?))
    }

    fn split(&self, router: &Arc<dyn Router>) -> Result<Vec<Arc<dyn Part>>> {
        if router.is_by_origin() {
            return Err(Error::internal("a part cannot be split by where its rows came from"));
        }
        let (context, metrics) = (self.store.context.clone(), self.metrics.clone());
        let context = StoreContext { metrics: metrics.clone(), ..context };
        let store = Store::new(context, self.store.schema.clone(), router.parts());
        let mut feeder = Feeder::new(store.clone(), router.clone(), 0);
        let mut stream = self.open()?;
        while let Some(block) = stream.next()? {
            feeder.push(block.frame()?, Origin::default())?;
        }
        feeder.finish()?;
        let part = |part| Arc::new(StorePart { store: store.clone(), part, metrics: metrics.clone() }) as Arc<dyn Part>;
        Ok((0..router.parts()).map(part).collect())
    }
}

/// Rows that a batch read from a store has, when there are enough of them.
pub(crate) const BATCH_ROWS: usize = 32 * 1024;

/// The rows of a part, in batches.
pub(crate) struct PartStream {
    store: Arc<Store>,
    metrics: Arc<Metrics>,
    pieces: std::vec::IntoIter<Piece>,
    /// What is left of a piece longer than a batch.
    waiting: Option<RecordBatch>,
    /// Places of the columns that are read; all when there are none.
    columns: Option<Vec<usize>>,
    /// Columns as they are held, and as they are handed out.
    held: SchemaRef,
    schema: SchemaRef,
}

impl PartStream {
    pub(crate) fn new(
        store: Arc<Store>,
        part: usize,
        columns: Option<Vec<usize>>,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let narrow = |schema: &SchemaRef| match &columns {
            Some(columns) => Ok(Arc::new(schema.project(columns)?)),
            None => Ok::<_, Error>(schema.clone()),
        };
        let (held, schema) = (narrow(&store.held)?, narrow(&store.schema)?);
        let pieces = store.pieces(part).into_iter();
        Ok(PartStream { store, metrics, pieces, waiting: None, columns, held, schema })
    }

    fn piece(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(rest) = self.waiting.take() {
            return Ok(Some(rest));
        }
        let columns = self.columns.as_deref();
        self.pieces.next().map(|piece| self.store.read(&piece, columns, &self.metrics)).transpose()
    }
}

impl BlockStream for PartStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let (mut batches, mut rows) = (Vec::new(), 0);
        while rows < BATCH_ROWS {
            let Some(piece) = self.piece()? else { break };
            let room = BATCH_ROWS - rows;
            // A little more than a batch is not worth a second one.
            let taken = if piece.num_rows() > room + BATCH_ROWS { room } else { piece.num_rows() };
            if taken < piece.num_rows() {
                self.waiting = Some(piece.slice(taken, piece.num_rows() - taken));
            }
            rows += taken;
            batches.push(piece.slice(0, taken));
        }
        let batch = match batches.as_slice() {
            [] => return Ok(None),
            [one] => one.clone(),
            many => concat_batches(&self.held, many)?,
        };
        Tally::count(|tally| tally.rows_in += batch.num_rows() as u64);
        retyped(&batch, &self.schema).map(|batch| Some(batch.into()))
    }
}
