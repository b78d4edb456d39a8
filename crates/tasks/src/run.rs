//! One run of a graph: its tasks, their results, and the threads that help with it.
//!
//! A thread that helps makes a call and then, if that made others ready, the first of them; what is left goes to its
//! seat, where other threads may take it. A result is handed over to its last reader and so dies with that call.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::function::perform;
use crate::graph::Took;
use crate::help::{Helper, RunDeps};
use crate::node::{Node, Value};
use crate::order;
use crate::plan::Plan;
use crate::pool::{Job, Shared, while_waiting, worker_id};
use crate::seats::Seats;
use crate::settings::Flag;
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
use crate::sync::{Condvar, Mutex, now};

/// A result that some tasks still read.
#[derive(Default)]
pub struct Slot {
    pub value: Option<Value>,
    pub readers: u32,
}

/// How a run ended, or that it has not.
#[derive(Default)]
struct Outcome {
    error: Option<Error>,
    result: Option<Result<Vec<Value>>>,
    on_end: Option<OnEnd>,
    is_ended: bool,
}

/// Called once with the results of the targets.
pub type OnEnd = Box<dyn FnOnce(Result<Vec<Value>>) + Send>;

/// How a run is made.
#[derive(Default)]
pub struct Asked {
    pub priority: i32,
    pub on_end: Option<OnEnd>,
    /// Notes what each task takes.
    pub is_traced: bool,
    pub stopped_by: Option<Flag>,
}

/// A run of a graph. Everything is indexed by the number of a task.
pub struct Run {
    pub nodes: Vec<Arc<Node>>,
    pub dep_starts: Vec<u32>,
    pub deps: Vec<u32>,
    pub next_starts: Vec<u32>,
    pub nexts: Vec<u32>,
    pub pending: Vec<AtomicU32>,
    pub slots: Vec<Mutex<Slot>>,
    /// Results alive before each task when one thread runs all.
    pub alive_before: Vec<u32>,
    pub targets: Vec<u32>,
    pub seats: Seats,
    pub pool: Arc<Shared>,
    pub priority: i32,
    stopped_by: Option<Flag>,
    pub seq: u64,
    /// Calls that block and read nothing, in their order.
    pub sources: Mutex<VecDeque<u32>>,
    /// Whether there are any; read without the lock.
    pub has_sources: AtomicBool,
    /// Calls with a thread that may block, or waiting for one.
    pub blocking: AtomicUsize,
    pub stopped: AtomicBool,
    pub done: AtomicUsize,
    /// Threads inside.
    pub active: AtomicUsize,
    /// A ticket of this run waits in the pool's queue.
    pub has_ticket: AtomicBool,
    /// What each task took, when that is asked for.
    trace: Option<Mutex<Vec<Took>>>,
    outcome: Mutex<Outcome>,
    ended: Condvar,
}

impl Run {
    /// What each task took, of a run that was started to note it.
    pub fn took(&self) -> Vec<Took> {
        self.trace.as_ref().map(|trace| std::mem::take(&mut *trace.lock())).unwrap_or_default()
    }

    /// Starts a run.
    pub fn start(pool: &Arc<Shared>, plan: Plan, asked: Asked) -> Arc<Run> {
        let trace = asked.is_traced.then(|| Mutex::new(vec![Took::default(); plan.len()]));
        let readers = plan.readers();
        let (next_starts, nexts) = order::successors(&plan);
        let alive_before = order::alive_before(&plan, readers.clone());
        let pending = plan.dep_starts.windows(2).map(|bounds| AtomicU32::new(bounds[1] - bounds[0])).collect();
        let slots = readers.into_iter().map(|readers| Mutex::new(Slot { value: None, readers })).collect();
        let run = Arc::new(Run {
            next_starts,
            nexts,
            pending,
            slots,
            alive_before,
            seats: Seats::new(pool.threads),
            pool: Arc::clone(pool),
            priority: asked.priority,
            stopped_by: asked.stopped_by,
            seq: pool.next_seq(),
            sources: Mutex::default(),
            has_sources: AtomicBool::new(false),
            blocking: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            done: AtomicUsize::new(0),
            active: AtomicUsize::new(0),
            has_ticket: AtomicBool::new(false),
            outcome: Mutex::new(Outcome { on_end: asked.on_end, ..Outcome::default() }),
            ended: Condvar::new(),
            trace,
            nodes: plan.nodes,
            dep_starts: plan.dep_starts,
            deps: plan.deps,
            targets: plan.targets,
        });
        run.launch();
        run
    }

    fn launch(self: &Arc<Self>) {
        self.active.fetch_add(1, Ordering::AcqRel);
        let no_deps = |i: &u32| self.dep_starts[*i as usize] == self.dep_starts[*i as usize + 1];
        let (block, compute): (Vec<u32>, Vec<u32>) =
            (0..self.nodes.len() as u32).filter(no_deps).partition(|i| self.is_blocking(*i));
        self.seats.push_span(compute);
        self.has_sources.store(!block.is_empty(), Ordering::Release);
        *self.sources.lock() = block.into();
        self.feed(1);
        if self.seats.has_spans() {
            self.recruit();
        }
        self.depart(0);
    }

    /// Leaves, and sees to it that somebody comes for what is left.
    fn depart(self: &Arc<Self>, done: usize) {
        self.leave(done);
        self.feed(0);
        fence(Ordering::SeqCst);
        if self.is_stopped() {
            self.end_stopped();
        } else if self.seats.has_tasks() {
            self.recruit();
        }
    }

