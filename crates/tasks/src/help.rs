//! What a thread does inside a run: which task it makes next, and what it leaves to others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::function::{Deps, Failure};
use crate::node::Value;
use crate::pool::worker_id;
use crate::run::{Run, Slot};
use crate::seats::BULK;
use crate::sync::atomic::{Ordering, fence};
use crate::sync::{Mutex, now, scaled, spin_loop, thread};

/// A run stays with a thread for this long while others of the same priority wait.
const TURN: Duration = Duration::from_millis(10);
/// Results that a thread may have alive beyond those of a run on one thread, before it stops starting more.
const AHEAD: usize = scaled(4, 1);

/// A thread inside a run.
pub struct Helper {
    seat: usize,
    pub done: usize,
    /// Tasks that the call just made made ready.
    pub ready: Vec<u32>,
    /// Tasks taken at once from the backlog.
    batch: usize,
    refilled: Instant,
    came: Instant,
    /// Found work that it may not start yet.
    held_back: bool,
}

impl Helper {
    pub fn new() -> Self {
        let now = now();
        let seat = worker_id().unwrap_or(0);
        Helper { seat, done: 0, ready: Vec::new(), batch: 1, refilled: now, came: now, held_back: false }
    }
}

/// Results that a call of a run reads.
pub struct RunDeps<'a> {
    slots: &'a [Mutex<Slot>],
    deps: std::slice::Iter<'a, u32>,
    /// Results read for the last time.
    taken: isize,
}

impl Deps for RunDeps<'_> {
    fn next(&mut self) -> Result<Value, Failure> {
        let slot = self.deps.next().and_then(|dep| self.slots.get(*dep as usize));
        let value = slot.and_then(|slot| {
            let mut slot = slot.lock();
            slot.readers -= 1;
            if slot.readers > 0 {
                return slot.value.clone();
            }
            self.taken += 1;
            slot.value.take()
        });
        value.ok_or(Failure::Upstream(Error::Internal { what: "a result was gone before its last reader came" }))
    }
}

impl Run {
    /// Sees to it that work left over is shared, unless all threads are here. A thread that is just leaving looks
    /// again after it has left.
    fn share(self: &Arc<Self>) {
        fence(Ordering::SeqCst);
        if self.active.load(Ordering::Relaxed) < self.pool.threads && !self.has_ticket.load(Ordering::Relaxed) {
            self.recruit();
        }
    }

    /// Makes calls as long as there are any.
    pub fn help(self: &Arc<Self>) {
        self.active.fetch_add(1, Ordering::AcqRel);
        self.help_inside();
    }

    /// As [`Run::help`], for a thread that was asked to come.
    pub fn help_as_asked(self: &Arc<Self>) {
        self.active.fetch_add(1, Ordering::AcqRel);
        // From here on whoever has work left over asks again; this thread sees what was there before.
        self.has_ticket.swap(false, Ordering::AcqRel);
        self.help_inside();
    }

