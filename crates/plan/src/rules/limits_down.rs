//! Lets ops below a limit leave out rows that the limit would drop; the limit itself stays.

use blockfold_core::Result;

use crate::op::Plan;
use crate::optimize::{Rule, rebuild};

/// See the module.
#[derive(Debug)]
pub struct LimitsDown;

impl Rule for LimitsDown {
    fn name(&self) -> &'static str {
        "limits_down"
    }

    fn starts_at_root(&self) -> bool {
        true
    }

    fn apply(&self, root: &Plan) -> Result<Option<Plan>> {
        push(root, None).map(Some)
    }
}

fn push(node: &Plan, limit: Option<u64>) -> Result<Plan> {
    let own = node.op().as_limit();
    let below = own.or(limit.filter(|_| node.op().is_row_by_row()));
    let node = match limit {
        Some(rows) if own.is_none() => node.op().limited(rows)?.unwrap_or_else(|| node.clone()),
        _ => node.clone(),
    };
    rebuild(&node, |i, input| push(input, below.filter(|_| i == 0)))
}
