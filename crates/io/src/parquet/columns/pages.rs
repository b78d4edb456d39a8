//! The pages of a column chunk, one after another.
//!
//! Snappy and uncompressed pages, the usual ones, are read here into reused buffers; other codecs are left to the
//! parquet crate, after their headers were found sound.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use super::header::{Fault, Header, Kind};
use super::page::not_here;
use super::{ColumnSource, Result};
use crate::parquet::file::{Buffers, ChunkFile};

/// Bytes beyond which a header is taken for damaged.
const MAX_HEADER: usize = 1 << 20;

/// Reads pages forwards.
pub(super) struct Pages {
    chunk: ChunkFile,
    at: u64,
    end: u64,
    /// No page is larger than its chunk.
    max_plain_bytes: u64,
    max_values: usize,
    codec: Codec,
    buffers: Arc<Buffers>,
    /// The header at `at`.
    next: Option<Header>,
    /// Where a dictionary is that was left out.
    left_out: Option<u64>,
}

enum Codec {
    None,
    Snappy(snap::raw::Decoder),
    Other(Box<SerializedPageReader<ChunkFile>>),
}

impl Pages {
    /// The pages of a leaf column.
    pub(super) fn open(source: &ColumnSource, leaf: usize) -> Result<Self> {
        let missing = || ParquetError::General("no such column".into());
        let chunk = source.data.chunk(&source.group, leaf).ok_or_else(missing)?;
        let codec = match chunk.codec {
            Compression::UNCOMPRESSED => Codec::None,
            Compression::SNAPPY => Codec::Snappy(snap::raw::Decoder::new()),
            _ => Codec::Other(Box::new(source.pages(leaf)?)),
        };
        Ok(Pages {
            chunk: ChunkFile::new(source.file.clone(), chunk.start, chunk.bytes),
            at: chunk.start,
            end: chunk.start.saturating_add(chunk.bytes),
            max_plain_bytes: chunk.plain_bytes.max(chunk.bytes),
            max_values: usize::try_from(source.group.rows)?,
            codec,
            buffers: source.file.buffers().clone(),
            next: None,
            left_out: None,
        })
    }

    /// The next page's header, `None` behind the last page.
    pub(super) fn peek(&mut self) -> Result<Option<Header>> {
        loop {
            if self.next.is_none() && self.at < self.end {
                self.next = Some(self.header(self.at)?);
            }
            match self.next {
                Some(header) if header.kind() == Kind::Other => self.pass(header)?,
                next => return Ok(next),
            }
        }
    }

    /// The next page, decompressed.
    pub(super) fn next(&mut self) -> Result<Option<Page>> {
        let Some(header) = self.peek()? else { return Ok(None) };
        let page = match &mut self.codec {
            Codec::Other(reader) => reader.get_next_page()?,
            _ => Some(self.read(self.at, &header)?),
        };
        self.pass(header)?;
        Ok(page)
    }

    /// Leaves out the next page.
    pub(super) fn skip(&mut self) -> Result<()> {
        let Some(header) = self.peek()? else { return Ok(()) };
        match &mut self.codec {
            Codec::Other(reader) => reader.skip_next_page()?,
            _ if header.kind() == Kind::Dictionary => self.left_out = Some(self.at),
            _ => {}
        }
        self.pass(header)
    }

