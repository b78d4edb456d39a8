//! Two sides in the order of their keys, merged as they stream by.
//!
//! The right side comes in windows: a batch of it, and before it the few rows that may still be nearest to what comes. A
//! left row is joined within a window once the window ends after it, so that no more than a batch of either side is
//! held, however many rows share a key.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use blockfold_core::{Block, RecordBatch, Result};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::join::AsofTable;
use blockfold_kernels::route::range_parts;
use blockfold_kernels::sort::SortBounds;
use blockfold_plan::{BlockStream, TaskContext};

use super::edges::Around;
use super::{ASCENDING, AsofSpec};

/// The share of the allowance that rows of one side have which are joined at a time, and how many there may be.
const PIECE_SHARE: u64 = 32;
const LEAST_ROWS: usize = 1024;
const MOST_ROWS: usize = 32 * 1024;

/// Joins a left side with a right side, both sorted by their keys.
pub(super) struct Merge {
    spec: Arc<AsofSpec>,
    left: Box<dyn BlockStream>,
    right: Box<dyn BlockStream>,
    task: TaskContext,
    around: Around,
    /// Left rows that wait for a later window.
    waiting: Option<RecordBatch>,
    /// Right rows that wait for a later window.
    ahead: Option<RecordBatch>,
    window: Option<Window>,
    /// Rows of earlier windows that may be nearest to what comes.
    carried: Option<RecordBatch>,
}

/// Some right rows in order.
struct Window {
    rows: RecordBatch,
    /// The last key; `None` at the end of the right side.
    end: Option<SortBounds>,
    table: Option<AsofTable>,
}

impl Merge {
    pub(super) fn new(
        spec: Arc<AsofSpec>,
        left: Box<dyn BlockStream>,
        right: Box<dyn BlockStream>,
        mut around: Around,
        task: TaskContext,
    ) -> Self {
        let carried = around.before.take();
        Merge { spec, left, right, task, around, waiting: None, ahead: None, window: None, carried }
    }

    fn next_left(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(waiting) = self.waiting.take() {
            return Ok(Some(waiting));
        }
        while let Some(block) = self.left.next()? {
            if block.rows() > 0 {
                return block.frame().cloned().map(Some);
            }
        }
        Ok(None)
    }

    /// The next right rows, no more than a window should have.
    fn next_right(&mut self) -> Result<Option<RecordBatch>> {
        let mut batch = self.ahead.take();
        while batch.as_ref().is_none_or(|batch| batch.num_rows() == 0) {
            let Some(block) = self.right.next()? else { return Ok(None) };
            batch = Some(block.frame()?.clone());
        }
        Ok(batch.map(|batch| {
            let (rows, len) = (batch.num_rows(), self.piece_rows(&batch));
            self.ahead = (rows > len).then(|| batch.slice(len, rows - len));
            batch.slice(0, len)
        }))
    }

    /// Rows of a batch that are taken at a time: a small share of the allowance.
    fn piece_rows(&self, batch: &RecordBatch) -> usize {
        let row_bytes = (blockfold_core::block::slice_bytes(batch) / batch.num_rows().max(1) as u64).max(16);
        let rows = self.task.allowance_bytes / PIECE_SHARE / row_bytes;
        usize::try_from(rows).unwrap_or(usize::MAX).clamp(LEAST_ROWS, MOST_ROWS).min(batch.num_rows())
    }

    /// Number of rows at the start of `left` that the window settles.
    fn settled(&self, left: &RecordBatch) -> Result<usize> {
        match &self.window {
            None => Ok(0),
            Some(Window { end: None, .. }) => Ok(left.num_rows()),
            Some(Window { end: Some(end), .. }) => {
                let keys = self.sort_keys(0, left)?;
                rows_before(&keys, end)
            }
        }
    }

    fn sort_keys(&self, side: usize, rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
        self.spec.sort_keys[side].iter().map(|key| evaluate(key, rows)).collect()
    }

    /// Takes up the next batch of the right side, or what comes after its end.
    fn advance(&mut self) -> Result<()> {
        self.window = None;
        self.task.cancel.check()?;
        let carried = self.carried.take();
        if let Some(batch) = self.next_right()? {
            let rows = joined(carried.as_ref(), &batch)?;
            let keys = self.sort_keys(1, &rows)?;
            let last = rows.num_rows() - 1;
            let end = self.bound(&keys, last)?;
            let before = rows_before(&keys, &end)?;
            self.carried = Some(picked(&rows, before, last)?);
            self.window = Some(Window { rows, end: Some(end), table: None });
            return Ok(());
        }
        let rows = match (carried, self.around.after.take()) {
            (Some(carried), Some(after)) => joined(Some(&carried), &after)?,
            (one, other) => match one.or(other) {
                Some(rows) => rows,
                None => RecordBatch::new_empty(self.spec.right.clone()),
            },
        };
        self.window = Some(Window { rows, end: None, table: None });
        Ok(())
    }

    fn bound(&self, keys: &[ArrayRef], row: usize) -> Result<SortBounds> {
        let named = keys.iter().enumerate().map(|(at, key)| (at.to_string(), key.slice(row, 1), true));
        let row = RecordBatch::try_from_iter_with_nullable(named)?;
        SortBounds::from_batch(&row, &vec![ASCENDING; keys.len()])
    }

    fn join(&mut self, left: &RecordBatch) -> Result<Block> {
        let spec = &self.spec;
        let window = self.window.as_mut().ok_or_else(|| blockfold_core::Error::internal("no window"))?;
        let table = match window.table.take() {
            Some(table) => table,
            None => spec.table(window.rows.clone())?,
        };
        let joined = spec.join(&table, left)?;
        window.table = Some(table);
        Ok(joined.into())
    }
}

impl BlockStream for Merge {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(left) = self.next_left()? else { return Ok(None) };
        loop {
            let settled = self.settled(&left)?.min(self.piece_rows(&left));
            if settled > 0 {
                let rest = left.num_rows() - settled;
                self.waiting = (rest > 0).then(|| left.slice(settled, rest));
                return self.join(&left.slice(0, settled)).map(Some);
            }
            self.advance()?;
        }
    }
}

/// Number of rows, sorted by key, that come before a bound.
fn rows_before(keys: &[ArrayRef], bound: &SortBounds) -> Result<usize> {
    let mut parts = Vec::new();
    range_parts(keys, bound, &mut parts)?;
    Ok(parts.partition_point(|part| *part == 0))
}

/// Of rows in order the last one before the last key, and the first and the last one of that key.
fn picked(rows: &RecordBatch, before: usize, last: usize) -> Result<RecordBatch> {
    let mut places: Vec<usize> = before.checked_sub(1).into_iter().chain([before, last]).collect();
    places.dedup();
    let places: UInt32Array = places.into_iter().filter_map(|place| u32::try_from(place).ok()).collect();
    Ok(take_record_batch(rows, &places)?)
}

fn joined(carried: Option<&RecordBatch>, rows: &RecordBatch) -> Result<RecordBatch> {
    match carried {
        Some(carried) => Ok(concat_batches(&rows.schema(), [carried, rows])?),
        None => Ok(rows.clone()),
    }
}
