//! Which type two types meet in.

use arrow::datatypes::{DataType, TimeUnit};

use crate::scalar::Scalar;

/// The type that values of both types can be said in: NumPy's promotion for numbers.
///
/// A dictionary counts as the type of its values; a Boolean beside a number becomes the number's type, and a
/// date beside a timestamp is its midnight.
///
/// # Examples
/// ```
/// use blockfold_core::{DType, expr::promote};
/// assert_eq!(promote(&DType::Int8, &DType::UInt8), Some(DType::Int16));
/// assert_eq!(promote(&DType::Int32, &DType::Float32), Some(DType::Float64));
/// assert_eq!(promote(&DType::Int32, &DType::Utf8), None);
/// ```
pub fn promote(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    let (left, right) = (plain_type(left), plain_type(right));
    if left == right {
        return Some(left);
    }
    match (&left, &right) {
        (Null, other) | (other, Null) => Some(other.clone()),
        (Boolean, number) | (number, Boolean) if is_number(number) => Some(number.clone()),
        (Date32, Timestamp(unit, zone)) | (Timestamp(unit, zone), Date32) => Some(Timestamp(*unit, zone.clone())),
        (Timestamp(a, x), Timestamp(b, y)) if x.is_some() == y.is_some() => Some(Timestamp(finer(*a, *b), x.clone())),
        (Duration(a), Duration(b)) => Some(Duration(finer(*a, *b))),
        (a, b) if a.is_string() && b.is_string() => {
            Some(if *a == LargeUtf8 || *b == LargeUtf8 { LargeUtf8 } else { Utf8View })
        }
        (a, b) if is_number(a) && is_number(b) => Some(promote_numbers(a, b)),
        _ => None,
    }
}

/// The type in which values of both types compare exactly: [`promote`], but signed beside unsigned 64-bit
/// integers meet in a decimal and not in a float.
pub(super) fn promote_exactly(left: &DataType, right: &DataType) -> Option<DataType> {
    let common = promote(left, right)?;
    let is_inexact = common == DataType::Float64 && plain_type(left).is_integer() && plain_type(right).is_integer();
    Some(if is_inexact { DataType::Decimal128(20, 0) } else { common })
}

fn promote_numbers(left: &DataType, right: &DataType) -> DataType {
    if left.is_floating() || right.is_floating() {
        let float_bytes = |dtype: &DataType| match dtype {
            dtype if dtype.is_floating() => bytes(dtype),
            dtype => 2 * bytes(dtype),
        };
        return match float_bytes(left).max(float_bytes(right)) {
            2 => DataType::Float16,
            4 => DataType::Float32,
            _ => DataType::Float64,
        };
    }
    if left.is_signed_integer() == right.is_signed_integer() {
        return if bytes(left) >= bytes(right) { left.clone() } else { right.clone() };
    }
    let (signed, unsigned) = if left.is_signed_integer() { (left, right) } else { (right, left) };
    if bytes(signed) > bytes(unsigned) {
        return signed.clone();
    }
    match bytes(unsigned) {
        1 => DataType::Int16,
        2 => DataType::Int32,
        4 => DataType::Int64,
        _ => DataType::Float64,
    }
}

fn bytes(number: &DataType) -> usize {
    number.primitive_width().unwrap_or(8)
}

/// Whether the type is an integer or a float.
pub(super) fn is_number(dtype: &DataType) -> bool {
    dtype.is_integer() || dtype.is_floating()
}

/// The type of a dictionary's values; other types as they are.
pub fn plain_type(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        other => other.clone(),
    }
}

/// The type that a literal takes beside operands of `dtype`, before both are promoted.
///
/// It is `dtype` itself where that holds the value exactly, or as exactly as a float can; else the narrowest
/// type that holds it.
pub(super) fn literal_beside(value: &Scalar, dtype: &DataType) -> DataType {
    let plain = plain_type(dtype);
    let fits = match value {
        Scalar::Null => true,
        Scalar::Int(_) | Scalar::UInt(_) if plain.is_integer() => value.to_array(&plain).is_ok(),
        Scalar::Int(_) | Scalar::UInt(_) => plain.is_floating(),
        Scalar::Float(number) => plain.is_floating() && !overflows(*number, &plain),
        Scalar::Utf8(_) => plain.is_string() || (plain.is_temporal() && value.to_array(&plain).is_ok()),
        Scalar::Timestamp(count, unit, zone) => match &plain {
            DataType::Timestamp(other, theirs) => zone.is_some() == theirs.is_some() && divides(*count, *unit, *other),
            _ => false,
        },
        Scalar::Duration(count, unit) => match &plain {
            DataType::Duration(other) => divides(*count, *unit, *other),
            _ => false,
        },
        Scalar::Bool(_) | Scalar::Date(_) => false,
    };
    if fits { plain } else { narrowest(value) }
}

