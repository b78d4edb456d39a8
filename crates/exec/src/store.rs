//! Where rows wait between chains: in memory up to a share of the budget, in scratch beyond it.
//!
//! Rows arrive in chunks sorted by part. A chunk stays in memory while the share and the budget allow it, else it
//! goes to scratch whole, in one write; there is no moment at which everything moves. Each chunk is labelled with
//! the task that it came from, so that a part is read in one order whatever the threads did.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use blockfold_core::{Budget, Permit, RecordBatch, Result, SchemaRef};
use blockfold_plan::{BlockMeta, Metrics, Scattered};

use crate::held::{held_schema, owned, retyped};
use crate::narrow::Learning;
use crate::part::BATCH_ROWS;
use crate::scratch::{Scratch, ScratchFile, Segment};

/// Where the stores of a session keep their rows: those of its runs, and those that outlive them.
#[derive(Clone)]
pub(crate) struct Room {
    pub(crate) budget: Budget,
    pub(crate) scratch: Arc<Scratch>,
    /// Bytes that all stores have in memory.
    in_memory: Arc<AtomicU64>,
    /// All stores that are still in use, the oldest first.
    stores: Arc<Mutex<Vec<Weak<Store>>>>,
    /// Held while rows are moved out, so that no two threads move the same.
    moving: Arc<Mutex<()>>,
}

impl Room {
    pub(crate) fn new(budget: Budget, scratch: Arc<Scratch>) -> Self {
        let (in_memory, stores, moving) = (Arc::default(), Arc::default(), Arc::default());
        Room { budget, scratch, in_memory, stores, moving }
    }

    /// Bytes that all stores have in memory now.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.in_memory.load(Ordering::Relaxed)
    }

    fn add(&self, store: &Arc<Store>) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.retain(|store| store.strong_count() > 0);
        stores.push(Arc::downgrade(store));
    }

    /// Moves rows from memory to scratch until `bytes` are free, counted in the metrics of the run that needs them;
    /// whether any were moved. Called by coordinating threads alone, since tasks never wait for each other.
    pub(crate) fn make_room(&self, bytes: u64, metrics: &Metrics) -> Result<bool> {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut moved = 0;
        for store in stores.iter().filter_map(Weak::upgrade) {
            if moved >= bytes {
                break;
            }
            moved += store.evict(bytes - moved, metrics)?;
        }
        Ok(moved > 0)
    }
}

/// What stores are made with.
#[derive(Clone)]
pub(crate) struct StoreContext {
    pub(crate) room: Room,
    /// Counters of the run whose rows they are.
    pub(crate) metrics: Arc<Metrics>,
    /// Bytes that all stores of the session may have in memory.
    pub(crate) share_bytes: u64,
    /// Bytes of rows that are sent to their parts at a time.
    pub(crate) chunk_bytes: u64,
}

/// Which chunk comes first: by task, then in the order in which the task made them.
type Label = (u32, u32);

#[derive(Clone)]
pub(crate) struct Piece {
    label: Label,
    rows: Range<u32>,
    place: Place,
    /// Its share of the bytes that its chunk had in memory.
    bytes: u64,
}

#[derive(Clone)]
enum Place {
    Memory(Arc<Chunk>),
    Scratch(Segment),
}

impl Piece {
    pub(crate) fn label(&self) -> (u32, u32) {
        self.label
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
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
    pub(crate) context: StoreContext,
    /// Columns as they are handed out.
    pub(crate) schema: SchemaRef,
    /// Columns as they are held: no dictionaries, no views.
    pub(crate) held: SchemaRef,
    parts: Vec<Mutex<PartIndex>>,
    learning: Option<Arc<Learning>>,
    file: Mutex<Option<Arc<ScratchFile>>>,
}

/// Rows of a piece at most, since it is read as a whole.
const PIECE_ROWS: u32 = BATCH_ROWS as u32;

/// Pieces of one chunk: their part and their place in it.
type Places = Vec<(usize, usize)>;

impl Store {
    pub(crate) fn new(context: StoreContext, schema: SchemaRef, parts: usize) -> Arc<Self> {
        Store::learning_by(context, schema, parts, None)
    }

