//! What an Arrow IPC file says about itself: schema, record batches, dictionaries.
//!
//! Everything here comes from the file and is checked before it is believed: offsets lie inside of the file,
//! lengths are not negative, and each batch's buffers are as long as its rows need.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::ipc::{self, MetadataVersion};
use blockfold_core::{Error, Result, SchemaRef};

use super::guard::guarded;
use super::layout::Layout;
use crate::map::MappedFile;

const MAGIC: &[u8; 6] = b"ARROW1";
/// Magic of the format that Feather was before it became Arrow IPC.
const FEATHER_1: &[u8; 4] = b"FEA1";
const CONTINUATION: [u8; 4] = [0xff; 4];

/// An opened file.
#[derive(Clone, Debug)]
pub(super) struct IpcFile {
    pub(super) map: MappedFile,
    pub(super) schema: SchemaRef,
    pub(super) batches: Arc<[BatchInfo]>,
    pub(super) dictionaries: Arc<[Message]>,
}

/// A message: its description and its body, as ranges of the file.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) header: Range<usize>,
    pub(super) body: Range<usize>,
}

/// A record batch.
#[derive(Clone, Debug)]
pub(super) struct BatchInfo {
    pub(super) message: Message,
    pub(super) rows: usize,
    pub(super) compressed: bool,
}

impl IpcFile {
    /// Maps a file and reads its footer and the descriptions of its batches.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Unsupported`] naming the file.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let map = MappedFile::open(path)?;
        let path = map.path().to_path_buf();
        guarded(&path, || read_footer(map))
    }

    /// Where the columns of a batch lie in its body.
    pub(super) fn layout(&self, info: &BatchInfo) -> Result<Layout> {
        let parsed = self.message(&info.message)?;
        let missing = || Error::corrupt(self.map.path(), "a record batch is missing");
        let batch = parsed.header_as_record_batch().ok_or_else(missing)?;
        layout_of(&self.map, &self.schema, &batch, info.rows, &info.message)
    }

    /// The flatbuffer that describes a message.
    pub(super) fn message(&self, message: &Message) -> Result<ipc::Message<'_>> {
        parse_message(&self.map, message)
    }
}

fn read_footer(map: MappedFile) -> Result<IpcFile> {
    let corrupt = |what: &str| Error::corrupt(map.path(), what);
    let footer_bytes = footer_range(&map)?;
    let bytes = map.bytes().get(footer_bytes.clone()).ok_or_else(|| corrupt("its footer is missing"))?;
    let footer = ipc::root_as_footer(bytes).map_err(|error| corrupt(&format!("footer: {error}")))?;
    let schema = footer.schema().ok_or_else(|| corrupt("the footer has no schema"))?;
    if !schema.endianness().equals_to_target_endianness() {
        return Err(Error::Unsupported {
            what: format!("byte order of '{}'", map.path().display()),
            instead: "write the file on a machine like this one".into(),
        });
    }
    let schema =
        Arc::new(ipc::convert::try_fb_to_schema(schema).map_err(|error| corrupt(&format!("schema: {error}")))?);
    let end = footer_bytes.start;
    let messages = |block: &ipc::Block| message_of(&map, block, end);
    let dictionaries = footer.dictionaries().into_iter().flatten().map(messages).collect::<Result<Vec<_>>>()?;
    let batch = |block: &ipc::Block| batch_of(&map, &schema, message_of(&map, block, end)?);
    let batches = footer.recordBatches().into_iter().flatten().map(batch).collect::<Result<Vec<_>>>()?;
    Ok(IpcFile { map, schema, batches: batches.into(), dictionaries: dictionaries.into() })
}

/// Where the footer stands, from the last ten bytes: its length and the magic.
fn footer_range(map: &MappedFile) -> Result<Range<usize>> {
    let bytes = map.bytes();
    let corrupt = |what: &str| Error::corrupt(map.path(), what);
    if !bytes.starts_with(MAGIC) {
        return Err(wrong_start(map));
    }
    let end = bytes.len().checked_sub(10).filter(|end| *end >= 8).ok_or_else(|| corrupt("it is cut short"))?;
    let tail = bytes.get(end..).unwrap_or_default();
    if !tail.ends_with(MAGIC) {
        return Err(corrupt("it does not end as an Arrow IPC file does; it is cut short or still being written"));
    }
    let length = tail.first_chunk::<4>().map(|length| i32::from_le_bytes(*length)).unwrap_or(-1);
    let start = usize::try_from(length).ok().and_then(|length| end.checked_sub(length)).filter(|start| *start >= 8);
    start.map(|start| start..end).ok_or_else(|| corrupt("the footer's length is wrong"))
}

fn wrong_start(map: &MappedFile) -> Error {
    let known = if map.bytes().starts_with(FEATHER_1) {
        "Feather version 1"
    } else if map.bytes().starts_with(&CONTINUATION) {
        "Arrow IPC as a stream"
    } else {
        return Error::corrupt(map.path(), "it does not start as an Arrow IPC file does");
    };
    Error::Unsupported {
        what: format!("{known} ('{}')", map.path().display()),
        instead: "write it as an Arrow IPC file (Feather version 2)".into(),
    }
}

/// The ranges of a message that the footer points to.
fn message_of(map: &MappedFile, block: &ipc::Block, end: usize) -> Result<Message> {
    let ranges = || {
        let start = usize::try_from(block.offset()).ok()?;
        let body = start.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
        let body_end = body.checked_add(usize::try_from(block.bodyLength()).ok()?)?;
        (body_end <= end).then_some((start, body, body_end))
    };
    let outside = || Error::corrupt(map.path(), "the footer points outside of the file");
    let (start, body, body_end) = ranges().ok_or_else(outside)?;
    let prefix = map.bytes().get(start..body).ok_or_else(outside)?;
    let skipped = if prefix.starts_with(&CONTINUATION) { 8 } else { 4 };
    if prefix.len() < skipped {
        return Err(outside());
    }
    Ok(Message { header: start + skipped..body, body: body..body_end })
}

fn parse_message<'a>(map: &'a MappedFile, message: &Message) -> Result<ipc::Message<'a>> {
    let bytes = map.bytes().get(message.header.clone()).unwrap_or_default();
    ipc::root_as_message(bytes).map_err(|error| Error::corrupt(map.path(), format!("message: {error}")))
}

fn batch_of(map: &MappedFile, schema: &SchemaRef, message: Message) -> Result<BatchInfo> {
    let parsed = parse_message(map, &message)?;
    let corrupt = |what: &str| Error::corrupt(map.path(), what);
    if parsed.version() < MetadataVersion::V4 {
        return Err(Error::Unsupported {
            what: format!("'{}' of an Arrow version before 0.8", map.path().display()),
            instead: "write it again with a newer one".into(),
        });
    }
    let batch = parsed.header_as_record_batch().ok_or_else(|| corrupt("the footer points to no record batch"))?;
    let rows = usize::try_from(batch.length()).map_err(|_| corrupt("a record batch of less than no rows"))?;
    let compressed = batch.compression().is_some();
    layout_of(map, schema, &batch, rows, &message)?;
    Ok(BatchInfo { message, rows, compressed })
}

fn layout_of(
    map: &MappedFile,
    schema: &SchemaRef,
    batch: &ipc::RecordBatch<'_>,
    rows: usize,
    message: &Message,
) -> Result<Layout> {
    let compressed = batch.compression().is_some();
    Layout::new(batch, schema, rows, message.body.len(), compressed).map_err(|what| Error::corrupt(map.path(), what))
}
