//! Reading `.npy` files.

use std::fs::File;
use std::iter;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::buffer::{Buffer, MutableBuffer};
use blockfold_core::tensor::{Tensor, TensorMut, complex_part, type_name, width};
use blockfold_core::{Chunks, DType, Error, Grid, Region, Result, SchemaRef};
use blockfold_plan::tiles::{TileReader, array_schema, tile_meta};
use blockfold_plan::{BlockStream, Metrics, PartitionEstimate, Source, TaskContext};

use super::header::Header;
use super::runs::Runs;
use crate::content::number;
use crate::map::MappedFile;

/// An `.npy` file, mapped into memory.
///
/// A file in Fortran's order is read as the array of its axes reversed: see [`NpySource::is_fortran`].
#[derive(Clone, Debug)]
pub struct NpySource {
    file: MappedFile,
    /// The same file, for boxes whose elements lie in many short runs.
    runs: Arc<File>,
    header: Header,
    /// Lengths in the order in which elements lie.
    shape: Vec<u64>,
    chunks: Chunks,
    /// What has to live as long as the file is read.
    keep: Option<Arc<dyn std::fmt::Debug + Send + Sync>>,
}

impl NpySource {
    /// Maps a file and reads its header, not its elements.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Io`]; [`Error::Corrupt`] for a damaged header or a file that is shorter than it
    /// says; [`Error::Unsupported`] for elements that are objects or records.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let file = MappedFile::open(path.clone())?;
        let runs = Arc::new(File::open(&path).map_err(|error| Error::io(&path, error))?);
        let header = Header::parse(file.bytes(), &path)?;
        let elements = header.shape.iter().try_fold(1u64, |all, length| all.checked_mul(*length));
        let bytes = elements.and_then(|elements| elements.checked_mul(width(&header.dtype).ok()? as u64));
        let has = (file.bytes().len() - header.offset) as u64;
        match bytes {
            Some(bytes) if bytes <= has => {}
            _ => {
                let what = format!(
                    "it has {has} bytes of elements, too few for shape {:?} of {}",
                    header.shape,
                    type_name(&header.dtype)
                );
                return Err(Error::corrupt(&path, what));
            }
        }
        let mut shape = header.shape.clone();
        if header.is_fortran {
            shape.reverse();
        }
        let chunks = Chunks::one(&shape);
        Ok(NpySource { file, runs, header, shape, chunks, keep: None })
    }

    /// An array of which the elements alone are in a file, row by row, as [`RawSink`](super::RawSink) writes them; `keep` lives
    /// as long as the source. The file may be written to between runs.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file by `path`.
    pub fn of_raw(
        file: &File,
        path: PathBuf,
        (dtype, shape): (DType, Vec<u64>),
        keep: Arc<dyn std::fmt::Debug + Send + Sync>,
    ) -> Result<Self> {
        let runs = Arc::new(file.try_clone().map_err(|error| Error::io(&path, error))?);
        let file = MappedFile::of(file, path)?;
        let chunks = Chunks::one(&shape);
        let header = Header { dtype, is_swapped: false, is_fortran: false, shape: shape.clone(), offset: 0 };
        Ok(NpySource { file, runs, header, shape, chunks, keep: Some(keep) })
    }

    /// Lengths in the order in which elements lie: those of the array reversed for a file in Fortran's order.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Type of the elements.
    pub fn dtype(&self) -> &DType {
        &self.header.dtype
    }

    /// Whether the array's axes are to be reversed.
    pub fn is_fortran(&self) -> bool {
        self.header.is_fortran
    }

    /// This file read in chunks.
    #[must_use]
    pub fn with_chunks(mut self, chunks: Chunks) -> Self {
        self.chunks = chunks;
        self
    }

    fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Source for NpySource {
    fn name(&self) -> &'static str {
        if self.keep.is_some() { "kept" } else { "npy" }
    }

    fn detail(&self) -> String {
        if self.keep.is_some() {
            return format!("{} of shape {:?} in scratch, chunks {}", type_name(self.dtype()), self.shape, self.chunks);
        }
        format!(
            "'{}', {} of shape {:?}, chunks {}",
            self.path().display(),
            type_name(self.dtype()),
            self.shape,
            self.chunks
        )
    }

    fn token(&self) -> Option<String> {
        Some(format!("{} {:?} {:?}", self.path().display(), self.file.bytes().as_ptr(), self.chunks.lengths()))
    }

    fn content(&self) -> u64 {
        number(iter::once(self.file.content()))
    }

    fn schema(&self) -> SchemaRef {
        array_schema(&self.header.dtype)
    }

    fn grid(&self) -> Grid {
        Grid::array(self.chunks.clone())
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let batch = tile_meta(&self.chunks, &self.header.dtype);
        let elements = self.chunks.region(partition).elements() as u64;
        let read_bytes = elements * width(&self.header.dtype).unwrap_or(8) as u64;
        PartitionEstimate { rows: Some(elements), read_bytes, peak_bytes: 2 * batch.bytes, batch, skipped: false }
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Err(Error::internal("an array is read by boxes"))
    }

    fn open_tiles(&self, task: &TaskContext) -> Result<Box<dyn TileReader>> {
        let whole = Region::whole(&self.shape)?;
        let width = width(&self.header.dtype)?;
        let bytes = whole.elements() * width;
        let data = self.file.buffer(self.header.offset..self.header.offset + bytes)?;
        let is_aligned = self.header.offset.is_multiple_of(width);
        let values = Tensor::new(self.header.dtype.clone(), whole.shape.clone(), data)?;
        let (metrics, touched, used) = (task.metrics.clone(), 0..0, 0);
        Ok(Box::new(NpyReader {
            source: self.clone(),
            whole,
            values,
            width,
            is_aligned,
            metrics,
            touched,
            used,
            is_sparse: false,
            ahead: 0,
            spare: None,
        }))
    }
}

