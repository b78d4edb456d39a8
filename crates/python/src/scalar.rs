//! Single values of Python as scalars, and back.

use blockfold::{Scalar, TimeUnit};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBool, PyDate, PyDateTime, PyDelta, PyDeltaAccess, PyFloat, PyInt, PyString};

/// A value as a literal: None, bool, int, float, str, date, datetime, timedelta, and NumPy's and pandas' own.
///
/// # Errors
/// Anything else, and whole numbers beyond 64 bits.
pub fn scalar_of(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    if value.is_none() {
        return Ok(Scalar::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Scalar::Bool(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return integer(value);
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Scalar::Float(value.extract()?));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Scalar::from(text.to_cow()?.as_ref()));
    }
    match temporal(value)? {
        Some(scalar) => Ok(scalar),
        None => foreign(value),
    }
}

fn integer(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    match value.extract::<i64>() {
        Ok(value) => Ok(Scalar::Int(value)),
        Err(_) => Ok(Scalar::UInt(value.extract()?)),
    }
}

/// Points and spans of time; `None` for other values.
fn temporal(value: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    if value.is_instance_of::<PyDateTime>() {
        return timestamp(value).map(Some);
    }
    if value.is_instance_of::<PyDate>() {
        let days: i32 = value.call_method0("toordinal")?.extract()?;
        return Ok(Some(Scalar::Date(days - 719_163)));
    }
    if value.is_instance_of::<PyDelta>() {
        // pandas' Timedelta is a timedelta that knows nanoseconds.
        if let Some(nanos) = nanoseconds(value)? {
            return Ok(Some(Scalar::Duration(nanos, TimeUnit::Nanosecond)));
        }
        let span = value.cast::<PyDelta>()?;
        let seconds = i64::from(span.get_days()) * 86_400 + i64::from(span.get_seconds());
        let micros = i64::from(span.get_microseconds());
        // Python's longest spans are of more microseconds than 64 bits can count.
        let all = seconds.checked_mul(1_000_000).and_then(|whole| whole.checked_add(micros));
        return Ok(Some(match all {
            Some(micros) => Scalar::Duration(micros, TimeUnit::Microsecond),
            None => Scalar::Duration(seconds * 1000 + micros / 1000, TimeUnit::Millisecond),
        }));
    }
    Ok(None)
}

/// Nanoseconds of pandas' own classes; `None` of the standard library's.
fn nanoseconds(value: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    match value.getattr_opt("as_unit")? {
        Some(as_unit) => Ok(Some(as_unit.call1(("ns",))?.getattr("value")?.extract()?)),
        None => Ok(None),
    }
}

fn timestamp(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let py = value.py();
    let zone = value.getattr("tzinfo")?;
    let name = if zone.is_none() { None } else { Some(zone.str()?.to_cow()?.as_ref().into()) };
    if let Some(nanos) = nanoseconds(value)? {
        return Ok(Scalar::Timestamp(nanos, TimeUnit::Nanosecond, name));
    }
    // As an exact count: a float of seconds would round microseconds.
    let datetime = py.import("datetime")?;
    let utc = datetime.getattr("timezone")?.getattr("utc")?;
    let aware = if zone.is_none() {
        value.call_method("replace", (), Some(&[("tzinfo", &utc)].into_py_dict(py)?))?
    } else {
        value.clone()
    };
    let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
    let span = aware.sub(epoch)?;
    let span = span.cast::<PyDelta>()?;
    let seconds = i64::from(span.get_days()) * 86_400 + i64::from(span.get_seconds());
    let micros = seconds * 1_000_000 + i64::from(span.get_microseconds());
    Ok(Scalar::Timestamp(micros, TimeUnit::Microsecond, name))
}

/// Values of NumPy, which say by themselves what they are in Python.
fn foreign(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let kind = value.getattr_opt("dtype")?.map(|dtype| dtype.getattr("kind")?.extract::<String>()).transpose()?;
    match kind.as_deref() {
        Some("M" | "m") => numpy_time(value, kind.as_deref() == Some("M")),
        Some("b" | "i" | "u" | "f" | "U") if value.hasattr("item")? => scalar_of(&value.call_method0("item")?),
        _ => {
            let type_name = value.get_type().name()?;
            Err(PyTypeError::new_err(format!(
                "{type_name} cannot stand in an expression; it takes numbers, text, dates, times and None"
            )))
        }
    }
}

fn numpy_time(value: &Bound<'_, PyAny>, is_point: bool) -> PyResult<Scalar> {
    let dtype = if is_point { "datetime64[ns]" } else { "timedelta64[ns]" };
    let nanos: i64 = value.call_method1("astype", (dtype,))?.call_method1("astype", ("int64",))?.extract()?;
    if nanos == i64::MIN {
        return Ok(Scalar::Null);
    }
    Ok(match is_point {
        true => Scalar::Timestamp(nanos, TimeUnit::Nanosecond, None),
        false => Scalar::Duration(nanos, TimeUnit::Nanosecond),
    })
}

/// A scalar as Python's own value; times as pandas' where that is installed, since Python's know no nanoseconds.
pub fn to_python<'py>(py: Python<'py>, scalar: &Scalar) -> PyResult<Bound<'py, PyAny>> {
    Ok(match scalar {
        Scalar::Null => py.None().into_bound(py),
        Scalar::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Scalar::Int(value) => value.into_pyobject(py)?.into_any(),
        Scalar::UInt(value) => value.into_pyobject(py)?.into_any(),
        Scalar::Float(value) => value.into_pyobject(py)?.into_any(),
        Scalar::Utf8(value) => PyString::new(py, value).into_any(),
        Scalar::Date(days) => {
            py.import("datetime")?.getattr("date")?.call_method1("fromordinal", (i64::from(*days) + 719_163,))?
        }
        Scalar::Timestamp(count, unit, zone) => time_value(py, "timestamp", *count, *unit, zone.as_deref())?,
        Scalar::Duration(count, unit) => time_value(py, "duration", *count, *unit, None)?,
    })
}

fn time_value<'py>(
    py: Python<'py>,
    kind: &str,
    count: i64,
    unit: TimeUnit,
    zone: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import("blockfold._times")?.getattr(kind)?.call1((count, unit_name(unit), zone))
}

/// The unit as NumPy and pandas write it.
pub fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}
