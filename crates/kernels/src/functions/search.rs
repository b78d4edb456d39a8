//! Functions that look into strings: lengths, and whether one holds another. Null gives null.

use arrow::array::{Array, ArrayRef, Datum, Int64Array, Scalar as One};
use arrow::compute::kernels::comparison::{contains, ends_with, starts_with};
use blockfold_core::{DType, Function, Result};

use super::args::{STRING, arg, cast_to, check, shared};
use super::text::Texts;

macro_rules! lengths {
    ($($(#[$doc:meta])* $static:ident $name:literal $count:expr),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[STRING], "one string")?;
                Ok(DType::Int64)
            }

            fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
                let texts = Texts::new(args, 0)?;
                let count: fn(&str) -> usize = $count;
                let lengths = (0..rows).map(|row| texts.get(row).map(|text| count(text) as i64));
                shared(lengths.collect::<Int64Array>())
            }
        }
    )*};
}

lengths! {
    /// The number of characters.
    LenChars "len_chars" |text| text.chars().count(),
    /// The number of bytes in UTF-8.
    LenBytes "len_bytes" str::len,
}

macro_rules! searches {
    ($($(#[$doc:meta])* $static:ident $name:literal $kernel:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[STRING; 2], "a string and what to look for in it")?;
                Ok(DType::Boolean)
            }

            fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
                let texts = arg(args, 0)?;
                let wanted = cast_to(arg(args, 1)?, texts.data_type())?;
                shared($kernel(datum(texts, rows).as_ref(), datum(&wanted, rows).as_ref())?)
            }
        }
    )*};
}

/// An array of one element as a value for every row, others as they are.
fn datum(array: &ArrayRef, rows: usize) -> Box<dyn Datum> {
    if array.len() == 1 && rows != 1 { Box::new(One::new(array.clone())) } else { Box::new(array.clone()) }
}

searches! {
    /// Whether the string holds another, which is no pattern; the empty string is in every string.
    Contains "contains" contains,
    /// Whether the string starts with another.
    StartsWith "starts_with" starts_with,
    /// Whether the string ends with another.
    EndsWith "ends_with" ends_with,
}
