//! Writing `.npy` files.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::tensor::{Tile, width};
use blockfold_core::{DType, Error, Result};
use blockfold_plan::{BlockMeta, BlockStream, Sink, TaskContext, Written};

use super::header::Header;
use super::runs::Runs;
use crate::output::OutputFile;

/// Writes an array to one `.npy` file, each block to its place; the file appears whole or not at all.
#[derive(Debug)]
pub struct NpySink {
    path: PathBuf,
    overwrite: bool,
    dtype: DType,
    shape: Vec<u64>,
    header: Vec<u8>,
    file: Mutex<Option<Arc<OutputFile>>>,
}

impl NpySink {
    /// A file of an array; it may exist only when `overwrite` is set. Touches nothing yet.
    ///
    /// # Errors
    /// A type that arrays do not have, or more elements than a file can hold.
    pub fn new(path: impl Into<PathBuf>, overwrite: bool, dtype: DType, shape: Vec<u64>) -> Result<Arc<Self>> {
        let header = Header::text(&dtype, &shape)?;
        let sink = NpySink { path: path.into(), overwrite, dtype, shape, header, file: Mutex::default() };
        sink.file_bytes()?;
        Ok(Arc::new(sink))
    }

    fn file_bytes(&self) -> Result<u64> {
        let bytes = self.shape.iter().try_fold(width(&self.dtype)? as u64, |all, length| all.checked_mul(*length));
        let bytes = bytes.and_then(|bytes| bytes.checked_add(self.header.len() as u64));
        bytes.ok_or_else(|| Error::argument("to_npy", format!("shape {:?} is more than a file can hold", self.shape)))
    }

    fn file(&self) -> Result<Arc<OutputFile>> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).clone();
        file.ok_or_else(|| Error::internal("an output that was not begun"))
    }

    /// Writes the runs of elements that stand side by side in the file.
    fn place(&self, file: &OutputFile, tile: &Tile) -> Result<()> {
        let (width, region) = (width(&self.dtype)?, &tile.region);
        if tile.values.elements() == 0 {
            return Ok(());
        }
        let runs = Runs::of(&self.shape, region);
        let bytes = tile.values.data().chunks_exact(runs.elements() * width);
        for (element, bytes) in runs.starts().zip(bytes) {
            file.write_at(bytes, self.header.len() as u64 + element * width as u64)?;
        }
        Ok(())
    }
}

impl Sink for NpySink {
    fn name(&self) -> &'static str {
        "npy"
    }

    fn detail(&self) -> String {
        format!("'{}'", self.path.display())
    }

    fn begin(&self) -> Result<()> {
        let file = OutputFile::create(&self.path, self.overwrite)?;
        file.write_at(&self.header, 0)?;
        file.set_len(self.file_bytes()?)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(file));
        Ok(())
    }

    fn write(&self, _: usize, stream: &mut dyn BlockStream, task: &TaskContext) -> Result<Written> {
        let file = self.file()?;
        let mut written = Written { path: self.path.clone(), ..Written::default() };
        while let Some(block) = stream.next()? {
            let tile = block.array()?;
            self.place(&file, tile)?;
            written.rows += tile.values.elements() as u64;
            written.bytes += tile.values.bytes();
        }
        task.metrics.add_rows_written(written.rows);
        task.metrics.add_bytes_written(written.bytes);
        Ok(written)
    }

    fn commit(&self) -> Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        let file = file.and_then(Arc::into_inner).ok_or_else(|| Error::internal("an output that is still written"))?;
        file.commit()
    }

    fn abort(&self) {
        drop(self.file.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn peak_bytes(&self, _: BlockMeta) -> u64 {
        0
    }
}
