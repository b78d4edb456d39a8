//! Each rule, before and after.

#![allow(clippy::unwrap_used, clippy::panic)]

mod fake;

mod answer_from_metadata;
mod arrays;
mod columns_down;
mod filters_down;
mod limits_down;
mod share_subplans;
mod simplify_expressions;

use blockfold_plan::optimize::run;
use blockfold_plan::{Plan, Rule, explain};

/// The plan before and after one rule, as `explain` shows it.
fn before_after(rule: &dyn Rule, plan: &Plan) -> String {
    let after = run(rule, plan).unwrap();
    format!("{}\n=>\n{}", explain::tree(plan), explain::tree(&after))
}
