//! Results on their way.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::held::Held;

/// The result of a call at a client, now or later. Cheap to clone; it may be given to later calls as an argument
/// without waiting for it. When the last clone is dropped, its result is freed, or the call is cancelled if it has
/// not been made.
#[must_use = "a call whose future is dropped is cancelled"]
pub struct Future<T> {
    pub(crate) held: Held,
    result: PhantomData<fn() -> T>,
}

impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Future::new(self.held.clone())
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.is_done(), self.error()) {
            (false, _) => "pending".to_owned(),
            (true, None) => "done".to_owned(),
            (true, Some(error)) => error.to_string(),
        };
        write!(f, "Future({}: {state})", self.name())
    }
}

impl<T> Future<T> {
    pub(crate) fn new(held: Held) -> Self {
        Future { held, result: PhantomData }
    }

    /// Name of the call.
    pub fn name(&self) -> &str {
        self.held.name()
    }

    /// Whether there is a result or an error.
    pub fn is_done(&self) -> bool {
        self.held.is_ended()
    }

    /// The error, if the call ended with one.
    pub fn error(&self) -> Option<Error> {
        self.held.error()
    }

    /// Makes the result an error from now on, even if there was one already. A call that is being made ends in the
    /// background and its result is dropped; one that has not started is never made. Calls that wait for this
    /// future fail with the same error.
    pub fn cancel(&self) {
        self.held.cancel();
    }
}

impl<T: Send + Sync + 'static> Future<T> {
    /// Waits for the result. Inside a call another thread takes over meanwhile.
    ///
    /// # Errors
    /// The call, or one it reads, failed or was cancelled.
    pub fn result(&self) -> Result<Arc<T>> {
        self.held.wait(None)?;
        self.now()
    }

    /// Waits for the result for up to `limit`.
    ///
    /// # Errors
    /// As [`Future::result`]; [`Error::NotYet`] when the time is up.
    pub fn result_within(&self, limit: Duration) -> Result<Arc<T>> {
        self.held.wait(Some(limit))?;
        self.now()
    }

    fn now(&self) -> Result<Arc<T>> {
        self.held.value()?.downcast().map_err(|_| Error::Internal { what: "a result is of another type" })
    }
}
