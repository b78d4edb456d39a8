//! How the rows of a task come to a store.

use std::sync::Arc;

use arrow::compute::concat_batches;
use blockfold_core::{RecordBatch, Result};
use blockfold_plan::{Origin, Router};

use crate::held::retyped;
use crate::store::Store;

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

    /// Goes on after chunks that were sent elsewhere.
    pub(crate) fn after(self, chunks: u32) -> Self {
        Feeder { chunks, ..self }
    }

    /// Chunks that were sent.
    pub(crate) fn chunks(&self) -> u32 {
        self.chunks
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
        if let Some(learning) = self.store.learning() {
            learning.digest.add(&rows)?;
        }
        let scattered = self.router.scatter(&rows, self.origin)?;
        drop(rows);
        self.chunks += 1;
        self.store.push((self.task, self.chunks), scattered)
    }
}
