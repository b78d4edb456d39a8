//! Threads for functions that sleep or do input and output.

use std::cell::Cell;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use crate::pool::{Job, Shared};
use crate::sync::{Condvar, Mutex, MutexGuard, thread, thread_local};

/// How long an idle thread stays.
const STAY: Duration = Duration::from_secs(5);

/// A call in the queue: higher priorities first, then earlier ones.
struct Ticket {
    priority: i32,
    seq: u64,
    index: u32,
    job: Arc<dyn Job>,
}

impl Ticket {
    fn rank(&self) -> (i32, std::cmp::Reverse<(u64, u32)>) {
        (self.priority, std::cmp::Reverse((self.seq, self.index)))
    }
}

impl PartialEq for Ticket {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Ticket {}

impl PartialOrd for Ticket {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ticket {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// Calls that may block, and the threads for them.
pub struct Blocking {
    limit: usize,
    state: Mutex<State>,
    wake: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    heap: BinaryHeap<Ticket>,
    alive: usize,
    idle: usize,
    /// Threads that wait for a future inside a call; there may be another one for each.
    waiting: usize,
    is_closed: bool,
}

thread_local! {
    static POOL: Cell<Option<usize>> = const { Cell::new(None) };
}

/// This thread blocks for the pool at `addr`.
pub fn is_inside(addr: usize) -> bool {
    POOL.with(Cell::get) == Some(addr)
}

impl Blocking {
    pub fn new(limit: usize) -> Self {
        Blocking { limit, state: Mutex::default(), wake: Condvar::new(), ended: Condvar::new() }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns what has not started; threads end when they are done.
    pub fn close(&self) -> Vec<Arc<dyn Job>> {
        let mut state = self.state.lock();
        state.is_closed = true;
        self.wake.notify_all();
        std::mem::take(&mut state.heap).into_iter().map(|ticket| ticket.job).collect()
    }

    pub fn join(&self) {
        let mut state = self.state.lock();
        while state.alive > 0 {
            self.ended.wait(&mut state);
        }
    }

    /// The next call, waiting for one; none when this thread should end.
    fn next(&self) -> Option<Ticket> {
        let mut state = self.state.lock();
        loop {
            if state.alive > self.limit + state.waiting {
                state.alive -= 1;
                self.ended.notify_all();
                if !state.heap.is_empty() {
                    // Whoever woke this thread may have meant one that works.
                    self.wake.notify_one();
                }
                return None;
            }
            if let Some(ticket) = state.heap.pop() {
                return Some(ticket);
            }
            state.idle += 1;
            let late = !state.is_closed && self.wake.wait_for(&mut state, STAY).timed_out();
            state.idle -= 1;
            if state.is_closed || (late && state.heap.is_empty()) {
                state.alive -= 1;
                self.ended.notify_all();
                return None;
            }
        }
    }
}

impl Shared {
    /// Queues call `index` of `job` for a thread that may block.
    pub fn push_blocking(self: &Arc<Self>, priority: i32, seq: u64, job: Arc<dyn Job>, index: u32) {
        let mut state = self.blocking.state.lock();
        if state.is_closed {
            drop(state);
            return crate::garbage::refuse(job);
        }
        state.heap.push(Ticket { priority, seq, index, job });
        self.staff_blocking(state);
    }

    /// Wakes or starts a thread for what is in the queue.
    fn staff_blocking(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.idle >= state.heap.len() || state.alive >= self.blocking.limit + state.waiting {
            self.blocking.wake.notify_one();
            return;
        }
        state.alive += 1;
        drop(state);
        let shared = Arc::clone(self);
        let thread = thread::Builder::new().name("blockfold-waits".to_owned());
        if thread.spawn(move || shared.serve_blocking()).is_err() {
            self.spawn_failed();
        }
    }

    /// Waits through `wait` inside a call that may block, while another thread may be there for other calls.
    pub fn while_call_waits<R>(self: &Arc<Self>, wait: impl FnOnce() -> R) -> R {
        let mut state = self.blocking.state.lock();
        state.waiting += 1;
        if state.heap.is_empty() {
            drop(state)
        } else {
            self.staff_blocking(state)
        }
        let result = wait();
        self.blocking.state.lock().waiting -= 1;
        result
    }

    fn serve_blocking(self: Arc<Self>) {
        POOL.with(|pool| pool.set(Some(Arc::as_ptr(&self).addr())));
        while let Some(ticket) = self.blocking.next() {
            ticket.job.block(ticket.index);
        }
    }

    /// Without a thread a call waits for another one. If there is none that works, what waits is made here.
    fn spawn_failed(&self) {
        let mut state = self.blocking.state.lock();
        state.alive -= 1;
        // Asked anew each time: threads that are being started count too, until they are refused. One that makes a call
        // here while it waits may count twice among those that wait.
        while state.alive <= state.waiting
            && let Some(ticket) = state.heap.pop()
        {
            MutexGuard::unlocked(&mut state, || ticket.job.block(ticket.index));
        }
    }
}
