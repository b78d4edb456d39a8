//! Complex numbers.

use blockfold_core::tensor::{complex, complex_part, type_name};
use blockfold_core::{BinaryOp, DType, Error, Result};
use blockfold_dense::complex::ComplexFn;
use blockfold_ops::array::ComplexElementwise;

use super::{Array, Axes, Operand};

impl Array {
    /// Whether the elements are complex.
    pub fn is_complex(&self) -> bool {
        self.dtype().is_ok_and(|dtype| complex_part(&dtype).is_some())
    }

    /// Complex numbers of a real and an imaginary part.
    pub fn complex(re: &Array, im: &Array) -> Array {
        re.then(|_| {
            let is_narrow = re.dtype()? == DType::Float32 && im.dtype()? == DType::Float32;
            let part = if is_narrow { DType::Float32 } else { DType::Float64 };
            ComplexElementwise::plan(vec![re.astype(&part).plan()?, im.astype(&part).plan()?], ComplexFn::Of)
        })
    }

    /// The real parts; of real numbers themselves.
    pub fn real(&self) -> Array {
        if self.is_complex() { self.of_complex(ComplexFn::Real) } else { self.clone() }
    }

    /// The imaginary parts; of real numbers 0.
    pub fn imag(&self) -> Array {
        if self.is_complex() { self.of_complex(ComplexFn::Imag) } else { self * 0i64 }
    }

    /// The numbers with their imaginary parts negated.
    pub fn conj(&self) -> Array {
        if self.is_complex() { self.of_complex(ComplexFn::Conj) } else { self.clone() }
    }

    /// The angles in radians, between minus and plus half a circle; of real numbers 0 or half a circle.
    pub fn angle(&self) -> Array {
        if self.is_complex() { self.of_complex(ComplexFn::Angle) } else { (self * 0.0).arctan2(self) }
    }

    pub(super) fn of_complex(&self, function: ComplexFn) -> Array {
        self.then(|plan| ComplexElementwise::plan(vec![plan], function))
    }

    /// The array as complex numbers of a type.
    fn widened(&self, dtype: &DType) -> Result<Array> {
        let own = self.dtype()?;
        if own == *dtype {
            return Ok(self.clone());
        }
        let part = complex_part(dtype).unwrap_or(dtype);
        let (re, im) = match complex_part(&own) {
            Some(_) => (self.real(), self.imag()),
            None => (self.clone(), self.session.zeros([], ())),
        };
        let parts = vec![re.astype(part).plan()?, im.astype(part).plan()?];
        Array::new(&self.session, ComplexElementwise::plan(parts, ComplexFn::Of)).checked()
    }

    /// This array as complex numbers, for [`Array::astype`].
    pub(super) fn to_complex(&self, dtype: &DType) -> Array {
        self.then(|_| self.widened(dtype)?.plan())
    }

    /// An operation on two arrays of which one is complex.
    pub(super) fn complex_binary(&self, op: BinaryOp, other: Operand) -> Array {
        let other = self.complex_operand(other);
        self.then(|_| {
            let function = match op {
                BinaryOp::Add => ComplexFn::Add,
                BinaryOp::Sub => ComplexFn::Sub,
                BinaryOp::Mul => ComplexFn::Mul,
                BinaryOp::Div => ComplexFn::Div,
                BinaryOp::Eq => ComplexFn::Equal,
                BinaryOp::NotEq => ComplexFn::NotEqual,
                _ => {
                    let got = format!("{} and {}", type_name(&self.dtype()?), type_name(&other.dtype()?));
                    let expected = "real numbers; take real, imag or abs of the array".into();
                    return Err(Error::Type { op: format!("{op:?}"), expected, got });
                }
            };
            // Two narrow ones stay narrow, as floats do.
            let is_narrow = |array: &Array| {
                let dtype = array.dtype()?;
                Ok::<bool, Error>(complex_part(&dtype).unwrap_or(&dtype) == &DType::Float32)
            };
            let narrow = is_narrow(self)? && is_narrow(&other)?;
            let dtype = complex(if narrow { &DType::Float32 } else { &DType::Float64 });
            ComplexElementwise::plan(vec![self.widened(&dtype)?.plan()?, other.widened(&dtype)?.plan()?], function)
        })
    }

    /// An operand beside this array as an array; a number takes this array's precision.
    pub(super) fn complex_operand(&self, other: Operand) -> Array {
        match other {
            Operand::Array(array) => array,
            Operand::Value(_) => (self.session.zeros([], ()) + other).astype(&self.narrowest()),
        }
    }

    /// A complex number of this array's precision, as an array of no axes.
    pub fn complex_number(&self, re: f64, im: f64) -> Array {
        let part = |value: f64| self.session.full([], value, &DType::Float64, ()).astype(&self.narrowest());
        Array::complex(&part(re), &part(im))
    }

    /// The float type in which a number beside this array is taken.
    fn narrowest(&self) -> DType {
        match self.dtype() {
            Ok(dtype) if complex_part(&dtype).unwrap_or(&dtype) == &DType::Float32 => DType::Float32,
            _ => DType::Float64,
        }
    }

    /// A reduction of complex numbers by those of their parts; `None` for real numbers and for those that need an order.
    pub(super) fn complex_reduction(&self, name: &str, axes: &Axes, of: &dyn Fn(&Array) -> Array) -> Option<Array> {
        if !self.is_complex() {
            return None;
        }
        let (re, im) = (self.real(), self.imag());
        match name {
            "sum" | "mean" => Some(Array::complex(&of(&re), &of(&im))),
            // The distances from the mean have two parts at right angles.
            "var" => Some(of(&re) + of(&im)),
            "std" => Some((of(&re).square() + of(&im).square()).sqrt()),
            "norm" => Some(self.abs().norm(axes.clone())),
            "any" | "all" | "count_nonzero" => Some(of(&self.not_equal(0.0))),
            _ => None,
        }
    }

    /// A product of matrices or vectors of which one is complex, by those of their parts.
    pub(super) fn complex_dot(&self, other: &Array) -> Array {
        let (a, b, c, d) = (self.real(), self.imag(), other.real(), other.imag());
        match (self.is_complex(), other.is_complex()) {
            (true, true) => Array::complex(&(a.dot(&c) - b.dot(&d)), &(a.dot(&d) + b.dot(&c))),
            (true, false) => Array::complex(&a.dot(other), &b.dot(other)),
            _ => Array::complex(&self.dot(&c), &self.dot(&d)),
        }
    }
}
