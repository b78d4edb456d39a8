//! Hands work to the pool, a permit with each piece, and takes the results back on the coordinating thread.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use blockfold_core::{Error, Result};
use blockfold_plan::tally::Tally;

use crate::events::Work;
use crate::teller::Told;

thread_local! {
    /// Work of runs is done on this thread, which a thread of a pool waits for.
    static STANDS_IN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread belongs to a pool, or stands in for one that does: what it would wait for it does itself.
pub fn is_in_pool() -> bool {
    rayon::current_thread_index().is_some() || STANDS_IN.get()
}

/// Calls `work` for a thread of a pool that waits meanwhile: runs that it starts are done on this thread.
pub fn standing_in<R>(work: impl FnOnce() -> R) -> R {
    let before = STANDS_IN.replace(true);
    let result = work();
    STANDS_IN.set(before);
    result
}

/// A finished piece of work.
pub(crate) struct Done<T> {
    /// Whatever the coordinator tagged the work with.
    pub(crate) tag: usize,
    pub(crate) result: Result<T>,
    /// Where and when it ran, and what it counted.
    pub(crate) work: Work,
}

/// How long a piece of work may wait for a thread of the pool before the coordinating thread does it.
const PATIENCE: Duration = Duration::from_millis(20);

type Piece = Box<dyn FnOnce() + Send>;

/// Pieces that no thread has taken yet.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Piece>>>);

impl Queue {
    fn push(&self, piece: Piece) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(piece);
    }

    fn take(&self) -> Option<Piece> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// Pieces of work under way in a pool.
pub(crate) struct Dispatch<'p, T> {
    pool: &'p rayon::ThreadPool,
    queue: Queue,
    sender: Sender<Done<T>>,
    receiver: Receiver<Done<T>>,
    in_flight: usize,
    told: Told,
}

impl<'p, T: Send + 'static> Dispatch<'p, T> {
    pub(crate) fn new(pool: &'p rayon::ThreadPool, told: Told) -> Self {
        let (sender, receiver) = channel();
        Dispatch { pool, queue: Queue::default(), sender, receiver, in_flight: 0, told }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether a thread of the pool has nothing of ours to do.
    pub(crate) fn has_room(&self) -> bool {
        self.in_flight < self.pool.current_num_threads()
    }

    /// Starts a piece of work. A panic in it becomes an error.
    ///
    /// A run that a task of the same pool starts, as a user's function does, is done on the thread of that task: all
    /// threads could be such tasks, and then nobody would be left to do what they wait for. Where they wait for a run of
    /// another thread, as that of a delayed call, its coordinating thread does what nobody takes.
    pub(crate) fn spawn(&mut self, tag: usize, work: impl FnOnce() -> Result<T> + Send + 'static) {
        let (sender, told) = (self.sender.clone(), self.told.clone());
        self.in_flight += 1;
        let piece = move || {
            let worker = rayon::current_thread_index().and_then(|index| u32::try_from(index).ok()).unwrap_or(0);
            let start = Instant::now();
            let working = told.start(tag, worker, start);
            let (result, tally) = Tally::of(|| catch_unwind(AssertUnwindSafe(work)));
            drop(working);
            let result = result.unwrap_or_else(|panic| Err(Error::of_panic(panic.as_ref())));
            // The receiver is gone only when the run was given up; then nobody wants the result.
            let _ = sender.send(Done { tag, result, work: told.work(worker, start, tally) });
        };
        if STANDS_IN.get() || self.pool.current_thread_index().is_some() {
            return piece();
        }
        self.queue.push(Box::new(piece));
        let queue = self.queue.clone();
        self.pool.spawn(move || {
            if let Some(piece) = queue.take() {
                piece();
            }
        });
    }
}

impl<T> Dispatch<'_, T> {
    /// Waits for the next piece of work that is done; `None` when none is under way.
    pub(crate) fn wait(&mut self) -> Option<Done<T>> {
        if self.in_flight == 0 {
            return None;
        }
        let done = self.receive()?;
        self.in_flight -= 1;
        Some(done)
    }

    fn receive(&self) -> Option<Done<T>> {
        while !self.queue.is_empty() {
            match self.receiver.recv_timeout(PATIENCE) {
                Ok(done) => return Some(done),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(piece) = self.queue.take() {
                piece();
            }
        }
        self.receiver.recv().ok()
    }
}

impl<T> Drop for Dispatch<'_, T> {
    /// Work under way is waited for, so that no task outlives its run; the run's cancel flag makes it short. What nobody
    /// has taken is not done.
    fn drop(&mut self) {
        while self.queue.take().is_some() {
            self.in_flight -= 1;
        }
        while self.wait().is_some() {}
    }
}
