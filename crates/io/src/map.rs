//! The one module that maps files into memory, and the only one of this crate with unsafe code.
//!
//! A mapped file that another process shortens raises SIGBUS on the next access to what is missing, and one that
//! is written to changes under the reader: like every engine that maps files, this one expects inputs not to be
//! modified while they are read. Files replaced by renaming, as all our outputs are, are safe: the old one stays
//! as long as it is mapped.

#![allow(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::buffer::Buffer;
use blockfold_core::{Error, Result};
use bytes::Bytes;
use memmap2::Mmap;

use crate::content::Content;

/// A file mapped for reading.
#[derive(Clone)]
pub(crate) struct MappedFile {
    path: Arc<Path>,
    map: Arc<Mmap>,
    content: Content,
    /// The map's bytes, for buffers that share them.
    bytes: Buffer,
}

/// What keeps a map alive as the owner of buffers.
struct Owner(Arc<Mmap>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl MappedFile {
    /// Maps a file.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Io`] naming the file; [`Error::Corrupt`] for an empty one.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let failed = |error| Error::io(&path, error);
        let file = File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.is_dir() {
            return Err(Error::argument("map", format!("'{}' is a folder", path.display())));
        }
        if found.len() == 0 {
            return Err(Error::corrupt(&path, "it is empty"));
        }
        MappedFile::of(&file, path)
    }

    /// Maps an open file, which messages call by a path.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file.
    pub(crate) fn of(file: &File, path: PathBuf) -> Result<Self> {
        // SAFETY: the map is read-only and the file is not modified while it is mapped, which users of inputs
        // promise (see the module's text); the map outlives every buffer on it since each holds its owner.
        let map = unsafe { Mmap::map(file) }.map_err(|error| Error::io(&path, error))?;
        let content = Content::of(&file.metadata().map_err(|error| Error::io(&path, error))?);
        let map = Arc::new(map);
        let bytes = Buffer::from(Bytes::from_owner(Owner(map.clone())));
        Ok(MappedFile { path: path.into(), map, content, bytes })
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Size and time of the file when it was mapped.
    pub(crate) fn content(&self) -> Content {
        self.content
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// A range as a buffer that shares the map.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a range that the file does not have.
    pub(crate) fn buffer(&self, range: Range<usize>) -> Result<Buffer> {
        if range.start > range.end || range.end > self.bytes.len() {
            return Err(Error::corrupt(&self.path, "a buffer lies outside of the file"));
        }
        Ok(self.bytes.slice_with_length(range.start, range.end - range.start))
    }

    /// Brings a range into memory in one call instead of fault by fault. A hint: failures do not matter.
    pub(crate) fn fetch(&self, range: Range<usize>) {
        let range = range.start..range.end.min(self.map.len());
        if range.is_empty() {
            return;
        }
        #[cfg(target_os = "linux")]
        let advice = memmap2::Advice::PopulateRead;
        #[cfg(all(unix, not(target_os = "linux")))]
        let advice = memmap2::Advice::WillNeed;
        #[cfg(unix)]
        let _ = self.map.advise_range(advice, range.start, range.end - range.start);
    }

    /// Asks the disk for a range without waiting for it. A hint: failures do not matter.
    pub(crate) fn fetch_later(&self, range: Range<usize>) {
        let range = range.start..range.end.min(self.map.len());
        if range.is_empty() {
            return;
        }
        #[cfg(unix)]
        let _ = self.map.advise_range(memmap2::Advice::WillNeed, range.start, range.end - range.start);
    }

    /// Gives back the memory of the pages that a range touches; the page cache keeps them. A hint.
    pub(crate) fn release(&self, range: Range<usize>) {
        let range = range.start..range.end.min(self.map.len());
        if range.is_empty() {
            return;
        }
        #[cfg(unix)]
        {
            let advice = memmap2::UncheckedAdvice::DontNeed;
            // SAFETY: the map is of a file and read-only, so that pages dropped come back with the same bytes
            // when a buffer that is still in use touches them.
            let _ = unsafe { self.map.unchecked_advise_range(advice, range.start, range.end - range.start) };
        }
    }
}

impl fmt::Debug for MappedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes mapped)", self.path.display(), self.map.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_outlive_the_handle_and_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let content: Vec<u8> = (0..500_000_u32).map(|at| at as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let mapped = MappedFile::open(path.clone()).unwrap();
        let inner = mapped.buffer(100_000..400_000).unwrap();
        for wrong in [Range { start: 5, end: 4 }, 0..500_001, usize::MAX..usize::MAX] {
            assert!(mapped.buffer(wrong).is_err());
        }
        mapped.fetch(0..usize::MAX);
        mapped.fetch(10..10);
        mapped.release(0..usize::MAX);
        mapped.release(1..300_000);
        drop(mapped);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(inner.as_slice(), &content[100_000..400_000]);
        assert!(matches!(MappedFile::open(path), Err(Error::NotFound { .. })));
    }
}
