//! Makes one expression of elementwise ops that follow each other, so that a tile is evaluated once and what lies between
//! never becomes an array.

use blockfold_core::Result;

use crate::op::Plan;
use crate::optimize::{Done, Rule, rebuild};
use crate::uses::Readers;

/// See the module.
#[derive(Debug)]
pub struct MergeElementwise;

impl Rule for MergeElementwise {
    fn name(&self) -> &'static str {
        "merge_elementwise"
    }

    fn starts_at_root(&self) -> bool {
        true
    }

    fn apply(&self, root: &Plan) -> Result<Option<Plan>> {
        let readers = Readers::of(root);
        merge(root, &readers, &mut Done::default()).map(Some)
    }
}

/// From the inputs on, so that a long chain becomes one op step by step.
fn merge(node: &Plan, readers: &Readers, done: &mut Done) -> Result<Plan> {
    done.once(node, |done| {
        let mut own = Vec::new();
        let rebuilt = rebuild(node, |_, input| {
            let merged = merge(input, readers, done)?;
            if !readers.are_several(input) {
                own.push(merged.token());
            }
            Ok(merged)
        })?;
        let merged = rebuilt.op().merged(&|plan| own.contains(&plan.token()))?;
        Ok(merged.unwrap_or(rebuilt))
    })
}
