//! Expressions over columns.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use blockfold::{AggFunc, Expr, Interpolation, UserFunction, corr, cov, find_function, len, lit};
use pyo3::prelude::*;

use crate::dtype::dtype_of;
use crate::error::argument;
use crate::scalar::scalar_of;
use crate::{callback, capsule};

/// What to compute for each row or for each group of rows; holds no data.
#[pyclass(name = "Expr", module = "blockfold._blockfold", frozen, dict)]
pub struct PyExpr(pub Expr);

/// An operand: an expression, or a value as a literal.
pub fn operand(value: &Bound<'_, PyAny>) -> PyResult<Expr> {
    match value.cast::<PyExpr>() {
        Ok(expr) => Ok(expr.get().0.clone()),
        Err(_) => Ok(lit(scalar_of(value)?)),
    }
}

/// A list of expressions.
pub fn exprs(list: &[Bound<'_, PyExpr>]) -> Vec<Expr> {
    list.iter().map(|expr| expr.get().0.clone()).collect()
}

#[pymethods]
impl PyExpr {
    #[staticmethod]
    fn col(name: &str) -> Self {
        PyExpr(blockfold::col(name))
    }

    #[staticmethod]
    fn lit(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        operand(value).map(PyExpr)
    }

    /// The number of rows.
    #[staticmethod]
    fn len() -> Self {
        PyExpr(len())
    }

    /// An aggregate of two inputs.
    #[staticmethod]
    #[pyo3(signature = (name, x, y, ddof = 1))]
    fn pair(py: Python<'_>, name: &str, x: &PyExpr, y: &PyExpr, ddof: u8) -> PyResult<Self> {
        match name {
            "corr" => Ok(PyExpr(corr(&x.0, &y.0))),
            "cov" => Ok(PyExpr(cov(&x.0, &y.0, ddof))),
            other => Err(argument(py, other, "no such aggregate of two columns; there are corr and cov")),
        }
    }

    /// A choice: the value of the first condition that holds.
    #[staticmethod]
    #[pyo3(signature = (branches, otherwise = None))]
    fn case(
        py: Python<'_>,
        branches: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
        otherwise: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let branches = branches.iter().map(|(condition, value)| Ok((operand(condition)?, operand(value)?)));
        let branches = branches.collect::<PyResult<Vec<_>>>()?;
        walkable(py, Expr::Case { branches, otherwise: otherwise.map(operand).transpose()?.map(Box::new) })
    }

    /// An operator between this expression and another one or a value, which stands on the left when `reflected`.
    #[pyo3(signature = (op, other, reflected = false))]
    fn binary(&self, py: Python<'_>, op: &str, other: &Bound<'_, PyAny>, reflected: bool) -> PyResult<Self> {
        let (mut left, mut right) = (self.0.clone(), operand(other)?);
        if reflected {
            std::mem::swap(&mut left, &mut right);
        }
        walkable(
            py,
            match op {
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                "/" => left / right,
                "%" => left % right,
                "&" => left & right,
                "|" => left | right,
                "==" => left.eq(right),
                "!=" => left.neq(right),
                "<" => left.lt(right),
                "<=" => left.lt_eq(right),
                ">" => left.gt(right),
                ">=" => left.gt_eq(right),
                other => return Err(argument(py, other, "no such operator of columns")),
            },
        )
    }

    fn invert(&self, py: Python<'_>) -> PyResult<Self> {
        walkable(py, !self.0.clone())
    }

    fn negate(&self, py: Python<'_>) -> PyResult<Self> {
        walkable(py, -self.0.clone())
    }

    fn alias(&self, name: &str) -> Self {
        PyExpr(self.0.without_alias().clone().alias(name))
    }

    fn cast(&self, py: Python<'_>, dtype: &str, strict: bool) -> PyResult<Self> {
        let dtype = dtype_of(py, dtype)?;
        walkable(py, if strict { self.0.clone().cast_strict(dtype) } else { self.0.clone().cast(dtype) })
    }

    fn is_null(&self, py: Python<'_>) -> PyResult<Self> {
        walkable(py, self.0.clone().is_null())
    }

    fn is_in(&self, values: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        let list = values.iter().map(scalar_of).collect::<PyResult<Vec<_>>>()?;
        Ok(PyExpr(self.0.clone().is_in(list)))
    }

    /// A scalar function of the registry, this expression its first argument.
    fn call(&self, py: Python<'_>, function: &str, args: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        let found = find_function(function).ok_or_else(|| argument(py, function, "no such function of columns"))?;
        let args = std::iter::once(Ok(self.0.clone())).chain(args.iter().map(operand));
        walkable(py, Expr::call(found, args.collect::<PyResult<_>>()?))
    }

    /// A function of Python over columns, which gets a table of them and returns one of one column, as that of `example`.
    #[staticmethod]
    fn user(
        py: Python<'_>,
        name: &str,
        function: Py<PyAny>,
        inputs: Vec<Bound<'_, PyExpr>>,
        example: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let (schema, _) = capsule::import(example)?;
        let dtype = schema.field(0).data_type().clone();
        let body = callback::of_columns(function, dtype.clone());
        walkable(py, Expr::user(UserFunction::new(name, dtype, body), exprs(&inputs)))
    }

    /// An aggregate of the registry; `number` is its degrees of freedom, its fraction or its count.
    #[pyo3(signature = (name, number = 0.0, interpolation = "linear"))]
    fn aggregate(&self, py: Python<'_>, name: &str, number: f64, interpolation: &str) -> PyResult<Self> {
        Ok(PyExpr(self.0.clone().aggregate(agg_func(py, name, number, interpolation)?)))
    }

    #[getter]
    fn name(&self) -> String {
        self.0.output_name().to_string()
    }

    /// Whether a row's value depends on that row alone.
    #[getter]
    fn is_row_wise(&self) -> bool {
        self.0.is_row_wise()
    }

    /// Whether there is an aggregate at the top, with or without an alias.
    #[getter]
    fn is_aggregate(&self) -> bool {
        matches!(self.0.without_alias(), Expr::Agg { .. })
    }

    /// Names of the columns that are read.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.0.columns().iter().map(ToString::to_string).collect()
    }

    /// The expression with columns replaced by expressions, by their names.
    fn substitute(&self, columns: HashMap<String, Bound<'_, PyExpr>>) -> Self {
        PyExpr(substituted(&self.0, &columns))
    }

    /// The condition as a filter takes it, for which null is false anyway: what only makes false of null is left out, so that
    /// comparisons can be told from statistics.
    fn as_filter(&self) -> Self {
        PyExpr(without_false_for_null(&self.0))
    }

    /// Nodes of the expression, and how deeply they are nested.
    fn extent(&self) -> (usize, usize) {
        extent(&self.0)
    }

    fn without_alias(&self) -> Self {
        PyExpr(self.0.without_alias().clone())
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }

    fn __hash__(&self) -> u64 {
        let mut state = DefaultHasher::new();
        self.0.hash(&mut state);
        state.finish()
    }

    fn __eq__(&self, other: &PyExpr) -> bool {
        self.0 == other.0
    }
}

