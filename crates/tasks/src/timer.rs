//! One thread that ends calls whose time is up.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::pool::Shared;
use crate::sync::{Condvar, Mutex, now, thread};
use crate::task::Task;

/// Calls with a limit of time. The thread starts with the first.
#[derive(Default)]
pub struct Timer {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    due: BTreeMap<(Instant, Reverse<u64>), (Weak<Task>, u32)>,
    seq: u64,
    is_running: bool,
    is_closed: bool,
}

impl Timer {
    pub fn close(&self) {
        self.state.lock().is_closed = true;
        self.wake.notify_all();
    }

    fn serve(&self) {
        let mut state = self.state.lock();
        while !state.is_closed {
            let now = now();
            match state.due.first_key_value().map(|(key, _)| key.0) {
                Some(due) if due <= now => {
                    let call = state.due.pop_first().and_then(|(_, (task, attempt))| Some((task.upgrade()?, attempt)));
                    drop(state);
                    if let Some((task, attempt)) = call {
                        task.time_is_up(attempt);
                    }
                    state = self.state.lock();
                }
                Some(due) => {
                    self.wake.wait_for(&mut state, due - now);
                }
                None => self.wake.wait(&mut state),
            }
        }
        state.due.clear();
    }
}

impl Shared {
    /// Ends attempt `attempt` of `task` after `limit`, if it has not ended.
    pub fn limit(self: &Arc<Self>, task: &Arc<Task>, attempt: u32, limit: Duration) {
        let Some(due) = now().checked_add(limit) else { return };
        let mut state = self.timer.state.lock();
        state.seq += 1;
        let seq = state.seq;
        state.due.insert((due, Reverse(seq)), (Arc::downgrade(task), attempt));
        if !state.is_running && !state.is_closed {
            let shared = Arc::clone(self);
            let thread = thread::Builder::new().name("blockfold-timer".to_owned());
            state.is_running = thread.spawn(move || shared.timer.serve()).is_ok();
        }
        self.timer.wake.notify_one();
    }
}
