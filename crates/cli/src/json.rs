//! Results as JSON, written value by value so that a large result is never held twice.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes as types;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use blockfold::{DType, Estimate, Frame, RecordBatch, RunReport, Schema, Session, TimeUnit};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::resources;

/// A column's name and type.
#[derive(Debug, Serialize)]
pub struct ColumnDocument {
    /// The name.
    pub name: String,
    /// The type in few letters.
    #[serde(rename = "type")]
    pub dtype: String,
    /// Whether values may be null.
    pub nullable: bool,
}

/// The columns of a schema.
pub fn columns(schema: &Schema) -> Vec<ColumnDocument> {
    let column = |field: &Arc<types::Field>| ColumnDocument {
        name: field.name().clone(),
        dtype: blockfold::short_type(field.data_type()),
        nullable: field.is_nullable(),
    };
    schema.fields().iter().map(column).collect()
}

/// What a run needed.
#[derive(Debug, Serialize)]
pub struct RunDocument {
    rows_read: u64,
    bytes_read: u64,
    rows_written: u64,
    bytes_written: u64,
    row_groups_skipped: u64,
    pages_skipped: u64,
    elapsed_ms: f64,
    threads: usize,
    budget_bytes: u64,
    /// The most that was promised to tasks at once.
    peak_promised_bytes: u64,
    spilled_bytes: u64,
    /// The most that the process held.
    peak_memory_bytes: Option<u64>,
}

impl RunDocument {
    pub(crate) fn new(report: &RunReport, session: &Session) -> Self {
        RunDocument {
            rows_read: report.rows_read,
            bytes_read: report.bytes_read,
            rows_written: report.rows_written,
            bytes_written: report.bytes_written,
            row_groups_skipped: report.groups_skipped,
            pages_skipped: report.pages_skipped,
            elapsed_ms: report.elapsed.as_secs_f64() * 1e3,
            threads: session.threads(),
            budget_bytes: session.memory_budget().0,
            peak_promised_bytes: report.peak_bytes,
            spilled_bytes: report.spilled_bytes,
            peak_memory_bytes: resources::peak_memory_bytes(),
        }
    }
}

/// A number; NaN and the infinities are strings.
pub fn number(value: f64) -> serde_json::Value {
    serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), serde_json::Value::Number)
}

/// What a run will need.
pub fn estimate(estimate: &Estimate) -> serde_json::Value {
    let chains: Vec<_> = estimate
        .chains
        .iter()
        .map(|chain| {
            serde_json::json!({
                "label": chain.label,
                "blocks": chain.blocks,
                "skipped_blocks": chain.skipped_blocks,
                "rows": chain.rows,
                "read_bytes": chain.read_bytes,
                "task_bytes": chain.task_bytes,
                "held_bytes": chain.held_bytes,
                "peak_bytes": chain.peak_bytes,
            })
        })
        .collect();
    serde_json::json!({
        "chains": chains,
        "rows": estimate.rows(),
        "read_bytes": estimate.read_bytes(),
        "peak_bytes": estimate.peak_bytes(),
        "scratch_bytes": estimate.scratch_bytes,
        "budget_bytes": estimate.budget_bytes,
    })
}

/// What the chains of a run needed.
pub fn chains(report: &RunReport) -> serde_json::Value {
    let chain = |chain: &blockfold::ChainReport| {
        serde_json::json!({
            "label": chain.label,
            "tasks": chain.tasks,
            "rows": chain.rows,
            "rows_in": chain.rows_in,
            "rows_out": chain.rows_out,
            "read_bytes": chain.read_bytes,
            "task_bytes": chain.task_bytes,
            "peak_bytes": chain.peak_bytes,
            "kept_bytes": chain.kept_bytes,
            "spilled_bytes": chain.spilled_bytes,
            "unspilled_bytes": chain.unspilled_bytes,
            "why_spilled": chain.why_spilled(),
            "elapsed_ms": chain.elapsed.as_secs_f64() * 1e3,
        })
    };
    report.chains.iter().map(chain).collect()
}

/// The rows of a result: a list with one object for each.
///
/// Integers, floats, Booleans and strings are JSON's own; NaN and the infinities are the strings `NaN`, `Infinity`
/// and `-Infinity`; dates and times are ISO 8601, those with a zone in UTC with a `Z`; spans of time are whole
/// numbers of the column's unit.
pub struct Rows<'a> {
    batches: &'a [RecordBatch],
    limit: usize,
}

impl<'a> Rows<'a> {
    /// The first `limit` rows of a frame.
    pub fn new(frame: &'a Frame, limit: usize) -> Self {
        Rows { batches: frame.batches(), limit }
    }

    /// One row a line, each a document of its own.
    pub fn write_lines(&self, out: &mut impl Write) -> io::Result<()> {
        for batch in self.batches {
            let columns: Vec<ArrayRef> =
                batch.columns().iter().map(printable).collect::<Result<_>>().map_err(io::Error::other)?;
            let schema = batch.schema();
            for row in 0..batch.num_rows() {
                serde_json::to_writer(&mut *out, &Row { schema: &schema, columns: &columns, row })?;
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut left = self.limit;
        for batch in self.batches {
            let columns: Vec<ArrayRef> =
                batch.columns().iter().map(printable).collect::<Result<_>>().map_err(S::Error::custom)?;
            let schema = batch.schema();
            for row in 0..batch.num_rows().min(left) {
                list.serialize_element(&Row { schema: &schema, columns: &columns, row })?;
            }
            left = left.saturating_sub(batch.num_rows());
        }
        list.end()
    }
}

struct Row<'a> {
    schema: &'a Schema,
    columns: &'a [ArrayRef],
    row: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.columns.len()))?;
        for (field, array) in self.schema.fields().iter().zip(self.columns) {
            object.serialize_entry(field.name(), &Cell { array: array.as_ref(), row: self.row })?;
        }
        object.end()
    }
}

