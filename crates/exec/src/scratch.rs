//! Scratch: files that blocks wait in when memory is short.
//!
//! A scratch file has no name: it is unlinked as soon as it is open, so that nothing is left behind whatever ends
//! the process. One format: record batches as Arrow IPC messages, LZ4 where it pays, a checksum each.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arrow::buffer::{Buffer, MutableBuffer};
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow::ipc::{CompressionType, root_as_message};
use blockfold_core::{Error, RecordBatch, Result, SchemaRef};
use blockfold_plan::Metrics;

/// A folder for scratch files and how much they may take.
#[derive(Clone, Debug)]
pub struct ScratchOptions {
    /// Where scratch files are made.
    pub folder: PathBuf,
    /// Bytes that all of them may take at once.
    pub limit_bytes: u64,
}

impl Default for ScratchOptions {
    fn default() -> Self {
        ScratchOptions { folder: std::env::temp_dir(), limit_bytes: u64::MAX }
    }
}

/// The scratch that a session's runs share.
#[derive(Debug)]
pub(crate) struct Scratch {
    options: ScratchOptions,
    used_bytes: AtomicU64,
}

impl Scratch {
    pub(crate) fn new(options: ScratchOptions) -> Self {
        Scratch { options, used_bytes: AtomicU64::new(0) }
    }

    /// Bytes in all files now.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Acquire)
    }

    /// A new file without a name.
    fn unnamed(&self) -> Result<File> {
        let folder = &self.options.folder;
        let failed = |source| Error::Io { path: folder.clone(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        tempfile::tempfile_in(folder).map_err(failed)
    }

    fn release(&self, bytes: u64) {
        // A write that failed was reserved, too: the counter never falls below nothing.
        let less = |now: u64| Some(now.saturating_sub(bytes));
        let _ = self.used_bytes.fetch_update(Ordering::AcqRel, Ordering::Relaxed, less);
    }

    fn reserve(&self, bytes: u64) -> Result<()> {
        let limit = self.options.limit_bytes;
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= limit);
        match self.used_bytes.fetch_update(Ordering::AcqRel, Ordering::Relaxed, fits) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::ScratchLimit {
                folder: self.options.folder.clone(),
                needed_bytes: bytes,
                limit_bytes: limit,
            }),
        }
    }
}

/// A scratch file whose user writes it: without a name, counted until it is dropped.
#[derive(Debug)]
pub struct ScratchArea {
    scratch: Arc<Scratch>,
    file: File,
    bytes: u64,
}

impl ScratchArea {
    /// A file of so many bytes, all zero.
    pub(crate) fn create(scratch: &Arc<Scratch>, bytes: u64) -> Result<Self> {
        let file = scratch.unnamed()?;
        scratch.reserve(bytes)?;
        let area = ScratchArea { scratch: scratch.clone(), file, bytes };
        let folder = &area.scratch.options.folder;
        area.file.set_len(bytes).map_err(|source| Error::Io { path: folder.clone(), source })?;
        Ok(area)
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The folder that the file is in.
    pub fn folder(&self) -> &std::path::Path {
        &self.scratch.options.folder
    }
}

impl Drop for ScratchArea {
    fn drop(&mut self) {
        self.scratch.release(self.bytes);
    }
}

/// One scratch file, gone when dropped.
#[derive(Debug)]
pub(crate) struct ScratchFile {
    scratch: Arc<Scratch>,
    file: File,
    end: AtomicU64,
    /// Whether compression has been found to save little.
    is_plain: AtomicBool,
}

/// Where a batch lies in a scratch file: its body, then the message that describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    offset: u64,
    body_bytes: usize,
    message_bytes: usize,
    checksum: u32,
}

impl Segment {
    pub(crate) fn bytes(&self) -> u64 {
        (self.body_bytes + self.message_bytes) as u64
    }
}

/// Compression that saves less than a tenth is not worth its time.
const WORTH: (usize, usize) = (9, 10);

impl ScratchFile {
    pub(crate) fn create(scratch: &Arc<Scratch>) -> Result<Self> {
        let file = scratch.unnamed()?;
        Ok(ScratchFile { scratch: scratch.clone(), file, end: AtomicU64::new(0), is_plain: AtomicBool::new(false) })
    }

    /// Bytes in the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Writes batches one behind the other in a single write.
    pub(crate) fn write(&self, batches: &[RecordBatch], metrics: &Metrics) -> Result<Vec<Segment>> {
        let mut bytes: Vec<u8> = Vec::new();
        let mut segments = Vec::with_capacity(batches.len());
        let mut context = IpcWriteContext::default();
        for batch in batches {
            let options = self.options()?;
            let mut dictionaries = DictionaryTracker::new(false);
            let (_, encoded) = IpcDataGenerator::default().encode(batch, &mut dictionaries, &options, &mut context)?;
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(&encoded.arrow_data);
            hasher.update(&encoded.ipc_message);
            segments.push(Segment {
                offset: bytes.len() as u64,
                body_bytes: encoded.arrow_data.len(),
                message_bytes: encoded.ipc_message.len(),
                checksum: hasher.finalize(),
            });
            bytes.extend_from_slice(&encoded.arrow_data);
            bytes.extend_from_slice(&encoded.ipc_message);
        }
        self.note_worth(batches, bytes.len());
        let start = self.append(&bytes)?;
        metrics.add_bytes_spilled(bytes.len() as u64);
        segments.iter_mut().for_each(|segment| segment.offset += start);
        Ok(segments)
    }