/// How deeply expressions may be nested: they are walked by functions that call themselves, on threads with small stacks.
const DEEPEST: usize = 500;

fn extent(expr: &Expr) -> (usize, usize) {
    let children = expr.children().into_iter().map(extent);
    let (nodes, depth) = children.fold((0, 0), |(nodes, depth), (more, deep)| (nodes + more, depth.max(deep)));
    (nodes + 1, depth + 1)
}

/// The expression, when it can be walked.
fn walkable(py: Python<'_>, expr: Expr) -> PyResult<PyExpr> {
    if extent(&expr).1 > DEEPEST {
        let what =
            format!("more than {DEEPEST} operations inside of each other; make a column of a part, by with_columns");
        return Err(argument(py, "expression", what));
    }
    Ok(PyExpr(expr))
}

fn without_false_for_null(expr: &Expr) -> Expr {
    match expr {
        Expr::Binary { op, left, right } if op.is_logical() => {
            let (left, right) = (Box::new(without_false_for_null(left)), Box::new(without_false_for_null(right)));
            Expr::Binary { op: *op, left, right }
        }
        Expr::Case { branches, otherwise: Some(otherwise) } if **otherwise == lit(false) => match branches.as_slice() {
            [(condition, value)] if *condition == value.clone().is_not_null() => without_false_for_null(value),
            _ => expr.clone(),
        },
        other => other.clone(),
    }
}

fn substituted(expr: &Expr, columns: &HashMap<String, Bound<'_, PyExpr>>) -> Expr {
    match expr {
        Expr::Column(name) => columns.get(name.as_ref()).map_or_else(|| expr.clone(), |found| found.get().0.clone()),
        other => other.map_children(&mut |child| substituted(child, columns)),
    }
}

fn agg_func(py: Python<'_>, name: &str, number: f64, interpolation: &str) -> PyResult<AggFunc> {
    let ddof = number.clamp(0.0, 255.0) as u8;
    Ok(match name {
        "sum" => AggFunc::Sum,
        "product" => AggFunc::Product,
        "mean" => AggFunc::Mean,
        "min" => AggFunc::Min,
        "max" => AggFunc::Max,
        "count" => AggFunc::Count,
        "null_count" => AggFunc::NullCount,
        "std" => AggFunc::Std { ddof },
        "var" => AggFunc::Var { ddof },
        "first" => AggFunc::First,
        "last" => AggFunc::Last,
        "n_unique" => AggFunc::NUnique,
        "any" => AggFunc::Any,
        "all" => AggFunc::All,
        "median" => AggFunc::Median,
        "quantile" => AggFunc::Quantile { q: number.into(), interpolation: between(py, interpolation)? },
        "mode" => AggFunc::Mode,
        "list" => AggFunc::List,
        "top_k" => AggFunc::TopK { k: number.max(0.0) as usize, descending: true },
        "bottom_k" => AggFunc::TopK { k: number.max(0.0) as usize, descending: false },
        other => return Err(argument(py, other, "no such aggregate")),
    })
}

fn between(py: Python<'_>, name: &str) -> PyResult<Interpolation> {
    Ok(match name {
        "linear" => Interpolation::Linear,
        "lower" => Interpolation::Lower,
        "higher" => Interpolation::Higher,
        "nearest" => Interpolation::Nearest,
        "midpoint" => Interpolation::Midpoint,
        other => {
            let what =
                format!("no interpolation is called '{other}'; there are linear, lower, higher, nearest, midpoint");
            return Err(argument(py, "quantile", what));
        }
    })
}
