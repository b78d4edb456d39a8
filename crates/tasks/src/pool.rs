//! A fixed pool of threads that compute, with others for functions that block.
//!
//! The queue of the pool holds whole runs and calls at a client, not tasks of a graph: a thread that takes a run
//! stays with it as long as there is work, so that a task costs no queueing here.

use std::cell::Cell;
use std::sync::Arc;

use crate::blocking::Blocking;
use crate::error::{Error, Result};
use crate::events::Subscriber;
use crate::garbage;
use crate::lanes::Lanes;
use crate::settings::{Flag, Inside, Settings};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard, scaled, spin_loop, statics, thread, thread_local};
use crate::timer::Timer;

/// Times an idle thread looks for a job before it sleeps.
const LOOKS: usize = scaled(300, 2);

/// Times a thread looks for work before it leaves a run.
const RUN_LOOKS: usize = scaled(24, 2);

/// Something for a thread of the pool.
pub trait Job: Send + Sync {
    /// Works, as long as there is work, on a thread that computes.
    fn work(self: Arc<Self>);
    /// Makes one call on a thread that may block.
    fn block(self: Arc<Self>, index: u32);
    /// The pool is closed.
    fn refuse(self: Arc<Self>);
}

/// What the threads of a pool share.
pub struct Shared {
    pub threads: usize,
    pub subscriber: Option<Arc<dyn Subscriber>>,
    stopped_by: Option<Flag>,
    inside: Option<Inside>,
    pub blocking: Blocking,
    pub timer: Timer,
    queue: Mutex<Queue>,
    wake: Condvar,
    ended: Condvar,
    /// Jobs in the queue; read without the lock.
    queued: AtomicUsize,
    sleeping: AtomicUsize,
    closed: AtomicBool,
}

#[derive(Default)]
struct Queue {
    jobs: Lanes<Arc<dyn Job>>,
    seq: u64,
    alive: usize,
    /// Threads that should be there: the fixed ones, and one for each that waits for a future inside a call.
    wanted: usize,
    next_id: usize,
    /// A thread waits for what calls are made inside of.
    is_entering: bool,
}

