//! Complex numbers, element by element.

use arrow::datatypes::ArrowNativeType;
use blockfold_core::tensor::{Tensor, complex, complex_part};
use blockfold_core::{DType, Error, Result};
use rustfft::num_complex::Complex;

/// A function of complex numbers at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplexFn {
    /// A complex number of a real and an imaginary part, two floats of one type.
    Of,
    /// The real part.
    Real,
    /// The imaginary part.
    Imag,
    /// The distance from 0.
    Abs,
    /// The angle in radians, between minus and plus half a circle.
    Angle,
    /// The number with its imaginary part negated.
    Conj,
    /// The opposite.
    Negative,
    /// e to the power of the number.
    Exp,
    /// The square root with a real part that is not negative.
    Sqrt,
    /// The principal natural logarithm.
    Log,
    /// The sum of two.
    Add,
    /// The difference of two.
    Sub,
    /// The product of two.
    Mul,
    /// The quotient of two.
    Div,
    /// Whether two are equal.
    Equal,
    /// Whether two differ.
    NotEqual,
}

impl ComplexFn {
    /// The name in `explain`.
    pub fn name(self) -> &'static str {
        match self {
            ComplexFn::Of => "complex",
            ComplexFn::Real => "real",
            ComplexFn::Imag => "imag",
            ComplexFn::Abs => "abs",
            ComplexFn::Angle => "angle",
            ComplexFn::Conj => "conj",
            ComplexFn::Negative => "negative",
            ComplexFn::Exp => "exp",
            ComplexFn::Sqrt => "sqrt",
            ComplexFn::Log => "log",
            ComplexFn::Add => "+",
            ComplexFn::Sub => "-",
            ComplexFn::Mul => "*",
            ComplexFn::Div => "/",
            ComplexFn::Equal => "==",
            ComplexFn::NotEqual => "!=",
        }
    }

    /// Type of the result for arguments of some types.
    ///
    /// # Errors
    /// Arguments of other types, or of several.
    pub fn output_type(self, args: &[DType]) -> Result<DType> {
        use ComplexFn::*;
        let wrong = |expected: &str| Error::Type {
            op: self.name().into(),
            expected: expected.into(),
            got: args.iter().map(blockfold_core::tensor::type_name).collect::<Vec<_>>().join(" and "),
        };
        match (self, args) {
            (Of, [re, im]) if re == im && matches!(re, DType::Float32 | DType::Float64) => Ok(complex(re)),
            (Of, _) => Err(wrong("two arrays of one type of floats")),
            (Real | Imag | Abs | Angle, [one]) => complex_part(one).cloned().ok_or_else(|| wrong("complex numbers")),
            (Conj | Negative | Exp | Sqrt | Log, [one]) if complex_part(one).is_some() => Ok(one.clone()),
            (Add | Sub | Mul | Div, [a, b]) if a == b && complex_part(a).is_some() => Ok(a.clone()),
            (Equal | NotEqual, [a, b]) if a == b && complex_part(a).is_some() => Ok(DType::Boolean),
            _ => Err(wrong("complex numbers of one type")),
        }
    }
}

/// The function of arguments of one shape.
///
/// # Errors
/// Arguments that the function does not take.
pub fn apply(function: ComplexFn, args: &[Tensor]) -> Result<Tensor> {
    let types: Vec<DType> = args.iter().map(|arg| arg.dtype().clone()).collect();
    let dtype = function.output_type(&types)?;
    match args.first().map(|first| complex_part(first.dtype()).unwrap_or(first.dtype()) == &DType::Float32) {
        Some(true) => of_type::<f32>(function, args, dtype),
        _ => of_type::<f64>(function, args, dtype),
    }
}

/// A float that complex numbers are made of.
trait Part: ArrowNativeType + rustfft::num_traits::Float {}
impl Part for f32 {}
impl Part for f64 {}

