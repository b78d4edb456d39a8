//! Calls whose results are asked for one by one, as the blocks of a frame or an array are.
//!
//! What several of them read is made once, before; the rest of each is made by whoever asks for it, on the thread that
//! asks, so that no thread waits for another one.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::delayed::{Delayed, run_nodes, typed};
use crate::error::{Error, Result};
use crate::node::Node;
use crate::plan::{Known, Plan};
use crate::pool::Pool;
use crate::run::Asked;
use crate::serial;

/// Calls of one type, of which one after the other is asked for.
pub struct Parts<T> {
    nodes: Vec<Arc<Node>>,
    /// The calls that several parts read, as far as their results are needed for what only one part reads.
    shared: Vec<Arc<Node>>,
    result: PhantomData<fn() -> T>,
}

/// Results of the calls that several parts read.
///
/// # Memory
/// They live as long as this does.
pub struct SharedResults(Known);

impl fmt::Debug for SharedResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedResults({})", self.0.len())
    }
}

impl<T> fmt::Debug for Parts<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parts({}, {} shared)", self.nodes.len(), self.shared.len())
    }
}

/// How many parts a call is read by.
#[derive(Clone, Copy, PartialEq)]
enum ReadBy {
    None,
    One(usize),
    Several,
}

impl ReadBy {
    fn and(self, other: ReadBy) -> ReadBy {
        match (self, other) {
            (ReadBy::None, by) | (by, ReadBy::None) => by,
            (one, two) if one == two => one,
            _ => ReadBy::Several,
        }
    }
}

/// How many parts read each task of a plan whose targets are the parts.
fn read_by(plan: &Plan) -> Vec<ReadBy> {
    let mut read_by = vec![ReadBy::None; plan.len()];
    for (part, task) in plan.targets.iter().enumerate() {
        // A call that is two parts is read by both.
        read_by[*task as usize] = read_by[*task as usize].and(ReadBy::One(part));
    }
    for task in (0..plan.len()).rev() {
        for read in plan.deps_of(task) {
            read_by[*read as usize] = read_by[*read as usize].and(read_by[task]);
        }
    }
    read_by
}

impl<T: Send + Sync + 'static> Parts<T> {
    /// Looks for what several of the calls read.
    ///
    /// # Errors
    /// More tasks than a run can number.
    pub fn new(parts: impl IntoIterator<Item = Delayed<T>>) -> Result<Self> {
        let nodes: Vec<Arc<Node>> = parts.into_iter().map(|part| part.node).collect();
        let plan = Plan::walk(&nodes, &Known::default())?;
        let read_by = read_by(&plan);
        let is_shared = |task: u32| read_by[task as usize] == ReadBy::Several;
        let mut is_needed = vec![false; plan.len()];
        let private = (0u32..).zip(&read_by).filter(|(_, by)| **by != ReadBy::Several);
        let read = private.flat_map(|(task, _)| plan.deps_of(task as usize));
        for task in plan.targets.iter().chain(read).filter(|task| is_shared(**task)) {
            is_needed[*task as usize] = true;
        }
        let shared = plan.nodes.iter().zip(is_needed).filter(|(_, needed)| *needed);
        Ok(Parts { shared: shared.map(|(node, _)| Arc::clone(node)).collect(), nodes, result: PhantomData })
    }

    /// Number of parts.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Makes the calls that several parts read, in one run.
    ///
    /// # Errors
    /// The first failure of a function.
    pub fn share(&self, pool: &Pool) -> Result<SharedResults> {
        let values = run_nodes(pool.shared(), &self.shared, Asked::default())?;
        Ok(SharedResults(self.shared.iter().map(|node| Arc::as_ptr(node).addr()).zip(values).collect()))
    }

    /// Makes a part on this thread; `go_on` is asked before each of its calls.
    ///
    /// # Errors
    /// The first failure of a function, or that of `go_on`.
    pub fn make(
        &self,
        part: usize,
        shared: &SharedResults,
        pool: &Pool,
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<Arc<T>> {
        let node = self.nodes.get(part).ok_or(Error::Internal { what: "no such part" })?;
        let plan = Plan::given(std::slice::from_ref(node), &shared.0)?;
        typed(serial::run(&plan, pool.shared().subscriber(), go_on)?.pop())
    }
}
