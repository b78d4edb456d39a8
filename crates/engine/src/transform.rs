//! Aggregates of groups beside their rows.

use blockfold_core::{Error, Expr, IntoExpr, Result, col};
use blockfold_kernels::join::JoinKind;
use blockfold_ops::frame::{Aggregate, InOrder, Join, JoinArgs, RowPosition, Select};
use blockfold_plan::Plan;

use crate::frame::{LazyFrame, column_names};
use crate::group_by::{GroupBy, replace_aggregates};
use crate::window::beside;

const POSITION: &str = "\u{0}position";

impl GroupBy {
    /// The frame's rows with aggregates of their group beside them, as columns of a row: each expression may combine
    /// aggregates and the row's own values. A column of the same name is replaced in its place. Rows keep the frame's
    /// order, see [`GroupBy::unordered`].
    ///
    /// # Nulls
    /// Null keys form a group of their own.
    ///
    /// # Memory
    /// The frame is read twice. Few groups become a table that every task shares, and rows stay where they are; else rows
    /// and groups are brought together by key, in memory as far as the budget allows. A group may be larger than the budget,
    /// but for aggregates that hold its values.
    ///
    /// # Errors
    /// Missing columns, aggregates that do not take their column's type, no aggregate at all.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.group_by(["id"]).transform([(col("x") - col("x").mean()).alias("deviation"), len().alias("rows")])
    /// # }
    /// ```
    pub fn transform<E: IntoExpr>(&self, exprs: impl IntoIterator<Item = E>) -> LazyFrame {
        let exprs: Vec<Expr> = exprs.into_iter().map(IntoExpr::into_expr).collect();
        self.frame.then(|plan| transform(plan, &self.keys, &exprs, self.keeps_order))
    }

    /// The same groups, whose rows may come in any order from [`GroupBy::transform`], [`GroupBy::with_window`],
    /// [`GroupBy::head`] and [`GroupBy::top_rows`]: putting them back in the frame's order is saved. The order is the same
    /// for any number of threads, but not for any budget.
    pub fn unordered(mut self) -> Self {
        self.keeps_order = false;
        self
    }
}

fn transform(plan: Plan, keys: &[Expr], exprs: &[Expr], keeps_order: bool) -> Result<Plan> {
    let mut aggs = Vec::new();
    let new: Vec<Expr> =
        exprs.iter().map(|expr| replace_aggregates(expr, &mut aggs).alias(expr.output_name())).collect();
    if aggs.is_empty() {
        return Err(Error::argument(
            "transform",
            "no expression has an aggregate; use with_columns for values of rows",
        ));
    }
    let names = column_names(&plan);
    let name = |at: usize| format!("\u{0}key{at}");
    let named = keys.iter().enumerate().map(|(at, key)| key.without_alias().clone().alias(name(at))).collect();
    let groups = Aggregate::plan(plan.clone(), named, aggs)?;
    let kind = if keys.is_empty() { JoinKind::Cross } else { JoinKind::Left };
    let mut args = JoinArgs::on(kind, keys.iter().map(Expr::without_alias));
    args.right_on = (0..keys.len()).map(|at| col(name(at))).collect();
    args.null_equals_null = true;
    let rows = if keeps_order { RowPosition::plan(plan, POSITION)? } else { plan };
    let joined = Join::plan(rows, groups, args)?;
    let joined = if keeps_order { InOrder::plan(joined, POSITION, true)? } else { joined };
    Select::plan(joined, beside(&names, new)?)
}