    /// A store of rows of which something is to be learnt.
    pub(crate) fn learning_by(
        context: StoreContext,
        schema: SchemaRef,
        parts: usize,
        learning: Option<Arc<Learning>>,
    ) -> Arc<Self> {
        let held = held_schema(&schema);
        let parts = std::iter::repeat_with(Mutex::default).take(parts).collect();
        let store = Arc::new(Store { context, schema, held, parts, learning, file: Mutex::default() });
        store.context.room.add(&store);
        store
    }

    /// A store of rows that somebody else pays for, each with its part, its label and the bytes that it counts.
    pub(crate) fn given(
        context: StoreContext,
        schema: SchemaRef,
        parts: usize,
        pieces: Vec<(usize, Label, u64, RecordBatch)>,
    ) -> Result<Arc<Self>> {
        let store = Store::new(context, schema, parts);
        for (part, label, bytes, rows) in pieces {
            let rows = retyped(&rows, &store.held)?;
            let count = rows.num_rows() as u64;
            let permit = store.context.room.budget.permit("rows that were handed over", 0, "")?;
            let chunk = Arc::new(Chunk { rows, permit, in_memory: store.context.room.in_memory.clone() });
            // A batch read is a batch, whatever its size was where it came from.
            let end = u32::try_from(count).unwrap_or(u32::MAX);
            for start in (0..end).step_by(BATCH_ROWS) {
                let rows = start..end.min(start.saturating_add(PIECE_ROWS));
                store.add(part, label, rows, Place::Memory(chunk.clone()), bytes, count);
            }
        }
        Ok(store)
    }

    /// Moves chunks from memory to scratch until `bytes` are freed; the bytes that were. Tasks may read meanwhile, and
    /// more rows may come: pieces stay where they are in their lists, and only their place changes.
    fn evict(&self, bytes: u64, metrics: &Metrics) -> Result<u64> {
        let mut freed = 0;
        for (chunk, places) in self.in_memory() {
            if freed >= bytes {
                break;
            }
            self.move_out(&chunk, &places, metrics)?;
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
                if let Place::Memory(chunk) = &piece.place
                    && chunk.permit.bytes() > 0
                {
                    let entry = found.entry(Arc::as_ptr(chunk)).or_insert_with(|| (chunk.clone(), Vec::new()));
                    entry.1.push((part, at));
                }
            }
        }
        found.into_values().collect()
    }

    fn move_out(&self, chunk: &Chunk, places: &[(usize, usize)], metrics: &Metrics) -> Result<()> {
        let mut batches = Vec::with_capacity(places.len());
        for &(part, at) in places {
            let index = self.parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let rows = &index.pieces[at].rows;
            batches.push(chunk.rows.slice(rows.start as usize, rows.len()));
        }
        let segments = self.file()?.write(&batches, metrics)?;
        metrics.add_bytes_moved_out(segments.iter().map(Segment::bytes).sum());
        for (&(part, at), segment) in places.iter().zip(segments) {
            let mut index = self.parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            index.pieces[at].place = Place::Scratch(segment);
        }
        Ok(())
    }

