//! Footers: read in parallel, checked, and boiled down to what is kept. Data is never touched.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use blockfold_core::{Error, Result};
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::basic::{ColumnOrder, SortOrder, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
    RowGroupMetaData,
};
use parquet::schema::types::SchemaDescPtr;

use super::fault;
use super::file::read_exact_at;
use super::meta::Chunk;
use crate::content::Content;
use crate::paths::DataFile;

/// Bytes read from the end of a file at first; most footers fit.
const TAIL: u64 = 32 * 1024;
/// Threads that open files.
const THREADS: usize = 8;
/// Length and magic at the end of a file.
const TRAILER: usize = 8;

/// What a footer says.
#[derive(Debug)]
pub(super) struct Footer {
    pub(super) content: Content,
    pub(super) max_page_bytes: u64,
    pub(super) columns: SchemaDescPtr,
    /// The Arrow schema that the writer left, encoded.
    pub(super) arrow_schema: Option<String>,
    /// What pandas left, JSON.
    pub(super) pandas: Option<String>,
    /// The leaf column by which the first row group is said to be sorted.
    pub(super) sorted_by: Option<usize>,
    /// Rows and chunks of each row group that has rows.
    pub(super) groups: Vec<(u64, Vec<Chunk>)>,
}

/// The footers of all files, in order; the error of the first file that has one.
pub(super) fn read_all(files: &[DataFile]) -> Result<Vec<Footer>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Footer>)>> = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        while let Some((index, file)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, files.get(index)?)))
        {
            let footer = read(&file.path);
            let is_bad = footer.is_err();
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, footer));
            if is_bad {
                next.store(files.len(), Ordering::Relaxed);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS);
    std::thread::scope(|scope| {
        for _ in 1..threads.min(files.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, footer)| footer).collect()
}

fn read(path: &Path) -> Result<Footer> {
    let io = |error| Error::io(path, error);
    let file = File::open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?;
    if found.is_dir() {
        return Err(Error::argument("read", format!("'{}' is a folder, not a Parquet file", path.display())));
    }
    let metadata = decode(path, &file, found.len())?;
    catch_unwind(AssertUnwindSafe(|| boil_down(&metadata, Content::of(&found))))
        .unwrap_or_else(|panic| Err(ParquetError::General(fault::message(panic.as_ref()))))
        .map_err(|error| fault::corrupt(path, "footer", error))
}

fn decode(path: &Path, file: &File, size: u64) -> Result<ParquetMetaData> {
    let io = |error| Error::io(path, error);
    let corrupt = |what: &str| Error::corrupt(path, what);
    if size < TRAILER as u64 + 4 {
        return Err(corrupt(&format!("{size} bytes are too few for a Parquet file")));
    }
    let mut tail = vec![0; usize::try_from(size.min(TAIL)).unwrap_or(TRAILER)];
    let start = size - tail.len() as u64;
    read_exact_at(file, &mut tail, start).map_err(io)?;
    let Some((before, trailer)) = tail.split_last_chunk::<TRAILER>() else {
        return Err(corrupt("the footer is cut off"));
    };
    let [a, b, c, d, magic @ ..] = *trailer;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    match &magic {
        b"PAR1" => {}
        b"PARE" => {
            return Err(Error::Unsupported {
                what: format!("the encrypted footer of '{}'", path.display()),
                instead: "decrypt the file first".into(),
            });
        }
        _ => return Err(corrupt("it does not end with the magic number of Parquet; it is cut off or another format")),
    }
    if (length + TRAILER) as u64 > size {
        return Err(corrupt("the footer is said to be longer than the file"));
    }
    match before.len().checked_sub(length).and_then(|start| before.get(start..)) {
        Some(footer) => parse(path, footer),
        None => {
            let mut footer = vec![0; length];
            read_exact_at(file, &mut footer, size - (length + TRAILER) as u64).map_err(io)?;
            parse(path, &footer)
        }
    }
}

