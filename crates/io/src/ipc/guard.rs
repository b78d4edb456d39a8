//! Panics of the decoder stop here: on damaged input they mean a damaged file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use blockfold_core::{Error, Result};

/// What `work` gives, or [`Error::Corrupt`] naming the file where it panics.
pub(super) fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that `work` may leave half done is looked at again: callers end with the error.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Error::corrupt(path, format!("cannot be decoded: {text}")))
        }
    }
}
