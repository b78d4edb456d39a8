//! Drops transposes below ops that do not care for the order of axes, as reductions: they reduce other axes instead.

use blockfold_core::Result;

use crate::op::Plan;
use crate::optimize::Rule;

/// See the module.
#[derive(Debug)]
pub struct TransposesAway;

impl Rule for TransposesAway {
    fn name(&self) -> &'static str {
        "transposes_away"
    }

    fn apply(&self, node: &Plan) -> Result<Option<Plan>> {
        let [turned] = node.op().inputs() else { return Ok(None) };
        match (turned.op().axis_order(), turned.op().inputs()) {
            (Some(order), [input]) => node.op().over_turned(input, order),
            _ => Ok(None),
        }
    }
}
