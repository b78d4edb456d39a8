//! What a source says of itself: one line for `explain`, a token, estimates.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow::datatypes::DataType;
use blockfold_core::Form;
use blockfold_plan::{BlockMeta, PartitionEstimate};

use super::file::READ_AHEAD;
use super::meta::{Chunk, Group};
use super::source::ParquetSource;

/// Columns named in one line.
const SHOWN_COLUMNS: usize = 12;
/// Values that writers add to a page before they look at its size.
const VALUES_AT_ONCE: u64 = 1024;
/// Bytes assumed for a text at least.
const MIN_TEXT_BYTES: u64 = 16;

/// Files, columns, filter, what is skipped.
pub(super) fn detail(source: &ParquetSource) -> String {
    let (data, scan) = (&source.data, &source.scan);
    let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let mut text = count(data.files.len(), "file");
    let rows: u64 = data.groups.iter().map(|group| group.rows).sum();
    let _ = write!(text, ", {}, {rows} rows", count(data.groups.len(), "row group"));
    let names: Vec<&str> = scan.schema.fields().iter().map(|field| field.name().as_str()).collect();
    let shown = names.get(..names.len().min(SHOWN_COLUMNS)).unwrap_or_default().join(", ");
    let more = if names.len() > SHOWN_COLUMNS { ", .." } else { "" };
    let _ = write!(text, ", columns [{shown}{more}]");
    if let Some(filter) = &scan.filter {
        let _ = write!(text, ", filter {filter}");
        let _ = write!(text, ", row groups {} of {} skipped by statistics", scan.groups.skipped(), data.groups.len());
    }
    if let Some(limit) = scan.limit {
        let _ = write!(text, ", first {limit} rows");
    }
    text
}

/// Equal for sources that read the same.
pub(super) fn token(source: &ParquetSource) -> String {
    let (data, scan) = (&source.data, &source.scan);
    let mut hasher = DefaultHasher::new();
    for file in &data.files {
        (&file.path, file.content).hash(&mut hasher);
    }
    for column in &data.hive {
        (column.field.name(), &column.values).hash(&mut hasher);
    }
    let first = data.files.first().map(|file| file.path.display().to_string()).unwrap_or_default();
    format!(
        "parquet {first} {} {:016x} {:?} {:?} {:?} {}",
        data.files.len(),
        hasher.finish(),
        scan.columns,
        scan.filter,
        scan.limit,
        scan.batch_rows
    )
}

/// What is known of a partition before it is read.
pub(super) fn estimate(source: &ParquetSource, partition: usize) -> PartitionEstimate {
    let scan = &source.scan;
    let Some(group) = source.group(partition) else { return PartitionEstimate { rows: Some(0), ..Default::default() } };
    if scan.groups.is_skipped(partition) {
        return PartitionEstimate { rows: Some(0), skipped: true, ..Default::default() };
    }
    let rows = source.rows(partition);
    let batch_rows = rows.min(scan.batch_rows as u64);
    let mut estimate = PartitionEstimate { rows: Some(rows), ..Default::default() };
    let needed = needed(source);
    for (column, form) in &needed {
        let (read_bytes, held_bytes) = held(source, group, *column);
        estimate.read_bytes += read_bytes;
        estimate.peak_bytes += held_bytes + batch_bytes(source, group, (*column, *form), batch_rows);
    }
    let bytes = scan.columns.iter().map(|column| batch_bytes(source, group, *column, batch_rows)).sum();
    estimate.batch = BlockMeta { rows: batch_rows, bytes };
    if scan.filter.is_some() {
        // The rows that the filter keeps are copied.
        estimate.peak_bytes += estimate.batch.bytes + batch_rows;
    }
    estimate
}

/// Columns that are read: those of the result, and those that only the filter looks at.
pub(super) fn needed(source: &ParquetSource) -> Vec<(usize, Form)> {
    let mut needed = source.scan.columns.clone();
    for name in source.scan.filter.iter().flat_map(|filter| filter.columns()) {
        let Ok(index) = source.data.schema.index_of(&name) else { continue };
        if !needed.iter().any(|(column, _)| *column == index) {
            needed.push((index, Form::Codes));
        }
    }
    needed
}

/// Bytes read of a column, and the most bytes held of its pages.
fn held(source: &ParquetSource, group: &Group, column: usize) -> (u64, u64) {
    let Some(layout) = source.data.layout(group) else { return (0, 0) };
    let max_page_bytes = source.data.file(group).map_or(u64::MAX, |file| file.max_page_bytes);
    let mut total = (0, 0);
    for chunk in layout.leaves_of(column).filter_map(|leaf| source.data.chunk(group, leaf)) {
        total.0 += chunk.bytes;
        total.1 += page_bytes(chunk, max_page_bytes);
    }
    total
}

/// Two pages as stored, of which the second is read while the first is still needed; two pages decompressed, of
/// which the first is still in a batch; the dictionary.
///
/// Page sizes are not in the footer: writers known to cut pages at a mebibyte are believed, else a page may be as
/// large as its chunk.
fn page_bytes(chunk: &Chunk, max_page_bytes: u64) -> u64 {
    let long_values = (chunk.plain_bytes / chunk.values.max(1)).saturating_mul(VALUES_AT_ONCE);
    let page = max_page_bytes.saturating_add(if long_values > max_page_bytes { long_values } else { 0 });
    let stored = chunk.bytes.min(page).max(chunk.bytes.min(READ_AHEAD as u64));
    2 * stored + 3 * chunk.plain_bytes.min(page)
}

/// Bytes of a column in a batch of so many rows.
fn batch_bytes(source: &ParquetSource, group: &Group, (column, form): (usize, Form), rows: u64) -> u64 {
    let Some(layout) = source.data.layout(group) else { return 16 * rows };
    let chunks: Vec<&Chunk> = layout.leaves_of(column).filter_map(|leaf| source.data.chunk(group, leaf)).collect();
    let plain: u64 = chunks.iter().map(|chunk| chunk.plain_bytes).sum();
    let max_page_bytes = source.data.file(group).map_or(u64::MAX, |file| file.max_page_bytes);
    let dtype = source.data.schema.field(column).data_type();
    match dtype.primitive_width() {
        // A slice of a page keeps the page.
        Some(width) => (rows * (width as u64 + 1)).max(plain.min(max_page_bytes)),
        None if *dtype == DataType::Boolean => rows,
        None => {
            // A dictionary may make values much larger than their pages; the bounds say how long values are.
            let known = chunks.iter().map(|chunk| chunk.bounds.longest()).max().unwrap_or(0);
            let row = plain.div_ceil(group.rows.max(1)).max(known).max(MIN_TEXT_BYTES);
            let coded = if form == Form::Codes { rows * 5 } else { 0 };
            coded + rows * (row + 5)
        }
    }
}
