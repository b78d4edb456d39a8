//! The driver of the rules: it owns recursion, order and the fixpoint.

use std::collections::HashMap;

use blockfold_core::{Error, Result};

use crate::op::Plan;
use crate::rules::RULES;

/// Rewrites one node. The driver owns recursion, order and the fixpoint.
pub trait Rule: Sync {
    /// Name in messages.
    fn name(&self) -> &'static str;
    /// The plan that takes the node's place, or `None` when the rule has nothing to say here.
    ///
    /// A rewrite computes the same rows; [`Rule::narrows`] rules may change which columns a node yields.
    fn apply(&self, node: &Plan) -> Result<Option<Plan>>;
    /// Whether the rule works on the whole plan at once, from the root; then the driver calls it once.
    fn starts_at_root(&self) -> bool {
        false
    }
}

/// Rewrites of one node by one rule before the driver calls the rule a bug.
const MAX_REWRITES: usize = 100;

/// The plan after all rules, in the order of [`RULES`].
pub fn optimize(plan: &Plan) -> Result<Plan> {
    let mut plan = plan.clone();
    for rule in RULES {
        plan = run(*rule, &plan)?;
    }
    Ok(plan)
}

/// The plan after one rule.
pub fn run(rule: &dyn Rule, plan: &Plan) -> Result<Plan> {
    let rewritten = if rule.starts_at_root() {
        rule.apply(plan)?.unwrap_or_else(|| plan.clone())
    } else {
        descend(rule, plan, &mut Done::default())?
    };
    debug_assert_eq!(rewritten.schema(), plan.schema(), "rule '{}' changed the schema", rule.name());
    Ok(rewritten)
}

/// What became of nodes, so that one that is read from several places is looked at once: a plan is a graph, and has more
/// paths than nodes.
#[derive(Debug, Default)]
pub(crate) struct Done(HashMap<usize, (Plan, Plan)>);

impl Done {
    /// What `f` makes of a node, or made of it before.
    pub(crate) fn once(&mut self, node: &Plan, f: impl FnOnce(&mut Done) -> Result<Plan>) -> Result<Plan> {
        if let Some((_, found)) = self.0.get(&node.address()) {
            return Ok(found.clone());
        }
        let found = f(self)?;
        // The node is kept with its address, which no other one has as long as it lives.
        self.0.insert(node.address(), (node.clone(), found.clone()));
        Ok(found)
    }
}

/// Applies the rule to a node until it has nothing to say, then to its inputs.
fn descend(rule: &dyn Rule, plan: &Plan, done: &mut Done) -> Result<Plan> {
    done.once(plan, |done| descend_into(rule, plan, done))
}

fn descend_into(rule: &dyn Rule, plan: &Plan, done: &mut Done) -> Result<Plan> {
    let mut node = plan.clone();
    for _ in 0..MAX_REWRITES {
        match rule.apply(&node)? {
            Some(next) => {
                debug_assert_eq!(next.schema(), node.schema(), "rule '{}' changed the schema", rule.name());
                node = next;
            }
            None => return rebuild(&node, |_, input| descend(rule, input, done)),
        }
    }
    Err(Error::internal(format!("rule '{}' does not come to an end", rule.name())))
}

/// The node over rewritten inputs; the node itself when no input changed.
pub fn rebuild(node: &Plan, mut f: impl FnMut(usize, &Plan) -> Result<Plan>) -> Result<Plan> {
    let inputs = node.op().inputs();
    let mut changed = false;
    let mut rebuilt = Vec::with_capacity(inputs.len());
    for (i, input) in inputs.iter().enumerate() {
        let new = f(i, input)?;
        changed |= !new.is_same(input);
        rebuilt.push(new);
    }
    if changed { node.op().with_inputs(rebuilt) } else { Ok(node.clone()) }
}
