//! A graph of tasks as data: for pictures, and for what a run took.

use std::sync::Arc;
use std::time::Duration;

use crate::delayed::{Delayed, Wanted};
use crate::error::Result;
use crate::node::Node;
use crate::plan::{Known, Plan};
use crate::pool::Pool;
use crate::run::{Asked, Run};

/// Tasks in the order in which one thread would make them: each after those that it reads.
#[derive(Clone, Debug, Default)]
pub struct TaskGraph {
    /// The tasks.
    pub tasks: Vec<TaskInfo>,
    /// The tasks whose results are asked for.
    pub targets: Vec<usize>,
}

/// One task of a graph.
#[derive(Clone, Debug, Default)]
pub struct TaskInfo {
    /// Name of the call.
    pub name: String,
    /// The tasks whose results it reads, in the order of its arguments.
    pub reads: Vec<usize>,
    /// Whether it runs on the threads for functions that sleep or wait.
    pub is_blocking: bool,
    /// Whether its result was there already.
    pub is_value: bool,
    /// How long it took, after a run that was traced.
    pub elapsed: Option<Duration>,
    /// Bytes of its result, after a run that was traced, for functions that are [`measured`](crate::Callable::measured).
    pub bytes: Option<u64>,
}

/// What a task of a run took.
#[derive(Clone, Copy, Default)]
pub struct Took {
    pub elapsed: Option<Duration>,
    pub bytes: Option<u64>,
}

impl TaskGraph {
    fn of(plan: &Plan) -> Self {
        let task = |(i, node): (usize, &Arc<Node>)| TaskInfo {
            name: node.function.name.to_string(),
            reads: plan.deps_of(i).iter().map(|read| *read as usize).collect(),
            is_blocking: node.function.is_blocking,
            is_value: node.is_constant(),
            ..TaskInfo::default()
        };
        let targets = plan.targets.iter().map(|task| *task as usize).collect();
        TaskGraph { tasks: plan.nodes.iter().enumerate().map(task).collect(), targets }
    }

    /// Number of tasks on the longest path.
    pub fn depth(&self) -> usize {
        let mut depths: Vec<usize> = Vec::with_capacity(self.tasks.len());
        for task in &self.tasks {
            let below = task.reads.iter().filter_map(|read| depths.get(*read)).max();
            depths.push(below.copied().unwrap_or(0) + 1);
        }
        depths.into_iter().max().unwrap_or(0)
    }
}

impl<T> Delayed<T> {
    /// The calls as they were typed.
    ///
    /// # Errors
    /// The graph is too large for one run.
    pub fn graph_as_typed(&self) -> Result<TaskGraph> {
        Ok(TaskGraph::of(&Plan::walk(std::slice::from_ref(&self.node), &Known::default())?))
    }

    /// The tasks as a run would make them, chains of associative functions regrouped.
    ///
    /// # Errors
    /// The graph is too large for one run.
    pub fn graph(&self) -> Result<TaskGraph> {
        Ok(TaskGraph::of(&Plan::new(std::slice::from_ref(&self.node))?))
    }
}

/// The calls of several delayed values as they were typed.
///
/// # Errors
/// The graph is too large for one run.
pub fn graph_as_typed<W: Wanted>(calls: &W) -> Result<TaskGraph> {
    Ok(TaskGraph::of(&Plan::walk(&calls.nodes(), &Known::default())?))
}

/// The tasks that one run of several delayed values would make.
///
/// # Errors
/// The graph is too large for one run.
pub fn graph<W: Wanted>(calls: &W) -> Result<TaskGraph> {
    Ok(TaskGraph::of(&Plan::new(&calls.nodes())?))
}

impl Pool {
    /// Makes several calls in one run, and says what each task took.
    ///
    /// # Errors
    /// See [`Delayed::compute`].
    pub fn trace<W: Wanted>(&self, calls: W) -> Result<(W::Results, TaskGraph)> {
        let plan = Plan::new(&calls.nodes())?;
        let mut graph = TaskGraph::of(&plan);
        for held in &plan.futures {
            held.wait(None)?;
        }
        let run = Run::start(self.shared(), plan, Asked { is_traced: true, ..Asked::default() });
        let values = run.wait()?;
        for (task, took) in graph.tasks.iter_mut().zip(run.took()) {
            (task.elapsed, task.bytes) = (took.elapsed, took.bytes);
        }
        Ok((W::results(values.into_iter())?, graph))
    }
}
