//! Where rows wait between chains: in memory up to a share of the budget, in scratch beyond it.
//!
//! Rows arrive in chunks sorted by part. A chunk stays in memory while the share and the budget allow it, else it
//! goes to scratch whole, in one write; there is no moment at which everything moves. Each chunk is labelled with
//! the task that it came from, so that a part is read in one order whatever the threads did.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema};
use blockfold_core::{Block, Budget, Error, Permit, RecordBatch, Result, SchemaRef};
use blockfold_plan::{BlockMeta, BlockStream, Metrics, Origin, Part, Router, Scattered};

use crate::scratch::{Scratch, ScratchFile, Segment};

/// What stores are made with.
#[derive(Clone)]
pub(crate) struct StoreContext {
    pub(crate) budget: Budget,
    pub(crate) scratch: Arc<Scratch>,
    pub(crate) metrics: Arc<Metrics>,
    /// Bytes that all stores of the run have in memory.
    pub(crate) in_memory: Arc<AtomicU64>,
    /// Bytes that they may have.
    pub(crate) share_bytes: u64,
    /// Bytes of rows that are sent to their parts at a time.
    pub(crate) chunk_bytes: u64,
    /// All stores of the run.
    pub(crate) stores: Stores,
}

/// All stores of a run that are still in use.
#[derive(Clone, Default)]
pub(crate) struct Stores(Arc<Mutex<Vec<Weak<Store>>>>);

impl Stores {
    fn add(&self, store: &Arc<Store>) {
        let mut stores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stores.retain(|store| store.strong_count() > 0);
        stores.push(Arc::downgrade(store));
    }

    /// Moves rows from memory to scratch until `bytes` are free; whether any were moved.
    pub(crate) fn make_room(&self, bytes: u64) -> Result<bool> {
        let stores = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut moved = 0;
        for store in stores.iter().filter_map(Weak::upgrade) {
            if moved >= bytes {
                break;
            }
            moved += store.evict(bytes - moved)?;
        }
        Ok(moved > 0)
    }
}

/// Which chunk comes first: by task, then in the order in which the task made them.
type Label = (u32, u32);

#[derive(Clone)]
struct Piece {
    label: Label,
    rows: Range<u32>,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Memory(Arc<Chunk>),
    Scratch(Segment),
}

/// Rows of many parts in memory, with the permit for their bytes.
struct Chunk {
    rows: RecordBatch,
    permit: Permit,
    in_memory: Arc<AtomicU64>,
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.in_memory.fetch_sub(self.permit.bytes(), Ordering::AcqRel);
    }
}

#[derive(Default)]
struct PartIndex {
    pieces: Vec<Piece>,
    size: BlockMeta,
}

/// Rows that wait for a later chain, by part.
pub(crate) struct Store {
    context: StoreContext,
    /// Columns as they are handed out.
    schema: SchemaRef,
    /// Columns as they are held: no dictionaries, no views.
    held: SchemaRef,
    parts: Vec<Mutex<PartIndex>>,
    file: Mutex<Option<Arc<ScratchFile>>>,
}

/// Pieces of one chunk: their part and their place in it.
type Places = Vec<(usize, usize)>;

impl Store {
    pub(crate) fn new(context: StoreContext, schema: SchemaRef, parts: usize) -> Arc<Self> {
        let held = held_schema(&schema);
        let parts = std::iter::repeat_with(Mutex::default).take(parts).collect();
        let store = Arc::new(Store { context, schema, held, parts, file: Mutex::default() });
        store.context.stores.add(&store);
        store
    }

    /// Moves chunks from memory to scratch until `bytes` are freed; the bytes that were. Called while no task runs.
    fn evict(&self, bytes: u64) -> Result<u64> {
        let mut freed = 0;
        for (chunk, places) in self.in_memory() {
            if freed >= bytes {
                break;
            }
            self.move_out(&chunk, &places)?;
            freed += chunk.permit.bytes();
        }
        Ok(freed)
    }

    /// Chunks in memory with their pieces.
    fn in_memory(&self) -> Vec<(Arc<Chunk>, Places)> {
        let mut found: HashMap<*const Chunk, (Arc<Chunk>, Places)> = HashMap::new();
        for (part, index) in self.parts.iter().enumerate() {
            let index = index.lock().unwrap_or_else(PoisonError::into_inner);
            for (at, piece) in index.pieces.iter().enumerate() {
                if let Place::Memory(chunk) = &piece.place {
                    let entry = found.entry(Arc::as_ptr(chunk)).or_insert_with(|| (chunk.clone(), Vec::new()));
                    entry.1.push((part, at));
                }
            }
        }
        found.into_values().collect()
    }

