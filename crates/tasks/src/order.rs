//! The order of tasks: depth first, the needier argument first, so that results die young.
//!
//! The need of a task is the number of results alive at once while one thread computes it (Sethi and Ullman, "The
//! generation of optimal code for arithmetic expressions", 1970). It is exact for trees and a good guess for graphs.

use std::sync::Arc;

use crate::plan::Plan;

/// Marks a task on the stack whose inputs are numbered already.
const LEAVE: u32 = 1 << 31;

/// Tasks depth first, arguments from left to right.
pub fn by_arguments(plan: &Plan) -> Vec<u32> {
    depth_first(plan, |_| {})
}

/// Tasks depth first, the needier argument first; none when that is the order they have.
pub fn by_need(plan: &Plan) -> Option<Vec<u32>> {
    let (needs, is_sorted) = needs(plan);
    if is_sorted {
        return None;
    }
    let need = |read: &u32| needs[*read as usize];
    Some(depth_first(plan, |reads| match reads {
        [] | [_] => {}
        [a, b] if need(a) >= need(b) => {}
        [a, b] => std::mem::swap(a, b),
        many => many.sort_by_key(|read| std::cmp::Reverse(need(read))),
    }))
}

/// The need of each task, and whether each task reads the needier first.
fn needs(plan: &Plan) -> (Vec<u32>, bool) {
    let mut needs: Vec<u32> = Vec::with_capacity(plan.len());
    let mut is_sorted = true;
    let mut sorted = Vec::new();
    for i in 0..plan.len() {
        sorted.clear();
        sorted.extend(plan.deps_of(i).iter().map(|read| needs[*read as usize]));
        if !sorted.is_sorted_by(|a, b| a >= b) {
            is_sorted = false;
            sorted.sort_unstable_by(|a, b| b.cmp(a));
        }
        let held = sorted.iter().zip(0..).map(|(need, held)| need + held);
        needs.push(held.max().unwrap_or(1));
    }
    (needs, is_sorted)
}

fn depth_first(plan: &Plan, mut arrange: impl FnMut(&mut [u32])) -> Vec<u32> {
    let mut is_numbered = vec![false; plan.len()];
    let mut order = Vec::with_capacity(plan.len());
    let mut stack = Vec::new();
    for target in &plan.targets {
        stack.push(*target);
        while let Some(top) = stack.pop() {
            let task = top & !LEAVE;
            if is_numbered[task as usize] {
                continue;
            }
            if top & LEAVE != 0 {
                is_numbered[task as usize] = true;
                order.push(task);
                continue;
            }
            stack.push(task | LEAVE);
            let start = stack.len();
            let reads = plan.deps_of(task as usize).iter();
            stack.extend(reads.filter(|read| !is_numbered[**read as usize]));
            arrange(&mut stack[start..]);
            stack[start..].reverse();
        }
    }
    order
}

/// Numbers tasks by their place in `order`; tasks that are not in it are dropped.
pub fn renumber(plan: &mut Plan, order: &[u32]) {
    let mut place = vec![0u32; plan.len()];
    for (new, old) in (0u32..).zip(order) {
        place[*old as usize] = new;
    }
    let mut deps = Vec::with_capacity(plan.deps.len());
    let mut dep_starts = Vec::with_capacity(order.len() + 1);
    dep_starts.push(0);
    for old in order {
        deps.extend(plan.deps_of(*old as usize).iter().map(|read| place[*read as usize]));
        dep_starts.push(deps.len() as u32);
    }
    plan.nodes = order.iter().map(|old| Arc::clone(&plan.nodes[*old as usize])).collect();
    plan.targets.iter_mut().for_each(|target| *target = place[*target as usize]);
    (plan.deps, plan.dep_starts) = (deps, dep_starts);
}

/// Results alive before each task when tasks run in their order.
pub fn alive_before(plan: &Plan, mut readers: Vec<u32>) -> Vec<u32> {
    let mut alive = 0;
    let count = |i| {
        let before = alive;
        alive += 1;
        for read in plan.deps_of(i) {
            let left = &mut readers[*read as usize];
            *left -= 1;
            alive -= u32::from(*left == 0);
        }
        before
    };
    (0..plan.len()).map(count).collect()
}

/// For each task those that read it, once for each time they do.
pub fn successors(plan: &Plan) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; plan.len() + 1];
    for read in &plan.deps {
        starts[*read as usize + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut nexts = vec![0u32; plan.deps.len()];
    let mut ends = starts.clone();
    for i in 0..plan.len() {
        for read in plan.deps_of(i) {
            let end = &mut ends[*read as usize];
            nexts[*end as usize] = i as u32;
            *end += 1;
        }
    }
    (starts, nexts)
}
