//! The first k rows of an order.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat, concat_batches, take, take_record_batch};
use arrow::datatypes::SchemaRef;
use blockfold_core::{Error, Result};

use super::bounds::SortBounds;
use super::order::{SortOrder, sort_order};
use super::plain;
use crate::route::compacted;

/// Rows held back before they are sorted in, at least.
const HELD_BACK: usize = 1024;

/// The first k rows of batches in an order; of equal keys, those that came earlier.
///
/// # Memory
///
/// Up to 2 k rows with their keys, and what sorting them and one batch takes. Nothing pins a batch that was pushed.
#[derive(Debug)]
pub struct TopK {
    schema: SchemaRef,
    orders: Vec<SortOrder>,
    k: usize,
    /// Pieces in the order in which they came; the first one may be sorted.
    pieces: Vec<Piece>,
    /// The key of the k-th row so far, which later rows have to come before.
    last: Option<SortBounds>,
}

/// Rows with their keys.
#[derive(Debug)]
struct Piece {
    rows: RecordBatch,
    keys: Vec<ArrayRef>,
}

impl TopK {
    /// A state without rows, for batches of `schema`.
    pub fn new(schema: SchemaRef, orders: Vec<SortOrder>, k: usize) -> Self {
        TopK { schema, orders, k, pieces: Vec::new(), last: None }
    }

    /// Takes a batch that comes after those before it, with its key columns.
    ///
    /// # Errors
    ///
    /// As [`super::sort_order`].
    pub fn push(&mut self, batch: &RecordBatch, keys: &[ArrayRef]) -> Result<()> {
        if keys.len() != self.orders.len() || keys.iter().any(|key| key.len() != batch.num_rows()) {
            return Err(Error::internal("key columns that do not fit the batch"));
        }
        let keys: Vec<ArrayRef> = keys.iter().map(plain::hydrated).collect::<Result<_>>()?;
        let rows = self.candidates(&keys, batch.num_rows())?;
        if !rows.is_empty() && self.k > 0 {
            let keys: Vec<ArrayRef> = keys.iter().map(|key| gather(key, &rows)).collect::<Result<_>>()?;
            self.pieces.push(Piece { rows: gather_rows(batch, &rows)?, keys });
        }
        self.settle_when_full()
    }

    /// Takes the rows of a state whose batches come after ours.
    ///
    /// # Errors
    ///
    /// As [`super::sort_order`].
    pub fn merge(&mut self, later: TopK) -> Result<()> {
        self.pieces.extend(later.pieces);
        self.settle_when_full()
    }

    /// The rows in order.
    ///
    /// # Errors
    ///
    /// As [`super::sort_order`].
    pub fn finish(mut self) -> Result<RecordBatch> {
        self.settle()?;
        Ok(self.pieces.pop().map_or_else(|| RecordBatch::new_empty(self.schema), |piece| piece.rows))
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(Piece::bytes).sum()
    }

    /// The rows of a batch that may be among the first k, in the order of the batch.
    fn candidates(&self, keys: &[ArrayRef], rows: usize) -> Result<UInt32Array> {
        if let Some(last) = &self.last {
            let mut parts = Vec::new();
            last.parts_of(keys, &mut parts)?;
            return Ok((0u32..).zip(parts).filter(|(_, part)| *part == 0).map(|(row, _)| row).collect());
        }
        let mut first = sort_order(keys, &self.orders)?;
        first.truncate(self.k.min(rows));
        first.sort_unstable();
        Ok(first.into())
    }

    fn held(&self) -> usize {
        self.pieces.iter().map(|piece| piece.rows.num_rows()).sum()
    }

    fn settle_when_full(&mut self) -> Result<()> {
        let is_full = self.held() >= self.k.saturating_mul(2).max(self.k.saturating_add(HELD_BACK));
        let first_full = self.last.is_none() && self.held() >= self.k && self.k > 0;
        if is_full || first_full { self.settle() } else { Ok(()) }
    }

    /// Sorts all pieces to one of at most k rows.
    fn settle(&mut self) -> Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        if pieces.is_empty() {
            return Ok(());
        }
        let all = Piece::concat(&self.schema, &pieces, self.orders.len())?;
        drop(pieces);
        let mut first = sort_order(&all.keys, &self.orders)?;
        first.truncate(self.k);
        let piece = all.gather(&UInt32Array::from(first))?;
        if let Some(last) = piece.rows.num_rows().checked_sub(1).filter(|last| last + 1 == self.k) {
            let row = UInt32Array::from_iter_values(u32::try_from(last));
            let keys: Vec<ArrayRef> = piece.keys.iter().map(|key| gather(key, &row)).collect::<Result<_>>()?;
            self.last = Some(SortBounds::new(&keys, &self.orders)?);
        }
        self.pieces.push(piece);
        Ok(())
    }
}

impl Piece {
    fn bytes(&self) -> u64 {
        let columns = self.rows.columns().iter().chain(&self.keys);
        columns.map(|column| column.get_array_memory_size() as u64).sum()
    }

    fn concat(schema: &SchemaRef, pieces: &[Piece], keys: usize) -> Result<Piece> {
        let rows = concat_batches(schema, pieces.iter().map(|piece| &piece.rows))?;
        let key = |at: usize| {
            let columns: Vec<&dyn Array> =
                pieces.iter().filter_map(|piece| Some(piece.keys.get(at)?.as_ref())).collect();
            Ok(concat(&columns)?)
        };
        Ok(Piece { rows, keys: (0..keys).map(key).collect::<Result<_>>()? })
    }

    fn gather(&self, rows: &UInt32Array) -> Result<Piece> {
        let keys: Result<Vec<ArrayRef>> = self.keys.iter().map(|key| gather(key, rows)).collect();
        Ok(Piece { rows: gather_rows(&self.rows, rows)?, keys: keys? })
    }
}

fn gather(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef> {
    compacted(&take(column, rows, None)?)
}

fn gather_rows(batch: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch> {
    let taken = take_record_batch(batch, rows)?;
    let columns: Vec<ArrayRef> = taken.columns().iter().map(compacted).collect::<Result<_>>()?;
    if columns.is_empty() {
        return Ok(taken);
    }
    Ok(RecordBatch::try_new(Arc::clone(batch.schema_ref()), columns)?)
}
