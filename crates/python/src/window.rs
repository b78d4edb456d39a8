//! Windows: values made of the rows before each row, or of its group.

use blockfold::window::Statistic;
use blockfold::window::{self, WindowExpr};
use blockfold::{Expr, RankMethod};
use pyo3::prelude::*;

use crate::error::{Answer, argument};
use crate::expr::{PyExpr, exprs};
use crate::frame::{Keys, PyLazyFrame, checked, sort_keys};

/// A window that a frame or its groups compute.
#[pyclass(name = "Window", module = "blockfold._blockfold", frozen, dict)]
pub struct PyWindow {
    window: WindowExpr,
    /// The name that the column has, unless it is given another one.
    name: String,
}

#[pymethods]
impl PyWindow {
    /// A window function by its name; `rows` is how far a shift looks.
    #[new]
    #[pyo3(signature = (function, input, rows = 1))]
    fn new(py: Python<'_>, function: &str, input: &PyExpr, rows: i64) -> PyResult<Self> {
        let input: &Expr = &input.0;
        let name = if function == "row_number" { function.to_string() } else { input.output_name().to_string() };
        let window = match function {
            "cum_sum" => window::cum_sum(input),
            "cum_prod" => window::cum_prod(input),
            "cum_min" => window::cum_min(input),
            "cum_max" => window::cum_max(input),
            "cum_count" => window::cum_count(input),
            "row_number" => window::row_number(),
            "shift" => window::shift(input, rows),
            "diff" => window::diff(input, rows),
            "pct_change" => window::pct_change(input, rows),
            "forward_fill" => window::forward_fill(input),
            "backward_fill" => window::backward_fill(input),
            other => return Err(argument(py, other, "no such window function")),
        };
        // As Polars has it, the values keep their column's name.
        Ok(PyWindow { window: window.alias(&name), name })
    }

    /// Ranks of the values.
    #[staticmethod]
    fn rank(py: Python<'_>, input: &PyExpr, method: &str, descending: bool) -> PyResult<Self> {
        let method = match method {
            "average" => RankMethod::Average,
            "min" => RankMethod::Min,
            "max" => RankMethod::Max,
            "dense" => RankMethod::Dense,
            "first" | "ordinal" => RankMethod::Ordinal,
            other => {
                let what = format!("no method is called '{other}'; there are average, min, max, dense, first");
                return Err(argument(py, "rank", what));
            }
        };
        let name = input.0.output_name().to_string();
        let ranks = window::rank(&input.0, method).alias(&name);
        Ok(PyWindow { window: if descending { ranks.descending() } else { ranks }, name })
    }

    /// A statistic of the last rows: of so many, or where there is a `time` of those within so many nanoseconds.
    #[staticmethod]
    #[pyo3(signature = (input, statistic, extent, least, ddof = 1, time = None))]
    fn rolling(
        py: Python<'_>,
        input: &PyExpr,
        statistic: &str,
        extent: i64,
        least: usize,
        ddof: u8,
        time: Option<&PyExpr>,
    ) -> Answer<Self> {
        let statistic = match statistic {
            "sum" => Statistic::Sum,
            "mean" => Statistic::Mean,
            "min" => Statistic::Min,
            "max" => Statistic::Max,
            "count" => Statistic::Count,
            "var" => Statistic::Var(ddof),
            "std" => Statistic::Std(ddof),
            other => return Err(argument(py, other, "no such statistic of windows").into()),
        };
        let name = input.0.output_name().to_string();
        let window = match time {
            Some(time) => window::rolling_span(&input.0, statistic, &time.0, extent, least)?,
            None => window::rolling(&input.0, statistic, usize::try_from(extent).unwrap_or(0), least)?,
        };
        Ok(PyWindow { window: window.alias(&name), name })
    }

    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    fn alias(&self, name: &str) -> Self {
        PyWindow { window: self.window.clone().alias(name), name: name.to_string() }
    }

    fn order_by(&self, keys: Keys<'_>) -> Self {
        PyWindow { window: self.window.clone().order_by(sort_keys(&keys)), name: self.name.clone() }
    }

    fn __repr__(&self) -> String {
        format!("window '{}'", self.name)
    }
}

#[pymethods]
impl PyLazyFrame {
    /// All rows, with the windows' values beside them; the whole frame is one group when there are no keys.
    fn with_window(&self, keys: Vec<Bound<'_, PyExpr>>, windows: Vec<Bound<'_, PyWindow>>) -> Answer<Self> {
        let windows: Vec<WindowExpr> = windows.iter().map(|window| window.get().window.clone()).collect();
        checked(self.0.group_by(exprs(&keys)).with_window(windows))
    }
}