    fn move_out(&self, chunk: &Chunk, places: &[(usize, usize)]) -> Result<()> {
        let mut batches = Vec::with_capacity(places.len());
        for &(part, at) in places {
            let index = self.parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let rows = &index.pieces[at].rows;
            batches.push(chunk.rows.slice(rows.start as usize, rows.len()));
        }
        let segments = self.file()?.write(&batches)?;
        for (&(part, at), segment) in places.iter().zip(segments) {
            let mut index = self.parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            index.pieces[at].place = Place::Scratch(segment);
        }
        Ok(())
    }

    /// Takes rows in.
    fn push(&self, label: Label, scattered: Scattered) -> Result<()> {
        let Scattered { rows, offsets } = scattered;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let bytes = rows.get_array_memory_size() as u64;
        let ranges = offsets.windows(2).enumerate().filter(|(_, ends)| ends[0] < ends[1]);
        let ranges: Vec<(usize, Range<u32>)> = ranges.map(|(part, ends)| (part, ends[0]..ends[1])).collect();
        let all_rows = rows.num_rows() as u64;
        match self.permit(bytes) {
            Some(permit) => {
                let chunk = Arc::new(Chunk { rows, permit, in_memory: self.context.in_memory.clone() });
                for (part, rows) in ranges {
                    self.add(part, label, rows, Place::Memory(chunk.clone()), bytes, all_rows);
                }
            }
            None => {
                let slice = |rows: &Range<u32>, of: &RecordBatch| of.slice(rows.start as usize, rows.len());
                let batches: Vec<RecordBatch> = ranges.iter().map(|(_, range)| slice(range, &rows)).collect();
                let segments = self.file()?.write(&batches)?;
                for ((part, rows), segment) in ranges.into_iter().zip(segments) {
                    self.add(part, label, rows, Place::Scratch(segment), bytes, all_rows);
                }
            }
        }
        Ok(())
    }

    fn add(&self, part: usize, label: Label, rows: Range<u32>, place: Place, bytes: u64, all_rows: u64) {
        let Some(index) = self.parts.get(part) else { return };
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        let count = rows.len() as u64;
        index.size.rows += count;
        index.size.bytes += (bytes * count).div_ceil(all_rows);
        index.pieces.push(Piece { label, rows, place });
    }

    /// A permit for rows to stay in memory, `None` when they go to scratch.
    fn permit(&self, bytes: u64) -> Option<Permit> {
        let context = &self.context;
        let fits = |now: u64| now.checked_add(bytes).filter(|sum| *sum <= context.share_bytes);
        context.in_memory.fetch_update(Ordering::AcqRel, Ordering::Relaxed, fits).ok()?;
        let permit = context.budget.try_permit(bytes);
        if permit.is_none() {
            context.in_memory.fetch_sub(bytes, Ordering::AcqRel);
        }
        permit
    }

    fn file(&self) -> Result<Arc<ScratchFile>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_ref() {
            return Ok(file.clone());
        }
        let new = Arc::new(ScratchFile::create(&self.context.scratch, &self.context.metrics)?);
        *file = Some(new.clone());
        Ok(new)
    }

    pub(crate) fn size(&self, part: usize) -> BlockMeta {
        let Some(index) = self.parts.get(part) else { return BlockMeta::default() };
        index.lock().unwrap_or_else(PoisonError::into_inner).size
    }

    /// A part's pieces in the order of their labels.
    fn pieces(&self, part: usize) -> Vec<Piece> {
        let Some(index) = self.parts.get(part) else { return Vec::new() };
        let mut pieces = index.lock().unwrap_or_else(PoisonError::into_inner).pieces.clone();
        pieces.sort_by_key(|piece| (piece.label, piece.rows.start));
        pieces
    }

    fn read(&self, piece: &Piece) -> Result<RecordBatch> {
        match &piece.place {
            Place::Memory(chunk) => Ok(chunk.rows.slice(piece.rows.start as usize, piece.rows.len())),
            Place::Scratch(segment) => self.file()?.read(*segment, &self.held),
        }
    }
}

/// A part of a store.
#[derive(Clone)]
pub(crate) struct StorePart {
    pub(crate) store: Arc<Store>,
    pub(crate) part: usize,
}

impl Part for StorePart {
    fn size(&self) -> BlockMeta {
        self.store.size(self.part)
    }

    fn open(&self) -> Result<Box<dyn BlockStream>> {
        let pieces = self.store.pieces(self.part).into_iter();
        Ok(Box::new(PartStream { store: self.store.clone(), pieces, waiting: None }))
    }

