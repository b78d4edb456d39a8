//! Record batches that cannot be read in place: compressed ones, and columns of nested types.
//!
//! arrow's own decoder does the work, with all of its checks on. What it takes on trust is looked at before: where
//! buffers lie, and how many bytes compressed ones say that they have.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::ipc::RecordBatch as Description;
use arrow::ipc::reader::read_record_batch;
use blockfold_core::{Error, Result};

use super::dictionaries::Values;
use super::footer::{BatchInfo, IpcFile};
use super::layout::has_old_union;

/// Decodes columns of a record batch.
pub(super) fn decode(file: &IpcFile, info: &BatchInfo, columns: &[usize], values: &Values) -> Result<RecordBatch> {
    let corrupt = |what: String| Error::corrupt(file.map.path(), what);
    let message = file.message(&info.message)?;
    let version = message.version();
    if has_old_union(version, &file.schema) {
        return Err(Error::Unsupported {
            what: format!("unions of an old format in '{}'", file.map.path().display()),
            instead: "write the file again with a newer Arrow".into(),
        });
    }
    let batch = message.header_as_record_batch().ok_or_else(|| corrupt("a record batch is missing".into()))?;
    let body = file.map.buffer(info.message.body.clone())?;
    check_buffers(&batch, body.len()).map_err(corrupt)?;
    check_room(decoded_bytes(&body, wanted_ranges(file, info, columns)?)).map_err(corrupt)?;
    read_record_batch(&body, batch, file.schema.clone(), values, Some(columns), &version)
        .map_err(|error| corrupt(error.to_string()))
}

/// Bytes that the wanted columns of a compressed batch take when they are decoded, as the file says.
pub(super) fn wanted_bytes(file: &IpcFile, info: &BatchInfo, columns: &[usize]) -> Result<u64> {
    let body = file.map.buffer(info.message.body.clone())?;
    Ok(decoded_bytes(&body, wanted_ranges(file, info, columns)?))
}

fn wanted_ranges(file: &IpcFile, info: &BatchInfo, columns: &[usize]) -> Result<Vec<Range<usize>>> {
    if !info.compressed {
        return Ok(Vec::new());
    }
    let layout = file.layout(info)?;
    let wanted = columns.iter().filter_map(|column| layout.columns.get(*column));
    Ok(wanted.flat_map(|column| column.buffers.clone()).collect())
}

fn decoded_bytes(body: &Buffer, ranges: Vec<Range<usize>>) -> u64 {
    ranges
        .into_iter()
        .fold(0, |sum: u64, range| sum.saturating_add(decoded_length(body.get(range).unwrap_or_default())))
}

/// A compressed buffer starts with its length before compression, or -1 when it was not compressed.
fn decoded_length(buffer: &[u8]) -> u64 {
    match buffer.first_chunk::<8>().map(|length| i64::from_le_bytes(*length)) {
        None => 0,
        Some(-1) => buffer.len() as u64,
        Some(length) => u64::try_from(length).unwrap_or(u64::MAX),
    }
}

/// Whether every buffer lies inside of the body.
pub(super) fn check_buffers(batch: &Description<'_>, body_bytes: usize) -> Result<(), String> {
    let inside = |buffer: &arrow::ipc::Buffer| {
        let end = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        end.and_then(|(start, length)| start.checked_add(length)).is_some_and(|end| end <= body_bytes)
    };
    let all = batch.buffers().into_iter().flatten().all(inside);
    if all { Ok(()) } else { Err("a buffer lies outside of its record batch".into()) }
}

/// Whether there is room for what a compressed batch of one column says it has.
pub(super) fn check_sizes(batch: &Description<'_>, body: &Buffer) -> Result<(), String> {
    if batch.compression().is_none() {
        return Ok(());
    }
    let range = |buffer: &arrow::ipc::Buffer| {
        let (start, length) = (buffer.offset() as usize, buffer.length() as usize);
        start..start.saturating_add(length)
    };
    let ranges = batch.buffers().into_iter().flatten().map(range).collect();
    check_room(decoded_bytes(body, ranges))
}

/// A file that lies about sizes must not end the process for want of memory: asks for the room and gives it back.
fn check_room(bytes: u64) -> Result<(), String> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    Vec::<u8>::new()
        .try_reserve_exact(bytes)
        .map_err(|_| format!("a compressed record batch says that it has {bytes} bytes, for which there is no room"))
}
