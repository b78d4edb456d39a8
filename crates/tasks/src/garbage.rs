//! Frees and refuses what hangs together in long chains without recursion.
//!
//! A future that is dropped may hold the last call that reads another future, and so on. What is freed while
//! something is being freed on the same thread waits until that is done.

use std::cell::RefCell;
use std::sync::Arc;

use crate::node::{Node, Value};
use crate::pool::Job;
use crate::sync::thread_local;

enum Chore {
    Free(Option<Arc<Node>>, Option<Value>),
    Refuse(Arc<dyn Job>),
}

impl Chore {
    fn run(self) {
        match self {
            Chore::Free(node, value) => drop((node, value)),
            Chore::Refuse(job) => job.refuse(),
        }
    }
}

thread_local! {
    /// What waits on this thread; none when nothing is being freed.
    static CHORES: RefCell<Option<Vec<Chore>>> = const { RefCell::new(None) };
}

/// Drops a call and a result, now or when what is being dropped on this thread is gone.
pub fn free(node: Option<Arc<Node>>, value: Option<Value>) {
    if node.is_some() || value.is_some() {
        run_or_defer(Chore::Free(node, value));
    }
}

/// Refuses `job`, now or when what is being refused on this thread is.
pub fn refuse(job: Arc<dyn Job>) {
    run_or_defer(Chore::Refuse(job));
}

fn run_or_defer(chore: Chore) {
    let mut chore = Some(chore);
    // Fails only while the thread ends; then nothing waits.
    let is_first = CHORES.try_with(|chores| match &mut *chores.borrow_mut() {
        Some(chores) => {
            chores.extend(chore.take());
            false
        }
        idle => {
            *idle = Some(Vec::new());
            true
        }
    });
    if let Some(chore) = chore {
        chore.run();
    }
    if is_first == Ok(true) {
        while let Some(chore) = next_chore() {
            chore.run();
        }
    }
}

fn next_chore() -> Option<Chore> {
    CHORES.with(|chores| {
        let mut chores = chores.borrow_mut();
        let chore = chores.as_mut().and_then(Vec::pop);
        if chore.is_none() {
            *chores = None;
        }
        chore
    })
}
