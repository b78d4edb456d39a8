//! Functions of numbers that keep their type, powers, and tests of floats.
//!
//! f16 counts as f32. Null gives null unless the function says otherwise.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use blockfold_core::{DType, Function, Result};

use super::args::{NUMBER, arg, cast_to, check, shared};
use super::elementwise::{Number, try_binary, with_number};
use super::floats::float_type;

/// The type in which a number stays: its own, but f32 for f16.
pub(super) fn kept_type(args: &[DType]) -> DType {
    match args.first() {
        Some(DataType::Float16) => DType::Float32,
        Some(other) => other.clone(),
        None => DType::Null,
    }
}

/// A function of each number that keeps its type.
macro_rules! keeping_functions {
    ($($(#[$doc:meta])* $static:ident $name:literal $method:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[NUMBER], "one number")?;
                Ok(kept_type(args))
            }

            fn evaluate(&self, args: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
                let array = cast_to(arg(args, 0)?, &kept_type(&[arg(args, 0)?.data_type().clone()]))?;
                with_number!($name, array.data_type(), T => {
                    shared(array.as_primitive::<T>().unary::<_, T>(Number::$method))
                })
            }
        }
    )*};
}
pub(super) use keeping_functions;

keeping_functions! {
    /// The absolute value; the least integer of a type wraps to itself.
    Abs "abs" absolute,
    /// -1, 0 or 1 by the sign; NaN of NaN.
    Sign "sign" sign,
}

/// The number limited to `min` and `max`, in the number's own type; `max` wins where they cross.
///
/// # Nulls
/// Null for null; a null bound does not limit. NaN stays NaN, and a NaN bound does not limit.
#[derive(Debug)]
pub struct Clip;

impl Function for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("clip", args, &[NUMBER; 3], "a number and two bounds: clip(x, min, max)")?;
        Ok(kept_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let array = cast_to(arg(args, 0)?, &kept_type(&[arg(args, 0)?.data_type().clone()]))?;
        if *array.data_type() == DType::Null {
            return Ok(arrow::array::new_null_array(&DType::Null, rows));
        }
        with_number!("clip", array.data_type(), T => clip_of::<T>(&array, arg(args, 1)?, arg(args, 2)?, rows))
    }

    fn null_in_null_out(&self) -> bool {
        false
    }
}

fn clip_of<T: ArrowPrimitiveType>(array: &ArrayRef, min: &ArrayRef, max: &ArrayRef, rows: usize) -> Result<ArrayRef>
where
    T::Native: Number,
{
    let (low, high) = (bounds::<T>(min, f64::ceil)?, bounds::<T>(max, f64::floor)?);
    let values = array.as_primitive::<T>();
    let at = |bounds: &[Option<T::Native>], row: usize| {
        bounds.get(if bounds.len() == 1 { 0 } else { row }).copied().flatten()
    };
    let clipped = (0..rows).map(|row| {
        let row_of_value = super::args::row_of(values, row);
        values.is_valid(row_of_value).then(|| {
            let mut value = values.value(row_of_value);
            if let Some(low) = at(&low, row).filter(|low| value < *low) {
                value = low;
            }
            at(&high, row).filter(|high| value > *high).unwrap_or(value)
        })
    });
    shared(clipped.collect::<arrow::array::PrimitiveArray<T>>())
}

/// Bounds in the type of the values: for integers the next whole number inwards, at most the type's ends.
fn bounds<T: ArrowPrimitiveType>(array: &ArrayRef, inwards: fn(f64) -> f64) -> Result<Vec<Option<T::Native>>>
where
    T::Native: Number,
{
    if array.data_type().is_integer() {
        let wide = cast_to(array, &DType::Decimal128(20, 0))?;
        let wide = wide.as_primitive::<arrow::datatypes::Decimal128Type>();
        return Ok(wide.iter().map(|bound| bound.map(T::Native::from_whole)).collect());
    }
    let wide = cast_to(array, &DType::Float64)?;
    let wide = wide.as_primitive::<Float64Type>();
    Ok(wide.iter().map(|bound| bound.and_then(|bound| T::Native::from_float(bound, inwards))).collect())
}

/// The number to a power, in floating point: f32 for f32 and f16, else f64. `x ** 0` is 1 even of NaN.
#[derive(Debug)]
pub struct Pow;

impl Function for Pow {
    fn name(&self) -> &'static str {
        "pow"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("pow", args, &[NUMBER; 2], "a number and its exponent: pow(x, n)")?;
        Ok(args.first().map_or(DType::Float64, float_type))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let dtype = float_type(arg(args, 0)?.data_type());
        let (base, exponent) = (cast_to(arg(args, 0)?, &dtype)?, cast_to(arg(args, 1)?, &dtype)?);
        if dtype == DType::Float32 {
            let (base, exponent) = (base.as_primitive::<Float32Type>(), exponent.as_primitive::<Float32Type>());
            return shared(try_binary::<_, _, Float32Type>(base, exponent, rows, |x, n| Some(x.powf(n))));
        }
        let (base, exponent) = (base.as_primitive::<Float64Type>(), exponent.as_primitive::<Float64Type>());
        shared(try_binary::<_, _, Float64Type>(base, exponent, rows, |x, n| Some(x.powf(n))))
    }
}

/// The angle in radians of the point `(x, y)`, given as `arctan2(y, x)`, in f64.
#[derive(Debug)]
pub struct Arctan2;

impl Function for Arctan2 {
    fn name(&self) -> &'static str {
        "arctan2"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("arctan2", args, &[NUMBER; 2], "two numbers: arctan2(y, x)")?;
        Ok(DType::Float64)
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (y, x) = (cast_to(arg(args, 0)?, &DType::Float64)?, cast_to(arg(args, 1)?, &DType::Float64)?);
        let (y, x) = (y.as_primitive::<Float64Type>(), x.as_primitive::<Float64Type>());
        shared(try_binary::<_, _, Float64Type>(y, x, rows, |y, x| Some(y.atan2(x))))
    }
}

macro_rules! float_tests {
    ($($(#[$doc:meta])* $static:ident $name:literal $method:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[NUMBER], "one number")?;
                Ok(DType::Boolean)
            }

            fn evaluate(&self, args: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
                let floats = cast_to(arg(args, 0)?, &DType::Float64)?;
                let floats = floats.as_primitive::<Float64Type>();
                let holds = BooleanBuffer::collect_bool(floats.len(), |row| floats.value(row).$method());
                Ok(Arc::new(BooleanArray::new(holds, floats.nulls().cloned())))
            }
        }
    )*};
}

float_tests! {
    /// Whether the number is NaN; never for an integer.
    IsNan "is_nan" is_nan,
    /// Whether the number is neither NaN nor infinite; always for an integer.
    IsFinite "is_finite" is_finite,
}
