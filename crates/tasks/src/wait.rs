//! Waiting for several futures.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::future::Future;
use crate::pool::while_waiting;
use crate::sync::{Condvar, Mutex, now};
use crate::task::Watch;

/// Positions of futures that have ended, in the order in which they did.
#[derive(Default)]
struct Arrivals {
    positions: Mutex<VecDeque<usize>>,
    wake: Condvar,
}

impl Watch for Arrivals {
    fn ended(self: Arc<Self>, tag: usize) {
        self.positions.lock().push_back(tag);
        self.wake.notify_all();
    }
}

impl Arrivals {
    fn of<T>(futures: &[Future<T>]) -> Arc<Self> {
        let arrivals = Arc::new(Arrivals::default());
        for (position, future) in futures.iter().enumerate() {
            future.held.watch(Arc::clone(&arrivals) as Arc<dyn Watch>, position);
        }
        arrivals
    }

    /// The next position, waiting until `deadline`.
    fn next(&self, deadline: Option<Instant>) -> Option<usize> {
        let mut positions = self.positions.lock();
        while positions.is_empty() {
            match deadline {
                None => self.wake.wait(&mut positions),
                Some(deadline) => {
                    if self.wake.wait_until(&mut positions, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        positions.pop_front()
    }
}

/// Futures in the order in which they end; each is held until it is handed out.
pub struct AsCompleted<T> {
    futures: Vec<Option<Future<T>>>,
    arrivals: Arc<Arrivals>,
    left: usize,
}

/// Hands out futures in the order in which they end, with or without an error.
pub fn as_completed<T>(futures: impl IntoIterator<Item = Future<T>>) -> AsCompleted<T> {
    let futures: Vec<Future<T>> = futures.into_iter().collect();
    let arrivals = Arrivals::of(&futures);
    AsCompleted { left: futures.len(), arrivals, futures: futures.into_iter().map(Some).collect() }
}

impl<T> AsCompleted<T> {
    /// Adds a future.
    pub fn add(&mut self, future: Future<T>) {
        self.left += 1;
        self.futures.push(Some(future.clone()));
        future.held.watch(Arc::clone(&self.arrivals) as Arc<dyn Watch>, self.futures.len() - 1);
    }
}

impl<T> Iterator for AsCompleted<T> {
    type Item = Future<T>;

    fn next(&mut self) -> Option<Future<T>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let pool = self.futures.iter().flatten().next().map(|future| Arc::clone(future.held.pool()))?;
        let position = self.arrivals.positions.lock().pop_front();
        let position = position.or_else(|| while_waiting(&pool, || self.arrivals.next(None)))?;
        self.futures.get_mut(position)?.take()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// What [`wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// All futures have ended.
    All,
    /// At least one future has ended.
    Any,
}

/// Futures sorted by whether they have ended, each in the order in which they were given.
#[derive(Debug)]
pub struct Waited<T> {
    /// Those with a result or an error.
    pub done: Vec<Future<T>>,
    /// Those without.
    pub pending: Vec<Future<T>>,
}

/// Waits until all or any of the futures have ended, or until `limit` is over.
pub fn wait<T>(futures: &[Future<T>], until: Until, limit: Option<Duration>) -> Waited<T> {
    let deadline = limit.and_then(|limit| now().checked_add(limit));
    let arrivals = Arrivals::of(futures);
    let count = if until == Until::All { futures.len() } else { futures.len().min(1) };
    if let Some(first) = futures.first() {
        while_waiting(first.held.pool(), || (0..count).all(|_| arrivals.next(deadline).is_some()));
    }
    let (done, pending) = futures.iter().cloned().partition(Future::is_done);
    Waited { done, pending }
}
