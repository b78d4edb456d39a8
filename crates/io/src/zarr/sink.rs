//! Writing arrays in Zarr's format.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::tensor::{TensorMut, width};
use blockfold_core::{Chunks, DType, Error, Region, Result};
use blockfold_plan::{BlockMeta, BlockStream, Sink, TaskContext, Written};

use super::ZarrFormat;
use super::store::ZarrWriter;
use crate::output::OutputFolder;

/// Writes an array in Zarr's format, chunk by chunk; the folder appears whole or not at all.
#[derive(Debug)]
pub struct ZarrSink {
    folder: OutputFolder,
    format: ZarrFormat,
    dtype: DType,
    chunks: Chunks,
    chunk: Vec<u64>,
    writer: Mutex<Option<ZarrWriter>>,
}

impl ZarrSink {
    /// A folder of an array in chunks of one shape, which the blocks that are written have to have; it may exist only when
    /// `overwrite` is set. Touches nothing yet.
    ///
    /// # Errors
    /// A type that arrays do not have.
    pub fn new(
        path: impl Into<PathBuf>,
        overwrite: bool,
        format: ZarrFormat,
        (dtype, shape, chunk): (DType, Vec<u64>, Vec<u64>),
    ) -> Result<Arc<Self>> {
        width(&dtype)?;
        let chunk: Vec<u64> = chunk.into_iter().map(|length| length.max(1)).collect();
        let chunks = Chunks::regular(&shape, &chunk);
        let folder = OutputFolder::new(path, overwrite);
        Ok(Arc::new(ZarrSink { folder, format, dtype, chunks, chunk, writer: Mutex::default() }))
    }

    fn writer(&self) -> Result<ZarrWriter> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        writer.ok_or_else(|| Error::internal("an output that was not begun"))
    }

    /// Writes a chunk whose elements are all there.
    fn write_chunk(&self, writer: &ZarrWriter, block: usize, values: TensorMut) -> Result<()> {
        let index: Vec<u64> = self.chunks.position(block).into_iter().map(|at| at as u64).collect();
        let values = values.freeze();
        let (path, file) = writer.write_chunk(&index, values.data()).map_err(|fault| fault.of(self.folder.path()))?;
        self.folder.finished(path, file);
        Ok(())
    }
}

impl Sink for ZarrSink {
    fn name(&self) -> &'static str {
        "zarr"
    }

    fn detail(&self) -> String {
        format!("'{}', chunks {}", self.folder.path().display(), self.chunks)
    }

    fn begin(&self) -> Result<()> {
        self.folder.begin()?;
        let hidden = self.folder.file("")?;
        let made = ZarrWriter::create(&hidden, self.format, &self.dtype, &self.chunks.shape(), &self.chunk);
        let (writer, path, file) = made.map_err(|fault| fault.of(self.folder.path()))?;
        self.folder.finished(path, file);
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(())
    }

    fn write(&self, _: usize, stream: &mut dyn BlockStream, task: &TaskContext) -> Result<Written> {
        let writer = self.writer()?;
        let mut written = Written { path: self.folder.path().to_path_buf(), ..Written::default() };
        let mut open: Option<(usize, TensorMut)> = None;
        while let Some(block) = stream.next()? {
            let tile = block.array()?;
            if tile.values.elements() == 0 {
                continue;
            }
            let &[number] = self.chunks.touching(&tile.region).as_slice() else {
                return Err(Error::internal(format!("a tile {} of several chunks", tile.region)));
            };
            if let Some((done, values)) = open.take_if(|(known, _)| *known != number) {
                self.write_chunk(&writer, done, values)?;
            }
            let (_, values) = match &mut open {
                Some(open) => open,
                None => open.insert((number, TensorMut::zeros(self.dtype.clone(), Region::whole(&self.chunk)?.shape)?)),
            };
            values.paste(&tile.region.offset_in(&self.chunks.region(number)), &tile.values)?;
            written.rows += tile.values.elements() as u64;
            written.bytes += tile.values.bytes();
        }
        if let Some((done, values)) = open {
            self.write_chunk(&writer, done, values)?;
        }
        task.metrics.add_rows_written(written.rows);
        task.metrics.add_bytes_written(written.bytes);
        Ok(written)
    }

    fn commit(&self) -> Result<()> {
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.folder.commit()
    }

    fn abort(&self) {
        drop(self.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.folder.abort();
    }

    fn peak_bytes(&self, _: BlockMeta) -> u64 {
        // A chunk, and the same compressed.
        let elements = self.chunk.iter().fold(1u64, |all, length| all.saturating_mul(*length));
        elements.saturating_mul(2 * width(&self.dtype).unwrap_or(8) as u64)
    }
}
