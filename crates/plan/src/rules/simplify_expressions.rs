//! Rewrites each expression to its plainest form: constants folded, neutral operands dropped.

use blockfold_core::{Result, expr};

use crate::op::Plan;
use crate::optimize::Rule;

/// See the module.
#[derive(Debug)]
pub struct SimplifyExpressions;

impl Rule for SimplifyExpressions {
    fn name(&self) -> &'static str {
        "simplify_expressions"
    }

    fn apply(&self, node: &Plan) -> Result<Option<Plan>> {
        let mut changed = false;
        let rewritten = node.op().map_exprs(&mut |expr, schema| {
            let simple = expr::simplify(expr, schema);
            changed |= simple != *expr;
            simple
        })?;
        Ok(rewritten.filter(|_| changed))
    }
}
