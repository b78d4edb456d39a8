//! Functions of one number that answer in floating point.
//!
//! f32 and f16 give f32; f64 and integers give f64. They follow IEEE 754: out of its domain a function gives
//! NaN, at a pole an infinity, and NaN for NaN. Null gives null.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{Float32Type, Float64Type};
use blockfold_core::{DType, Function, Result};

use super::args::{NUMBER, arg, cast_to, check, shared};
use super::vector;

/// The type in which a number of `dtype` is computed in floating point.
pub(super) fn float_type(dtype: &DType) -> DType {
    match dtype {
        DType::Float16 | DType::Float32 => DType::Float32,
        _ => DType::Float64,
    }
}

/// The float functions of a number, computed in its own width.
pub(super) fn map_float(array: &ArrayRef, wide: impl Fn(f64) -> f64, narrow: impl Fn(f32) -> f32) -> Result<ArrayRef> {
    let dtype = float_type(array.data_type());
    let floats = cast_to(array, &dtype)?;
    match dtype {
        DType::Float32 => shared(floats.as_primitive::<Float32Type>().unary::<_, Float32Type>(narrow)),
        _ => shared(floats.as_primitive::<Float64Type>().unary::<_, Float64Type>(wide)),
    }
}

/// A float function of many numbers at once. f32 is computed as f64, so that it is exact but for the last rounding.
fn map_many(array: &ArrayRef, many: fn(&[f64], &mut [f64])) -> Result<ArrayRef> {
    let dtype = float_type(array.data_type());
    let wide = cast_to(array, &DType::Float64)?;
    let wide = wide.as_primitive::<Float64Type>();
    let mut values = vec![0.0; wide.len()];
    many(wide.values(), &mut values);
    let values = Float64Array::new(values.into(), wide.nulls().cloned());
    match dtype {
        DType::Float32 => shared(values.unary::<_, Float32Type>(|x| x as f32)),
        _ => shared(values),
    }
}

macro_rules! float_functions {
    ($($(#[$doc:meta])* $static:ident $name:literal $method:ident),* $(,)?) => {
        float_functions! { with $($(#[$doc])* $static $name (|array| map_float(array, |x| x.$method(), |x| x.$method()))),* }
    };
    (with $($(#[$doc:meta])* $static:ident $name:literal ($map:expr)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[NUMBER], "one number")?;
                Ok(args.first().map_or(DType::Float64, float_type))
            }

            fn evaluate(&self, args: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
                let map: fn(&ArrayRef) -> Result<ArrayRef> = $map;
                map(arg(args, 0)?)
            }
        }
    )*};
}

float_functions! {
    /// The square root; NaN of a negative number.
    Sqrt "sqrt" sqrt,
    /// The cube root.
    Cbrt "cbrt" cbrt,
    /// e to the power of the number, less 1, exact near 0.
    Expm1 "expm1" exp_m1,
    /// The logarithm to base 2.
    Log2 "log2" log2,
    /// The logarithm to base 10.
    Log10 "log10" log10,
    /// The natural logarithm of 1 plus the number, exact near 0.
    Log1p "log1p" ln_1p,
    /// The tangent of an angle in radians.
    Tan "tan" tan,
    /// The angle in radians of a sine.
    Arcsin "arcsin" asin,
    /// The angle in radians of a cosine.
    Arccos "arccos" acos,
    /// The angle in radians of a tangent.
    Arctan "arctan" atan,
    /// The hyperbolic sine.
    Sinh "sinh" sinh,
    /// The hyperbolic cosine.
    Cosh "cosh" cosh,
    /// The hyperbolic tangent.
    Tanh "tanh" tanh,
    /// The angle in radians of an angle in degrees.
    Radians "radians" to_radians,
    /// The angle in degrees of an angle in radians.
    Degrees "degrees" to_degrees,
}

float_functions! {
    with
    /// e to the power of the number.
    Exp "exp" (|array| map_many(array, vector::exp)),
    /// The natural logarithm; -inf of 0, NaN of a negative number.
    Log "log" (|array| map_many(array, vector::log)),
    /// The sine of an angle in radians.
    Sin "sin" (|array| map_many(array, vector::sin)),
    /// The cosine of an angle in radians.
    Cos "cos" (|array| map_many(array, vector::cos)),
}
