//! Hands work to the pool, a permit with each piece, and takes the results back on the coordinating thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use blockfold_core::{Error, Result};
use blockfold_plan::tally::Tally;

use crate::events::Work;
use crate::teller::Told;

/// A finished piece of work.
pub(crate) struct Done<T> {
    /// Whatever the coordinator tagged the work with.
    pub(crate) tag: usize,
    pub(crate) result: Result<T>,
    /// Where and when it ran, and what it counted.
    pub(crate) work: Work,
}

/// Pieces of work under way in a pool.
pub(crate) struct Dispatch<'p, T> {
    pool: &'p rayon::ThreadPool,
    sender: Sender<Done<T>>,
    receiver: Receiver<Done<T>>,
    in_flight: usize,
    told: Told,
}

impl<'p, T: Send + 'static> Dispatch<'p, T> {
    pub(crate) fn new(pool: &'p rayon::ThreadPool, told: Told) -> Self {
        let (sender, receiver) = channel();
        Dispatch { pool, sender, receiver, in_flight: 0, told }
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
    /// threads could be such tasks, and then nobody would be left to do what they wait for.
    pub(crate) fn spawn(&mut self, tag: usize, work: impl FnOnce() -> Result<T> + Send + 'static) {
        let (sender, told) = (self.sender.clone(), self.told.clone());
        self.in_flight += 1;
        let piece = move || {
            let worker = rayon::current_thread_index().and_then(|index| u32::try_from(index).ok()).unwrap_or(0);
            let start = Instant::now();
            let working = told.start(tag, worker, start);
            let (result, tally) = Tally::of(|| catch_unwind(AssertUnwindSafe(work)));
            drop(working);
            let result = result.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
            // The receiver is gone only when the run was given up; then nobody wants the result.
            let _ = sender.send(Done { tag, result, work: told.work(worker, start, tally) });
        };
        match self.pool.current_thread_index() {
            Some(_) => piece(),
            None => self.pool.spawn(piece),
        }
    }

    /// Waits for the next piece of work that is done; `None` when none is under way.
    pub(crate) fn wait(&mut self) -> Option<Done<T>> {
        if self.in_flight == 0 {
            return None;
        }
        let done = self.receiver.recv().ok()?;
        self.in_flight -= 1;
        Some(done)
    }
}

impl<T> Drop for Dispatch<'_, T> {
    /// Work under way is waited for, so that no task outlives its run; the run's cancel flag makes it short.
    fn drop(&mut self) {
        while self.in_flight > 0 && self.receiver.recv().is_ok() {
            self.in_flight -= 1;
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    let message = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Error::Panicked { message: message.unwrap_or_else(|| "without a message".to_string()) }
}