    /// Ends a stopped run unless somebody is inside, who does so on leaving. For those who have left: if it is only
    /// they who see that the pool is closed or cancelled, nobody else will.
    pub fn end_stopped(&self) {
        self.active.fetch_add(1, Ordering::AcqRel);
        self.leave(0);
    }

    /// Waits for the end. A thread that computes helps first. When there is nothing left to help with another one takes
    /// its place, since calls that are being made elsewhere may wait for a thread.
    pub fn wait(self: &Arc<Self>) -> Result<Vec<Value>> {
        if worker_id().is_some() {
            self.help();
        }
        if let Some(result) = self.outcome.lock().result.take() {
            return result;
        }
        while_waiting(&self.pool, || {
            let mut outcome = self.outcome.lock();
            loop {
                if let Some(result) = outcome.result.take() {
                    return result;
                }
                self.ended.wait(&mut outcome);
            }
        })
    }

    /// Ends the run with `error`; calls that are being made end first.
    pub fn stop(self: &Arc<Self>, error: Error) {
        self.active.fetch_add(1, Ordering::AcqRel);
        self.fail(error);
        self.leave(0);
    }

    pub fn fail(&self, error: Error) {
        self.outcome.lock().error.get_or_insert(error);
        self.stopped.store(true, Ordering::Release);
    }

    /// The run is stopped, or its pool is closed or cancelled.
    pub fn is_stopped(&self) -> bool {
        if self.pool.is_closed() {
            self.fail(Error::Closed);
        }
        if self.is_cancelled() {
            self.fail(Error::Cancelled { call: "the run".into() });
        }
        self.stopped.load(Ordering::Acquire)
    }

    /// Makes call `i`, and notes what it took if that is asked for.
    pub fn perform(&self, i: usize, deps: &mut RunDeps<'_>) -> Result<Value> {
        let Some(trace) = &self.trace else { return perform(&self.nodes[i], deps, self.pool.subscriber()) };
        let start = now();
        let result = perform(&self.nodes[i], deps, self.pool.subscriber());
        let bytes = result.as_ref().ok().and_then(|value| self.nodes[i].function.bytes_of(value));
        if let Some(took) = trace.lock().get_mut(i) {
            *took = Took { elapsed: Some(now().duration_since(start)), bytes };
        }
        result
    }

    /// The run, or all of the pool, is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.pool.is_cancelled() || self.stopped_by.as_ref().is_some_and(|flag| flag())
    }

    pub fn is_blocking(&self, i: u32) -> bool {
        self.nodes[i as usize].function.is_blocking
    }

    pub fn push_blocking(self: &Arc<Self>, i: u32) {
        self.blocking.fetch_add(1, Ordering::AcqRel);
        self.pool.push_blocking(self.priority, self.seq, Arc::clone(self) as Arc<dyn Job>, i);
    }

    /// Sees to it that a thread will come and look for work.
    pub fn recruit(self: &Arc<Self>) {
        if !self.has_ticket.swap(true, Ordering::AcqRel) {
            self.pool.push(self.priority, Arc::clone(self) as Arc<dyn Job>);
        }
    }

    /// A thread leaves, having made `done` calls. The last one to leave ends a run that is stopped.
    /// Returns whether no other thread is inside.
    pub fn leave(&self, done: usize) -> bool {
        let is_done = self.done.fetch_add(done, Ordering::AcqRel) + done == self.nodes.len();
        let is_last = self.active.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_done || (is_last && self.stopped.load(Ordering::Acquire)) {
            self.end();
        }
        is_last
    }

    fn end(&self) {
        let mut outcome = self.outcome.lock();
        if std::mem::replace(&mut outcome.is_ended, true) {
            return;
        }
        let error = outcome.error.take();
        let on_end = outcome.on_end.take();
        drop(outcome);
        let result = match error {
            Some(error) => Err(error),
            None => self.results(),
        };
        self.stopped.store(true, Ordering::Release);
        let left = if result.is_ok() { &self.targets } else { &Vec::from_iter(0..self.nodes.len() as u32) };
        for i in left {
            drop(self.slots[*i as usize].lock().value.take());
        }
        match on_end {
            Some(on_end) => on_end(result),
            None => {
                self.outcome.lock().result = Some(result);
                self.ended.notify_all();
            }
        }
    }

    fn results(&self) -> Result<Vec<Value>> {
        let missing = Error::Internal { what: "a run ended without a result" };
        let value = |i: &u32| self.slots[*i as usize].lock().value.clone().ok_or_else(|| missing.clone());
        self.targets.iter().map(value).collect()
    }
}

impl Job for Run {
    fn work(self: Arc<Self>) {
        self.help_as_asked();
    }

    fn block(self: Arc<Self>, index: u32) {
        self.active.fetch_add(1, Ordering::AcqRel);
        let mut helper = Helper::new();
        let mut next = Some(index);
        while let Some(i) = next.take()
            && !self.is_stopped()
            && self.make(i, &mut helper).is_some()
        {
            let (block, compute): (Vec<u32>, Vec<u32>) = helper.ready.drain(..).partition(|i| self.is_blocking(*i));
            let mut block = block.into_iter();
            next = block.next();
            block.for_each(|i| self.push_blocking(i));
            if !compute.is_empty() {
                self.seats.push_span(compute);
                self.recruit();
            }
        }
        self.blocking.fetch_sub(1, Ordering::AcqRel);
        self.depart(helper.done);
    }

    fn refuse(self: Arc<Self>) {
        self.stop(Error::Closed);
    }
}
