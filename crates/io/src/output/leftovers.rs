//! Hidden names beside an output, and what crashed writers left under them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{next_number, remove_any};

/// Extension under which an output that is being replaced stands aside.
const OLD: &str = "old";

/// The hidden names of one output.
pub(super) struct Leftovers {
    prefix: String,
}

impl Leftovers {
    /// Those of the output `name`.
    pub(super) fn of(name: &str) -> Self {
        Leftovers { prefix: format!(".{name}.blockfold-") }
    }

    /// A name that no other output of any process has: prefix, process, number.
    pub(super) fn fresh_name(&self) -> String {
        format!("{}{}-{}", self.prefix, std::process::id(), next_number())
    }

    /// Removes what writers of the same output left that are no longer alive. An old output that stands aside
    /// while nothing stands in its place is put back.
    pub(super) fn sweep(&self, parent: &Path, target: &Path) {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some((process, is_old)) = name.to_str().and_then(|name| self.parse(name)) else { continue };
            let path = entry.path();
            if !is_abandoned(&path, process) {
                continue;
            }
            if is_old && fs::symlink_metadata(target).is_err() {
                let _ = fs::rename(&path, target);
            } else {
                remove_any(&path);
            }
        }
    }

    /// The process that made a hidden name, and whether it is of an output that stands aside.
    fn parse(&self, name: &str) -> Option<(u32, bool)> {
        let (process, number) = name.strip_prefix(&self.prefix)?.split_once('-')?;
        let (number, is_old) = match number.split_once('.') {
            Some((number, OLD)) => (number, true),
            Some(_) => return None,
            None => (number, false),
        };
        number.parse::<u64>().ok()?;
        Some((process.parse().ok()?, is_old))
    }
}

/// Where the output that `folder` is to replace stands meanwhile.
pub(super) fn aside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_os_string();
    name.push(".");
    name.push(OLD);
    PathBuf::from(name)
}

/// Locks a file or folder for as long as the handle lives, where the file system can.
pub(super) fn lock(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().ok().map(|()| file)
}

/// Whether the writer of a hidden name is gone: its lock is free, and no such process runs here.
///
/// The process alone would not tell: its number may be of another container that shares the folder.
fn is_abandoned(path: &Path, process: u32) -> bool {
    (process == std::process::id() || !is_running(process)) && lock(path).is_some()
}

#[cfg(target_os = "linux")]
fn is_running(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

/// Elsewhere the lock alone tells.
#[cfg(not(target_os = "linux"))]
fn is_running(_process: u32) -> bool {
    false
}
