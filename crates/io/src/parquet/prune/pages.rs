//! Page indexes: which rows of a row group need not be read.

use std::ops::Range;

use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::index_reader::{decode_column_index, decode_offset_index};
use parquet::file::reader::ChunkReader;

use super::interval::Interval;
use super::test::{Facts, Test};
use crate::parquet::columns::{ColumnSource, Result};
use crate::parquet::meta::{Bound, Bounds};
use crate::parquet::ranges::group_interval;

/// Bytes beyond which an index is not worth reading.
const MAX_BYTES: usize = 16 << 20;

/// The rows of a row group for which the test may be true; all of them when there is no page index.
///
/// The rows are cut wherever a page of any column of the test begins; for each piece the test is asked with the
/// statistics of the pages around it.
pub(in crate::parquet) fn kept_ranges(test: &Test, source: &ColumnSource) -> Vec<Range<u64>> {
    let rows = source.group.rows;
    let columns: Vec<ColumnPages> = test
        .columns()
        .into_iter()
        // A broken index rules nothing out.
        .filter_map(|column| ColumnPages::read(source, column).unwrap_or(None))
        .collect();
    let mut cuts: Vec<u64> = columns.iter().flat_map(|pages| pages.starts.iter().copied()).collect();
    cuts.extend([0, rows]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut kept: Vec<Range<u64>> = Vec::new();
    for (start, end) in cuts.iter().zip(cuts.iter().skip(1)) {
        let piece = Piece { source, columns: &columns, start: *start };
        if !columns.is_empty() && !test.outcomes(&piece).may_be_true {
            continue;
        }
        match kept.last_mut().filter(|last| last.end == *start) {
            Some(last) => last.end = *end,
            None => kept.push(*start..*end),
        }
    }
    kept
}

/// Pages of a column: where they begin, and what is known of each.
struct ColumnPages {
    column: usize,
    starts: Vec<u64>,
    intervals: Vec<Interval>,
}

impl ColumnPages {
    fn read(source: &ColumnSource, column: usize) -> Result<Option<Self>> {
        let Some((leaf, descriptor)) = source.layout.flat(column) else { return Ok(None) };
        let extras = source.data.chunk(&source.group, leaf).and_then(|chunk| chunk.extras.as_ref());
        let Some((index, offsets)) = extras.and_then(|extras| extras.column_index.zip(extras.offset_index)) else {
            return Ok(None);
        };
        if index.1 > MAX_BYTES || offsets.1 > MAX_BYTES {
            return Ok(None);
        }
        let offsets = decode_offset_index(&source.file.get_bytes(offsets.0, offsets.1)?)?;
        let index = decode_column_index(&source.file.get_bytes(index.0, index.1)?, descriptor.physical_type())?;
        let rows = source.group.rows;
        let starts: Option<Vec<u64>> =
            offsets.page_locations().iter().map(|page| u64::try_from(page.first_row_index).ok()).collect();
        let Some(starts) = starts.filter(|starts| is_sound(starts, rows, &index)) else { return Ok(None) };
        let dtype = source.data.schema.field(column).data_type();
        let ends = starts.iter().skip(1).copied().chain([rows]);
        let intervals = starts
            .iter()
            .zip(ends)
            .enumerate()
            .map(|(page, (start, end))| Interval::of(&page_bounds(&index, page, end - start), end - start, dtype))
            .collect();
        Ok(Some(ColumnPages { column, starts, intervals }))
    }

    fn interval(&self, row: u64) -> Option<&Interval> {
        let page = self.starts.partition_point(|start| *start <= row).checked_sub(1)?;
        self.intervals.get(page)
    }
}

/// Pages that begin at row 0, follow each other, and are as many as the index describes.
fn is_sound(starts: &[u64], rows: u64, index: &ColumnIndexMetaData) -> bool {
    let rises = starts.iter().zip(starts.iter().skip(1)).all(|(a, b)| a < b);
    let is_within = starts.last().is_some_and(|last| *last < rows);
    starts.first() == Some(&0) && rises && is_within && index.num_pages() == starts.len() as u64
}

fn page_bounds(index: &ColumnIndexMetaData, page: usize, rows: u64) -> Bounds {
    let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
    let mut bounds =
        Bounds { nulls: count(index.null_count(page)), nans: count(index.nan_count(page)), ..Bounds::default() };
    if index.is_null_page(page) {
        bounds.nulls = Some(rows);
        return bounds;
    }
    fn pair<T: Into<Bound>>(min: Option<T>, max: Option<T>) -> (Bound, Bound) {
        (min.map(Into::into).unwrap_or_default(), max.map(Into::into).unwrap_or_default())
    }
    (bounds.min, bounds.max) = match index {
        ColumnIndexMetaData::BOOLEAN(index) => pair(index.min_value(page).copied(), index.max_value(page).copied()),
        ColumnIndexMetaData::INT32(index) => pair(index.min_value(page).copied(), index.max_value(page).copied()),
        ColumnIndexMetaData::INT64(index) => pair(index.min_value(page).copied(), index.max_value(page).copied()),
        ColumnIndexMetaData::FLOAT(index) => pair(index.min_value(page).copied(), index.max_value(page).copied()),
        ColumnIndexMetaData::DOUBLE(index) => pair(index.min_value(page).copied(), index.max_value(page).copied()),
        ColumnIndexMetaData::BYTE_ARRAY(index) => pair(index.min_value(page), index.max_value(page)),
        _ => return bounds,
    };
    bounds
}

/// Rows between two cuts.
struct Piece<'a> {
    source: &'a ColumnSource,
    columns: &'a [ColumnPages],
    start: u64,
}

impl Facts for Piece<'_> {
    fn interval(&self, column: usize) -> Interval {
        let pages = self.columns.iter().find(|pages| pages.column == column);
        match pages.and_then(|pages| pages.interval(self.start)) {
            Some(interval) => interval.clone(),
            None => group_interval(&self.source.data, &self.source.group, column),
        }
    }
}
