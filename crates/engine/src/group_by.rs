//! Rows grouped by keys, waiting for what to compute of each group.

use blockfold_core::{Error, Expr, IntoExpr, Result, col};
use blockfold_ops::frame::{Aggregate, Select};
use blockfold_plan::Plan;

use crate::frame::LazyFrame;

/// Rows grouped by keys.
#[derive(Clone, Debug)]
#[must_use = "say what to compute of each group with agg"]
pub struct GroupBy {
    pub(crate) frame: LazyFrame,
    pub(crate) keys: Vec<Expr>,
    /// Whether rows of the result keep the frame's order, where the result has the frame's rows.
    pub(crate) keeps_order: bool,
}

impl GroupBy {
    pub(crate) fn new(frame: LazyFrame, keys: Vec<Expr>) -> Self {
        GroupBy { frame, keys, keeps_order: true }
    }

    /// One row for each group, keys first, sorted by keys with nulls last while they are
    /// few; groups that are so many that they are spread over partitions come in no order. Expressions may combine aggregates,
    /// as `col("x").sum() / len()`.
    ///
    /// # Memory
    /// One row for each group is held, and is refused beyond the budget. `median`, `quantile`, `list`, `mode` and
    /// `n_unique` hold the values of each group as well, the last two each different one once.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.group_by(["name"]).agg([col("x").mean(), col("y").std(1).alias("spread"), len()])
    /// # }
    /// ```
    pub fn agg<E: IntoExpr>(&self, aggs: impl IntoIterator<Item = E>) -> LazyFrame {
        let aggs: Vec<Expr> = aggs.into_iter().map(IntoExpr::into_expr).collect();
        self.frame.then(|plan| aggregate(plan, &self.keys, &aggs))
    }

    /// Number of rows of each group, in a column `len`.
    pub fn len(&self) -> LazyFrame {
        self.agg([blockfold_core::len()])
    }
}

/// One aggregate op, and a select around it when expressions combine aggregates.
fn aggregate(plan: Plan, keys: &[Expr], exprs: &[Expr]) -> Result<Plan> {
    if exprs.iter().all(|expr| matches!(expr.without_alias(), Expr::Agg { .. })) {
        return Aggregate::plan(plan, keys.to_vec(), exprs.to_vec());
    }
    let mut aggs: Vec<Expr> = Vec::new();
    let mut outputs: Vec<Expr> = keys.iter().map(|key| col(key.output_name())).collect();
    for expr in exprs {
        let over_aggregates = replace_aggregates(expr, &mut aggs);
        if let Some(column) = over_aggregates.columns().iter().find(|name| !is_internal(name)) {
            let what = format!("{expr} uses '{column}' outside of an aggregate; say which value of the group is meant");
            return Err(Error::argument("agg", what));
        }
        outputs.push(over_aggregates.alias(expr.output_name()));
    }
    Select::plan(Aggregate::plan(plan, keys.to_vec(), aggs)?, outputs)
}

const INTERNAL: &str = "\u{0}agg";

fn is_internal(name: &str) -> bool {
    name.starts_with(INTERNAL)
}

/// The expression over named aggregates, each aggregate of it added to `aggs` once.
pub(crate) fn replace_aggregates(expr: &Expr, aggs: &mut Vec<Expr>) -> Expr {
    if let Expr::Agg { .. } = expr {
        let known = aggs.iter().position(|agg| agg.without_alias() == expr);
        let index = known.unwrap_or(aggs.len());
        let name = format!("{INTERNAL}{index}");
        if known.is_none() {
            aggs.push(expr.clone().alias(&name));
        }
        return col(name);
    }
    expr.map_children(&mut |child| replace_aggregates(child, aggs))
}
