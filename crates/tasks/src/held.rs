//! Handles on calls at a client.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::node::{Node, Value};
use crate::pool::{Job, Shared, while_waiting};
use crate::sync::atomic::Ordering;
use crate::sync::now;
use crate::task::{CallOptions, Phase, Task, Watch};

/// A handle on a task. The last one to be dropped releases it.
pub struct Held(Arc<Task>);

impl Clone for Held {
    fn clone(&self) -> Self {
        self.0.handles.fetch_add(1, Ordering::Relaxed);
        Held(Arc::clone(&self.0))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.settle(Phase::Released, |_| true);
        }
    }
}

impl Held {
    /// The first handle of a task.
    pub fn new(task: Task) -> Self {
        Held(Arc::new(task))
    }

    /// A task that has its result.
    pub fn done(pool: &Arc<Shared>, value: Value) -> Self {
        Task::held(pool, "scattered".into(), CallOptions::default(), Phase::Done(value))
    }

    /// A task that waits for its start.
    pub fn waiting(pool: &Arc<Shared>, node: Arc<Node>, options: CallOptions) -> Self {
        let name = Arc::clone(&node.function.name);
        Task::held(pool, name, options, Phase::Waiting(node))
    }

    /// Has the task run when `inputs` have ended. Returns it if it can run now.
    pub fn watch_inputs(&self, inputs: &[Held]) -> Option<Arc<dyn Job>> {
        self.0.waiting.store(inputs.len() + 1, Ordering::Release);
        for input in inputs {
            input.watch(Arc::clone(&self.0) as Arc<dyn Watch>, 0);
        }
        self.0.is_ready().then(|| Arc::clone(&self.0) as Arc<dyn Job>)
    }

    pub fn addr(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    pub fn pool(&self) -> &Arc<Shared> {
        &self.0.pool
    }

    pub fn is_ended(&self) -> bool {
        !matches!(self.0.state.lock().phase, Phase::Waiting(_) | Phase::Running(..))
    }

    /// The error it ended with.
    pub fn error(&self) -> Option<Error> {
        match &self.0.state.lock().phase {
            Phase::Failed(error) => Some(error.clone()),
            _ => None,
        }
    }

    /// The result of a task that has ended.
    pub fn value(&self) -> Result<Value> {
        match &self.0.state.lock().phase {
            Phase::Done(value) => Ok(Arc::clone(value)),
            Phase::Failed(error) => Err(error.clone()),
            _ => Err(Error::Internal { what: "a future was read before its end" }),
        }
    }

    /// Waits for the end, up to `limit`.
    pub fn wait(&self, limit: Option<Duration>) -> Result<()> {
        if self.is_ended() {
            return Ok(());
        }
        let deadline = limit.and_then(|limit| now().checked_add(limit));
        while_waiting(&self.0.pool, || {
            let mut state = self.0.state.lock();
            while matches!(state.phase, Phase::Waiting(_) | Phase::Running(..)) {
                match deadline {
                    None => self.0.ended.wait(&mut state),
                    Some(deadline) => {
                        if self.0.ended.wait_until(&mut state, deadline).timed_out() {
                            let waited = limit.unwrap_or_default();
                            return Err(Error::NotYet { what: Arc::clone(&self.0.name), waited });
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// Tells `watch` about the end, now if it has come.
    pub fn watch(&self, watch: Arc<dyn Watch>, tag: usize) {
        let mut state = self.0.state.lock();
        if matches!(state.phase, Phase::Waiting(_) | Phase::Running(..)) {
            return state.watchers.push((watch, tag));
        }
        drop(state);
        watch.ended(tag);
    }

    /// Makes the result an error, whatever it was.
    pub fn cancel(&self) {
        self.0.settle(Phase::Failed(Error::Cancelled { call: Arc::clone(&self.0.name) }), |_| true);
    }
}
