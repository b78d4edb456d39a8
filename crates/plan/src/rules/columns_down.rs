//! Tells each op which of its columns are wanted, from the root down: nobody computes, decodes or generates
//! a column that nobody reads.

use blockfold_core::{Columns, Result};

use crate::op::Plan;
use crate::optimize::{Rule, rebuild};

/// See the module.
#[derive(Debug)]
pub struct ColumnsDown;

impl Rule for ColumnsDown {
    fn name(&self) -> &'static str {
        "columns_down"
    }

    fn starts_at_root(&self) -> bool {
        true
    }

    fn apply(&self, root: &Plan) -> Result<Option<Plan>> {
        push(root, &Columns::All).map(Some)
    }
}

fn push(node: &Plan, wanted: &Columns) -> Result<Plan> {
    let node = match wanted {
        Columns::All => node.clone(),
        Columns::Some(_) => node.op().narrowed(wanted)?.unwrap_or_else(|| node.clone()),
    };
    rebuild(&node, |i, input| push(input, &node.op().needs(i, wanted)))
}
