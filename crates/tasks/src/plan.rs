//! From nodes to a dense graph of numbered tasks.
//!
//! Tasks are numbered in the order in which one thread would run them, so that a task's number is its priority
//! and neighbours in time are neighbours in memory. Nothing here recurses.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::held::Held;
use crate::node::{Node, Value};
use crate::order;
use crate::regroup::{self, Regrouped};
use crate::sync::atomic::Ordering::Relaxed;
use crate::sync::{MutexGuard, static_lock};

/// Bits of a mark that hold the index; the rest is the stamp of the run.
const INDEX_BITS: u32 = 28;
/// The largest number of tasks in one run.
pub const MAX_TASKS: usize = 1 << INDEX_BITS;

static_lock! {
    /// The stamp of the run planned last. Marks belong to whoever holds the lock, which is held while one graph is
    /// walked; with 36 bits, stamps do not come back.
    static STAMP: Mutex<u64> = Mutex::new(0);
}

/// Results of calls that have been made, by the address of the call's node; whoever has it holds the nodes.
pub type Known = HashMap<usize, Value>;

/// A graph ready to run. Task `i` reads `deps[dep_starts[i]..dep_starts[i + 1]]`, in the order of its arguments.
pub struct Plan {
    pub nodes: Vec<Arc<Node>>,
    pub dep_starts: Vec<u32>,
    pub deps: Vec<u32>,
    pub targets: Vec<u32>,
    /// Futures that must have ended before the run starts.
    pub futures: Vec<Held>,
    pub regrouped: Vec<Regrouped>,
}

impl Plan {
    /// Plans the run of `targets`; shared parts are numbered once.
    pub fn new(targets: &[Arc<Node>]) -> Result<Self> {
        Plan::given(targets, &Known::default())
    }

    /// Plans the run of `targets` where the results of some calls are known.
    pub fn given(targets: &[Arc<Node>], known: &Known) -> Result<Self> {
        let mut plan = Plan::walk(targets, known)?;
        if regroup::regroup(&mut plan)? {
            let order = order::by_arguments(&plan);
            order::renumber(&mut plan, &order);
        }
        if let Some(order) = order::by_need(&plan) {
            order::renumber(&mut plan, &order);
        }
        Ok(plan)
    }

    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What task `i` reads.
    pub fn deps_of(&self, i: usize) -> &[u32] {
        let bounds = self.dep_starts.get(i).zip(self.dep_starts.get(i + 1));
        bounds.and_then(|(start, end)| self.deps.get(*start as usize..*end as usize)).unwrap_or(&[])
    }

    /// How often each task is read, with one more for each target.
    pub fn readers(&self) -> Vec<u32> {
        let mut readers = vec![0u32; self.len()];
        for read in self.deps.iter().chain(&self.targets) {
            readers[*read as usize] += 1;
        }
        readers
    }

    /// Tasks in the order of a walk from `targets`, those read before those that read them.
    pub fn walk(targets: &[Arc<Node>], known: &Known) -> Result<Self> {
        let mut walk = Walk::new(known);
        for target in targets {
            walk.visit(target)?;
        }
        let targets = targets.iter().filter_map(|target| walk.index(target)).collect();
        let Walk { nodes, dep_starts, deps, futures, .. } = walk;
        Ok(Plan { nodes, dep_starts, deps, targets, futures, regrouped: Vec::new() })
    }
}

/// A walk over nodes, those read before those that read them.
struct Walk<'k> {
    known: &'k Known,
    stamp: u64,
    nodes: Vec<Arc<Node>>,
    dep_starts: Vec<u32>,
    deps: Vec<u32>,
    futures: Vec<Held>,
    _marks: MutexGuard<'static, u64>,
}

enum Visit<'a> {
    Enter(&'a Arc<Node>),
    Leave(&'a Arc<Node>),
}

impl<'k> Walk<'k> {
    fn new(known: &'k Known) -> Self {
        let mut marks = STAMP.lock();
        *marks += 1;
        Walk {
            known,
            stamp: *marks << INDEX_BITS,
            nodes: Vec::new(),
            dep_starts: vec![0],
            deps: Vec::new(),
            futures: Vec::new(),
            _marks: marks,
        }
    }

    /// The number that this walk gave to `node`.
    fn index(&self, node: &Node) -> Option<u32> {
        let mark = node.mark.load(Relaxed);
        let index_mask = MAX_TASKS as u64 - 1;
        (mark & !index_mask == self.stamp).then_some((mark & index_mask) as u32)
    }

    fn visit(&mut self, target: &Arc<Node>) -> Result<()> {
        let mut stack = vec![Visit::Enter(target)];
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Enter(node) if self.index(node).is_some() => {}
                Visit::Enter(node) if self.known.contains_key(&Arc::as_ptr(node).addr()) => self.number(node)?,
                Visit::Enter(node) => {
                    stack.push(Visit::Leave(node));
                    let start = stack.len();
                    node.for_each_node(|read| {
                        if self.index(read).is_none() {
                            stack.push(Visit::Enter(read));
                        }
                    });
                    stack[start..].reverse();
                }
                Visit::Leave(node) => self.number(node)?,
            }
        }
        Ok(())
    }

    fn number(&mut self, node: &Arc<Node>) -> Result<()> {
        let index = self.nodes.len();
        let known = self.known.get(&Arc::as_ptr(node).addr());
        if known.is_none() {
            node.for_each_node(|read| self.deps.extend(self.index(read)));
            node.for_each_future(|held| self.futures.push(held.clone()));
        }
        let end = u32::try_from(self.deps.len());
        let (Ok(end), true) = (end, index < MAX_TASKS) else {
            return Err(Error::TooLarge { limit: MAX_TASKS });
        };
        node.mark.store(self.stamp | index as u64, Relaxed);
        self.dep_starts.push(end);
        self.nodes.push(known.map_or_else(|| Arc::clone(node), |value| Node::constant(Arc::clone(value))));
        Ok(())
    }
}