    /// Takes rows in.
    pub(crate) fn push(&self, label: Label, scattered: Scattered) -> Result<()> {
        let Scattered { rows, offsets } = scattered;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let rows = owned(rows)?;
        let bytes = rows.get_array_memory_size() as u64;
        let cut = |(part, ends): (usize, &[u32])| {
            let end = ends[1];
            (ends[0]..end).step_by(BATCH_ROWS).map(move |start| (part, start..end.min(start + PIECE_ROWS)))
        };
        let ranges: Vec<(usize, Range<u32>)> = offsets.windows(2).enumerate().flat_map(cut).collect();
        let all_rows = rows.num_rows() as u64;
        match self.permit(bytes) {
            Some(permit) => {
                let chunk = Arc::new(Chunk { rows, permit, in_memory: self.context.room.in_memory.clone() });
                for (part, rows) in ranges {
                    self.add(part, label, rows, Place::Memory(chunk.clone()), bytes, all_rows);
                }
            }
            None => {
                let slice = |rows: &Range<u32>, of: &RecordBatch| of.slice(rows.start as usize, rows.len());
                let batches: Vec<RecordBatch> = ranges.iter().map(|(_, range)| slice(range, &rows)).collect();
                let segments = self.file()?.write(&batches, &self.context.metrics)?;
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
        let bytes = (bytes * count).div_ceil(all_rows);
        index.size.rows += count;
        index.size.bytes += bytes;
        index.pieces.push(Piece { label, rows, place, bytes });
    }

    /// A permit for rows to stay in memory, `None` when they go to scratch.
    fn permit(&self, bytes: u64) -> Option<Permit> {
        let context = &self.context;
        let fits = |now: u64| now.checked_add(bytes).filter(|sum| *sum <= context.share_bytes);
        context.room.in_memory.fetch_update(Ordering::AcqRel, Ordering::Relaxed, fits).ok()?;
        let permit = context.room.budget.try_permit(bytes);
        if permit.is_none() {
            context.room.in_memory.fetch_sub(bytes, Ordering::AcqRel);
        }
        permit
    }

    fn file(&self) -> Result<Arc<ScratchFile>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_ref() {
            return Ok(file.clone());
        }
        let new = Arc::new(ScratchFile::create(&self.context.room.scratch)?);
        *file = Some(new.clone());
        Ok(new)
    }

    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// What was learnt of the rows.
    pub(crate) fn learning(&self) -> Option<Arc<Learning>> {
        self.learning.clone()
    }

    pub(crate) fn size(&self, part: usize) -> BlockMeta {
        let Some(index) = self.parts.get(part) else { return BlockMeta::default() };
        index.lock().unwrap_or_else(PoisonError::into_inner).size
    }

    /// Rows and bytes of all parts.
    pub(crate) fn total(&self) -> BlockMeta {
        (0..self.parts()).map(|part| self.size(part)).fold(BlockMeta::default(), |sum, part| BlockMeta {
            rows: sum.rows + part.rows,
            bytes: sum.bytes + part.bytes,
        })
    }

    /// Bytes in memory now.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.in_memory().iter().map(|(chunk, _)| chunk.permit.bytes()).sum()
    }

    /// Bytes in scratch now, compressed.
    pub(crate) fn scratch_bytes(&self) -> u64 {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.as_ref().map_or(0, |file| file.bytes())
    }

    /// A part's pieces in the order of their labels.
    pub(crate) fn pieces(&self, part: usize) -> Vec<Piece> {
        let Some(index) = self.parts.get(part) else { return Vec::new() };
        let mut pieces = index.lock().unwrap_or_else(PoisonError::into_inner).pieces.clone();
        pieces.sort_by_key(|piece| (piece.label, piece.rows.start));
        pieces
    }

    /// The rows of a piece: all columns, or those at some places of the held ones.
    pub(crate) fn read(&self, piece: &Piece, columns: Option<&[usize]>, metrics: &Metrics) -> Result<RecordBatch> {
        match (&piece.place, columns) {
            (Place::Memory(chunk), None) => Ok(chunk.rows.slice(piece.rows.start as usize, piece.rows.len())),
            (Place::Memory(chunk), Some(columns)) => {
                Ok(chunk.rows.project(columns)?.slice(piece.rows.start as usize, piece.rows.len()))
            }
            (Place::Scratch(segment), columns) => self.file()?.read(*segment, &self.held, columns, metrics),
        }
    }
}
