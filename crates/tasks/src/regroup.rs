//! Chains of an associative function become balanced trees.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::node::{Input, Inputs, Node};
use crate::plan::{MAX_TASKS, Plan};

/// A chain that was regrouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regrouped {
    pub name: Arc<str>,
    pub calls: usize,
    pub depth_before: usize,
    pub depth: usize,
}

/// Regroups the chains of `plan` whose results in between nobody else reads. Returns whether there were any; then
/// tasks are no longer in an order in which they can run.
pub fn regroup(plan: &mut Plan) -> Result<bool> {
    if !plan.nodes.iter().any(|node| is_associative(node)) {
        return Ok(false);
    }
    let inner = inner_calls(plan);
    let mut trees = Trees::default();
    for top in (0..plan.len()).rev() {
        if is_associative(&plan.nodes[top]) && !inner[top] {
            trees.regroup_chain(plan, &inner, top as u32)?;
        }
    }
    if trees.reads.is_empty() {
        return Ok(false);
    }
    trees.rewrite(plan)?;
    Ok(true)
}

fn is_associative(node: &Node) -> bool {
    node.function.is_associative && matches!(node.inputs, Inputs::Two(_))
}

/// Calls that only another call of the same associative function reads.
fn inner_calls(plan: &Plan) -> Vec<bool> {
    let readers = plan.readers();
    let mut inner = vec![false; plan.len()];
    for (i, node) in plan.nodes.iter().enumerate().filter(|(_, node)| is_associative(node)) {
        for read in plan.deps_of(i) {
            let same = Arc::ptr_eq(&plan.nodes[*read as usize].function, &node.function);
            inner[*read as usize] |= same && readers[*read as usize] == 1;
        }
    }
    inner
}

/// New trees, built from the tasks of the chains they replace.
#[derive(Default)]
struct Trees {
    /// What the calls of a tree read.
    reads: HashMap<u32, [u32; 2]>,
    /// Values given with calls, as tasks of their own.
    constants: Vec<Arc<Node>>,
}

impl Trees {
    fn regroup_chain(&mut self, plan: &mut Plan, inner: &[bool], top: u32) -> Result<()> {
        let mut chain = Chain::default();
        let tasks = plan.len() + self.constants.len();
        chain.collect(plan, inner, top, tasks);
        let depth = chain.operands.len().next_power_of_two().trailing_zeros() as usize;
        if chain.depth <= depth {
            return Ok(());
        }
        if tasks + chain.constants.len() > MAX_TASKS {
            return Err(Error::TooLarge { limit: MAX_TASKS });
        }
        self.constants.append(&mut chain.constants);
        plan.regrouped.push(Regrouped {
            name: Arc::clone(&plan.nodes[top as usize].function.name),
            calls: chain.calls.len(),
            depth_before: chain.depth,
            depth,
        });
        self.build(&chain.operands, &mut chain.calls);
        Ok(())
    }

    /// Makes a tree over `operands` from `calls`, the last first; returns its top. Recurses as deep as the tree.
    fn build(&mut self, operands: &[u32], calls: &mut Vec<u32>) -> u32 {
        if let [operand] = operands {
            return *operand;
        }
        // The top of the chain comes first and stays the top.
        let call = calls.pop().unwrap_or_default();
        let (left, right) = operands.split_at(operands.len().div_ceil(2));
        let left = self.build(left, calls);
        let right = self.build(right, calls);
        self.reads.insert(call, [left, right]);
        call
    }

    fn rewrite(self, plan: &mut Plan) -> Result<()> {
        let mut bare: HashMap<*const (), Arc<Node>> = HashMap::new();
        let (mut deps, mut dep_starts) = (Vec::with_capacity(plan.deps.len()), vec![0]);
        for i in 0..plan.len() {
            match self.reads.get(&(i as u32)) {
                Some(reads) => {
                    deps.extend_from_slice(reads);
                    let function = Arc::clone(&plan.nodes[i].function);
                    let node = bare.entry(Arc::as_ptr(&function).cast());
                    let holes = || Node::new(function, Inputs::Two([Input::Hole, Input::Hole]));
                    plan.nodes[i] = Arc::clone(node.or_insert_with(holes));
                }
                None => deps.extend_from_slice(plan.deps_of(i)),
            }
            dep_starts.push(u32::try_from(deps.len()).map_err(|_| Error::TooLarge { limit: MAX_TASKS })?);
        }
        dep_starts.extend(self.constants.iter().map(|_| deps.len() as u32));
        plan.nodes.extend(self.constants);
        (plan.deps, plan.dep_starts) = (deps, dep_starts);
        Ok(())
    }
}

/// A chain taken apart.
#[derive(Default)]
struct Chain {
    /// Operands from left to right.
    operands: Vec<u32>,
    /// The calls, the top of the chain last.
    calls: Vec<u32>,
    constants: Vec<Arc<Node>>,
    depth: usize,
}

impl Chain {
    /// Takes apart the chain under `top`; its constants get numbers from `tasks` on.
    fn collect(&mut self, plan: &Plan, inner: &[bool], top: u32, tasks: usize) {
        let mut stack = vec![(top, 1)];
        while let Some((task, depth)) = stack.pop() {
            let is_call = task == top || inner.get(task as usize) == Some(&true);
            if !is_call {
                self.operands.push(task);
                continue;
            }
            self.calls.push(task);
            self.depth = self.depth.max(depth);
            let mut reads = plan.deps_of(task as usize).iter();
            let inputs = plan.nodes[task as usize].inputs.as_slice().iter();
            let start = stack.len();
            for input in inputs {
                let operand = match input {
                    Input::Node(_) => reads.next().copied(),
                    input => self.constant(input, tasks),
                };
                stack.extend(operand.map(|operand| (operand, depth + 1)));
            }
            stack[start..].reverse();
        }
        self.calls.reverse();
    }

    fn constant(&mut self, input: &Input, tasks: usize) -> Option<u32> {
        let node = match input {
            Input::Value(value) => Node::constant(Arc::clone(value)),
            Input::Future(held) => {
                Node::new(crate::function::Function::constant(), Inputs::One([Input::Future(held.clone())]))
            }
            _ => return None,
        };
        self.constants.push(node);
        u32::try_from(tasks + self.constants.len() - 1).ok()
    }
}
