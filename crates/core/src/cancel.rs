//! A flag that every task of a run looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Cancels a run: cheap to clone, set once, never unset.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    /// The flags of those above it.
    above: Arc<[Arc<AtomicBool>]>,
}

impl Cancel {
    /// Asks every task that holds this flag to stop.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// A new flag that is also set when this one is.
    pub fn child(&self) -> Cancel {
        Cancel { flag: Arc::default(), above: self.flags().collect() }
    }

    /// A new flag that is also set when this one or the other is.
    pub fn child_of_both(&self, other: &Cancel) -> Cancel {
        Cancel { flag: Arc::default(), above: self.flags().chain(other.flags()).collect() }
    }

    fn flags(&self) -> impl Iterator<Item = Arc<AtomicBool>> {
        std::iter::once(&self.flag).chain(self.above.iter()).cloned()
    }

    /// Whether the run is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed) || self.above.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// `Err(Error::Cancelled)` once the run is to stop; called between batches.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hears_all_above() {
        let (session, scope) = (Cancel::default(), Cancel::default());
        let run = session.child_of_both(&scope).child();
        assert!(run.check().is_ok());
        scope.cancel();
        assert!(run.is_cancelled() && !session.is_cancelled());
    }
}