fn parse(path: &Path, footer: &[u8]) -> Result<ParquetMetaData> {
    let options = ParquetMetaDataOptions::new().with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    catch_unwind(|| ParquetMetaDataReader::decode_metadata_with_options(footer, Some(&options)))
        .unwrap_or_else(|panic| Err(ParquetError::General(fault::message(panic.as_ref()))))
        .map_err(|error| fault::corrupt(path, "footer", error))
}

fn boil_down(metadata: &ParquetMetaData, content: Content) -> std::result::Result<Footer, ParquetError> {
    let file = metadata.file_metadata();
    let value = |key: &str| {
        let found = file.key_value_metadata()?.iter().find(|pair| pair.key == key)?;
        found.value.clone()
    };
    let sorted_by = metadata.row_groups().first().and_then(|group| {
        let first = group.sorting_columns()?.first()?;
        usize::try_from(first.column_idx).ok().filter(|_| !first.descending)
    });
    let mut groups = Vec::with_capacity(metadata.num_row_groups());
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows())
            .map_err(|_| ParquetError::General("a row group has a negative number of rows".into()))?;
        if rows > 0 {
            groups.push((rows, chunks(file, group, content.size)?));
        }
    }
    Ok(Footer {
        content,
        max_page_bytes: max_page_bytes(file.created_by()),
        columns: file.schema_descr_ptr(),
        arrow_schema: value(ARROW_SCHEMA_META_KEY),
        pandas: value("pandas"),
        sorted_by,
        groups,
    })
}

/// Bytes of a page at most: known writers cut at a mebibyte and look at the size now and then; others may write a
/// chunk as one page.
fn max_page_bytes(created_by: Option<&str>) -> u64 {
    let known = ["parquet-cpp", "parquet-mr", "parquet-rs", "parquet-go", "Polars"];
    let is_known = created_by.is_some_and(|name| known.iter().any(|known| name.starts_with(known)));
    if is_known { 5 << 18 } else { u64::MAX }
}

fn chunks(file: &FileMetaData, group: &RowGroupMetaData, size: u64) -> std::result::Result<Vec<Chunk>, ParquetError> {
    let damaged = |what: &str| ParquetError::General(what.to_string());
    if group.num_columns() != file.schema_descr().num_columns() {
        return Err(damaged("a row group has another number of columns than the schema"));
    }
    let mut chunks = Vec::with_capacity(group.num_columns());
    for (leaf, meta) in group.columns().iter().enumerate() {
        let mut chunk = Chunk::of(meta, is_ordered(file, leaf, meta.statistics()))?;
        if let Some(extras) = chunk.extras.as_mut().filter(|_| file.column_order(leaf) == ColumnOrder::UNKNOWN) {
            extras.column_index = None;
        }
        if chunk.start.checked_add(chunk.bytes).is_none_or(|end| end > size) {
            return Err(damaged(&format!("column '{}' lies behind the end of the file", meta.column_path())));
        }
        if meta.file_path().is_some() {
            return Err(ParquetError::NYI(format!("column '{}' in another file", meta.column_path())));
        }
        chunks.push(chunk);
    }
    Ok(chunks)
}

/// Whether bounds are in the order in which values compare: old writers compared unsigned numbers and strings
/// as if they were signed.
fn is_ordered(file: &FileMetaData, leaf: usize, statistics: Option<&parquet::file::statistics::Statistics>) -> bool {
    let Some(statistics) = statistics else { return false };
    let column = file.schema_descr().column(leaf);
    let natural =
        ColumnOrder::column_order_for_type(column.logical_type_ref(), column.converted_type(), column.physical_type());
    let is_float = matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE);
    let is_signed = is_float || natural == ColumnOrder::TYPE_DEFINED_ORDER(SortOrder::SIGNED);
    match file.column_order(leaf) {
        ColumnOrder::UNKNOWN => false,
        ColumnOrder::UNDEFINED => is_signed && !column.physical_type().eq(&Type::BYTE_ARRAY),
        _ => !statistics.is_min_max_deprecated() || (is_signed && column.physical_type() != Type::BYTE_ARRAY),
    }
}