fn of_type<T: Part>(function: ComplexFn, args: &[Tensor], dtype: DType) -> Result<Tensor> {
    use ComplexFn::*;
    let first = args.first().ok_or_else(|| Error::internal("a function of nothing"))?;
    let shape = first.shape().to_vec();
    if args.iter().any(|arg| arg.shape() != shape) {
        return Err(Error::internal(format!("{} of boxes of several shapes", function.name())));
    }
    let parts = |arg: usize| args.get(arg).map(Tensor::parts).unwrap_or_else(|| Err(Error::internal("an argument")));
    let one = |f: &dyn Fn(Complex<T>) -> T| -> Result<Vec<T>> { Ok(numbers(parts(0)?.values()?).map(f).collect()) };
    let pairs = |f: &dyn Fn(Complex<T>) -> Complex<T>| -> Result<Vec<T>> {
        Ok(numbers(parts(0)?.values()?).map(f).flat_map(|x| [x.re, x.im]).collect())
    };
    let both = |f: &dyn Fn(Complex<T>, Complex<T>) -> Complex<T>| -> Result<Vec<T>> {
        let (a, b) = (parts(0)?, parts(1)?);
        let found = numbers(a.values()?).zip(numbers(b.values()?)).map(|(a, b)| f(a, b));
        Ok(found.flat_map(|x| [x.re, x.im]).collect())
    };
    let values = match function {
        Of => {
            let im = args.get(1).ok_or_else(|| Error::internal("a complex number of one part"))?;
            first.values::<T>()?.iter().zip(im.values::<T>()?).flat_map(|(re, im)| [*re, *im]).collect()
        }
        Real => one(&|x| x.re)?,
        Imag => one(&|x| x.im)?,
        Abs => one(&|x| x.re.hypot(x.im))?,
        Angle => one(&|x| x.im.atan2(x.re))?,
        Conj => pairs(&|x| x.conj())?,
        Negative => pairs(&|x| -x)?,
        Exp => pairs(&|x| x.exp())?,
        Sqrt => pairs(&|x| x.sqrt())?,
        Log => pairs(&|x| x.ln())?,
        Add => both(&|a, b| a + b)?,
        Sub => both(&|a, b| a - b)?,
        Mul => both(&|a, b| a * b)?,
        Div => both(&quotient)?,
        Equal | NotEqual => {
            let (a, b) = (parts(0)?, parts(1)?);
            let is_equal = numbers::<T>(a.values()?).zip(numbers(b.values()?)).map(|(a, b)| a == b);
            let flags: Vec<u8> = is_equal.map(|is_equal| u8::from(is_equal == (function == Equal))).collect();
            return Tensor::from_vec(dtype, shape, flags);
        }
    };
    Tensor::from_vec(dtype, shape, values)
}

fn numbers<T: Part>(parts: &[T]) -> impl Iterator<Item = Complex<T>> + '_ {
    parts.chunks_exact(2).map(|pair| Complex::new(pair[0], pair[1]))
}

/// The quotient by way of the larger part of the divisor, which keeps squares from overflowing (Smith, "Algorithm 116: Complex
/// division", 1962).
fn quotient<T: Part>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    if b.re.abs() >= b.im.abs() {
        if b.re == T::zero() && b.im == T::zero() {
            return Complex::new(a.re / b.re, a.im / b.re);
        }
        let ratio = b.im / b.re;
        let scale = b.re + b.im * ratio;
        Complex::new((a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale)
    } else {
        let ratio = b.re / b.im;
        let scale = b.re * ratio + b.im;
        Complex::new((a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_two_parts() {
        let floats = |values: Vec<f64>| Tensor::from_vec(DType::Float64, vec![2], values).unwrap();
        let a = apply(ComplexFn::Of, &[floats(vec![1.0, 3.0]), floats(vec![2.0, -4.0])]).unwrap();
        let b = apply(ComplexFn::Conj, std::slice::from_ref(&a)).unwrap();
        let product = apply(ComplexFn::Mul, &[a.clone(), b.clone()]).unwrap();
        assert_eq!(product.parts().unwrap().values::<f64>().unwrap(), [5.0, 0.0, 25.0, 0.0]);
        let one = apply(ComplexFn::Div, &[a.clone(), a.clone()]).unwrap();
        assert_eq!(one.parts().unwrap().values::<f64>().unwrap(), [1.0, 0.0, 1.0, 0.0]);
        assert_eq!(apply(ComplexFn::Abs, std::slice::from_ref(&a)).unwrap().values::<f64>().unwrap()[1], 5.0);
        assert_eq!(apply(ComplexFn::Equal, &[a.clone(), b]).unwrap().values::<u8>().unwrap(), [0, 0]);
        assert!(apply(ComplexFn::Add, &[a, floats(vec![0.0, 0.0])]).is_err());
    }
}
