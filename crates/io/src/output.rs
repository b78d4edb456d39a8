//! Outputs that appear whole or not at all.
//!
//! Files are written into a hidden folder beside the target, synced, and renamed into place by
//! [`OutputFolder::commit`]; whatever ends a run earlier leaves the target as it was. The hidden folder is
//! `.NAME.blockfold-PID-N`, locked while its writer lives; those that a crash left behind are removed by the next
//! writer of the same target. An existing output is replaced only on request, and only when every file in it looks
//! like part of a data set: overwriting a home folder by mistake must not be possible.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blockfold_core::{Error, Result};

mod file;
mod leftovers;
mod sync;

pub use file::OutputFile;
pub(crate) use file::write_all_at;
use leftovers::Leftovers;
use sync::Syncer;

/// A folder of files that appears whole or not at all.
#[derive(Debug)]
pub struct OutputFolder {
    asked: PathBuf,
    overwrite: bool,
    staging: Mutex<Option<Staging>>,
}

/// The folder that is being filled.
#[derive(Debug)]
struct Staging {
    /// Where the folder will stand: the asked path with links followed.
    target: PathBuf,
    folder: PathBuf,
    /// Folders above the target that were made for it, innermost first.
    made: Vec<PathBuf>,
    /// Keeps the folder locked against removal by other processes.
    _lock: Option<File>,
    syncer: Syncer,
}

impl OutputFolder {
    /// An output at `path`, which may exist only when `overwrite` is set. Touches nothing yet.
    pub fn new(path: impl Into<PathBuf>, overwrite: bool) -> Self {
        OutputFolder { asked: path.into(), overwrite, staging: Mutex::new(None) }
    }

    /// The path asked for.
    pub fn path(&self) -> &Path {
        &self.asked
    }

    /// Makes the hidden folder.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] for an output that is not to be overwritten; [`Error::Argument`] for one that holds
    /// files which are no data; [`Error::Io`] where nothing can be written.
    pub fn begin(&self) -> Result<()> {
        let target = real_target(&self.asked)?;
        check_replaceable(&self.asked, &target, self.overwrite)?;
        let (parent, name) = split(&target)?;
        let made = make_folders(parent)?;
        let _alone = starting();
        let left = Leftovers::of(&name);
        left.sweep(parent, &target);
        let folder = parent.join(left.fresh_name());
        fs::create_dir(&folder).map_err(|error| {
            remove_empty(&made);
            Error::io(&self.asked, error)
        })?;
        let lock = leftovers::lock(&folder);
        *self.staging() = Some(Staging { target, folder, made, _lock: lock, syncer: Syncer::default() });
        Ok(())
    }

    /// Where to write the file `name` for now.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`OutputFolder::begin`] and after the end.
    pub fn file(&self, name: &str) -> Result<PathBuf> {
        let staging = self.staging();
        let staging = staging.as_ref().ok_or_else(|| Error::internal("an output that was not begun"))?;
        Ok(staging.folder.join(name))
    }

    /// Where the file `name` will stand.
    pub fn final_path(&self, name: &str) -> PathBuf {
        self.asked.join(name)
    }

    /// Takes a file written to its end and syncs it while others are still written.
    pub fn finished(&self, path: PathBuf, file: File) {
        if let Some(staging) = self.staging().as_mut() {
            staging.syncer.send(path, file);
        }
    }

    /// Leaves these files, of these sizes, and removes all else: what writers that were lost left half written.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a file that is not there, or not as long; [`Error::Io`] naming the output.
    pub fn keep_only(&self, files: &HashMap<String, u64>) -> Result<()> {
        let folder = self.file("")?;
        let io = |error| Error::io(&self.asked, error);
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            if !entry.file_name().to_str().is_some_and(|name| files.contains_key(name)) {
                remove_any(&entry.path());
            }
        }
        let is_there = |(name, size): &(&String, &u64)| {
            fs::metadata(folder.join(name)).is_ok_and(|found| found.is_file() && found.len() == **size)
        };
        match files.iter().find(|file| !is_there(file)) {
            None => Ok(()),
            Some((name, _)) => {
                let what = "as it was written elsewhere; all who write to a folder have to see the same one".into();
                Err(Error::NotFound { path: folder.join(name), what })
            }
        }
    }

    /// Makes the folder appear under its name.
    ///
    /// # Errors
    /// [`Error::Io`] when a file cannot be synced or the folder not be renamed: then the target is as it was.
    pub fn commit(&self) -> Result<()> {
        let Some(mut staging) = self.staging().take() else {
            return Err(Error::internal("an output that was not begun"));
        };
        let done = staging.syncer.wait().and_then(|()| self.place(&staging));
        if done.is_err() {
            staging.remove();
        }
        done
    }

    /// Removes whatever was written.
    pub fn abort(&self) {
        let staging = self.staging().take();
        if let Some(mut staging) = staging {
            let _ = staging.syncer.wait();
            staging.remove();
        }
    }

    fn place(&self, staging: &Staging) -> Result<()> {
        sync_folder(&staging.folder)?;
        let Staging { target, folder, .. } = staging;
        let old = if fs::symlink_metadata(target).is_ok() && !is_empty_folder(target) {
            check_replaceable(&self.asked, target, self.overwrite)?;
            let aside = leftovers::aside(folder);
            let lock = leftovers::lock(target);
            fs::rename(target, &aside).map_err(|error| Error::io(&self.asked, error))?;
            Some((aside, lock))
        } else {
            None
        };
        if let Err(error) = fs::rename(folder, target) {
            if let Some((aside, _)) = &old {
                fs::rename(aside, target).map_err(|error| Error::io(aside, error))?;
            }
            return Err(Error::io(&self.asked, error));
        }
        if let Some((aside, _lock)) = old {
            remove_any(&aside);
        }
        target.parent().map_or(Ok(()), sync_folder)
    }

    fn staging(&self) -> MutexGuard<'_, Option<Staging>> {
        self.staging.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        self.abort();
    }
}