    /// The dictionary that was left out, now that it is needed after all.
    pub(super) fn left_out(&mut self) -> Result<Option<Page>> {
        match (&mut self.codec, self.left_out.take()) {
            (Codec::Other(reader), _) => reader.take_deferred_dictionary(),
            (_, Some(at)) => {
                let header = self.header(at)?;
                self.read(at, &header).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn pass(&mut self, header: Header) -> Result<()> {
        self.at += (header.length + header.bytes()?) as u64;
        self.next = None;
        Ok(())
    }

    fn header(&self, at: u64) -> Result<Header> {
        let left = usize::try_from(self.end - at).unwrap_or(usize::MAX).min(MAX_HEADER);
        let mut wanted = 1;
        loop {
            let bytes = self.chunk.peek(at, wanted)?;
            match Header::parse(&bytes) {
                Ok(header) => return self.sound(header, at),
                Err(Fault::CutOff) if bytes.len() < left => wanted = (bytes.len() * 2).min(left),
                Err(_) => return Err(ParquetError::General("a page header is damaged".into())),
            }
        }
    }

    fn sound(&self, header: Header, at: u64) -> Result<Header> {
        let end = at + (header.length + header.bytes()?) as u64;
        if end > self.end {
            return Err(ParquetError::EOF("a page runs over the end of its column chunk".into()));
        }
        if header.plain_bytes()? as u64 > self.max_plain_bytes {
            return Err(ParquetError::General("a page is said to be larger than its column chunk".into()));
        }
        let is_data = matches!(header.kind(), Kind::Data | Kind::DataV2);
        if is_data && header.values()? > self.max_values {
            return Err(ParquetError::General("a page is said to have more rows than its row group".into()));
        }
        Ok(header)
    }

    fn read(&mut self, at: u64, header: &Header) -> Result<Page> {
        let body = self.chunk.get_bytes(at + header.length as u64, header.bytes()?)?;
        if !header.is_intact(&body) {
            return Err(ParquetError::General("a page differs from its checksum".into()));
        }
        let body = match &mut self.codec {
            Codec::Snappy(decoder) if header.is_compressed() => unpack(decoder, &self.buffers, &body, header)?,
            _ => body,
        };
        page(body, header)
    }
}

/// Decompresses what is compressed of a page.
fn unpack(decoder: &mut snap::raw::Decoder, buffers: &Arc<Buffers>, body: &[u8], header: &Header) -> Result<Bytes> {
    let levels = match header.kind() {
        Kind::DataV2 => {
            let (definition, repetition) = header.level_bytes()?;
            definition.saturating_add(repetition)
        }
        _ => 0,
    };
    let differs = || ParquetError::General("a page decompresses to another size than its header says".into());
    let mut buffer = buffers.take(header.plain_bytes()?);
    let (plain_levels, packed) = body.split_at_checked(levels).ok_or_else(differs)?;
    let (to_levels, to_values) = buffer.filled().split_at_mut_checked(levels).ok_or_else(differs)?;
    to_levels.copy_from_slice(plain_levels);
    // A page of nulls alone has no values, not even a compressed nothing.
    if !to_values.is_empty() {
        if snap::raw::decompress_len(packed)? != to_values.len() {
            return Err(differs());
        }
        decoder.decompress(packed, to_values)?;
    }
    Ok(Bytes::from_owner(buffer))
}

fn page(buf: Bytes, header: &Header) -> Result<Page> {
    let num_values = u32::try_from(header.values()?)?;
    let (definition, repetition) = header.level_bytes()?;
    Ok(match header.kind() {
        Kind::Dictionary => Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false },
        Kind::DataV2 => Page::DataPageV2 {
            buf,
            num_values,
            encoding: encoding(header.encoding())?,
            num_nulls: 0,
            num_rows: num_values,
            def_levels_byte_len: u32::try_from(definition)?,
            rep_levels_byte_len: u32::try_from(repetition)?,
            is_compressed: false,
            statistics: None,
        },
        _ => Page::DataPage {
            buf,
            num_values,
            encoding: encoding(header.encoding())?,
            def_level_encoding: encoding(header.level_encoding())?,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        },
    })
}

/// The encodings that have a fast path.
fn encoding(number: i64) -> Result<Encoding> {
    match number {
        0 => Ok(Encoding::PLAIN),
        2 => Ok(Encoding::PLAIN_DICTIONARY),
        3 => Ok(Encoding::RLE),
        8 => Ok(Encoding::RLE_DICTIONARY),
        _ => Err(not_here()),
    }
}
