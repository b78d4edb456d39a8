//! Reading arrays in Zarr's format.

use std::collections::VecDeque;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::buffer::Buffer;
use blockfold_core::tensor::{Tensor, TensorMut, Tile, type_name};
use blockfold_core::{Chunks, DType, Error, Grid, Region, Result, SchemaRef};
use blockfold_plan::tiles::{TileReader, array_schema, read_from_blocks, tile_meta};
use blockfold_plan::{BlockStream, Metrics, PartitionEstimate, Source, TaskContext};

use super::store::ZarrReader;
use crate::content::{Content, number};

/// An array in Zarr's format, read chunk by chunk. The plan's chunks are those in which it is stored.
#[derive(Clone, Debug)]
pub struct ZarrSource {
    path: PathBuf,
    reader: ZarrReader,
    chunks: Chunks,
    content: Content,
}

/// Chunks that a reader keeps when they are small: as many as fit in so many bytes, at least one.
const KEPT_BYTES: u64 = 4 << 20;

/// Chunks of an array: a plan has a bound for each along an axis, a file for each in all.
const MOST_CHUNKS: u64 = 1 << 26;

impl ZarrSource {
    /// Reads the metadata of an array, not its chunks.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Io`]; [`Error::Corrupt`] for damaged metadata; [`Error::Unsupported`] for codecs and
    /// types of elements that are not known.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let (reader, content) = ZarrReader::open(&path).map_err(|fault| fault.of(&path))?;
        let counts =
            reader.shape().iter().zip(reader.chunk_shape()).map(|(length, chunk)| length.div_ceil(*chunk).max(1));
        if counts.fold(1u64, u64::saturating_mul) > MOST_CHUNKS {
            let what = format!("shape {:?} in chunks of {:?} is too many chunks", reader.shape(), reader.chunk_shape());
            return Err(Error::corrupt(&path, what));
        }
        let chunks = Chunks::regular(reader.shape(), reader.chunk_shape());
        Ok(ZarrSource { path, reader, chunks, content })
    }

    /// Type of the elements.
    pub fn dtype(&self) -> &DType {
        self.reader.dtype()
    }
}

impl Source for ZarrSource {
    fn name(&self) -> &'static str {
        "zarr"
    }

    fn detail(&self) -> String {
        let shape = self.chunks.shape();
        format!("'{}', {} of shape {shape:?}, chunks {}", self.path.display(), type_name(self.dtype()), self.chunks)
    }

    fn token(&self) -> Option<String> {
        // The reader is as it was opened: another one may find another array at the path.
        Some(format!("{} {:?}", self.path.display(), self.reader.shape().as_ptr()))
    }

    /// Of the metadata: chunks have no time in common.
    fn content(&self) -> u64 {
        number(iter::once(self.content))
    }

    fn schema(&self) -> SchemaRef {
        array_schema(self.dtype())
    }

    fn grid(&self) -> Grid {
        Grid::array(self.chunks.clone())
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let chunk_bytes = self.reader.chunk_bytes();
        // What is kept, and a chunk before and after it is decoded.
        let peak_bytes = KEPT_BYTES.max(chunk_bytes).saturating_add(chunk_bytes.saturating_mul(2));
        let elements = self.chunks.region(partition).elements() as u64;
        let batch = tile_meta(&self.chunks, self.dtype());
        PartitionEstimate { rows: Some(elements), read_bytes: chunk_bytes, peak_bytes, batch, skipped: false }
    }

    fn reads_whole_chunks(&self) -> bool {
        true
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Err(Error::internal("an array is read by boxes"))
    }

    fn open_tiles(&self, task: &TaskContext) -> Result<Box<dyn TileReader>> {
        let most = usize::try_from(KEPT_BYTES / self.reader.chunk_bytes().max(1)).unwrap_or(usize::MAX).max(1);
        Ok(Box::new(ChunkReader { source: self.clone(), metrics: task.metrics.clone(), kept: VecDeque::new(), most }))
    }
}

/// Reads boxes, chunk by chunk; the chunks that were used last are kept.
struct ChunkReader {
    source: ZarrSource,
    metrics: Arc<Metrics>,
    kept: VecDeque<(usize, Tile)>,
    most: usize,
}

impl ChunkReader {
    fn chunk(&mut self, block: usize) -> Result<Tile> {
        if let Some(at) = self.kept.iter().position(|(known, _)| *known == block)
            && let Some(found) = self.kept.remove(at)
        {
            let tile = found.1.clone();
            self.kept.push_back(found);
            return Ok(tile);
        }
        self.kept.truncate(self.most);
        if self.kept.len() == self.most {
            self.kept.pop_front();
        }
        let source = &self.source;
        let index: Vec<u64> = source.chunks.position(block).into_iter().map(|at| at as u64).collect();
        let bytes = source.reader.read_chunk(&index).map_err(|fault| self.fault(fault, &index))?;
        self.metrics.add_bytes_read(bytes.len() as u64);
        let region = source.chunks.region(block);
        // A chunk at an end of the array is stored as long as the others.
        let shape = Region::whole(source.reader.chunk_shape())?.shape;
        let whole = Tensor::new(source.dtype().clone(), shape, aligned(bytes))?;
        let values = whole.part(&vec![0; region.ndim()], &region.shape)?;
        let tile = Tile { region, values };
        self.kept.push_back((block, tile.clone()));
        Ok(tile)
    }

    fn fault(&self, fault: super::codecs::Fault, index: &[u64]) -> Error {
        let path: &Path = &self.source.path;
        fault.of(path).at(format!("chunk {index:?} of '{}'", path.display()))
    }
}

/// Bytes as a buffer that any type of elements may be read from.
fn aligned(bytes: Vec<u8>) -> Buffer {
    // Vectors of bytes lie anywhere; buffers of Arrow's own are fit for all types.
    Buffer::from_slice_ref(bytes)
}

impl TileReader for ChunkReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        if region.elements() == 0 {
            return TensorMut::zeros(self.source.dtype().clone(), region.shape.clone()).map(TensorMut::freeze);
        }
        let (chunks, dtype) = (self.source.chunks.clone(), self.source.dtype().clone());
        read_from_blocks(&chunks, region, &dtype, |block| self.chunk(block))
    }
}
