//! Makes one node of sub-plans that compute the same, so that they become one step and are run once.

use std::collections::HashMap;

use blockfold_core::Result;

use crate::op::Plan;
use crate::optimize::{Done, Rule, rebuild};

/// See the module.
#[derive(Debug)]
pub struct ShareSubplans;

impl Rule for ShareSubplans {
    fn name(&self) -> &'static str {
        "share_subplans"
    }

    fn starts_at_root(&self) -> bool {
        true
    }

    fn apply(&self, root: &Plan) -> Result<Option<Plan>> {
        share(root, &mut HashMap::new(), &mut Done::default()).map(Some)
    }
}

fn share(node: &Plan, seen: &mut HashMap<u64, Plan>, done: &mut Done) -> Result<Plan> {
    done.once(node, |done| {
        let node = rebuild(node, |_, input| share(input, seen, done))?;
        Ok(seen.entry(node.token()).or_insert(node).clone())
    })
}
