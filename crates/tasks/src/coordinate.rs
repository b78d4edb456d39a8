//! Queues, variables, locks and events for calls that work together in one process.
//!
//! All are cheap handles. Waiting on one inside a call lets no other thread of the pool take over: calls that
//! wait should be [`blocking`](crate::Callable::blocking).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::sync::{Condvar, Mutex, MutexGuard, now};

/// State that threads wait on.
struct Shared<S> {
    state: Mutex<S>,
    wake: Condvar,
}

impl<S> Shared<S> {
    fn new(state: S) -> Arc<Self> {
        Arc::new(Shared { state: Mutex::new(state), wake: Condvar::new() })
    }

    /// Waits until `ready` holds; none when `limit` is over before.
    fn wait(&self, limit: Option<Duration>, ready: impl Fn(&S) -> bool) -> Option<MutexGuard<'_, S>> {
        let deadline = limit.and_then(|limit| now().checked_add(limit));
        let mut state = self.state.lock();
        while !ready(&state) {
            match deadline {
                None => self.wake.wait(&mut state),
                Some(deadline) => {
                    if self.wake.wait_until(&mut state, deadline).timed_out() && !ready(&state) {
                        return None;
                    }
                }
            }
        }
        Some(state)
    }
}

macro_rules! handle {
    ($name:ident<$T:ident>) => {
        impl<$T> Clone for $name<$T> {
            fn clone(&self) -> Self {
                $name { shared: Arc::clone(&self.shared) }
            }
        }
    };
}

/// A queue of values, first in, first out.
pub struct Queue<T> {
    shared: Arc<Shared<(VecDeque<T>, usize)>>,
}

handle!(Queue<T>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue::bounded(usize::MAX)
    }
}

impl<T> Queue<T> {
    /// A queue without a limit.
    pub fn new() -> Self {
        Queue::default()
    }

    /// A queue of up to `capacity` values, at least one.
    pub fn bounded(capacity: usize) -> Self {
        Queue { shared: Shared::new((VecDeque::new(), capacity.max(1))) }
    }

    /// Adds a value, waiting for room.
    pub fn put(&self, value: T) {
        let _ = self.put_within(value, None);
    }

    /// Adds a value, waiting for room up to `limit`, or without end if there is none.
    ///
    /// # Errors
    /// The value, when there was no room in time.
    pub fn put_within(&self, value: T, limit: impl Into<Option<Duration>>) -> Result<(), T> {
        match self.shared.wait(limit.into(), |(values, capacity)| values.len() < *capacity) {
            Some(mut state) => state.0.push_back(value),
            None => return Err(value),
        }
        self.shared.wake.notify_all();
        Ok(())
    }

    /// Takes the first value, waiting for one up to `limit`, or without end if there is none.
    pub fn take(&self, limit: impl Into<Option<Duration>>) -> Option<T> {
        let value = self.shared.wait(limit.into(), |(values, _)| !values.is_empty())?.0.pop_front();
        self.shared.wake.notify_all();
        value
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.shared.state.lock().0.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A value that is set and read by several; empty at first.
pub struct Variable<T> {
    shared: Arc<Shared<Option<Arc<T>>>>,
}

handle!(Variable<T>);

impl<T> Default for Variable<T> {
    fn default() -> Self {
        Variable { shared: Shared::new(None) }
    }
}

impl<T> Variable<T> {
    /// A variable without a value.
    pub fn new() -> Self {
        Variable::default()
    }

    /// Sets the value.
    pub fn set(&self, value: T) {
        *self.shared.state.lock() = Some(Arc::new(value));
        self.shared.wake.notify_all();
    }

    /// Takes the value away.
    pub fn clear(&self) {
        *self.shared.state.lock() = None;
    }

    /// The value, waiting for one up to `limit`, or without end if there is none.
    pub fn get(&self, limit: impl Into<Option<Duration>>) -> Option<Arc<T>> {
        self.shared.wait(limit.into(), Option::is_some)?.clone()
    }
}

/// A lock that a call may take and another one give back.
#[derive(Clone)]
pub struct Lock {
    shared: Arc<Shared<bool>>,
}

/// Gives a [`Lock`] back when dropped.
#[must_use = "the lock is given back when the guard is dropped"]
pub struct LockGuard {
    shared: Arc<Shared<bool>>,
}

impl Default for Lock {
    fn default() -> Self {
        Lock { shared: Shared::new(false) }
    }
}

impl Lock {
    /// A lock that nobody has.
    pub fn new() -> Self {
        Lock::default()
    }

    /// Takes the lock, waiting for it up to `limit`, or without end if there is none. The guard may be sent to
    /// another thread.
    pub fn acquire(&self, limit: impl Into<Option<Duration>>) -> Option<LockGuard> {
        *self.shared.wait(limit.into(), |is_taken| !is_taken)? = true;
        Some(LockGuard { shared: Arc::clone(&self.shared) })
    }

    /// Whether somebody has the lock.
    pub fn is_locked(&self) -> bool {
        *self.shared.state.lock()
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        *self.shared.state.lock() = false;
        self.shared.wake.notify_one();
    }
}

/// A flag to wait for.
#[derive(Clone)]
pub struct Event {
    shared: Arc<Shared<bool>>,
}

impl Default for Event {
    fn default() -> Self {
        Event { shared: Shared::new(false) }
    }
}

impl Event {
    /// An event that is not set.
    pub fn new() -> Self {
        Event::default()
    }

    /// Sets it and wakes all who wait.
    pub fn set(&self) {
        *self.shared.state.lock() = true;
        self.shared.wake.notify_all();
    }

    /// Takes it back.
    pub fn clear(&self) {
        *self.shared.state.lock() = false;
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        *self.shared.state.lock()
    }

    /// Waits until it is set, up to `limit`, or without end if there is none; returns whether it is.
    pub fn wait(&self, limit: impl Into<Option<Duration>>) -> bool {
        self.shared.wait(limit.into(), |is_set| *is_set).is_some()
    }
}