thread_local! {
    /// The pool that this thread computes for, by address, and its number there.
    static WORKER: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// The number of this thread among those of its pool, if it computes for one.
pub fn worker_id() -> Option<usize> {
    WORKER.with(Cell::get).map(|worker| worker.1)
}

impl Shared {
    fn addr(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    pub fn subscriber(&self) -> Option<&dyn Subscriber> {
        self.subscriber.as_deref()
    }

    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Runs are to stop.
    pub fn is_cancelled(&self) -> bool {
        self.stopped_by.as_ref().is_some_and(|flag| flag())
    }

    /// Threads compute inside of something that others wait for.
    pub fn is_entered(&self) -> bool {
        self.inside.is_some()
    }

    /// Times a thread of a run looks for work before it leaves it: once where others wait for it to leave.
    pub fn looks(&self) -> usize {
        if self.is_entered() { 1 } else { RUN_LOOKS }
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// A job of at least this priority waits.
    pub fn has_rival(&self, priority: i32) -> bool {
        self.queued() > 0 && self.queue.lock().jobs.priority() >= Some(priority)
    }

    /// A number for a run, later than all before.
    pub fn next_seq(&self) -> u64 {
        let mut queue = self.queue.lock();
        queue.seq += 1;
        queue.seq
    }

    pub fn push(self: &Arc<Self>, priority: i32, job: Arc<dyn Job>) {
        self.push_all(priority, std::iter::once(job));
    }

    /// Queues jobs; those of a closed pool are refused.
    pub fn push_all(self: &Arc<Self>, priority: i32, jobs: impl Iterator<Item = Arc<dyn Job>>) {
        let mut refused = Vec::new();
        let mut queue = self.queue.lock();
        let mut pushed = 0;
        for job in jobs {
            if self.is_closed() {
                refused.push(job);
                continue;
            }
            queue.jobs.push(priority, job);
            pushed += 1;
        }
        self.queued.store(queue.jobs.len(), Ordering::Relaxed);
        drop(queue);
        for _ in 0..pushed.min(self.sleeping.load(Ordering::Relaxed)) {
            self.wake.notify_one();
        }
        refused.into_iter().for_each(garbage::refuse);
    }

    /// Starts threads until there are as many as wanted.
    fn staff(self: &Arc<Self>) -> Result<()> {
        loop {
            let mut queue = self.queue.lock();
            if queue.alive >= queue.wanted || self.is_closed() {
                return Ok(());
            }
            let id = queue.next_id;
            queue.next_id += 1;
            queue.alive += 1;
            drop(queue);
            let shared = Arc::clone(self);
            let thread = thread::Builder::new().name(format!("blockfold-call-{id}"));
            if let Err(source) = thread.spawn(move || shared.serve(id)) {
                self.queue.lock().alive -= 1;
                return Err(Error::Threads { source: Arc::new(source) });
            }
        }
    }

    fn serve(self: Arc<Self>, id: usize) {
        WORKER.with(|worker| worker.set(Some((self.addr(), id))));
        match &self.inside {
            None => {
                while let Some(job) = self.next_job() {
                    job.work();
                }
            }
            Some(enter) => {
                while self.may_enter() {
                    enter(&mut || self.work_inside());
                }
            }
        }
    }

    /// Whether there are threads enough without this one, which ends then.
    fn is_left(&self, queue: &mut Queue) -> bool {
        if queue.alive <= queue.wanted && !self.is_closed() {
            return false;
        }
        queue.alive -= 1;
        self.ended.notify_all();
        if queue.jobs.len() > 0 {
            // Whoever woke this thread may have meant one that works.
            self.wake.notify_one();
        }
        true
    }

    /// Waits until there is a job and no other thread is on its way in; false when this thread should end.
    fn may_enter(&self) -> bool {
        let mut queue = self.queue.lock();
        loop {
            if self.is_left(&mut queue) {
                return false;
            }
            if queue.jobs.len() > 0 && !queue.is_entering {
                queue.is_entering = true;
                return true;
            }
            self.sleeping.fetch_add(1, Ordering::Relaxed);
            self.wake.wait(&mut queue);
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Works as long as there are jobs, and calls another thread for those that it leaves.
    fn work_inside(&self) {
        let mut queue = self.queue.lock();
        queue.is_entering = false;
        while queue.alive <= queue.wanted
            && let Some(job) = queue.jobs.pop()
        {
            self.queued.store(queue.jobs.len(), Ordering::Relaxed);
            if queue.jobs.len() > 0 {
                self.wake.notify_one();
            }
            MutexGuard::unlocked(&mut queue, || job.work());
        }
    }

    /// The next job, waiting for one; none when this thread should end.
    fn next_job(&self) -> Option<Arc<dyn Job>> {
        let mut queue = self.queue.lock();
        let mut awake = true;
        loop {
            if self.is_left(&mut queue) {
                return None;
            }
            if let Some(job) = queue.jobs.pop() {
                self.queued.store(queue.jobs.len(), Ordering::Relaxed);
                return Some(job);
            }
            if std::mem::take(&mut awake) {
                // Waking a thread costs more than a short look for what comes next.
                MutexGuard::unlocked(&mut queue, || self.look_around());
                continue;
            }
            self.sleeping.fetch_add(1, Ordering::Relaxed);
            self.wake.wait(&mut queue);
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
            awake = true;
        }
    }

    /// Spins for some microseconds, until there is a job.
    fn look_around(&self) {
        for _ in 0..LOOKS {
            if self.queued() > 0 {
                return;
            }
            spin_loop();
        }
    }

    fn close(self: &Arc<Self>) {
        let mut queue = self.queue.lock();
        self.closed.store(true, Ordering::Relaxed);
        let left = queue.jobs.take();
        // Not zero, so that threads inside a run look up.
        self.queued.store(1, Ordering::Relaxed);
        drop(queue);
        self.wake.notify_all();
        self.timer.close();
        let blocked = self.blocking.close();
        left.into_iter().chain(blocked).for_each(garbage::refuse);
    }

    /// Waits until the threads have ended, unless this is one of them.
    fn join(self: &Arc<Self>) {
        if is_inside(self.addr()) {
            return;
        }
        let mut queue = self.queue.lock();
        while queue.alive > 0 {
            self.ended.wait(&mut queue);
        }
        drop(queue);
        self.blocking.join();
    }
}

/// This thread belongs to the pool at `addr`.
fn is_inside(addr: usize) -> bool {
    WORKER.with(Cell::get).is_some_and(|worker| worker.0 == addr) || crate::blocking::is_inside(addr)
}

/// Threads that run graphs. Dropping it closes it and waits for the calls that are being made, unless they are made
/// [inside](Settings::inside) of something.
pub struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    /// Starts the threads that compute.
    ///
    /// # Errors
    /// The operating system refuses threads.
    pub fn new(settings: Settings) -> Result<Self> {
        let shared = Arc::new(Shared {
            threads: settings.threads,
            subscriber: settings.subscriber,
            stopped_by: settings.stopped_by,
            inside: settings.inside,
            blocking: Blocking::new(settings.blocking_threads),
            timer: Timer::default(),
            queue: Mutex::new(Queue { wanted: settings.threads, ..Queue::default() }),
            wake: Condvar::new(),
            ended: Condvar::new(),
            queued: AtomicUsize::new(0),
            sleeping: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        });
        let pool = Pool { shared };
        pool.shared.staff()?;
        Ok(pool)
    }

    /// The pool that [`Delayed::compute`](crate::Delayed::compute) uses, with default settings.
    ///
    /// # Errors
    /// The operating system refuses threads.
    pub fn global() -> Result<&'static Pool> {
        static GLOBAL: statics::OnceLock<Result<Pool>> = statics::OnceLock::new();
        GLOBAL.get_or_init(|| Pool::new(Settings::new())).as_ref().map_err(Error::clone)
    }

    /// Number of threads that compute.
    pub fn threads(&self) -> usize {
        self.shared.threads
    }

    /// Cancels what has not started; later work is refused.
    pub fn close(&self) {
        self.shared.close();
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.close();
        // Whoever drops it may hold what the threads compute inside of; they end by themselves then.
        if self.shared.inside.is_none() {
            self.shared.join();
        }
    }
}

/// Waits through `wait`. If this thread works for the pool, another one takes its place meanwhile, so that a call may
/// wait for other calls.
pub fn while_waiting<R>(shared: &Arc<Shared>, wait: impl FnOnce() -> R) -> R {
    if crate::blocking::is_inside(shared.addr()) {
        return shared.while_call_waits(wait);
    }
    if WORKER.with(Cell::get).is_none_or(|worker| worker.0 != shared.addr()) {
        return wait();
    }
    shared.queue.lock().wanted += 1;
    // Without another thread the wait may take longer; it is no error.
    let _ = shared.staff();
    let result = wait();
    shared.queue.lock().wanted -= 1;
    shared.wake.notify_one();
    result
}
