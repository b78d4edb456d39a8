//! The join to the nearest key.

use blockfold_core::IntoExpr;
use blockfold_ops::frame::{AsofArgs, JoinAsof};

use crate::frame::LazyFrame;

impl LazyFrame {
    /// Each row of this frame beside the row of another whose key is nearest: the last one that is not greater, the
    /// first one that is not less, or the nearer of the two, as the options say. Neither frame needs to be sorted.
    ///
    /// Of right rows with equal keys the last one is taken backward, the first one forward. Keys of one name come once,
    /// with the value of this frame. Rows come in this frame's order when the other one is small, else in the order of
    /// the `by` keys and the on-key; sort the result where order matters.
    ///
    /// # Nulls
    /// A null or NaN on-key is joined to nothing: its row comes with nulls. In `by` keys null equals null.
    ///
    /// # Memory
    /// A small right side becomes a table that every task shares; else both sides are brought together by ranges of
    /// keys, in memory as far as the budget allows, and merged as they stream, however many rows share a `by` key.
    ///
    /// # Errors
    /// Keys of types that cannot be compared or that have no differences, a tolerance of another kind, missing columns,
    /// two columns of one name.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # use blockfold::{AsofOptions, AsofStrategy};
    /// # fn frame(trades: LazyFrame, quotes: LazyFrame) -> LazyFrame {
    /// let options = AsofOptions::new(AsofStrategy::Backward).by(["ticker"]);
    /// trades.join_asof(&quotes, "time", "time", options)
    /// # }
    /// ```
    pub fn join_asof(
        &self,
        other: &LazyFrame,
        left_on: impl IntoExpr,
        right_on: impl IntoExpr,
        options: AsofArgs,
    ) -> LazyFrame {
        let (left_on, right_on) = (left_on.into_expr(), right_on.into_expr());
        self.then(|left| JoinAsof::plan(left, other.plan()?, left_on, right_on, options))
    }
}