/// Bytes of a mapped file that a reader leaves in memory behind itself, at most.
const BEHIND_BYTES: usize = 32 << 20;

/// Runs of elements that are at least so long are mapped.
const MAPPED_RUN_BYTES: usize = 64 << 10;

/// Shorter ones are read, once a reader has been seen to use less than one of so many bytes of the pages that it maps: a page
/// that is mapped for a few elements costs more than a read.
const SPARSE: usize = 4;

/// What lies ahead of a reader is fetched from the disk in steps of so many bytes, whatever the order of its boxes.
const AHEAD_BYTES: usize = 1 << 20;

struct NpyReader {
    source: NpySource,
    whole: Region,
    values: Tensor,
    width: usize,
    is_aligned: bool,
    metrics: Arc<Metrics>,
    /// Bytes of the elements that were read since pages were given back last.
    touched: Range<usize>,
    /// Bytes of them that were used.
    used: usize,
    /// Whether few of the bytes of pages were used before those.
    is_sparse: bool,
    /// Up to where the disk was asked for what follows.
    ahead: usize,
    /// The buffer that was handed on last: free again, as a rule, when the next box is read.
    spare: Option<Buffer>,
}

impl NpyReader {
    /// Notes which bytes a box is made of, and gives pages back when they have become many.
    fn touch(&mut self, region: &Region) {
        let at = |index: &mut dyn Iterator<Item = u64>| {
            index.zip(&self.source.shape).fold(0u64, |at, (index, length)| at * length + index)
        };
        let first = at(&mut region.start.iter().copied());
        let last = at(&mut (0..region.ndim()).map(|axis| region.end(axis) - 1));
        let bytes = |element: u64| usize::try_from(element).unwrap_or(usize::MAX).saturating_mul(self.width);
        let range = bytes(first)..bytes(last + 1);
        if !self.is_sparse && !(self.ahead.saturating_sub(BEHIND_BYTES)..=self.ahead).contains(&range.end) {
            let offset = self.source.header.offset;
            let from = if range.contains(&self.ahead) { self.ahead } else { range.start };
            self.source.file.fetch_later(offset + from..offset + range.end + AHEAD_BYTES);
            self.ahead = range.end + AHEAD_BYTES;
        }
        let both = match self.touched.is_empty() {
            true => range.clone(),
            false => self.touched.start.min(range.start)..self.touched.end.max(range.end),
        };
        if both.len() > BEHIND_BYTES && !self.touched.is_empty() {
            self.release();
            self.is_sparse = self.used < self.touched.len() / SPARSE;
            (self.touched, self.used) = (range, 0);
        } else {
            self.touched = both;
        }
        self.used += region.elements() * self.width;
        self.metrics.add_bytes_read((region.elements() * self.width) as u64);
    }

    /// A box read run by run.
    fn read_runs(&mut self, region: &Region, runs: &Runs<'_>) -> Result<Tensor> {
        let length = region.elements() * self.width;
        // The buffer of the last box, when nobody holds it any more, has pages that are warm.
        let spare = self.spare.take().and_then(|spare| spare.into_mutable().ok());
        let mut buffer = match spare.filter(|spare| spare.len() == length) {
            Some(spare) => spare,
            None => MutableBuffer::from_len_zeroed(length),
        };
        for (element, bytes) in runs.starts().zip(buffer.chunks_exact_mut(runs.elements() * self.width)) {
            let offset = self.source.header.offset as u64 + element * self.width as u64;
            read_exact_at(&self.source.runs, bytes, offset).map_err(|error| Error::io(self.source.path(), error))?;
        }
        self.swap(buffer.as_slice_mut());
        let buffer: Buffer = buffer.into();
        self.spare = Some(buffer.clone());
        Tensor::new(self.source.header.dtype.clone(), region.shape.clone(), buffer)
    }

    /// Brings bytes into this machine's order: those of each part of a complex number.
    fn swap(&self, bytes: &mut [u8]) {
        if self.source.header.is_swapped {
            let parts = if complex_part(&self.source.header.dtype).is_some() { 2 } else { 1 };
            bytes.chunks_exact_mut(self.width / parts).for_each(<[u8]>::reverse);
        }
    }

    fn release(&self) {
        if self.touched.is_empty() {
            return;
        }
        let offset = self.source.header.offset;
        self.source.file.release(offset + self.touched.start..offset + self.touched.end);
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        at += read as u64;
    }
    Ok(())
}

impl Drop for NpyReader {
    fn drop(&mut self) {
        self.release();
    }
}

impl TileReader for NpyReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        if region.elements() == 0 {
            return TensorMut::zeros(self.source.header.dtype.clone(), region.shape.clone()).map(TensorMut::freeze);
        }
        let start = region.offset_in(&self.whole);
        let shape = self.source.shape.clone();
        let runs = Runs::of(&shape, region);
        if self.is_sparse && runs.elements() * self.width < MAPPED_RUN_BYTES {
            self.metrics.add_bytes_read((region.elements() * self.width) as u64);
            return self.read_runs(region, &runs);
        }
        self.touch(region);
        if self.is_aligned && !self.source.header.is_swapped {
            return self.values.part(&start, &region.shape);
        }
        let mut part = TensorMut::zeros(self.source.header.dtype.clone(), region.shape.clone())?;
        part.paste_part(&vec![0; start.len()], &self.values, &start, &region.shape)?;
        self.swap(part.bytes_mut());
        Ok(part.freeze())
    }
}