    fn help_inside(self: &Arc<Self>) {
        while self.help_once() {
            self.active.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Makes calls and leaves; returns whether there is more after all.
    fn help_once(self: &Arc<Self>) -> bool {
        let mut helper = Helper::new();
        let mut goes_on = true;
        while goes_on && let Some(first) = self.find(&mut helper) {
            goes_on = self.follow(first, &mut helper);
        }
        let is_last = self.leave(helper.done);
        if is_last {
            self.feed(0);
        }
        fence(Ordering::SeqCst);
        if helper.held_back && !is_last {
            // Those who are still here see to it, or ask for help.
            return false;
        }
        if self.stopped.load(Ordering::Acquire) {
            if is_last {
                self.end_stopped();
            }
            return false;
        }
        if !goes_on || !self.seats.has_tasks() {
            return false;
        }
        if self.pool.queued() > 0 {
            self.recruit();
            return false;
        }
        true
    }

    /// Makes a call and those it leads to; returns whether to go on.
    fn follow(self: &Arc<Self>, first: u32, helper: &mut Helper) -> bool {
        let mut next = Some(first);
        while let Some(i) = next {
            if self.pool.queued() > 0 && self.is_turn_over(helper) {
                self.seats.push(helper.seat, &[i]);
                self.recruit();
                return false;
            }
            if self.stopped.load(Ordering::Acquire) || (self.is_cancelled() && self.is_stopped()) {
                return false;
            }
            next = self.make(i, helper).and_then(|()| self.pass_on(helper));
        }
        true
    }

    fn is_turn_over(&self, helper: &Helper) -> bool {
        if self.is_stopped() {
            return false;
        }
        if self.pool.has_rival(self.priority.saturating_add(1)) {
            return true;
        }
        now().duration_since(helper.came) > TURN && self.pool.has_rival(self.priority)
    }

    /// Makes call `i` and notes which tasks that made ready. None if it failed.
    pub fn make(&self, i: u32, helper: &mut Helper) -> Option<()> {
        let i = i as usize;
        let deps = self.deps[self.dep_starts[i] as usize..self.dep_starts[i + 1] as usize].iter();
        let mut deps = RunDeps { slots: &self.slots, deps, taken: 0 };
        let result = self.perform(i, &mut deps);
        match result {
            Ok(value) => self.slots[i].lock().value = Some(value),
            Err(error) => {
                self.fail(error);
                return None;
            }
        }
        self.seats.count_alive(helper.seat, 1 - deps.taken);
        helper.done += 1;
        for next in &self.nexts[self.next_starts[i] as usize..self.next_starts[i + 1] as usize] {
            let pending = &self.pending[*next as usize];
            // The last to come need not write.
            if pending.load(Ordering::Acquire) == 1 || pending.fetch_sub(1, Ordering::AcqRel) == 1 {
                helper.ready.push(*next);
            }
        }
        Some(())
    }

    /// Hands on what is ready; returns the task to go on with.
    fn pass_on(self: &Arc<Self>, helper: &mut Helper) -> Option<u32> {
        if let [next] = helper.ready[..]
            && !self.is_blocking(next)
        {
            helper.ready.clear();
            return Some(next);
        }
        let (seats, seat) = (&self.seats, helper.seat);
        helper.ready.retain(|next| {
            let blocks = self.is_blocking(*next);
            if blocks {
                self.push_blocking(*next);
            }
            !blocks
        });
        let (next, rest) = helper.ready.split_first()?;
        let next = *next;
        if !rest.is_empty() {
            seats.push(seat, rest);
            self.share();
        }
        helper.ready.clear();
        Some(next)
    }

    /// A task to make: the latest of this seat, one of another seat, or the first of the backlog.
    fn find(self: &Arc<Self>, helper: &mut Helper) -> Option<u32> {
        helper.held_back = false;
        let looks = self.pool.looks();
        for look in 0..looks {
            if self.stopped.load(Ordering::Acquire) {
                return None;
            }
            self.feed(1);
            let found = self.seats.pop(helper.seat).or_else(|| self.seats.steal(helper.seat));
            if let Some(found) = found.or_else(|| self.refill(helper)) {
                // This call may let others in, and then somebody has to wait at the door.
                if self.pool.is_entered() && self.seats.has_tasks() {
                    self.share();
                }
                return Some(found);
            }
            if self.done.fetch_add(helper.done, Ordering::AcqRel) + helper.done == self.nodes.len() {
                helper.done = 0;
                return None;
            }
            helper.done = 0;
            if self.pool.queued() > 0 {
                return None;
            }
            if looks == 1 {
                return None;
            }
            if look < looks / 2 { (0..64).for_each(|_| spin_loop()) } else { thread::yield_now() }
        }
        None
    }

    /// Gives sources to threads that may block, in their order, unless results are ahead and somebody is at work on
    /// them: then whoever of them is last feeds. This thread counts `inside` times among those inside.
    pub fn feed(self: &Arc<Self>, inside: usize) {
        while self.has_sources.load(Ordering::Acquire) {
            let mut sources = self.sources.lock();
            let Some(first) = sources.front().copied() else { return };
            let blocking = self.blocking.load(Ordering::Acquire);
            let is_busy =
                blocking > 0 || self.active.load(Ordering::Acquire) > inside || self.has_ticket.load(Ordering::Acquire);
            let is_ahead = self.ahead(first) > (AHEAD * self.pool.threads) as isize;
            if blocking >= self.pool.blocking.limit() || (is_ahead && is_busy) || self.is_stopped() {
                return;
            }
            sources.pop_front();
            self.has_sources.store(!sources.is_empty(), Ordering::Release);
            drop(sources);
            self.push_blocking(first);
        }
    }

    /// Results alive beyond those that one thread would have before `task`.
    fn ahead(&self, task: u32) -> isize {
        self.seats.alive() - self.alive_before[task as usize] as isize
    }

    /// Takes a batch from the backlog: many tasks at once while they are short. Takes none while more results are
    /// alive than a run on one thread would have, with some to spare, and another thread is at work on them.
    fn refill(self: &Arc<Self>, helper: &mut Helper) -> Option<u32> {
        let first = self.seats.first_of_spans()?;
        let now = now();
        helper.batch = match now.duration_since(helper.refilled).as_micros() {
            0..50 => (helper.batch * 2).min(BULK),
            50..200 => helper.batch,
            _ => 1,
        };
        helper.refilled = now;
        let spare = (helper.batch.max(AHEAD) * self.pool.threads) as isize;
        let ahead = self.ahead(first);
        helper.held_back = ahead > spare && self.active.load(Ordering::Acquire) > 1;
        if helper.held_back {
            return None;
        }
        let first = self.seats.refill(helper.seat, helper.batch);
        if ahead <= spare / 2 {
            self.share();
        }
        first
    }
}
