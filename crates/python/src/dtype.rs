//! Types by their names: `int64`, `string`, `timestamp[us]`, `complex128`.

use blockfold::{DType, TimeUnit, complex, complex_part, type_name};
use pyo3::prelude::*;

use crate::error::argument;
use crate::scalar::unit_name;

/// The type of a name, which Python's layer has made plain.
///
/// # Errors
/// A name that is not known.
pub fn dtype_of(py: Python<'_>, name: &str) -> PyResult<DType> {
    Ok(match name {
        "bool" => DType::Boolean,
        "int8" => DType::Int8,
        "int16" => DType::Int16,
        "int32" => DType::Int32,
        "int64" => DType::Int64,
        "uint8" => DType::UInt8,
        "uint16" => DType::UInt16,
        "uint32" => DType::UInt32,
        "uint64" => DType::UInt64,
        "float32" => DType::Float32,
        "float64" => DType::Float64,
        "complex64" => complex(&DType::Float32),
        "complex128" => complex(&DType::Float64),
        "string" => DType::Utf8,
        "date" => DType::Date32,
        _ if name.starts_with("list[") && name.ends_with(']') => {
            DType::new_list(dtype_of(py, &name["list[".len()..name.len() - 1])?, true)
        }
        _ => return temporal(name).ok_or_else(|| unknown(py, name)),
    })
}

fn unknown(py: Python<'_>, name: &str) -> PyErr {
    let known = "bool, int8 to int64, uint8 to uint64, float32, float64, complex64, complex128, string, date, \
        timestamp[s, ms, us, ns] and duration[...]";
    argument(py, "dtype", format!("no type is called '{name}'; there are {known}"))
}

fn temporal(name: &str) -> Option<DType> {
    let (kind, rest) = name.strip_suffix(']')?.split_once('[')?;
    let (unit, zone) = rest.split_once(", ").map_or((rest, None), |(unit, zone)| (unit, Some(zone)));
    let unit = match unit {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    };
    match kind {
        "timestamp" => Some(DType::Timestamp(unit, zone.map(Into::into))),
        "duration" => Some(DType::Duration(unit)),
        _ => None,
    }
}

/// The name of a type, as [`dtype_of`] reads it.
pub fn name_of(dtype: &DType) -> String {
    match dtype {
        DType::Utf8 | DType::LargeUtf8 | DType::Utf8View => "string".into(),
        DType::Date32 => "date".into(),
        DType::Timestamp(unit, None) => format!("timestamp[{}]", unit_name(*unit)),
        DType::Timestamp(unit, Some(zone)) => format!("timestamp[{}, {zone}]", unit_name(*unit)),
        DType::Duration(unit) => format!("duration[{}]", unit_name(*unit)),
        DType::Dictionary(_, values) => format!("category[{}]", name_of(values)),
        DType::List(field) => format!("list[{}]", name_of(field.data_type())),
        other if complex_part(other).is_some() => type_name(other),
        other => type_name(other),
    }
}
