//! The memory budget: bytes are promised to tasks as permits, and the sum of permits never exceeds the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

#[derive(Debug)]
struct Account {
    budget_bytes: u64,
    promised_bytes: AtomicU64,
    peak_bytes: AtomicU64,
}

/// Bytes that a session may hold, shared by all its runs.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Account>);

impl Budget {
    /// A budget of `budget_bytes`.
    pub fn new(budget_bytes: u64) -> Self {
        Budget(Arc::new(Account { budget_bytes, promised_bytes: AtomicU64::new(0), peak_bytes: AtomicU64::new(0) }))
    }

    /// The whole budget.
    pub fn total_bytes(&self) -> u64 {
        self.0.budget_bytes
    }

    /// Bytes promised now.
    pub fn promised_bytes(&self) -> u64 {
        self.0.promised_bytes.load(Ordering::Relaxed)
    }

    /// The most that was ever promised at once since [`Budget::reset_peak`].
    pub fn peak_bytes(&self) -> u64 {
        self.0.peak_bytes.load(Ordering::Relaxed)
    }

    /// Starts a new peak at what is promised now.
    pub fn reset_peak(&self) {
        self.0.peak_bytes.store(self.promised_bytes(), Ordering::Relaxed);
    }

    /// A permit for `bytes`, or `None` when they do not fit now.
    pub fn try_permit(&self, bytes: u64) -> Option<Permit> {
        self.try_promise(bytes).then(|| Permit { budget: self.clone(), bytes })
    }

    /// A permit for `bytes`, or the error that says which step did not fit.
    pub fn permit(&self, step: &str, bytes: u64, remedy: &str) -> Result<Permit> {
        self.try_permit(bytes).ok_or_else(|| self.refusal(step, bytes, remedy))
    }

    fn refusal(&self, step: &str, bytes: u64, remedy: &str) -> Error {
        Error::OverBudget {
            step: step.to_string(),
            needed_bytes: self.promised_bytes().saturating_add(bytes),
            budget_bytes: self.total_bytes(),
            remedy: remedy.to_string(),
        }
    }

    fn try_promise(&self, bytes: u64) -> bool {
        let fits = |now: u64| now.checked_add(bytes).filter(|sum| *sum <= self.0.budget_bytes);
        let before = self.0.promised_bytes.fetch_update(Ordering::AcqRel, Ordering::Relaxed, fits);
        match before {
            Ok(before) => {
                self.0.peak_bytes.fetch_max(before + bytes, Ordering::Relaxed);
                true
            }
            Err(_) => false,
        }
    }
}

/// Bytes promised to one task or kept block; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    budget: Budget,
    bytes: u64,
}

impl Permit {
    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The budget that this permit is part of.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Holds `bytes` in all from now on; growing fails with [`Error::OverBudget`] when the budget is used up.
    pub fn resize(&mut self, bytes: u64, step: &str, remedy: &str) -> Result<()> {
        if bytes > self.bytes {
            let more = bytes - self.bytes;
            if !self.budget.try_promise(more) {
                return Err(self.budget.refusal(step, more, remedy));
            }
        } else {
            self.budget.0.promised_bytes.fetch_sub(self.bytes - bytes, Ordering::AcqRel);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.0.promised_bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_never_exceed_the_budget() {
        let budget = Budget::new(100);
        let mut first = budget.try_permit(60).unwrap();
        assert!(budget.try_permit(41).is_none());
        assert!(budget.try_permit(u64::MAX).is_none());
        let second = budget.try_permit(40).unwrap();
        assert!(first.resize(61, "sum", "").is_err());
        drop(second);
        first.resize(100, "sum", "").unwrap();
        first.resize(10, "sum", "").unwrap();
        assert_eq!(budget.promised_bytes(), 10);
        assert_eq!(budget.peak_bytes(), 100);
        drop(first);
        assert_eq!(budget.promised_bytes(), 0);
    }
}
