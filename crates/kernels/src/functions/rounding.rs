//! Rounding. Integers are whole already; floats keep their type, f16 counting as f32.
//!
//! NaN and infinities stay as they are, null stays null.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int64Type;
use blockfold_core::{DType, Function, Result};

use super::args::{INTEGER, NUMBER, arg, as_i64, cast_to, check, shared};
use super::elementwise::{Number, try_binary, with_number};
use super::numeric::{keeping_functions, kept_type};

keeping_functions! {
    /// The greatest whole number that is not greater.
    Floor "floor" floor,
    /// The least whole number that is not less.
    Ceil "ceil" ceil,
    /// The whole part, towards zero.
    Trunc "trunc" trunc,
}

/// The number rounded to decimals, halves to the even neighbour as in NumPy; negative decimals round to tens.
#[derive(Debug)]
pub struct Round;

impl Function for Round {
    fn name(&self) -> &'static str {
        "round"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("round", args, &[NUMBER, INTEGER], "a number and a count of decimals: round(x, decimals)")?;
        Ok(kept_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let array = cast_to(arg(args, 0)?, &kept_type(&[arg(args, 0)?.data_type().clone()]))?;
        let decimals = as_i64(arg(args, 1)?)?;
        with_number!("round", array.data_type(), T => {
            let round = |x: <T as arrow::array::ArrowPrimitiveType>::Native, decimals: i64| {
                Some(x.round_to(i32::try_from(decimals.clamp(-400, 400)).unwrap_or(0)))
            };
            shared(try_binary::<T, Int64Type, T>(array.as_primitive::<T>(), &decimals, rows, round))
        })
    }
}
