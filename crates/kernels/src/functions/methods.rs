//! The scalar functions as methods of expressions.

use blockfold_core::{Expr, Function, IntoLiteral};

use super::*;

macro_rules! methods {
    ($($(#[$doc:meta])* $method:ident $function:ident ($($arg:ident),*)),* $(,)?) => {
        /// Scalar functions as methods: `col("x").sqrt()`.
        ///
        /// What each takes and gives is said at the function of its name.
        #[allow(clippy::wrong_self_convention)] // They build expressions, as all methods of `Expr` do.
        pub trait ExprFunctions: Sized {
            $(
                $(#[$doc])*
                #[must_use]
                fn $method(self $(, $arg: impl IntoLiteral)*) -> Expr;
            )*

            /// The first value that is not null, of this one and the others; typed as a choice is.
            #[must_use]
            fn coalesce<T: IntoLiteral>(self, others: impl IntoIterator<Item = T>) -> Expr;
        }

        impl ExprFunctions for Expr {
            $(
                fn $method(self $(, $arg: impl IntoLiteral)*) -> Expr {
                    call(&$function, vec![self $(, $arg.into_literal())*])
                }
            )*

            fn coalesce<T: IntoLiteral>(self, others: impl IntoIterator<Item = T>) -> Expr {
                let mut values: Vec<Expr> = std::iter::once(self).chain(others.into_iter().map(T::into_literal)).collect();
                let otherwise = values.pop().map(Box::new);
                match otherwise {
                    Some(only) if values.is_empty() => *only,
                    otherwise => {
                        let branches = values.into_iter().map(|value| (value.clone().is_not_null(), value)).collect();
                        Expr::Case { branches, otherwise }
                    }
                }
            }
        }
    };
}

fn call(function: &'static dyn Function, args: Vec<Expr>) -> Expr {
    Expr::call(function, args)
}

methods! {
    /// The absolute value.
    abs Abs(),
    /// -1, 0 or 1 by the sign.
    sign Sign(),
    /// The number limited to two bounds; a null bound does not limit.
    clip Clip(min, max),
    /// The number to a power, in floating point.
    pow Pow(exponent),
    /// Whether the number is NaN.
    is_nan IsNan(),
    /// Whether the number is neither NaN nor infinite.
    is_finite IsFinite(),
    /// The greatest whole number that is not greater.
    floor Floor(),
    /// The least whole number that is not less.
    ceil Ceil(),
    /// The whole part.
    trunc Trunc(),
    /// The number rounded to decimals, halves to even.
    round Round(decimals),
    /// The square root.
    sqrt Sqrt(),
    /// The cube root.
    cbrt Cbrt(),
    /// e to the power of the number.
    exp Exp(),
    /// e to the power of the number, less 1.
    expm1 Expm1(),
    /// The natural logarithm.
    log Log(),
    /// The logarithm to base 2.
    log2 Log2(),
    /// The logarithm to base 10.
    log10 Log10(),
    /// The natural logarithm of 1 plus the number.
    log1p Log1p(),
    /// The sine.
    sin Sin(),
    /// The cosine.
    cos Cos(),
    /// The tangent.
    tan Tan(),
    /// The angle of a sine.
    arcsin Arcsin(),
    /// The angle of a cosine.
    arccos Arccos(),
    /// The angle of a tangent.
    arctan Arctan(),
    /// The angle of the point `(x, self)`.
    arctan2 Arctan2(x),
    /// The hyperbolic sine.
    sinh Sinh(),
    /// The hyperbolic cosine.
    cosh Cosh(),
    /// The hyperbolic tangent.
    tanh Tanh(),
    /// Degrees as radians.
    radians Radians(),
    /// Radians as degrees.
    degrees Degrees(),
    /// The number of characters.
    len_chars LenChars(),
    /// The number of bytes.
    len_bytes LenBytes(),
    /// The string in lower case.
    lower Lower(),
    /// The string in upper case.
    upper Upper(),
    /// The string without white space at its ends.
    strip Strip(),
    /// Whether the string holds another.
    contains Contains(text),
    /// Whether the string starts with another.
    starts_with StartsWith(text),
    /// Whether the string ends with another.
    ends_with EndsWith(text),
    /// The string with every occurrence of one string replaced by another.
    replace Replace(from, to),
    /// Whether a regular expression matches in the string.
    matches Matches(pattern),
    /// How often a regular expression matches in the string.
    count_matches CountMatches(pattern),
    /// The string with every match of a regular expression replaced; `${1}` stands for a group.
    replace_matches ReplaceMatches(pattern, to),
    /// What a group of a regular expression matched first.
    extract_match ExtractMatch(pattern, group),
    /// The part at a place between separators, from 0.
    split_part SplitPart(separator, index),
    /// What is left of the string after so many separators.
    split_rest SplitRest(separator, index),
    /// At most `length` characters from an offset on; a negative offset counts from the end.
    slice Slice(offset, length),
    /// The string followed by another.
    concat Concat(text),
    /// The year.
    year Year(),
    /// The quarter of the year, 1 to 4.
    quarter Quarter(),
    /// The month, 1 to 12.
    month Month(),
    /// The day of the month, 1 to 31.
    day Day(),
    /// The day of the week, 1 for Monday to 7 for Sunday.
    weekday Weekday(),
    /// The day of the year, 1 to 366.
    ordinal_day OrdinalDay(),
    /// The hour, 0 to 23.
    hour Hour(),
    /// The minute, 0 to 59.
    minute Minute(),
    /// The second, 0 to 59.
    second Second(),
    /// The milliseconds since the second.
    millisecond Millisecond(),
    /// The microseconds since the second.
    microsecond Microsecond(),
    /// The start of the window of time, as `"15min"` or `"1mo"`, in which the point lies.
    truncate Truncate(every),
}