    fn append(&self, bytes: &[u8]) -> Result<u64> {
        let len = bytes.len() as u64;
        self.scratch.reserve(len)?;
        let start = self.end.fetch_add(len, Ordering::AcqRel);
        self.file.write_all_at(bytes, start).map_err(|error| self.failed(error))?;
        Ok(start)
    }

    fn options(&self) -> Result<IpcWriteOptions> {
        let compression = (!self.is_plain.load(Ordering::Relaxed)).then_some(CompressionType::LZ4_FRAME);
        Ok(IpcWriteOptions::default().try_with_compression(compression)?)
    }

    fn note_worth(&self, batches: &[RecordBatch], written: usize) {
        let before: usize = batches.iter().map(|batch| blockfold_core::block::slice_bytes(batch) as usize).sum();
        if written.saturating_mul(WORTH.1) > before.saturating_mul(WORTH.0) {
            self.is_plain.store(true, Ordering::Relaxed);
        }
    }

    /// Reads a batch back: all columns, or those at some places.
    pub(crate) fn read(
        &self,
        segment: Segment,
        schema: &SchemaRef,
        columns: Option<&[usize]>,
        metrics: &Metrics,
    ) -> Result<RecordBatch> {
        let len = segment.body_bytes + segment.message_bytes;
        let mut bytes = MutableBuffer::from_len_zeroed(len);
        self.file.read_exact_at(bytes.as_slice_mut(), segment.offset).map_err(|error| self.failed(error))?;
        metrics.add_bytes_unspilled(len as u64);
        if crc32fast::hash(bytes.as_slice()) != segment.checksum {
            return Err(self.damaged("a block read back is not what was written; check the disk"));
        }
        let bytes: Buffer = bytes.into();
        let message = root_as_message(&bytes.as_slice()[segment.body_bytes..])
            .map_err(|error| self.damaged(&error.to_string()))?;
        let batch = message.header_as_record_batch().ok_or_else(|| self.damaged("a message without a batch"))?;
        let body = bytes.slice_with_length(0, segment.body_bytes);
        let (none, version) = (std::collections::HashMap::new(), message.version());
        Ok(arrow::ipc::reader::read_record_batch(&body, batch, schema.clone(), &none, columns, &version)?)
    }

    fn damaged(&self, what: &str) -> Error {
        Error::corrupt(self.scratch.options.folder.join("a scratch file"), what)
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Io { path: self.scratch.options.folder.join("a scratch file"), source }
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        self.scratch.release(self.end.load(Ordering::Acquire));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};

    fn rows() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..1000).map(|n| (n % 7 > 0).then_some(n * n))));
        let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..1000).map(|n| format!("name {n}"))));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("s", names, true)]).unwrap()
    }

    fn scratch(folder: &std::path::Path, limit_bytes: u64) -> Arc<Scratch> {
        Arc::new(Scratch::new(ScratchOptions { folder: folder.to_path_buf(), limit_bytes }))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let (scratch, metrics, rows) = (scratch(folder.path(), u64::MAX), Metrics::default(), rows());
        let file = ScratchFile::create(&scratch).unwrap();
        let segments = file.write(&[rows.clone(), rows.slice(5, 0), rows.slice(10, 3)], &metrics).unwrap();
        let read = |segment: Segment, columns| file.read(segment, &rows.schema(), columns, &metrics).unwrap();
        assert_eq!(read(segments[0], None), rows);
        assert_eq!(read(segments[1], None).num_rows(), 0);
        assert_eq!(read(segments[2], Some(&[1])), rows.slice(10, 3).project(&[1]).unwrap());
        assert_eq!(read(segments[2], Some(&[])).num_rows(), 3);
        assert_eq!((metrics.bytes_spilled(), scratch.used_bytes()), (file.bytes(), file.bytes()));
        drop(file);
        assert_eq!(scratch.used_bytes(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_damaged_segment_is_found_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let (scratch, metrics, rows) = (scratch(folder.path(), u64::MAX), Metrics::default(), rows());
        let file = ScratchFile::create(&scratch).unwrap();
        let segment = file.write(std::slice::from_ref(&rows), &metrics).unwrap()[0];
        for at in [0, file.bytes() / 2, file.bytes() - 1] {
            let mut byte = [0];
            file.file.read_exact_at(&mut byte, at).unwrap();
            file.file.write_all_at(&[byte[0] ^ 1], at).unwrap();
            let error = file.read(segment, &rows.schema(), None, &metrics).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{error}");
            assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
            file.file.write_all_at(&byte, at).unwrap();
        }
        assert_eq!(file.read(segment, &rows.schema(), None, &metrics).unwrap(), rows);
        // Cut short, as by a disk that lost a part.
        file.file.set_len(file.bytes() / 2).unwrap();
        let error = file.read(segment, &rows.schema(), None, &metrics).unwrap_err();
        assert!(error.to_string().contains("a scratch file"), "{error}");
    }

    #[test]
    fn the_limit_counts_all_files() {
        let folder = tempfile::tempdir().unwrap();
        let (metrics, rows) = (Metrics::default(), rows());
        let ample = scratch(folder.path(), u64::MAX);
        let one = ScratchFile::create(&ample).unwrap();
        one.write(std::slice::from_ref(&rows), &metrics).unwrap();
        let scratch = scratch(folder.path(), one.bytes() + one.bytes() / 2);
        let (first, second) = (ScratchFile::create(&scratch).unwrap(), ScratchFile::create(&scratch).unwrap());
        first.write(std::slice::from_ref(&rows), &metrics).unwrap();
        let error = second.write(std::slice::from_ref(&rows), &metrics).unwrap_err();
        assert!(matches!(error, Error::ScratchLimit { .. }), "{error}");
        drop(first);
        second.write(&[rows], &metrics).unwrap();
    }
}
