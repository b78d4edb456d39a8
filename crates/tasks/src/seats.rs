//! Where ready tasks wait: a stack at each thread's seat, and a backlog for what is ready in bulk.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use crate::sync::{Mutex, scaled};

/// More tasks than this go to the backlog, so that they are made in their order whoever makes them. What is taken from
/// the backlog at once may be no more.
pub const BULK: usize = scaled(64, 2);

/// Tasks in the order in which they should be made, and their place in it.
type Span = Reverse<(u32, Box<[u32]>, usize)>;

/// A stack of ready tasks, alone on its cache lines.
#[repr(align(128))]
#[derive(Default)]
struct Seat {
    tasks: Mutex<VecDeque<u32>>,
    /// Length of `tasks`; read without the lock.
    len: AtomicUsize,
    /// Results made here less those dropped here.
    alive: AtomicIsize,
}

/// The ready tasks of a run.
pub struct Seats {
    seats: Box<[Seat]>,
    /// The span with the first task on top: its next task, its tasks and the number of those taken.
    spans: Mutex<BinaryHeap<Span>>,
    /// Number of spans; read without the lock.
    len: AtomicUsize,
}

impl Seats {
    pub fn new(threads: usize) -> Self {
        let seats = (0..threads).map(|_| Seat::default()).collect();
        Seats { seats, spans: Mutex::default(), len: AtomicUsize::new(0) }
    }

    fn seat(&self, seat: usize) -> &Seat {
        &self.seats[seat % self.seats.len()]
    }

    /// Adds tasks in ascending order, the first to be made first.
    pub fn push(&self, seat: usize, tasks: &[u32]) {
        if tasks.len() > BULK {
            return self.push_span(tasks.to_vec());
        }
        let seat = self.seat(seat);
        let mut stack = seat.tasks.lock();
        stack.extend(tasks.iter().rev());
        seat.len.store(stack.len(), Ordering::Release);
    }

    /// Adds tasks in ascending order to the backlog.
    pub fn push_span(&self, tasks: Vec<u32>) {
        let Some(first) = tasks.first().copied() else { return };
        let mut spans = self.spans.lock();
        spans.push(Reverse((first, tasks.into(), 0)));
        self.len.store(spans.len(), Ordering::Release);
    }

    pub fn has_spans(&self) -> bool {
        self.len.load(Ordering::Acquire) > 0
    }

    /// The latest task of a seat.
    pub fn pop(&self, seat: usize) -> Option<u32> {
        let seat = self.seat(seat);
        if seat.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut stack = seat.tasks.lock();
        let task = stack.pop_back();
        seat.len.store(stack.len(), Ordering::Release);
        task
    }

    /// Takes half of the oldest tasks of another seat and returns one of them.
    pub fn steal(&self, thief: usize) -> Option<u32> {
        let seats = self.seats.len();
        (1..seats).find_map(|step| self.steal_from((thief + step) % seats, thief))
    }

    fn steal_from(&self, victim: usize, thief: usize) -> Option<u32> {
        let victim = self.seat(victim);
        if victim.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut stack = victim.tasks.lock();
        let half = stack.len().div_ceil(2);
        let mut stolen: Vec<u32> = stack.drain(..half).collect();
        victim.len.store(stack.len(), Ordering::Release);
        drop(stack);
        let first = stolen.pop();
        stolen.reverse();
        self.push(thief, &stolen);
        first
    }

    /// Moves up to `count` tasks of the backlog to a seat and returns the first.
    pub fn refill(&self, seat: usize, count: usize) -> Option<u32> {
        let mut spans = self.spans.lock();
        let Reverse((first, tasks, taken)) = spans.pop()?;
        let end = tasks.len().min(taken + count);
        self.push(seat, tasks.get(taken + 1..end).unwrap_or(&[]));
        if let Some(next) = tasks.get(end).copied() {
            spans.push(Reverse((next, tasks, end)));
        }
        self.len.store(spans.len(), Ordering::Release);
        Some(first)
    }

    /// The first task of the backlog.
    pub fn first_of_spans(&self) -> Option<u32> {
        if !self.has_spans() {
            return None;
        }
        self.spans.lock().peek().map(|span| span.0.0)
    }

    /// Notes results made, less those dropped.
    pub fn count_alive(&self, seat: usize, change: isize) {
        if change != 0 {
            self.seat(seat).alive.fetch_add(change, Ordering::Relaxed);
        }
    }

    /// Results that are alive now, roughly.
    pub fn alive(&self) -> isize {
        self.seats.iter().map(|seat| seat.alive.load(Ordering::Relaxed)).sum()
    }

    /// Some task waits somewhere.
    pub fn has_tasks(&self) -> bool {
        self.has_spans() || self.seats.iter().any(|seat| seat.len.load(Ordering::Acquire) > 0)
    }
}