struct Cell<'a> {
    array: &'a dyn Array,
    row: usize,
}

impl Cell<'_> {
    fn of<T: ArrowPrimitiveType>(&self) -> T::Native {
        self.array.as_primitive::<T>().value(self.row)
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.array.is_null(self.row) || *self.array.data_type() == DType::Null {
            return s.serialize_none();
        }
        match self.array.data_type() {
            DType::Boolean => s.serialize_bool(self.array.as_boolean().value(self.row)),
            DType::Int8 => s.serialize_i8(self.of::<types::Int8Type>()),
            DType::Int16 => s.serialize_i16(self.of::<types::Int16Type>()),
            DType::Int32 => s.serialize_i32(self.of::<types::Int32Type>()),
            DType::Int64 => s.serialize_i64(self.of::<types::Int64Type>()),
            DType::UInt8 => s.serialize_u8(self.of::<types::UInt8Type>()),
            DType::UInt16 => s.serialize_u16(self.of::<types::UInt16Type>()),
            DType::UInt32 => s.serialize_u32(self.of::<types::UInt32Type>()),
            DType::UInt64 => s.serialize_u64(self.of::<types::UInt64Type>()),
            DType::Float16 => float(s, f64::from(self.of::<types::Float16Type>())),
            DType::Float32 => match self.of::<types::Float32Type>() {
                value if value.is_finite() => s.serialize_f32(value),
                value => float(s, f64::from(value)),
            },
            DType::Float64 => float(s, self.of::<types::Float64Type>()),
            DType::Utf8 => s.serialize_str(self.array.as_string::<i32>().value(self.row)),
            DType::LargeUtf8 => s.serialize_str(self.array.as_string::<i64>().value(self.row)),
            DType::Utf8View => s.serialize_str(self.array.as_string_view().value(self.row)),
            _ => {
                let options = FormatOptions::default();
                let formatter = ArrayFormatter::try_new(self.array, &options).map_err(S::Error::custom)?;
                s.collect_str(&formatter.value(self.row))
            }
        }
    }
}

/// A float; JSON has no NaN and no infinities.
fn float<S: Serializer>(s: S, value: f64) -> Result<S::Ok, S::Error> {
    match value {
        _ if value.is_finite() => s.serialize_f64(value),
        _ if value.is_nan() => s.serialize_str("NaN"),
        _ if value > 0.0 => s.serialize_str("Infinity"),
        _ => s.serialize_str("-Infinity"),
    }
}

/// A column whose values can be written one by one: dictionaries decoded, points in time in UTC, spans as numbers.
pub fn printable(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DType::Dictionary(_, values) => return printable(&arrow::compute::cast(array, values)?),
        DType::Timestamp(unit, Some(_)) => in_utc(array, *unit),
        DType::Duration(_) => arrow::compute::cast(array, &DType::Int64)?,
        _ => array.clone(),
    })
}

fn in_utc(array: &ArrayRef, unit: TimeUnit) -> ArrayRef {
    macro_rules! zoned {
        ($type:ident) => {
            Arc::new(array.as_primitive::<types::$type>().clone().with_timezone("+00:00"))
        };
    }
    match unit {
        TimeUnit::Second => zoned!(TimestampSecondType),
        TimeUnit::Millisecond => zoned!(TimestampMillisecondType),
        TimeUnit::Microsecond => zoned!(TimestampMicrosecondType),
        TimeUnit::Nanosecond => zoned!(TimestampNanosecondType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        Date32Array, DictionaryArray, DurationSecondArray, Float32Array, Float64Array, NullArray, StringArray,
        TimestampMillisecondArray, UInt64Array,
    };

    fn cells(array: impl Array + 'static) -> String {
        let array = printable(&(Arc::new(array) as ArrayRef)).unwrap();
        let cell = |row| serde_json::to_string(&Cell { array: array.as_ref(), row }).unwrap();
        (0..array.len()).map(cell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn values_are_json() {
        let floats = Float64Array::from(vec![Some(0.1), None, Some(f64::NAN), Some(f64::NEG_INFINITY)]);
        assert_eq!(cells(floats), r#"0.1 null "NaN" "-Infinity""#);
        assert_eq!(cells(Float32Array::from(vec![0.1])), "0.1");
        assert_eq!(cells(UInt64Array::from(vec![u64::MAX])), "18446744073709551615");
        assert_eq!(cells(StringArray::from(vec!["a\"b\n"])), r#""a\"b\n""#);
        assert_eq!(cells(NullArray::new(1)), "null");
        let zoned = TimestampMillisecondArray::from(vec![1]).with_timezone("Europe/Berlin");
        assert_eq!(cells(zoned), r#""1970-01-01T00:00:00.001Z""#);
        assert_eq!(cells(Date32Array::from(vec![1])), r#""1970-01-02""#);
        assert_eq!(cells(DurationSecondArray::from(vec![90])), "90");
        let coded: DictionaryArray<types::Int8Type> = vec![Some("b"), None].into_iter().collect();
        assert_eq!(cells(coded), r#""b" null"#);
    }
}
