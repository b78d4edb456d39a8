//! Moves filters towards the sources, and into those that filter while they read.

use blockfold_core::{Expr, Result};

use crate::op::Plan;
use crate::optimize::Rule;

/// See the module.
#[derive(Debug)]
pub struct FiltersDown;

impl Rule for FiltersDown {
    fn name(&self) -> &'static str {
        "filters_down"
    }

    fn apply(&self, node: &Plan) -> Result<Option<Plan>> {
        let (Some(predicate), [input]) = (node.op().as_filter(), node.op().inputs()) else {
            return Ok(None);
        };
        if let Some(inner) = input.op().as_filter() {
            return both(node, inner, predicate, input).map(Some);
        }
        if let Some(filtered) = input.op().filtered(predicate)? {
            return Ok(Some(filtered));
        }
        let (below, above) = split(predicate, input);
        if below.is_empty() {
            return Ok(None);
        }
        let moved = input.op().inputs().iter().zip(below).map(|(grandchild, predicate)| match predicate {
            Some(predicate) => node.op().refiltered(grandchild.clone(), predicate),
            None => Ok(grandchild.clone()),
        });
        let lowered = input.op().with_inputs(moved.collect::<Result<_>>()?)?;
        match Expr::all_of(above) {
            Some(rest) => node.op().refiltered(lowered, rest).map(Some),
            None => Ok(Some(lowered)),
        }
    }
}

/// Two filters in a row as one.
fn both(node: &Plan, inner: &Expr, outer: &Expr, input: &Plan) -> Result<Plan> {
    let below = input.op().inputs()[0].clone();
    node.op().refiltered(below, inner.clone().and(outer.clone()))
}

/// For each input of `op` the part of the predicate that can run there, and what must stay above.
///
/// A conjunct moves only when it moves below every input, so that no row is judged by half of it; where inputs
/// filter apart, below each that it is about.
fn split(predicate: &Expr, op: &Plan) -> (Vec<Option<Expr>>, Vec<Expr>) {
    let inputs = op.op().inputs().len();
    let mut below: Vec<Vec<Expr>> = vec![Vec::new(); inputs];
    let mut above = Vec::new();
    for conjunct in predicate.conjuncts() {
        let moved: Vec<Option<Expr>> = (0..inputs).map(|i| op.op().moves_below(&conjunct, i)).collect();
        let count = moved.iter().flatten().count();
        if count > 0 && (count == inputs || op.op().filters_apart()) {
            below.iter_mut().zip(moved).for_each(|(parts, part)| parts.extend(part));
        } else {
            above.push(conjunct);
        }
    }
    if below.iter().all(Vec::is_empty) {
        return (Vec::new(), above);
    }
    (below.into_iter().map(Expr::all_of).collect(), above)
}
