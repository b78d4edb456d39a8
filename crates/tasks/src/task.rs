//! A call at a client: its attempts, its end, and what depends on it.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::function::{NoDeps, perform};
use crate::garbage;
use crate::held::Held;
use crate::node::{Node, Value};
use crate::plan::Plan;
use crate::pool::{Job, Shared};
use crate::run::{Asked, Run};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex};

/// Somebody who waits for the end of calls.
pub trait Watch: Send + Sync {
    /// The call watched under `tag` has ended.
    fn ended(self: Arc<Self>, tag: usize);
}

/// How a call is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    pub priority: i32,
    pub retries: u32,
    pub timeout: Option<Duration>,
}

/// A call at a client, from its submission until nobody asks for its result any more.
pub struct Task {
    pub pool: Arc<Shared>,
    pub name: Arc<str>,
    pub options: CallOptions,
    /// Futures it reads that have not ended.
    pub waiting: AtomicUsize,
    /// Futures of it, among them those that calls hold as arguments.
    pub handles: AtomicUsize,
    pub state: Mutex<State>,
    pub ended: Condvar,
}

pub struct State {
    pub phase: Phase,
    attempt: u32,
    pub watchers: Vec<(Arc<dyn Watch>, usize)>,
}

pub enum Phase {
    /// Waits for its arguments or for a thread.
    Waiting(Arc<Node>),
    Running(Arc<Node>, Option<Arc<Run>>),
    Done(Value),
    Failed(Error),
    /// Nobody holds a future of it.
    Released,
}

impl Task {
    pub fn held(pool: &Arc<Shared>, name: Arc<str>, options: CallOptions, phase: Phase) -> Held {
        Held::new(Task {
            pool: Arc::clone(pool),
            name,
            options,
            waiting: AtomicUsize::new(0),
            handles: AtomicUsize::new(1),
            state: Mutex::new(State { phase, attempt: 0, watchers: Vec::new() }),
            ended: Condvar::new(),
        })
    }

    pub fn is_ready(&self) -> bool {
        self.waiting.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Ends the task with `phase`, if `when` holds for how it is; frees what it held and tells those who wait.
    pub fn settle(&self, phase: Phase, when: impl FnOnce(&State) -> bool) {
        let mut state = self.state.lock();
        if !when(&state) {
            drop(state);
            return phase.free();
        }
        let old = std::mem::replace(&mut state.phase, phase);
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        self.ended.notify_all();
        if let Phase::Running(_, Some(run)) = &old {
            run.stop(Error::Cancelled { call: Arc::clone(&self.name) });
        }
        old.free();
        for (watch, tag) in watchers {
            watch.ended(tag);
        }
    }

    /// Takes the result of attempt `attempt`, or tries again.
    fn finish(self: &Arc<Self>, attempt: u32, result: Result<Value>) {
        if let Err(Error::Failed { .. } | Error::Panicked { .. }) = &result
            && attempt <= self.options.retries
            && self.retry(attempt)
        {
            return;
        }
        let phase = match result {
            Ok(value) => Phase::Done(value),
            Err(error) => Phase::Failed(error),
        };
        self.settle(phase, |state| state.attempt == attempt && matches!(state.phase, Phase::Running(..)));
    }

    fn retry(self: &Arc<Self>, attempt: u32) -> bool {
        let mut state = self.state.lock();
        let Phase::Running(node, _) = &state.phase else { return false };
        if state.attempt != attempt || reads_failed_future(node) {
            return false;
        }
        state.phase = Phase::Waiting(Arc::clone(node));
        drop(state);
        self.pool.push(self.options.priority, Arc::clone(self) as Arc<dyn Job>);
        true
    }

    /// Ends attempt `attempt` because it took too long.
    pub fn time_is_up(&self, attempt: u32) {
        let limit = self.options.timeout.unwrap_or_default();
        let error = Error::TimedOut { call: Arc::clone(&self.name), limit };
        self.settle(Phase::Failed(error), |state| {
            state.attempt == attempt && matches!(state.phase, Phase::Running(..))
        });
    }

    /// Starts the next attempt; none if the task has ended.
    fn begin(self: &Arc<Self>) -> Option<(Arc<Node>, u32)> {
        let mut state = self.state.lock();
        let Phase::Waiting(node) = &state.phase else { return None };
        let node = Arc::clone(node);
        state.attempt += 1;
        state.phase = Phase::Running(Arc::clone(&node), None);
        let attempt = state.attempt;
        drop(state);
        if let Some(limit) = self.options.timeout {
            self.pool.limit(self, attempt, limit);
        }
        Some((node, attempt))
    }

    /// Makes the one call of `node` on this thread.
    fn make(self: &Arc<Self>, node: &Node, attempt: u32) {
        let result = perform(node, &mut NoDeps, self.pool.subscriber());
        self.finish(attempt, result);
    }

    /// Starts a run of all that `node` reads.
    fn start_run(self: &Arc<Self>, node: Arc<Node>, attempt: u32) {
        let task = Arc::clone(self);
        let on_end = move |result: Result<Vec<Value>>| {
            let missing = Error::Internal { what: "a run ended without a result" };
            task.finish(attempt, result.and_then(|values| values.into_iter().next().ok_or(missing)));
        };
        let plan = match Plan::new(&[node]) {
            Ok(plan) => plan,
            Err(error) => return self.finish(attempt, Err(error)),
        };
        let asked = Asked { priority: self.options.priority, on_end: Some(Box::new(on_end)), ..Asked::default() };
        let run = Run::start(&self.pool, plan, asked);
        let mut state = self.state.lock();
        let is_current = state.attempt == attempt;
        match &mut state.phase {
            Phase::Running(_, slot) if is_current => *slot = Some(run),
            _ => {
                drop(state);
                run.stop(Error::Cancelled { call: Arc::clone(&self.name) });
            }
        }
    }
}

impl Phase {
    fn free(self) {
        match self {
            Phase::Waiting(node) | Phase::Running(node, _) => garbage::free(Some(node), None),
            Phase::Done(value) => garbage::free(None, Some(value)),
            Phase::Failed(_) | Phase::Released => {}
        }
    }
}

fn reads_failed_future(node: &Node) -> bool {
    let mut failed = false;
    node.for_each_future(|held| failed |= held.error().is_some());
    failed
}

impl Watch for Task {
    /// An argument is there.
    fn ended(self: Arc<Self>, _tag: usize) {
        if self.is_ready() {
            let pool = Arc::clone(&self.pool);
            pool.push(self.options.priority, self);
        }
    }
}

impl Job for Task {
    fn work(self: Arc<Self>) {
        let Some((node, attempt)) = self.begin() else { return };
        if !node.is_single() {
            self.start_run(node, attempt);
        } else if node.function.is_blocking {
            let pool = Arc::clone(&self.pool);
            pool.push_blocking(self.options.priority, pool.next_seq(), self, attempt);
        } else {
            self.make(&node, attempt);
        }
    }

    fn block(self: Arc<Self>, index: u32) {
        let node = match &self.state.lock().phase {
            Phase::Running(node, _) => Arc::clone(node),
            _ => return,
        };
        self.make(&node, index);
    }

    fn refuse(self: Arc<Self>) {
        self.settle(Phase::Failed(Error::Closed), |state| {
            matches!(state.phase, Phase::Waiting(_) | Phase::Running(..))
        });
    }
}
