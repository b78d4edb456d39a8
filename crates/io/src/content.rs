//! Whether files are those that were opened.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::SystemTime;

/// Size of a file and the time at which it was written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    pub(crate) size: u64,
    modified: Option<SystemTime>,
}

impl Content {
    /// Of an open file.
    pub(crate) fn of(found: &Metadata) -> Self {
        Content { size: found.len(), modified: found.modified().ok() }
    }
}

/// A number that differs once one of these files was written anew.
pub(crate) fn number(files: impl Iterator<Item = Content>) -> u64 {
    let mut hasher = DefaultHasher::new();
    files.for_each(|file| file.hash(&mut hasher));
    hasher.finish()
}
