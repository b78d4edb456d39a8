//! One value: a literal in an expression, a bound of a statistic, a partition's division.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, UInt64Array, new_null_array,
};
use arrow::datatypes::{DataType, TimeUnit};

use crate::cast::cast;
use crate::error::{Error, Result};

/// One value of a supported type, or null.
///
/// Equality and hashing take floats by their bits, so that expressions can be compared and shared.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// No value, of whatever type is wanted.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer of any width.
    Int(i64),
    /// An unsigned integer of any width.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    Utf8(Arc<str>),
    /// Days since 1970-01-01.
    Date(i32),
    /// A point in time, in units since 1970-01-01T00:00:00 UTC, with an optional time zone.
    Timestamp(i64, TimeUnit, Option<Arc<str>>),
    /// A span of time in units.
    Duration(i64, TimeUnit),
}

impl Scalar {
    /// The type that the value has by itself; numbers take their widest.
    pub fn dtype(&self) -> DataType {
        match self {
            Scalar::Null => DataType::Null,
            Scalar::Bool(_) => DataType::Boolean,
            Scalar::Int(_) => DataType::Int64,
            Scalar::UInt(_) => DataType::UInt64,
            Scalar::Float(_) => DataType::Float64,
            Scalar::Utf8(_) => DataType::Utf8,
            Scalar::Date(_) => DataType::Date32,
            Scalar::Timestamp(_, unit, zone) => DataType::Timestamp(*unit, zone.clone()),
            Scalar::Duration(_, unit) => DataType::Duration(*unit),
        }
    }

    /// An array of one element, of `dtype`.
    ///
    /// # Errors
    /// [`Error::Type`] when the value cannot be said in `dtype`.
    pub fn to_array(&self, dtype: &DataType) -> Result<ArrayRef> {
        let array: ArrayRef = match self {
            Scalar::Null => return Ok(new_null_array(dtype, 1)),
            Scalar::Bool(value) => Arc::new(BooleanArray::from(vec![*value])),
            Scalar::Int(value) => Arc::new(Int64Array::from(vec![*value])),
            Scalar::UInt(value) => Arc::new(UInt64Array::from(vec![*value])),
            Scalar::Float(value) => Arc::new(Float64Array::from(vec![*value])),
            Scalar::Utf8(value) => Arc::new(StringArray::from(vec![value.as_ref()])),
            Scalar::Date(value) => Arc::new(Date32Array::from(vec![*value])),
            Scalar::Timestamp(value, ..) | Scalar::Duration(value, _) => {
                let data = Int64Array::from(vec![*value]).into_data();
                arrow::array::make_array(data.into_builder().data_type(self.dtype()).build()?)
            }
        };
        if array.data_type() == dtype {
            return Ok(array);
        }
        cast(&array, dtype, false).map_err(|_| Error::Type {
            op: format!("literal {self}"),
            expected: "a value that fits".into(),
            got: dtype.to_string(),
        })
    }

