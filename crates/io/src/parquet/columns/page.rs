//! A data page taken apart: levels and values, for flat columns.

use bytes::{Buf, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::ParquetError;

use super::Result;
use super::hybrid::Hybrid;
use super::levels::Levels;

/// Said of encodings that are not read here.
const NOT_HERE: &str = "encoding without a fast path";

/// Whether another reader is to read the column.
pub(super) fn is_for_fallback(error: &ParquetError) -> bool {
    matches!(error, ParquetError::NYI(text) if text == NOT_HERE)
}

/// The fault that hands a column over to another reader.
pub(super) fn not_here() -> ParquetError {
    ParquetError::NYI(NOT_HERE.to_string())
}

/// What is left of a data page.
pub(super) struct DataPage {
    /// Rows left.
    pub(super) rows: usize,
    pub(super) levels: Levels,
    pub(super) values: Values,
}

/// Values that are not null.
pub(super) enum Values {
    /// One after another.
    Plain(Bytes),
    /// Codes of the chunk's dictionary.
    Codes(Box<Hybrid>),
}

impl DataPage {
    /// Takes a page apart; `is_optional` when the column may hold nulls.
    pub(super) fn new(page: Page, is_optional: bool) -> Result<Self> {
        let (rows, encoding, levels, values) = match page {
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let rows = num_values as usize;
                let (levels, values) = match (is_optional, def_level_encoding) {
                    (false, _) => (Levels::ALL, buf),
                    (true, Encoding::RLE) => split_prefixed(buf, rows)?,
                    (true, _) => return Err(not_here()),
                };
                (rows, encoding, levels, values)
            }
            Page::DataPageV2 { rep_levels_byte_len: 1.., .. } => return Err(not_here()),
            Page::DataPageV2 { mut buf, num_values, encoding, def_levels_byte_len, .. } => {
                let rows = num_values as usize;
                let levels = cut(&mut buf, def_levels_byte_len as usize)?;
                let levels = if is_optional { Levels::decode(levels, rows)? } else { Levels::ALL };
                (rows, encoding, levels, buf)
            }
            Page::DictionaryPage { .. } => return Err(ParquetError::General("a second dictionary".into())),
        };
        let values = match encoding {
            Encoding::PLAIN => Values::Plain(values),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => Values::Codes(Box::new(codes(values)?)),
            _ => return Err(not_here()),
        };
        Ok(DataPage { rows, levels, values })
    }
}

/// Levels with their length before them, then values.
fn split_prefixed(mut buf: Bytes, rows: usize) -> Result<(Levels, Bytes)> {
    let length = cut(&mut buf, 4)?.get_u32_le() as usize;
    let levels = cut(&mut buf, length)?;
    Ok((Levels::decode(levels, rows)?, buf))
}

fn codes(mut values: Bytes) -> Result<Hybrid> {
    // A page of nulls alone may have no codes at all, not even their width.
    match values.is_empty() {
        true => Hybrid::new(values, 0),
        false => {
            let width = values.get_u8();
            Hybrid::new(values, width.into())
        }
    }
}

/// The first `length` bytes, cut off from `buf`.
pub(super) fn cut(buf: &mut Bytes, length: usize) -> Result<Bytes> {
    if length > buf.len() {
        return Err(ParquetError::EOF("a page ends before its values".into()));
    }
    Ok(buf.split_to(length))
}
