//! The ring that events go through to those who follow runs without holding them up.
//!
//! Threads push records of a fixed size and go on; one thread of the ring takes them out every few milliseconds and hands
//! them to followers. A record that finds the ring full is counted and forgotten, unless it is one of the few that say how
//! a run stands: these wait for room. The end of a run empties the ring itself, so that followers know the whole run when
//! it returns.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use blockfold_core::{Error, Result};
use crossbeam_queue::ArrayQueue;

use crate::events::Event;
use crate::frames::Frames;

/// Records that the ring has room for: what a million tasks a second tell in 20 ms.
const RING_RECORDS: usize = 1 << 16;

/// Records that are handed to followers at once.
const BATCH_RECORDS: usize = 1 << 10;

/// How often the ring is emptied while something happens.
const DRAIN_EVERY: Duration = Duration::from_millis(5);

/// How often somebody looks while nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Rounds without a record after which the ring's thread sleeps.
const IDLE_ROUNDS: u32 = 200;

/// An event, when it happened, and on which thread.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it happened.
    pub at: Instant,
    /// The thread that told of it: threads of the pool by their index, then others in the order in which they first told
    /// something.
    pub lane: u32,
    /// What happened.
    pub event: Event,
}

// The ring has room for tens of thousands of them, all of the time.
const _: () = assert!(size_of::<Record>() <= 176);

/// Somebody who follows runs a little behind, on the ring's thread or on one whose run ends.
pub trait Follower: Send {
    /// Takes note of what happened, in the order in which it was told.
    fn records(&mut self, records: &[Record], ring: &Ring);
    /// A moment every few milliseconds: the time to measure what nobody tells. Whether there is something to measure, as a
    /// run that goes on; when there is nothing and nobody tells anything, moments become rare.
    fn tick(&mut self, now: Instant, ring: &Ring) -> bool;
}

/// A bounded ring of records with those who follow it.
pub struct Ring {
    records: ArrayQueue<Record>,
    dropped: AtomicU64,
    followers: Mutex<Vec<Box<dyn Follower>>>,
    frames: Frames,
    /// Names of the lanes that are not threads of the pool.
    lanes: Mutex<Vec<String>>,
    pool_threads: u32,
    number: u64,
    is_asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

static RINGS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The ring that this thread last told, and its lane there.
    static LANE: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
}

impl Ring {
    /// A ring for a pool of so many threads, and the thread that empties it, which ends with the ring.
    ///
    /// # Errors
    /// The operating system refuses the thread.
    pub fn start(pool_threads: usize, followers: Vec<Box<dyn Follower>>) -> Result<Arc<Ring>> {
        let ring = Arc::new(Ring::new(RING_RECORDS, pool_threads, followers));
        let weak = Arc::downgrade(&ring);
        let thread = std::thread::Builder::new().name("blockfold-watch".to_string()).spawn(move || follow(&weak));
        let thread = thread.map_err(|error| Error::External(Box::new(error)))?;
        // Nobody else knows the ring yet, so it is set once.
        let _ = ring.thread.set(thread.thread().clone());
        Ok(ring)
    }

    fn new(capacity: usize, pool_threads: usize, followers: Vec<Box<dyn Follower>>) -> Ring {
        Ring {
            records: ArrayQueue::new(capacity),
            dropped: AtomicU64::new(0),
            followers: Mutex::new(followers),
            frames: Frames::new(pool_threads),
            lanes: Mutex::default(),
            pool_threads: u32::try_from(pool_threads).unwrap_or(u32::MAX),
            number: RINGS.fetch_add(1, Ordering::Relaxed),
            is_asleep: AtomicBool::new(false),
            thread: OnceLock::new(),
        }
    }

    /// Records that found no room, so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// What the threads of the pool do just now.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// Name of the thread that a lane stands for.
    pub fn lane_name(&self, lane: u32) -> String {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let other = lane.checked_sub(self.pool_threads).and_then(|lane| lanes.get(lane as usize));
        other.cloned().unwrap_or_else(|| format!("blockfold-{lane}"))
    }

    /// The lane of the calling thread, which is none of the pool's.
    pub fn lane(&self) -> u32 {
        match LANE.get() {
            (number, lane) if number == self.number => lane,
            _ => self.new_lane(),
        }
    }

    /// A lane by the thread's name: a thread that comes back after it told another ring keeps its own.
    fn new_lane(&self) -> u32 {
        let thread = std::thread::current();
        let name = thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_string);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let index = lanes.iter().position(|known| *known == name).unwrap_or_else(|| {
            lanes.push(name);
            lanes.len() - 1
        });
        let lane = self.pool_threads + u32::try_from(index).unwrap_or(u32::MAX - self.pool_threads);
        LANE.set((self.number, lane));
        lane
    }

    /// Tells of an event. Never waits for a task; when the ring is full, an event that says how a run stands makes room by
    /// handing on what is there, and any other is counted and forgotten.
    pub fn push(&self, at: Instant, lane: u32, event: Event) {
        let mut record = Record { at, lane, event };
        while let Err(refused) = self.records.push(record) {
            if !says_how_a_run_stands(&refused.event) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            self.flush();
            record = refused;
        }
        if self.is_asleep.load(Ordering::Relaxed) {
            self.is_asleep.store(false, Ordering::Relaxed);
            self.thread.get().map(Thread::unpark).unwrap_or_default();
        }
    }

    /// Hands all that was told before the call to the followers; the number of records.
    pub fn flush(&self) -> usize {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        // What is told meanwhile is left to others, so that this ends.
        let waiting = self.records.len();
        let mut batch = Vec::with_capacity(waiting.min(BATCH_RECORDS));
        for number in 1..=waiting {
            batch.extend(self.records.pop());
            if batch.len() == BATCH_RECORDS || number == waiting {
                followers.iter_mut().for_each(|follower| follower.records(&batch, self));
                batch.clear();
            }
        }
        waiting
    }

    fn tick(&self) -> bool {
        let now = Instant::now();
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.iter_mut().fold(false, |any, follower| follower.tick(now, self) | any)
    }
}

fn says_how_a_run_stands(event: &Event) -> bool {
    !matches!(
        event,
        Event::TaskPermitted { .. }
            | Event::TaskStarted { .. }
            | Event::TaskFinished { .. }
            | Event::PieceFinished { .. }
            | Event::CallStarted { .. }
            | Event::CallFinished { error: None, .. }
    )
}

/// Empties a ring until it is gone.
fn follow(ring: &Weak<Ring>) {
    let mut idle_rounds = 0;
    loop {
        let Some(strong) = ring.upgrade() else { return };
        let (told, is_busy) = (strong.flush() > 0, strong.tick());
        idle_rounds = if told || is_busy { 0 } else { idle_rounds + 1 };
        let is_idle = idle_rounds > IDLE_ROUNDS;
        // Who pushes now finds the flag, or this thread looks again soon.
        strong.is_asleep.store(is_idle, Ordering::Relaxed);
        drop(strong);
        std::thread::park_timeout(if is_idle { LOOK_EVERY } else { DRAIN_EVERY });
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // What was told last, as the end of an iterator that outlived its session.
        self.flush();
        self.thread.get().map(Thread::unpark).unwrap_or_default();
    }
}
