//! Scalar functions: one static each, found by name.
//!
//! A function lives in the file of its family, says there what it takes and what it gives for null and NaN, and
//! is listed once in [`FUNCTIONS`]; `conformance` then runs it over every type that it takes.

mod args;
mod calendar;
#[cfg(test)]
mod conformance;
mod datetime;
pub(crate) mod elementwise;
mod floats;
mod methods;
mod numeric;
mod patterns;
mod rounding;
mod search;
#[cfg(test)]
mod tests;
mod text;
mod truncate;
mod vector;

use blockfold_core::Function;

pub use datetime::{Day, Hour, Microsecond, Millisecond, Minute, Month, OrdinalDay, Quarter, Second, Weekday, Year};
pub use floats::{
    Arccos, Arcsin, Arctan, Cbrt, Cos, Cosh, Degrees, Exp, Expm1, Log, Log1p, Log2, Log10, Radians, Sin, Sinh, Sqrt,
    Tan, Tanh,
};
pub use methods::ExprFunctions;
pub use numeric::{Abs, Arctan2, Clip, IsFinite, IsNan, Pow, Sign};
pub use patterns::{CountMatches, ExtractMatch, Matches, ReplaceMatches, SplitPart, SplitRest};
pub use rounding::{Ceil, Floor, Round, Trunc};
pub use search::{Contains, EndsWith, LenBytes, LenChars, StartsWith};
pub use text::{Concat, Lower, Replace, Slice, Strip, Upper};
pub use truncate::{Truncate, window_starts};

/// Every scalar function.
#[rustfmt::skip]
pub static FUNCTIONS: &[&dyn Function] = &[
    &Abs, &Sign, &Clip, &Pow, &IsNan, &IsFinite,
    &Floor, &Ceil, &Trunc, &Round,
    &Sqrt, &Cbrt, &Exp, &Expm1, &Log, &Log2, &Log10, &Log1p,
    &Sin, &Cos, &Tan, &Arcsin, &Arccos, &Arctan, &Arctan2, &Sinh, &Cosh, &Tanh, &Radians, &Degrees,
    &LenChars, &LenBytes, &Lower, &Upper, &Strip, &Contains, &StartsWith, &EndsWith, &Replace, &Slice, &Concat,
    &Matches, &CountMatches, &ReplaceMatches, &ExtractMatch, &SplitPart, &SplitRest,
    &Year, &Quarter, &Month, &Day, &Weekday, &OrdinalDay, &Hour, &Minute, &Second, &Millisecond, &Microsecond,
    &Truncate,
];

/// The function of a name.
///
/// # Examples
/// ```
/// use blockfold_kernels::functions::find;
/// assert_eq!(find("sqrt").map(|function| function.name()), Some("sqrt"));
/// assert!(find("cuberoot").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static dyn Function> {
    FUNCTIONS.iter().copied().find(|function| function.name() == name)
}
