//! Joins.

use blockfold::{AsofOptions, AsofStrategy, JoinArgs, JoinKind};
use pyo3::prelude::*;

use crate::error::{Answer, argument};
use crate::expr::{PyExpr, exprs};
use crate::frame::{PyLazyFrame, checked};
use crate::scalar::scalar_of;

#[pymethods]
impl PyLazyFrame {
    /// Rows of two frames beside each other where their keys are equal.
    #[expect(clippy::too_many_arguments, reason = "the engine's join has as many")]
    fn join(
        &self,
        py: Python<'_>,
        other: &PyLazyFrame,
        left_on: Vec<Bound<'_, PyExpr>>,
        right_on: Vec<Bound<'_, PyExpr>>,
        how: &str,
        suffix: &str,
        null_equals_null: bool,
    ) -> Answer<Self> {
        let mut args = JoinArgs::on(kind(py, how)?, exprs(&left_on));
        args.right_on = exprs(&right_on);
        args.suffix = suffix.to_string();
        args.null_equals_null = null_equals_null;
        checked(self.0.join_with(&other.0, args))
    }

    /// Rows of two frames beside each other where keys are nearest.
    #[expect(clippy::too_many_arguments, reason = "the engine's join has as many")]
    fn join_asof(
        &self,
        py: Python<'_>,
        other: &PyLazyFrame,
        on: (Bound<'_, PyExpr>, Bound<'_, PyExpr>),
        by: (Vec<Bound<'_, PyExpr>>, Vec<Bound<'_, PyExpr>>),
        direction: &str,
        tolerance: Option<&Bound<'_, PyAny>>,
        allow_exact_matches: bool,
        suffix: &str,
    ) -> Answer<Self> {
        let strategy = match direction {
            "backward" => AsofStrategy::Backward,
            "forward" => AsofStrategy::Forward,
            "nearest" => AsofStrategy::Nearest,
            other => {
                let what = format!("no direction is called '{other}'; there are backward, forward, nearest");
                return Err(argument(py, "merge_asof", what).into());
            }
        };
        let mut options = AsofOptions::new(strategy).allow_exact_matches(allow_exact_matches).suffix(suffix);
        options.left_by = exprs(&by.0);
        options.right_by = exprs(&by.1);
        options.tolerance = tolerance.map(scalar_of).transpose()?;
        checked(self.0.join_asof(&other.0, &on.0.get().0, &on.1.get().0, options))
    }
}

fn kind(py: Python<'_>, name: &str) -> PyResult<JoinKind> {
    Ok(match name {
        "inner" => JoinKind::Inner,
        "left" => JoinKind::Left,
        "right" => JoinKind::Right,
        "outer" | "full" => JoinKind::Full,
        "semi" => JoinKind::Semi,
        "anti" => JoinKind::Anti,
        "cross" => JoinKind::Cross,
        other => {
            let what = format!("no join is called '{other}'; there are inner, left, right, outer, semi, anti, cross");
            return Err(argument(py, "merge", what));
        }
    })
}
