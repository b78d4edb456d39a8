//! A run on the thread that asks for it, one call after the other: for those who may not wait for other threads.

use std::vec::IntoIter;

use crate::error::{Error, Result};
use crate::events::Subscriber;
use crate::function::{Deps, Failure, perform};
use crate::node::Value;
use crate::plan::Plan;

/// The results that the next call reads.
struct Reads(IntoIter<Value>);

impl Deps for Reads {
    fn next(&mut self) -> Result<Value, Failure> {
        self.0.next().ok_or(Failure::Upstream(MISSING))
    }
}

const MISSING: Error = Error::Internal { what: "a result was gone before its last reader came" };

/// Makes the calls of `plan` in their order; each result is dropped at its last use. `go_on` is asked before each.
pub fn run(plan: &Plan, subscriber: Option<&dyn Subscriber>, go_on: &dyn Fn() -> Result<()>) -> Result<Vec<Value>> {
    for held in &plan.futures {
        held.wait(None)?;
    }
    let mut readers = plan.readers();
    let mut values: Vec<Option<Value>> = vec![None; plan.len()];
    let mut read = |values: &mut Vec<Option<Value>>, task: u32| {
        let (left, slot) = (&mut readers[task as usize], &mut values[task as usize]);
        *left -= 1;
        if *left == 0 { slot.take() } else { slot.clone() }.ok_or(MISSING)
    };
    for (i, node) in plan.nodes.iter().enumerate() {
        go_on()?;
        let reads: Result<Vec<Value>> = plan.deps_of(i).iter().map(|task| read(&mut values, *task)).collect();
        values[i] = Some(perform(node, &mut Reads(reads?.into_iter()), subscriber)?);
    }
    plan.targets.iter().map(|task| read(&mut values, *task)).collect()
}