    /// The value at `row` of `array`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for types that have no scalar, as lists.
    pub fn from_array(array: &dyn Array, row: usize) -> Result<Self> {
        use DataType::*;
        if array.logical_nulls().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(Scalar::Null);
        }
        let one = array.slice(row, 1);
        let int = |one: &ArrayRef| -> Result<i64> {
            let cast = arrow::compute::cast(one, &Int64)?;
            Ok(arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(&cast).value(0))
        };
        Ok(match array.data_type() {
            Boolean => Scalar::Bool(arrow::array::AsArray::as_boolean(&one).value(0)),
            Int8 | Int16 | Int32 | Int64 => Scalar::Int(int(&one)?),
            UInt8 | UInt16 | UInt32 | UInt64 => {
                let cast = arrow::compute::cast(&one, &UInt64)?;
                Scalar::UInt(arrow::array::AsArray::as_primitive::<arrow::datatypes::UInt64Type>(&cast).value(0))
            }
            Float16 | Float32 | Float64 => {
                let cast = arrow::compute::cast(&one, &Float64)?;
                Scalar::Float(arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&cast).value(0))
            }
            Date32 => Scalar::Date(i32::try_from(int(&arrow::compute::cast(&one, &Int32)?)?).unwrap_or_default()),
            Timestamp(unit, zone) => Scalar::Timestamp(int(&one)?, *unit, zone.clone()),
            Duration(unit) => Scalar::Duration(int(&one)?, *unit),
            Utf8 | LargeUtf8 | Utf8View | Dictionary(_, _) => {
                let cast = arrow::compute::cast(&one, &Utf8)?;
                match array.data_type() {
                    Dictionary(_, values) if !values.is_string() => {
                        return Scalar::from_array(&arrow::compute::cast(&one, values)?, 0);
                    }
                    _ => Scalar::Utf8(arrow::array::AsArray::as_string::<i32>(&cast).value(0).into()),
                }
            }
            other => {
                return Err(Error::Unsupported {
                    what: format!("a single value of type {other}"),
                    instead: "use a column of a plain type".into(),
                });
            }
        })
    }

    /// Order of two values of one type; `None` when they cannot be compared, as with null or NaN.
    pub fn compare(&self, other: &Scalar) -> Option<Ordering> {
        use Scalar::*;
        match (self, other) {
            (Bool(a), Bool(b)) => Some(a.cmp(b)),
            (Utf8(a), Utf8(b)) => Some(a.cmp(b)),
            (Date(a), Date(b)) => Some(a.cmp(b)),
            (Timestamp(a, u, _), Timestamp(b, v, _)) | (Duration(a, u), Duration(b, v)) => {
                Some((i128::from(*a) * nanos(*u)).cmp(&(i128::from(*b) * nanos(*v))))
            }
            (Date(a), Timestamp(b, v, _)) => {
                Some((i128::from(*a) * 86_400_000_000_000).cmp(&(i128::from(*b) * nanos(*v))))
            }
            (Timestamp(..), Date(_)) => other.compare(self).map(Ordering::reverse),
            _ => match (self.integer(), other.integer()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => self.float()?.partial_cmp(&other.float()?),
            },
        }
    }

    /// The value as an integer, when it is one.
    pub fn integer(&self) -> Option<i128> {
        match self {
            Scalar::Int(value) => Some(i128::from(*value)),
            Scalar::UInt(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// The value as a float, when it is a number.
    pub fn float(&self) -> Option<f64> {
        match self {
            Scalar::Float(value) => Some(*value),
            other => other.integer().map(|value| value as f64),
        }
    }
}

fn nanos(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        use Scalar::*;
        match (self, other) {
            (Null, Null) => true,
            (Bool(a), Bool(b)) => a == b,
            (Int(a), Int(b)) => a == b,
            (UInt(a), UInt(b)) => a == b,
            (Float(a), Float(b)) => a.to_bits() == b.to_bits(),
            (Utf8(a), Utf8(b)) => a == b,
            (Date(a), Date(b)) => a == b,
            (Timestamp(a, u, y), Timestamp(b, v, z)) => a == b && u == v && y == z,
            (Duration(a, u), Duration(b, v)) => a == b && u == v,
            _ => false,
        }
    }
}

impl Eq for Scalar {}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Scalar::Null => {}
            Scalar::Bool(value) => value.hash(state),
            Scalar::Int(value) => value.hash(state),
            Scalar::UInt(value) => value.hash(state),
            Scalar::Float(value) => value.to_bits().hash(state),
            Scalar::Utf8(value) => value.hash(state),
            Scalar::Date(value) => value.hash(state),
            Scalar::Timestamp(value, unit, zone) => (value, unit, zone).hash(state),
            Scalar::Duration(value, unit) => (value, unit).hash(state),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Null => write!(f, "null"),
            Scalar::Bool(value) => write!(f, "{value}"),
            Scalar::Int(value) => write!(f, "{value}"),
            Scalar::UInt(value) => write!(f, "{value}"),
            Scalar::Float(value) => write!(f, "{value:?}"),
            Scalar::Utf8(value) => write!(f, "{value:?}"),
            other => {
                let text = other
                    .to_array(&other.dtype())
                    .ok()
                    .and_then(|array| arrow::util::display::array_value_to_string(&array, 0).ok());
                match text {
                    Some(text) => write!(f, "{text}"),
                    None => write!(f, "{other:?}"),
                }
            }
        }
    }
}

macro_rules! from_number {
    ($($from:ty => $variant:ident as $to:ty),*) => {$(
        impl From<$from> for Scalar {
            fn from(value: $from) -> Self { Scalar::$variant(<$to>::from(value)) }
        }
    )*};
}
from_number!(i8 => Int as i64, i16 => Int as i64, i32 => Int as i64, i64 => Int as i64, u8 => Int as i64, u16 => Int as i64,
    u32 => Int as i64, u64 => UInt as u64, f32 => Float as f64, f64 => Float as f64, bool => Bool as bool);

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Scalar::Utf8(value.into())
    }
}

impl From<String> for Scalar {
    fn from(value: String) -> Self {
        Scalar::Utf8(value.into())
    }
}

/// A date beyond what 32 bits of days can say is null; chrono has none.
impl From<chrono::NaiveDate> for Scalar {
    fn from(date: chrono::NaiveDate) -> Self {
        let days = date.signed_duration_since(chrono::NaiveDate::default()).num_days();
        i32::try_from(days).map_or(Scalar::Null, Scalar::Date)
    }
}

/// In microseconds, without a time zone.
impl From<chrono::NaiveDateTime> for Scalar {
    fn from(time: chrono::NaiveDateTime) -> Self {
        Scalar::Timestamp(time.and_utc().timestamp_micros(), TimeUnit::Microsecond, None)
    }
}

/// In microseconds, or in milliseconds where those would overflow.
impl From<chrono::TimeDelta> for Scalar {
    fn from(span: chrono::TimeDelta) -> Self {
        match span.num_microseconds() {
            Some(micros) => Scalar::Duration(micros, TimeUnit::Microsecond),
            None => Scalar::Duration(span.num_milliseconds(), TimeUnit::Millisecond),
        }
    }
}
