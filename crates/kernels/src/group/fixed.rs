//! Values of at most 64 bits as numbers that sort like them.

use arrow::datatypes::DataType;

/// A value as 64 bits: equal values have equal bits and bits sort like values.
///
/// All NaN are one value, after every number; -0.0 is 0.0.
pub(crate) trait FixedBits: Copy {
    fn to_bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;

    /// The values as 64-bit integers, when they are such.
    fn as_i64(_values: &[Self]) -> Option<&[i64]> {
        None
    }
}

/// Bits that are what they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits(pub(super) u64);

impl FixedBits for Bits {
    #[inline]
    fn to_bits(self) -> u64 {
        self.0
    }

    fn from_bits(bits: u64) -> Self {
        Bits(bits)
    }
}

const SIGN: u64 = 1 << 63;

macro_rules! signed_bits {
    ($($native:ty $(=> $as_i64:item)?),*) => {$(
        impl FixedBits for $native {
            $($as_i64)?


            #[inline]
            #[allow(clippy::unnecessary_cast)]
            fn to_bits(self) -> u64 {
                (self as i64).cast_unsigned().wrapping_add(SIGN)
            }

            #[allow(clippy::cast_possible_truncation, clippy::unnecessary_cast)] // made by `to_bits`
            fn from_bits(bits: u64) -> Self {
                bits.wrapping_sub(SIGN).cast_signed() as $native
            }
        }
    )*};
}

macro_rules! unsigned_bits {
    ($($native:ty),*) => {$(
        impl FixedBits for $native {
            #[inline]
            fn to_bits(self) -> u64 {
                u64::from(self)
            }

            #[allow(clippy::cast_possible_truncation, clippy::unnecessary_cast)] // made by `to_bits`
            fn from_bits(bits: u64) -> Self {
                bits as $native
            }
        }
    )*};
}

signed_bits!(i8, i16, i32, i64 => fn as_i64(values: &[i64]) -> Option<&[i64]> {
    Some(values)
});
unsigned_bits!(u8, u16, u32, u64);

impl FixedBits for f64 {
    #[inline]
    fn to_bits(self) -> u64 {
        let number = if self.is_nan() { f64::NAN.abs() } else { self + 0.0 };
        let bits = f64::to_bits(number);
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    }

    fn from_bits(bits: u64) -> Self {
        f64::from_bits(if bits & SIGN == 0 { !bits } else { bits & !SIGN })
    }
}

impl FixedBits for f32 {
    #[inline]
    fn to_bits(self) -> u64 {
        FixedBits::to_bits(f64::from(self))
    }

    #[allow(clippy::cast_possible_truncation)] // made by `to_bits` of an f32
    fn from_bits(bits: u64) -> Self {
        <f64 as FixedBits>::from_bits(bits) as f32
    }
}

/// Evaluates an expression with `$T` as the Arrow type of a [`DataType`] whose values are [`FixedBits`].
macro_rules! with_fixed {
    ($dtype:expr, $T:ident => $body:expr, _ => $other:expr) => {{
        use arrow::datatypes::*;
        match $dtype {
            DataType::Int8 => {
                type $T = Int8Type;
                $body
            }
            DataType::Int16 => {
                type $T = Int16Type;
                $body
            }
            DataType::Int32 => {
                type $T = Int32Type;
                $body
            }
            DataType::Int64 => {
                type $T = Int64Type;
                $body
            }
            DataType::UInt8 => {
                type $T = UInt8Type;
                $body
            }
            DataType::UInt16 => {
                type $T = UInt16Type;
                $body
            }
            DataType::UInt32 => {
                type $T = UInt32Type;
                $body
            }
            DataType::UInt64 => {
                type $T = UInt64Type;
                $body
            }
            DataType::Float32 => {
                type $T = Float32Type;
                $body
            }
            DataType::Float64 => {
                type $T = Float64Type;
                $body
            }
            DataType::Date32 => {
                type $T = Date32Type;
                $body
            }
            DataType::Date64 => {
                type $T = Date64Type;
                $body
            }
            DataType::Time32(TimeUnit::Second) => {
                type $T = Time32SecondType;
                $body
            }
            DataType::Time32(TimeUnit::Millisecond) => {
                type $T = Time32MillisecondType;
                $body
            }
            DataType::Time64(TimeUnit::Microsecond) => {
                type $T = Time64MicrosecondType;
                $body
            }
            DataType::Time64(TimeUnit::Nanosecond) => {
                type $T = Time64NanosecondType;
                $body
            }
            DataType::Timestamp(TimeUnit::Second, _) => {
                type $T = TimestampSecondType;
                $body
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                type $T = TimestampMillisecondType;
                $body
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                type $T = TimestampMicrosecondType;
                $body
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                type $T = TimestampNanosecondType;
                $body
            }
            DataType::Duration(TimeUnit::Second) => {
                type $T = DurationSecondType;
                $body
            }
            DataType::Duration(TimeUnit::Millisecond) => {
                type $T = DurationMillisecondType;
                $body
            }
            DataType::Duration(TimeUnit::Microsecond) => {
                type $T = DurationMicrosecondType;
                $body
            }
            DataType::Duration(TimeUnit::Nanosecond) => {
                type $T = DurationNanosecondType;
                $body
            }
            _ => $other,
        }
    }};
}
pub(crate) use with_fixed;

/// Whether values of a type are [`FixedBits`], Booleans as bytes.
pub(crate) fn is_fixed(dtype: &DataType) -> bool {
    with_fixed!(dtype, T => size_of::<<T as ArrowPrimitiveType>::Native>() <= 8, _ => *dtype == DataType::Boolean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_sorted<T: FixedBits + std::fmt::Debug + PartialEq>(values: &[T]) {
        let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
        assert!(bits.is_sorted_by(|a, b| a < b), "{values:?}: {bits:?}");
        let back: Vec<T> = bits.into_iter().map(T::from_bits).collect();
        assert_eq!(back, values);
    }

    #[test]
    fn bits_sort_like_values() {
        assert_sorted(&[i64::MIN, -1, 0, 1, i64::MAX]);
        assert_sorted(&[i8::MIN, -1, 0, 1, i8::MAX]);
        assert_sorted(&[0, 1, u64::MAX]);
        assert_sorted(&[f64::NEG_INFINITY, f64::MIN, -1.5, -f64::MIN_POSITIVE, 0.0, 0.1, f64::INFINITY]);
        assert_sorted(&[f32::NEG_INFINITY, f32::MIN, -1.5, 0.0, 0.1, f32::INFINITY]);
    }

    #[test]
    fn one_nan_and_one_zero() {
        assert_eq!(FixedBits::to_bits(-0.0f64), FixedBits::to_bits(0.0f64));
        assert_eq!(FixedBits::to_bits(f64::NAN), FixedBits::to_bits(-f64::NAN));
        assert!(FixedBits::to_bits(f64::NAN) > FixedBits::to_bits(f64::INFINITY));
    }
}
