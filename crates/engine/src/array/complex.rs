//! Complex numbers.

use blockfold_core::expr::promote;
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
        if self.is_complex() {
            return self.of_complex(ComplexFn::Imag);
        }
        self.then(|_| self.session.zeros([], ()).astype(&self.dtype()?).broadcast_to(self.shape()?).plan())
    }

    /// The numbers with their imaginary parts negated.
    pub fn conj(&self) -> Array {
        if self.is_complex() { self.of_complex(ComplexFn::Conj) } else { self.clone() }
    }

    /// The angles in radians, between minus and plus half a circle; of real numbers 0 or half a circle.
    pub fn angle(&self) -> Array {
        if self.is_complex() {
            return self.of_complex(ComplexFn::Angle);
        }
        let zero = self.session.zeros([], ());
        let zero =
            if self.dtype().is_ok_and(|dtype| dtype == DType::Float32) { zero.astype(&DType::Float32) } else { zero };
        zero.arctan2(self)
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

    /// Arrays as ones of the type that holds the elements of all, as NumPy has it.
    pub(super) fn promoted(arrays: &[Array]) -> Result<Vec<Array>> {
        let types = arrays.iter().map(Array::dtype).collect::<Result<Vec<DType>>>()?;
        let Some(first) = types.first() else { return Ok(Vec::new()) };
        let both = |a: DType, b: &DType| {
            let part = |dtype: &DType| complex_part(dtype).unwrap_or(dtype).clone();
            match (complex_part(&a).is_some() || complex_part(b).is_some(), a == *b) {
                (_, true) => Some(a),
                (false, _) => promote(&a, b),
                (true, _) => match promote(&promote(&part(&a), &part(b))?, &DType::Float32)? {
                    DType::Float32 => Some(complex(&DType::Float32)),
                    _ => Some(complex(&DType::Float64)),
                },
            }
        };
        let all = types.iter().skip(1).try_fold(first.clone(), both);
        // What has no common type is told by the op.
        Ok(arrays.iter().map(|array| all.as_ref().map_or(array.clone(), |dtype| array.astype(dtype))).collect())
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
                let part = complex_part(&dtype).unwrap_or(&dtype);
                // Narrow whole numbers fit in narrow floats.
                Ok::<bool, Error>(promote(part, &DType::Float32) == Some(DType::Float32) || *part == DType::Boolean)
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

    /// An error of an operation that complex numbers do not have.
    pub(super) fn needs_real(&self, op: &str) -> Error {
        let expected = "real numbers; take real, imag or abs of the array".to_string();
        Error::Type {
            op: op.to_string(),
            expected,
            got: self.dtype().map(|dtype| type_name(&dtype)).unwrap_or_default(),
        }
    }

    /// The elements of `yes` where this array is true, those of `no` elsewhere, one of them complex.
    pub(super) fn complex_where(&self, yes: Operand, no: Operand) -> Array {
        let own = match (&yes, &no) {
            (Operand::Array(one), _) if one.is_complex() => one.clone(),
            (_, Operand::Array(one)) => one.clone(),
            _ => self.clone(),
        };
        let (yes, no) = (own.complex_operand(yes), own.complex_operand(no));
        let part = |part: fn(&Array) -> Array| self.r#where(part(&yes), part(&no));
        Array::complex(&part(Array::real), &part(Array::imag))
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
