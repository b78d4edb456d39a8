//! Blocks that delayed calls make: what a run shares, and one block after the other.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use blockfold_core::{Cancel, Result};
use blockfold_tasks::{Delayed, Parts, SharedResults};

use crate::session::Session;

/// Delayed calls, one for each block of a frame or an array.
pub(super) struct Made<T> {
    session: Session,
    parts: Parts<T>,
    /// What several blocks read, as long as a run needs it.
    shared: Mutex<Weak<SharedResults>>,
}

impl<T> fmt::Debug for Made<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}

impl<T: Send + Sync + 'static> Made<T> {
    pub(super) fn new(session: &Session, parts: impl IntoIterator<Item = Delayed<T>>) -> Result<Arc<Self>> {
        let parts = Parts::new(parts)?;
        Ok(Arc::new(Made { session: session.clone(), parts, shared: Mutex::default() }))
    }

    pub(super) fn blocks(&self) -> usize {
        self.parts.len()
    }

    /// What several blocks read, to be kept until the run ends.
    pub(super) fn prepare(&self, cancel: &Cancel) -> Result<Option<Arc<dyn Any + Send + Sync>>> {
        cancel.check()?;
        Ok(Some(self.shared()?))
    }

    fn shared(&self) -> Result<Arc<SharedResults>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(living) = shared.upgrade() {
            return Ok(living);
        }
        let pool = self.session.calls()?;
        let made = Arc::new(self.parts.share(&pool)?);
        *shared = Arc::downgrade(&made);
        Ok(made)
    }

    /// Makes a block, on this thread.
    pub(super) fn make(&self, block: usize, cancel: &Cancel) -> Result<Arc<T>> {
        let shared = self.shared()?;
        let stop = || blockfold_tasks::Error::Cancelled { call: "a block of a frame or an array".into() };
        let go_on = || if cancel.is_cancelled() { Err(stop()) } else { Ok(()) };
        let pool = self.session.calls()?;
        let made = self.parts.make(block, &shared, &pool, &go_on);
        cancel.check()?;
        Ok(made?)
    }

    /// Bytes that a block is taken to have when nobody says: so many that all threads may hold one at a time.
    pub(super) fn usual_bytes(&self) -> u64 {
        self.session.memory_budget().0 / (4 * self.session.threads() as u64)
    }
}
