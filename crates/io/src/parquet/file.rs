//! Bytes of one column chunk, read with `pread` into reused buffers.
//!
//! A chunk is read forwards. Small pages share a window of up to [`READ_AHEAD`] bytes; a page that is larger
//! is read by itself together with the start of what follows it, so that the next header costs no call. What a
//! window holds of the next read is copied, never read twice. Nothing is mapped.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blockfold_core::{Error, Result};
use blockfold_plan::Metrics;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// Bytes read at once from a chunk of small pages.
pub(super) const READ_AHEAD: usize = 256 * 1024;
/// Bytes read behind a large page: room for the next header.
const HEADER_ROOM: usize = 4 * 1024;
/// Bytes of the first read of a chunk.
const FIRST_READ: usize = 16 * 1024;
/// Bytes of buffers that are kept for the windows and pages to come.
const KEPT_BYTES: usize = 16 << 20;
/// A buffer serves what is at least this part of it.
const SMALL_PART: usize = 4;
/// Buffers have sizes that are multiples of it, so that they fit the next page too.
const STEP: usize = 64 * 1024;

/// An open file that counts what is read.
#[derive(Debug)]
pub(super) struct DataReader {
    file: File,
    size: u64,
    metrics: Arc<Metrics>,
    buffers: Arc<Buffers>,
}

impl DataReader {
    /// Opens a file; its chunks are read into `buffers`.
    pub(super) fn open(path: &Path, metrics: Arc<Metrics>, buffers: Arc<Buffers>) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        let size = file.metadata().map_err(|error| Error::io(path, error))?.len();
        Ok(DataReader { file, size, metrics, buffers })
    }

    /// The counters of the run.
    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Where buffers come from.
    pub(super) fn buffers(&self) -> &Arc<Buffers> {
        &self.buffers
    }

    /// Fills `buffer` from `offset` on.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.metrics.add_bytes_read(buffer.len() as u64);
        read_exact_at(&self.file, buffer, offset)
    }
}

impl Length for DataReader {
    fn len(&self) -> u64 {
        self.size
    }
}

/// Single ranges, as bloom filters and page indexes are read.
impl ChunkReader for DataReader {
    type T = io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let left = usize::try_from(self.size.saturating_sub(start)).unwrap_or(usize::MAX);
        Ok(io::Cursor::new(self.get_bytes(start, left.min(FIRST_READ))?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF(format!("bytes {start}+{length} lie behind the end of the file")));
        }
        let mut buffer = vec![0; length];
        self.read_at(&mut buffer, start)?;
        Ok(buffer.into())
    }
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}

/// The bytes of one column chunk.
#[derive(Clone, Debug)]
pub(super) struct ChunkFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: Arc<DataReader>,
    end: u64,
    window: Mutex<Window>,
}

/// What was read last.
#[derive(Debug)]
struct Window {
    start: u64,
    bytes: Bytes,
    ahead: usize,
}

impl ChunkFile {
    /// Bytes `start .. start + length` of a file.
    pub(super) fn new(file: Arc<DataReader>, start: u64, length: u64) -> Self {
        let window = Mutex::new(Window { start, bytes: Bytes::new(), ahead: FIRST_READ });
        ChunkFile(Arc::new(Inner { file, end: start.saturating_add(length), window }))
    }

    /// At least `length` bytes from `start` on, more when they are at hand.
    pub(super) fn peek(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.0.fetch(start, length)
    }
}

impl Inner {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At least `length` bytes from `start` on; more when they are at hand.
    fn fetch(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let left = self.end.checked_sub(start).filter(|left| *left >= length as u64);
        let left = left.ok_or_else(|| ParquetError::EOF("a page runs over the end of its column chunk".into()))?;
        let mut window = self.window();
        let have = window.bytes_from(start);
        if have.len() >= length && !(have.is_empty() && left > 0) {
            return Ok(have);
        }
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let size = (length.saturating_add(HEADER_ROOM)).max(window.ahead).min(left);
        window.ahead = (window.ahead * 2).min(READ_AHEAD);
        let kept = have.len().min(size);
        let mut buffer = self.file.buffers.take(size);
        let (head, tail) = buffer.filled().split_at_mut(kept);
        head.copy_from_slice(have.get(..kept).unwrap_or_default());
        self.file.read_at(tail, start + kept as u64)?;
        window.start = start;
        window.bytes = Bytes::from_owner(buffer);
        Ok(window.bytes.clone())
    }
}

impl Window {
    fn bytes_from(&self, start: u64) -> Bytes {
        let skip = start.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        match skip {
            Some(skip) if skip <= self.bytes.len() => self.bytes.slice(skip..),
            _ => Bytes::new(),
        }
    }
}

impl Length for ChunkFile {
    fn len(&self) -> u64 {
        self.0.file.size
    }
}

impl ChunkReader for ChunkFile {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> Result<ChunkRead, ParquetError> {
        Ok(ChunkRead { chunk: self.0.clone(), at: start, bytes: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = self.0.fetch(start, length)?;
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// Reads a page's header.
#[derive(Debug)]
pub(super) struct ChunkRead {
    chunk: Arc<Inner>,
    at: u64,
    bytes: Bytes,
}

impl Read for ChunkRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            if self.at >= self.chunk.end {
                return Ok(0);
            }
            self.bytes = self.chunk.fetch(self.at, 1).map_err(io::Error::other)?;
        }
        let count = self.bytes.len().min(buffer.len());
        let taken = self.bytes.split_to(count);
        for (to, from) in buffer.iter_mut().zip(&taken) {
            *to = *from;
        }
        self.at += count as u64;
        Ok(count)
    }
}

/// Buffers that come back when the last slice of them is dropped, shared by the files of a data set: memory that is
/// touched already costs no page faults.
#[derive(Debug, Default)]
pub(super) struct Buffers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Longest kept first.
    free: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Buffers {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer of `length` bytes of whatever was in it.
    pub(super) fn take(self: &Arc<Self>, length: usize) -> Pooled {
        let bytes = self.kept().take(length);
        let bytes = bytes.unwrap_or_else(|| vec![0; length.checked_next_multiple_of(STEP).unwrap_or(length)]);
        Pooled { bytes, length, home: self.clone() }
    }
}

impl Kept {
    /// The buffer used last that fits.
    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let fits = |kept: &Vec<u8>| kept.len() >= length && kept.len() / SMALL_PART <= length.max(STEP);
        let found = self.free.iter().rposition(fits)?;
        let bytes = self.free.remove(found)?;
        self.bytes -= bytes.len();
        Some(bytes)
    }

    fn put(&mut self, bytes: Vec<u8>) {
        if bytes.len() > KEPT_BYTES / SMALL_PART {
            return;
        }
        self.bytes += bytes.len();
        self.free.push_back(bytes);
        while self.bytes > KEPT_BYTES {
            self.bytes -= self.free.pop_front().map_or(self.bytes, |bytes| bytes.len());
        }
    }
}

/// A buffer that goes back when it is dropped.
#[derive(Debug)]
pub(super) struct Pooled {
    bytes: Vec<u8>,
    length: usize,
    home: Arc<Buffers>,
}

impl Pooled {
    /// The bytes to fill.
    pub(super) fn filled(&mut self) -> &mut [u8] {
        let length = self.length.min(self.bytes.len());
        self.bytes.split_at_mut(length).0
    }
}

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.home.kept().put(std::mem::take(&mut self.bytes));
    }
}