/// Whether a finite number is infinite in a float type.
fn overflows(number: f64, dtype: &DataType) -> bool {
    let greatest = match dtype {
        DataType::Float16 => 65504.0,
        DataType::Float32 => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    number.is_finite() && number.abs() > greatest
}

/// Whether a count of units is a whole 64-bit number of other units.
pub(super) fn divides(count: i64, unit: TimeUnit, other: TimeUnit) -> bool {
    let (from, to) = (per_second(unit), per_second(other));
    if to >= from { count.checked_mul(to / from).is_some() } else { count % (from / to) == 0 }
}

fn narrowest(value: &Scalar) -> DataType {
    use DataType::*;
    match value {
        Scalar::Int(_) | Scalar::UInt(_) => [Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64]
            .into_iter()
            .find(|dtype| value.to_array(dtype).is_ok())
            .unwrap_or(UInt64),
        other => other.dtype(),
    }
}

/// The finer of two units of time.
pub(super) fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    if per_second(a) >= per_second(b) { a } else { b }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType::*;

    const NUMBERS: [DataType; 12] =
        [Boolean, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float16, Float32, Float64];

    /// `numpy.promote_types` of [`NUMBERS`], row by row.
    const NUMPY: [&str; 12] = [
        "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8",
        "i1 i1 i2 i4 i8 i2 i4 i8 f8 f2 f4 f8",
        "i2 i2 i2 i4 i8 i2 i4 i8 f8 f4 f4 f8",
        "i4 i4 i4 i4 i8 i4 i4 i8 f8 f8 f8 f8",
        "i8 i8 i8 i8 i8 i8 i8 i8 f8 f8 f8 f8",
        "u1 i2 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8",
        "u2 i4 i4 i4 i8 u2 u2 u4 u8 f4 f4 f8",
        "u4 i8 i8 i8 i8 u4 u4 u4 u8 f8 f8 f8",
        "u8 f8 f8 f8 f8 u8 u8 u8 u8 f8 f8 f8",
        "f2 f2 f4 f8 f8 f2 f4 f8 f8 f2 f4 f8",
        "f4 f4 f4 f8 f8 f4 f4 f8 f8 f4 f4 f8",
        "f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8",
    ];

    fn code(dtype: &DataType) -> &'static str {
        let codes = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"];
        codes[NUMBERS.iter().position(|number| number == dtype).unwrap()]
    }

    #[test]
    fn promotes_as_numpy() {
        for (left, row) in NUMBERS.iter().zip(NUMPY) {
            let got: Vec<&str> = NUMBERS.iter().map(|right| code(&promote(left, right).unwrap())).collect();
            assert_eq!(got.join(" "), row, "{left}");
        }
    }

    #[test]
    fn promotion_is_symmetric_and_knows_time_and_text() {
        let zone = Some("UTC".into());
        let table = [
            (Date32, Timestamp(TimeUnit::Second, None), Some(Timestamp(TimeUnit::Second, None))),
            (
                Timestamp(TimeUnit::Second, None),
                Timestamp(TimeUnit::Microsecond, None),
                Some(Timestamp(TimeUnit::Microsecond, None)),
            ),
            (Timestamp(TimeUnit::Second, None), Timestamp(TimeUnit::Second, zone), None),
            (Utf8, Utf8View, Some(Utf8View)),
            (Utf8View, LargeUtf8, Some(LargeUtf8)),
            (Dictionary(Box::new(Int32), Box::new(Utf8)), Utf8, Some(Utf8)),
            (Boolean, Decimal128(10, 2), None),
            (Int64, Utf8, None),
            (Null, Utf8, Some(Utf8)),
        ];
        for (a, b, expected) in table {
            assert_eq!(promote(&a, &b), expected, "{a} {b}");
            assert_eq!(promote(&b, &a), expected, "{b} {a}");
        }
        assert_eq!(promote_exactly(&Int64, &UInt64), Some(Decimal128(20, 0)));
        assert_eq!(promote_exactly(&Int64, &Float64), Some(Float64));
    }

    #[test]
    fn literals_stay_narrow() {
        let table: [(Scalar, DataType, DataType); 10] = [
            (Scalar::Int(1), Int8, Int8),
            (Scalar::Int(200), Int8, UInt8),
            (Scalar::Int(-1), UInt64, Int8),
            (Scalar::Int(1 << 40), Int32, Int64),
            (Scalar::UInt(u64::MAX), Int64, UInt64),
            (Scalar::Float(0.1), Float32, Float32),
            (Scalar::Float(1e300), Float32, Float64),
            (Scalar::Utf8("2020-01-01".into()), Date32, Date32),
            (Scalar::Utf8("soon".into()), Date32, Utf8),
            (
                Scalar::Duration(60_000_000, TimeUnit::Microsecond),
                Duration(TimeUnit::Second),
                Duration(TimeUnit::Second),
            ),
        ];
        for (value, beside, expected) in table {
            assert_eq!(literal_beside(&value, &beside), expected, "{value} beside {beside}");
        }
    }
}
