//! Operations on elements at the same place.

use blockfold::array::Operand;
use blockfold::{Array, DType};
use pyo3::prelude::*;

use super::{PyArray, whole};
use crate::arguments::operand;
use crate::dtype::dtype_of;
use crate::error::{Answer, argument};

/// A function by its name.
type Named = (&'static str, fn(&Array) -> Array);

/// Functions of one array that the registry has not, or that complex numbers have, too.
const UNARY: &[Named] = &[
    ("abs", Array::abs),
    ("exp", Array::exp),
    ("log", Array::log),
    ("sqrt", Array::sqrt),
    ("isnan", Array::isnan),
    ("isinf", Array::isinf),
    ("isfinite", Array::isfinite),
    ("square", Array::square),
    ("reciprocal", Array::reciprocal),
    ("logical_not", Array::logical_not),
    ("invert", Array::invert),
    ("negative", |x| -x),
    ("real", Array::real),
    ("imag", Array::imag),
    ("conj", Array::conj),
    ("angle", Array::angle),
];

#[pymethods]
impl PyArray {
    /// An operator between this array and another one or a number, which stands on the left when `reflected`.
    fn binary(&self, py: Python<'_>, op: &str, other: &Bound<'_, PyAny>, reflected: bool) -> Answer<Self> {
        let other = operand(&self.0, other)?;
        let made = match (reflected, other) {
            (false, other) => forward(op, &self.0, other),
            (true, Operand::Array(left)) => forward(op, &left, Operand::from(&self.0)),
            (true, number) => backward(op, number, &self.0),
        };
        whole(made.ok_or_else(|| argument(py, op, "no such operator of arrays"))?)
    }

    fn unary(&self, py: Python<'_>, name: &str) -> Answer<Self> {
        if let Some((_, function)) = UNARY.iter().find(|(known, _)| *known == name) {
            return whole(function(&self.0));
        }
        if !Array::has_function(name) {
            return Err(argument(py, name, "no such function of arrays").into());
        }
        whole(self.0.apply(name))
    }

    fn arctan2(&self, x: &Bound<'_, PyAny>) -> Answer<Self> {
        whole(self.0.arctan2(operand(&self.0, x)?))
    }

    fn clip(&self, min: &Bound<'_, PyAny>, max: &Bound<'_, PyAny>) -> Answer<Self> {
        whole(self.0.clip(operand(&self.0, min)?, operand(&self.0, max)?))
    }

    fn minimum(&self, other: &Bound<'_, PyAny>) -> Answer<Self> {
        whole(self.0.minimum(operand(&self.0, other)?))
    }

    fn maximum(&self, other: &Bound<'_, PyAny>) -> Answer<Self> {
        whole(self.0.maximum(operand(&self.0, other)?))
    }

    fn isclose(&self, other: &Bound<'_, PyAny>, rtol: f64, atol: f64) -> Answer<Self> {
        whole(self.0.isclose(operand(&self.0, other)?, rtol, atol))
    }

    /// The elements of `yes` where this array is true, those of `no` elsewhere.
    fn choose(&self, yes: &Bound<'_, PyAny>, no: &Bound<'_, PyAny>) -> Answer<Self> {
        whole(self.0.r#where(operand(&self.0, yes)?, operand(&self.0, no)?))
    }

    fn astype(&self, py: Python<'_>, dtype: &str) -> Answer<Self> {
        let dtype: DType = dtype_of(py, dtype)?;
        whole(self.0.astype(&dtype))
    }

    /// Complex numbers of real and imaginary parts.
    #[staticmethod]
    fn complex(re: &PyArray, im: &PyArray) -> Answer<Self> {
        whole(Array::complex(&re.0, &im.0))
    }
}

fn forward(op: &str, left: &Array, right: Operand) -> Option<Array> {
    Some(match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "//" => left.floor_divide(right),
        "%" => left % right,
        "**" => left.pow(right),
        "&" => left & right,
        "|" => left | right,
        "==" => left.equal(right),
        "!=" => left.not_equal(right),
        "<" => left.less(right),
        "<=" => left.less_equal(right),
        ">" => left.greater(right),
        ">=" => left.greater_equal(right),
        _ => return None,
    })
}

/// An operator with a number on its left.
fn backward(op: &str, left: Operand, right: &Array) -> Option<Array> {
    Some(match op {
        "+" => right + left,
        "*" => right * left,
        "&" => right & left,
        "|" => right | left,
        "-" => left - right,
        "/" => left / right,
        "%" => left % right,
        "**" => right.rpow(left),
        _ => return None,
    })
}
