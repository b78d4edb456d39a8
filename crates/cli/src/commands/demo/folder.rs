//! The demo's folder: with room enough, and gone at the end.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use blockfold::Error;

use crate::signals::TemporaryFolder;
use crate::{resources, text};

/// Makes a new folder under `parent` after a look at the disk's free space, which it gives back where it is known.
///
/// # Errors
/// Too little space for `needed_bytes`, or a folder that cannot be written to.
pub fn make(parent: &Path, needed_bytes: u64) -> Result<(TemporaryFolder, Option<u64>)> {
    let free = resources::free_bytes(parent);
    if let Some(free) = free.filter(|free| *free < needed_bytes) {
        let (needed, free, parent) = (text::bytes(needed_bytes), text::bytes(free), parent.display());
        bail!(
            "the demo writes up to {needed} but '{parent}' has {free} free; choose another --dir, or less with --days 30"
        );
    }
    Ok((TemporaryFolder::new(fresh(parent)?), free))
}

fn fresh(parent: &Path) -> Result<PathBuf> {
    let process = std::process::id();
    for number in 0..100 {
        let folder = parent.join(format!("blockfold-demo-{process}-{number}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io(parent, error).into()),
        }
    }
    bail!("'{}' is full of folders of earlier demos", parent.display())
}
