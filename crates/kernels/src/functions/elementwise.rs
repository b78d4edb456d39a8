//! Maps over two columns of numbers, with single values standing for every row.

use arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray};

/// The function of each pair of values, an array of one element standing for every row; null where either is
/// null or the function gives none.
pub(crate) fn try_binary<A: ArrowPrimitiveType, B: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    left: &PrimitiveArray<A>,
    right: &PrimitiveArray<B>,
    rows: usize,
    f: impl Fn(A::Native, B::Native) -> Option<O::Native>,
) -> PrimitiveArray<O> {
    if right.len() == 1 && left.len() == rows {
        if right.is_null(0) {
            return PrimitiveArray::new_null(rows);
        }
        let constant = right.value(0);
        return left.unary_opt(|value| f(value, constant));
    }
    if left.len() == 1 && right.len() == rows {
        if left.is_null(0) {
            return PrimitiveArray::new_null(rows);
        }
        let constant = left.value(0);
        return right.unary_opt(|value| f(constant, value));
    }
    let pairs = left.iter().zip(right.iter());
    pairs.map(|(a, b)| a.zip(b).and_then(|(a, b)| f(a, b))).collect()
}

/// Division's remainder with the divisor's sign.
pub(crate) trait Remainder: Sized {
    /// The remainder; none for an integer by zero.
    fn remainder(self, divisor: Self) -> Option<Self>;
}

macro_rules! remainder_of_integers {
    ($($signed:ty)*, $($unsigned:ty)*) => {
        $(impl Remainder for $signed {
            fn remainder(self, divisor: Self) -> Option<Self> {
                if divisor == 0 {
                    return None;
                }
                let rest = self.wrapping_rem(divisor);
                Some(if rest != 0 && (rest < 0) != (divisor < 0) { rest + divisor } else { rest })
            }
        })*
        $(impl Remainder for $unsigned {
            fn remainder(self, divisor: Self) -> Option<Self> {
                self.checked_rem(divisor)
            }
        })*
    };
}
remainder_of_integers!(i8 i16 i32 i64, u8 u16 u32 u64);

macro_rules! remainder_of_floats {
    ($($float:ty)*) => {
        $(impl Remainder for $float {
            fn remainder(self, divisor: Self) -> Option<Self> {
                let rest = self % divisor;
                Some(if rest == 0.0 {
                    <$float>::copysign(0.0, divisor)
                } else if (rest < 0.0) != (divisor < 0.0) {
                    rest + divisor
                } else {
                    rest
                })
            }
        })*
    };
}
remainder_of_floats!(f32 f64);

/// What functions that keep a number's type do with it.
pub(crate) trait Number: PartialOrd + Copy {
    /// The absolute value; wraps.
    fn absolute(self) -> Self;
    /// -1, 0 or 1; NaN of NaN.
    fn sign(self) -> Self;
    /// The greatest whole number that is not greater.
    fn floor(self) -> Self;
    /// The least whole number that is not less.
    fn ceil(self) -> Self;
    /// The whole part.
    fn trunc(self) -> Self;
    /// Rounded to decimals, halves to even.
    fn round_to(self, decimals: i32) -> Self;
    /// The nearest value to a whole number.
    fn from_whole(whole: i128) -> Self;
    /// The nearest value to a float, taken to a whole number by `inwards` first where only those exist.
    fn from_float(float: f64, inwards: fn(f64) -> f64) -> Option<Self>;
}

macro_rules! integers_as_numbers {
    ($($int:ty, $absolute:expr, $sign:expr;)*) => {$(
        impl Number for $int {
            fn absolute(self) -> Self {
                $absolute(self)
            }
            fn sign(self) -> Self {
                $sign(self)
            }
            fn floor(self) -> Self {
                self
            }
            fn ceil(self) -> Self {
                self
            }
            fn trunc(self) -> Self {
                self
            }
            fn round_to(self, decimals: i32) -> Self {
                Self::from_whole(round_whole(i128::from(self), decimals))
            }
            fn from_whole(whole: i128) -> Self {
                let within = whole.clamp(i128::from(Self::MIN), i128::from(Self::MAX));
                Self::try_from(within).unwrap_or_default()
            }
            fn from_float(float: f64, inwards: fn(f64) -> f64) -> Option<Self> {
                // `as` saturates.
                (!float.is_nan()).then(|| inwards(float) as Self)
            }
        }
    )*};
}
integers_as_numbers! {
    i8, i8::wrapping_abs, i8::signum;
    i16, i16::wrapping_abs, i16::signum;
    i32, i32::wrapping_abs, i32::signum;
    i64, i64::wrapping_abs, i64::signum;
    u8, std::convert::identity, |x: u8| x.min(1);
    u16, std::convert::identity, |x: u16| x.min(1);
    u32, std::convert::identity, |x: u32| x.min(1);
    u64, std::convert::identity, |x: u64| x.min(1);
}

fn round_whole(whole: i128, decimals: i32) -> i128 {
    let Some(step) =
        decimals.checked_neg().filter(|tens| *tens > 0).map(|tens| 10_i128.checked_pow(tens.unsigned_abs()))
    else {
        return whole;
    };
    let Some(step) = step else { return 0 };
    let (down, rest) = (whole.div_euclid(step), whole.rem_euclid(step));
    let up = match (2 * rest).cmp(&step) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => down.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    (down + up) * step
}

macro_rules! floats_as_numbers {
    ($($float:ty)*) => {$(
        impl Number for $float {
            fn absolute(self) -> Self {
                self.abs()
            }
            fn sign(self) -> Self {
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else if self == 0.0 {
                    0.0
                } else {
                    self
                }
            }
            fn floor(self) -> Self {
                <$float>::floor(self)
            }
            fn ceil(self) -> Self {
                <$float>::ceil(self)
            }
            fn trunc(self) -> Self {
                <$float>::trunc(self)
            }
            fn round_to(self, decimals: i32) -> Self {
                let wide = f64::from(self);
                let scale = 10_f64.powi(decimals.abs());
                let rounded = match decimals {
                    0 => wide.round_ties_even(),
                    1.. if (wide * scale).is_finite() => (wide * scale).round_ties_even() / scale,
                    1.. => wide,
                    _ if scale.is_finite() => (wide / scale).round_ties_even() * scale,
                    _ => wide * 0.0,
                };
                rounded as Self
            }
            fn from_whole(whole: i128) -> Self {
                whole as Self
            }
            fn from_float(float: f64, _inwards: fn(f64) -> f64) -> Option<Self> {
                (!float.is_nan()).then_some(float as Self)
            }
        }
    )*};
}
floats_as_numbers!(f32 f64);

/// Runs `body` with `T` the Arrow type of a number; f16 is not among them.
macro_rules! with_number {
    ($name:expr, $dtype:expr, $t:ident => $body:expr) => {{
        use arrow::datatypes as types;
        use blockfold_core::{DType as D, Error};
        macro_rules! run {
            ($arrow:ident) => {{
                type $t = types::$arrow;
                $body
            }};
        }
        match $dtype {
            D::Int8 => run!(Int8Type),
            D::Int16 => run!(Int16Type),
            D::Int32 => run!(Int32Type),
            D::Int64 => run!(Int64Type),
            D::UInt8 => run!(UInt8Type),
            D::UInt16 => run!(UInt16Type),
            D::UInt32 => run!(UInt32Type),
            D::UInt64 => run!(UInt64Type),
            D::Float32 => run!(Float32Type),
            D::Float64 => run!(Float64Type),
            other => Err(Error::internal(format!("{} of {other}", $name))),
        }
    }};
}
pub(crate) use with_number;
