//! Frames as tables for people.

use arrow::util::display::{ArrayFormatter, FormatOptions};
use blockfold_core::{ArrayRef, DType, RecordBatch, Result};
use comfy_table::{Cell, CellAlignment, Table, presets};

/// The first `max_rows` rows as a table with names and types of the columns.
pub(crate) fn render(batch: &RecordBatch, max_rows: usize) -> Result<String> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let schema = batch.schema();
    let header =
        |field: &blockfold_core::Field| Cell::new(format!("{}\n{}", field.name(), short_type(field.data_type())));
    table.set_header(schema.fields().iter().map(|field| header(field)));
    let options = FormatOptions::new().with_null("null");
    let columns: Vec<ArrayRef> = batch.columns().iter().map(printable).collect::<Result<_>>()?;
    let formatters: Vec<ArrayFormatter<'_>> =
        columns.iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows().min(max_rows) {
        let cell = |(formatter, field): (&ArrayFormatter<'_>, &std::sync::Arc<blockfold_core::Field>)| {
            let alignment = if field.data_type().is_numeric() { CellAlignment::Right } else { CellAlignment::Left };
            Cell::new(formatter.value(row).to_string()).set_alignment(alignment)
        };
        table.add_row(formatters.iter().zip(schema.fields()).map(cell));
    }
    Ok(table.to_string())
}

/// Points in time with a zone are shown in UTC, which needs no table of the world's zones.
fn printable(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DType::Timestamp(unit, Some(_)) => {
            Ok(arrow::compute::cast(column, &DType::Timestamp(*unit, Some("+00:00".into())))?)
        }
        _ => Ok(column.clone()),
    }
}

/// A type in few letters, as the tables have it: `i64`, `str`, `timestamp[us]`.
pub fn short_type(dtype: &DType) -> String {
    match dtype {
        DType::Boolean => "bool".to_string(),
        DType::Utf8 | DType::LargeUtf8 | DType::Utf8View => "str".to_string(),
        DType::Date32 => "date".to_string(),
        DType::Timestamp(unit, None) => format!("timestamp[{unit}]"),
        DType::Timestamp(unit, Some(zone)) => format!("timestamp[{unit}, {zone}]"),
        DType::Duration(unit) => format!("duration[{unit}]"),
        DType::Dictionary(_, values) => format!("dictionary[{}]", short_type(values)),
        number if number.is_signed_integer() => number.to_string().replace("Int", "i"),
        number if number.is_unsigned_integer() => number.to_string().replace("UInt", "u"),
        number if number.is_floating() => number.to_string().replace("Float", "f"),
        other => other.to_string(),
    }
}
