//! A single file that appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use blockfold_core::{Error, Result};

use super::leftovers::Leftovers;
use super::{make_folders, real_target, remove_empty, split, starting, sync_folder};

/// A file under a hidden name until [`OutputFile::commit`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct OutputFile {
    asked: PathBuf,
    target: PathBuf,
    overwrite: bool,
    hidden: PathBuf,
    made: Vec<PathBuf>,
    file: File,
    committed: bool,
}

impl OutputFile {
    /// A new file beside `path`.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] for a file that is not to be overwritten, [`Error::Argument`] for a folder,
    /// [`Error::Io`] where nothing can be written.
    pub fn create(path: impl Into<PathBuf>, overwrite: bool) -> Result<Self> {
        let asked = path.into();
        let target = real_target(&asked)?;
        check_replaceable(&asked, &target, overwrite)?;
        let (parent, name) = split(&target)?;
        let made = make_folders(parent)?;
        let _alone = starting();
        let left = Leftovers::of(&name);
        left.sweep(parent, &target);
        let hidden = parent.join(left.fresh_name());
        let file = File::create_new(&hidden).map_err(|error| {
            remove_empty(&made);
            Error::io(&asked, error)
        })?;
        // Held as long as the file is open; where locks are not to be had, the process's number must do.
        let _ = file.try_lock();
        Ok(OutputFile { asked, target, overwrite, hidden, made, file, committed: false })
    }

    /// The path asked for.
    pub fn path(&self) -> &Path {
        &self.asked
    }

    /// Where the file stands for now, for writers that open it themselves.
    pub fn hidden_path(&self) -> &Path {
        &self.hidden
    }

    /// Bytes written so far.
    ///
    /// # Errors
    /// [`Error::Io`] when the system cannot tell.
    pub fn bytes(&self) -> Result<u64> {
        self.file.metadata().map(|found| found.len()).map_err(|error| Error::io(&self.asked, error))
    }

    /// Makes the file so long, of zeros.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file: a full disk may also show only when it is written to.
    pub fn set_len(&self, bytes: u64) -> Result<()> {
        self.file.set_len(bytes).map_err(|error| Error::io(&self.asked, error))
    }

    /// Writes bytes at a place.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file.
    pub fn write_at(&self, bytes: &[u8], at: u64) -> Result<()> {
        write_all_at(&self.file, bytes, at).map_err(|error| Error::io(&self.asked, error))
    }

    /// Syncs the file and makes it appear under its name.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file; then the target is as it was.
    pub fn commit(mut self) -> Result<()> {
        self.file.sync_all().map_err(|error| Error::io(&self.asked, error))?;
        check_replaceable(&self.asked, &self.target, self.overwrite)?;
        fs::rename(&self.hidden, &self.target).map_err(|error| Error::io(&self.asked, error))?;
        self.committed = true;
        self.target.parent().map_or(Ok(()), sync_folder)
    }
}

/// Writes bytes at a place of a file.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// Writes bytes at a place of a file.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_file(&self.hidden);
            remove_empty(&self.made);
        }
    }
}

fn check_replaceable(asked: &Path, target: &Path, overwrite: bool) -> Result<()> {
    match fs::metadata(target) {
        Ok(found) if found.is_dir() => {
            Err(Error::argument(format!("output '{}'", asked.display()), "is a folder; name a file"))
        }
        Ok(_) if !overwrite => Err(Error::AlreadyExists { path: asked.to_path_buf() }),
        _ => Ok(()),
    }
}