impl Staging {
    fn remove(&self) {
        remove_any(&self.folder);
        remove_empty(&self.made);
    }
}

/// One writer of this process at a time looks for leftovers and makes its own folder.
fn starting() -> MutexGuard<'static, ()> {
    static STARTING: Mutex<()> = Mutex::new(());
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Distinguishes the outputs of this process.
fn next_number() -> u64 {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// The asked path with links followed when it exists, else made absolute.
fn real_target(asked: &Path) -> Result<PathBuf> {
    match fs::canonicalize(asked) {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(asked).map_err(|error| Error::io(asked, error))
        }
        Err(error) => Err(Error::io(asked, error)),
    }
}

fn split(target: &Path) -> Result<(&Path, String)> {
    match (target.parent(), target.file_name()) {
        (Some(parent), Some(name)) => Ok((parent, name.to_string_lossy().into_owned())),
        _ => Err(Error::argument("output", format!("'{}' is no name for an output", target.display()))),
    }
}

/// Makes the folders above a target that are missing, and says which, innermost first.
fn make_folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let missing: Vec<PathBuf> =
        parent.ancestors().take_while(|folder| !folder.exists()).map(Path::to_path_buf).collect();
    fs::create_dir_all(parent).map_err(|error| {
        remove_empty(&missing);
        Error::io(parent, error)
    })?;
    Ok(missing)
}

fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
}

fn remove_any(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|open| open.sync_all());
    match synced {
        // Some file systems cannot sync folders; there is nothing more to do then.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other.map_err(|error| Error::io(folder, error)),
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<()> {
    Ok(())
}

/// Refuses a target that exists and may not, or must not, be replaced.
fn check_replaceable(asked: &Path, target: &Path, overwrite: bool) -> Result<()> {
    let Ok(found) = fs::metadata(target) else { return Ok(()) };
    if found.is_dir() && is_empty_folder(target) {
        return Ok(());
    }
    if !overwrite {
        return Err(Error::AlreadyExists { path: asked.to_path_buf() });
    }
    match first_stranger(target).map_err(|error| Error::io(asked, error))? {
        None => Ok(()),
        Some(stranger) => Err(Error::argument(
            format!("overwriting '{}'", asked.display()),
            format!("'{}' is no part of a data set; move it away or choose another path", stranger.display()),
        )),
    }
}

/// Endings of files that data sets are made of.
const DATA_EXTENSIONS: [&str; 7] = ["parquet", "parq", "pq", "arrow", "ipc", "feather", "crc"];
/// Other files that writers of data sets leave.
const DATA_NAMES: [&str; 4] = ["_metadata", "_common_metadata", "_SUCCESS", ".DS_Store"];

/// Files that say what an array in Zarr's format is.
const ZARR_NAMES: [&str; 4] = ["zarr.json", ".zarray", ".zattrs", ".zgroup"];

/// The first file in an array in Zarr's format that is not called like metadata or a chunk.
fn first_in_zarr(path: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_chunk = name == "c" || name.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !is_chunk && !ZARR_NAMES.contains(&name.as_str()) {
            return Ok(Some(entry.path()));
        }
        if entry.file_type()?.is_dir()
            && let Some(stranger) = first_in_zarr(&entry.path())?
        {
            return Ok(Some(stranger));
        }
    }
    Ok(None)
}

/// The first file, or folder not of hive's kind, that is no part of a data set or an array.
fn first_stranger(path: &Path) -> io::Result<Option<PathBuf>> {
    if !path.is_dir() {
        return Ok((!is_data_file(path)).then(|| path.to_path_buf()));
    }
    if ["zarr.json", ".zarray"].iter().any(|name| path.join(name).is_file()) {
        return first_in_zarr(path);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let inner = entry.path();
        let stranger = if !entry.file_type()?.is_dir() {
            (!is_data_file(&inner)).then_some(inner)
        } else if entry.file_name().to_string_lossy().contains('=') {
            first_stranger(&inner)?
        } else {
            Some(inner)
        };
        if stranger.is_some() {
            return Ok(stranger);
        }
    }
    Ok(None)
}

fn is_data_file(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    DATA_NAMES.contains(&name.as_str()) || extension.is_some_and(|one| DATA_EXTENSIONS.contains(&one.as_str()))
}
