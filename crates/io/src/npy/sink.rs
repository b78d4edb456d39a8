//! Writing `.npy` files.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::tensor::{Tensor, width};
use blockfold_core::{DType, Error, Region, Result};
use blockfold_plan::{BlockMeta, BlockStream, Sink, TaskContext, Written};

use super::header::Header;
use super::runs::Runs;
use crate::output::{OutputFile, write_all_at};

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
}

/// Writes the runs of a box's elements that stand side by side in a file of an array of a shape.
fn place(
    shape: &[u64],
    region: &Region,
    values: &Tensor,
    mut write: impl FnMut(&[u8], u64) -> Result<()>,
) -> Result<()> {
    if values.elements() == 0 {
        return Ok(());
    }
    let width = width(values.dtype())?;
    let runs = Runs::of(shape, region);
    let bytes = values.data().chunks_exact(runs.elements() * width);
    runs.starts().zip(bytes).try_for_each(|(element, bytes)| write(bytes, element * width as u64))
}

/// Writes an array as a box of a larger one whose elements alone are in an open file, row by row.
#[derive(Debug)]
pub struct RawSink {
    file: File,
    path: PathBuf,
    shape: Vec<u64>,
    origin: Vec<u64>,
}

impl RawSink {
    /// A box of an array of a shape, from `origin` on; messages call the file by `path`.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file.
    pub fn new(file: &File, path: PathBuf, shape: Vec<u64>, origin: Vec<u64>) -> Result<Arc<Self>> {
        let file = file.try_clone().map_err(|error| Error::io(&path, error))?;
        Ok(Arc::new(RawSink { file, path, shape, origin }))
    }
}

impl Sink for RawSink {
    fn name(&self) -> &'static str {
        "scratch"
    }

    fn detail(&self) -> String {
        format!("an array of shape {:?}", self.shape)
    }

    fn begin(&self) -> Result<()> {
        Ok(())
    }

    fn write(&self, _: usize, stream: &mut dyn BlockStream, task: &TaskContext) -> Result<Written> {
        let mut written = Written::default();
        while let Some(block) = stream.next()? {
            let tile = block.array()?;
            let mut region = tile.region.clone();
            region.start.iter_mut().zip(&self.origin).for_each(|(start, origin)| *start += origin);
            place(&self.shape, &region, &tile.values, |bytes, at| {
                write_all_at(&self.file, bytes, at).map_err(|error| Error::io(&self.path, error))
            })?;
            written.rows += tile.values.elements() as u64;
            written.bytes += tile.values.bytes();
        }
        task.metrics.add_bytes_spilled(written.bytes);
        Ok(written)
    }

    fn commit(&self) -> Result<()> {
        Ok(())
    }

    fn abort(&self) {}

    fn peak_bytes(&self, _: BlockMeta) -> u64 {
        0
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
            let first = self.header.len() as u64;
            place(&self.shape, &tile.region, &tile.values, |bytes, at| file.write_at(bytes, first + at))?;
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