    fn split(&self, router: &Arc<dyn Router>) -> Result<Vec<Arc<dyn Part>>> {
        refuse_origins(router.as_ref())?;
        let context = &self.store.context;
        let store = Store::new(context.clone(), self.store.schema.clone(), router.parts());
        let mut feeder = Feeder::new(store.clone(), router.clone(), 0);
        let mut stream = self.open()?;
        while let Some(block) = stream.next()? {
            feeder.push(block.frame()?, Origin::default())?;
        }
        feeder.finish()?;
        Ok((0..router.parts())
            .map(|part| Arc::new(StorePart { store: store.clone(), part }) as Arc<dyn Part>)
            .collect())
    }
}

/// Rows whose origin is not known cannot be sent by it.
pub(crate) fn refuse_origins(router: &dyn Router) -> Result<()> {
    match router.is_by_origin() {
        true => Err(Error::internal("rows of no known origin were to be sent by their origin")),
        false => Ok(()),
    }
}

/// Rows that a batch read from a store has, when there are enough of them.
const BATCH_ROWS: usize = 32 * 1024;

struct PartStream {
    store: Arc<Store>,
    pieces: std::vec::IntoIter<Piece>,
    /// What is left of a piece longer than a batch.
    waiting: Option<RecordBatch>,
}

impl PartStream {
    fn piece(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(rest) = self.waiting.take() {
            return Ok(Some(rest));
        }
        self.pieces.next().map(|piece| self.store.read(&piece)).transpose()
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
            many => concat_batches(&self.store.held, many)?,
        };
        retyped(&batch, &self.store.schema).map(|batch| Some(batch.into()))
    }
}

/// Brings the rows of one task together and sends them to their parts, a chunk at a time.
pub(crate) struct Feeder {
    store: Arc<Store>,
    router: Arc<dyn Router>,
    task: u32,
    chunks: u32,
    held: Vec<RecordBatch>,
    held_bytes: u64,
    origin: Origin,
}

impl Feeder {
    pub(crate) fn new(store: Arc<Store>, router: Arc<dyn Router>, task: u32) -> Self {
        Feeder { store, router, task, chunks: 0, held: Vec::new(), held_bytes: 0, origin: Origin::default() }
    }

    pub(crate) fn push(&mut self, batch: &RecordBatch, origin: Origin) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.router.is_by_origin() && origin.block != self.origin.block {
            self.send()?;
        }
        if self.held.is_empty() {
            self.origin = origin;
        }
        let batch = retyped(batch, &self.store.held)?;
        self.held_bytes += blockfold_core::block::slice_bytes(&batch);
        self.held.push(batch);
        if self.held_bytes >= self.store.context.chunk_bytes { self.send() } else { Ok(()) }
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        self.send()
    }

    fn send(&mut self) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        let rows = match held.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            many => concat_batches(&self.store.held, many)?,
        };
        drop(held);
        let scattered = self.router.scatter(&rows, self.origin)?;
        drop(rows);
        self.chunks += 1;
        self.store.push((self.task, self.chunks), scattered)
    }
}

/// How a type is held: rows of many blocks have no dictionary in common, and a slice of a view pins all of it.
fn held_type(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Dictionary(_, values) => held_type(values),
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}

fn held_schema(schema: &SchemaRef) -> SchemaRef {
    let held =
        |field: &Arc<Field>| field.as_ref().clone().with_data_type(held_type(field.data_type())).with_nullable(true);
    Arc::new(Schema::new(schema.fields().iter().map(held).collect::<Vec<_>>()))
}

/// The same rows with the columns' types of a schema.
fn retyped(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if Arc::ptr_eq(batch.schema_ref(), schema) {
        return Ok(batch.clone());
    }
    let typed = |(column, field): (&ArrayRef, &Arc<Field>)| match column.data_type() == field.data_type() {
        true => Ok(column.clone()),
        false => Ok(cast(column, field.data_type())?),
    };
    let columns: Vec<ArrayRef> = batch.columns().iter().zip(schema.fields()).map(typed).collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct ByOrigin(bool);

    impl Router for ByOrigin {
        fn parts(&self) -> usize {
            1
        }

        fn scatter(&self, rows: &RecordBatch, _: Origin) -> Result<Scattered> {
            Ok(Scattered { rows: rows.clone(), offsets: vec![0, 0] })
        }

        fn is_by_origin(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn rows_of_no_known_origin_are_not_sent_by_it() {
        assert!(refuse_origins(&ByOrigin(false)).is_ok());
        assert!(matches!(refuse_origins(&ByOrigin(true)), Err(Error::Internal { .. })));
    }
}
