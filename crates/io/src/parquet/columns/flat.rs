//! Columns that are neither nested nor rare: pages decoded here, straight into arrays.
//!
//! Plain values of fixed width are slices of their page, without a copy. Codes of dictionaries are unpacked and
//! either handed on as they are or replaced by their values on the way. A dictionary that overflows, so that
//! plain pages follow coded ones, is the usual case for doubles and no special one here.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use blockfold_core::Form;
use blockfold_plan::Metrics;
use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::ParquetError;

use super::header::Kind;
use super::keys::Keys;
use super::page::{DataPage, Values, cut};
use super::pages::Pages;
use super::{ColumnReader, ColumnSource, Result, fixed, texts};
use crate::parquet::meta::Chunk;

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Four,
    Eight,
    Text,
}

impl Width {
    /// How values of a type are stored, `None` when they are not read here.
    fn of(physical: Type, dtype: &DataType) -> Option<Width> {
        use DataType::*;
        match (physical, dtype) {
            (Type::INT32, Int32 | UInt32 | Date32 | Time32(_)) | (Type::FLOAT, Float32) => Some(Width::Four),
            (Type::INT64, Int64 | UInt64 | Timestamp(..) | Duration(_) | Time64(_)) | (Type::DOUBLE, Float64) => {
                Some(Width::Eight)
            }
            (Type::BYTE_ARRAY, Utf8 | Binary) => Some(Width::Text),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        if self == Width::Four { 4 } else { 8 }
    }
}

/// A flat column of one row group.
pub(super) struct FlatColumn {
    pages: Pages,
    metrics: Arc<Metrics>,
    dtype: DataType,
    width: Width,
    form: Form,
    is_optional: bool,
    dictionary: Option<ArrayRef>,
    page: Option<DataPage>,
}

/// A part of a batch, from one page.
enum Part {
    Values(ArrayRef),
    Codes(Keys),
}

impl FlatColumn {
    /// A reader of a column of the data set, `None` when it is not flat, or stored in a way that is not read here.
    pub(super) fn open(source: &ColumnSource, column: usize, form: Form) -> Result<Option<Self>> {
        let Some((leaf, descriptor)) = source.layout.flat(column) else { return Ok(None) };
        let Some(chunk) = source.data.chunk(&source.group, leaf) else { return Ok(None) };
        let dtype = source.data.schema.field(column).data_type().clone();
        let Some(width) = Width::of(descriptor.physical_type(), &dtype).filter(|_| is_read_here(chunk)) else {
            return Ok(None);
        };
        Ok(Some(FlatColumn {
            pages: Pages::open(source, leaf)?,
            metrics: source.file.metrics().clone(),
            dtype,
            width,
            form,
            is_optional: descriptor.max_def_level() > 0,
            dictionary: None,
            page: None,
        }))
    }

    /// The page at hand, with at least one row left.
    fn page(&mut self) -> Result<&mut DataPage> {
        while self.page.as_ref().is_none_or(|page| page.rows == 0) {
            self.page = None;
            match self.pages.next()? {
                Some(Page::DictionaryPage { .. }) if self.dictionary.is_some() => {
                    return Err(ParquetError::General("a second dictionary".into()));
                }
                Some(page @ Page::DictionaryPage { .. }) => self.dictionary = Some(self.read_dictionary(page)?),
                Some(page) => self.page = Some(DataPage::new(page, self.is_optional)?),
                None => break,
            }
        }
        self.page.as_mut().ok_or_else(|| ParquetError::EOF("it ends before its row group".into()))
    }

    fn read_dictionary(&self, page: Page) -> Result<ArrayRef> {
        let Page::DictionaryPage { mut buf, num_values, .. } = page else {
            return Err(ParquetError::General("no dictionary".into()));
        };
        let count = num_values as usize;
        match self.width {
            Width::Text => Ok(texts::plain(&buf, count, &self.dtype, None)?.0),
            width => {
                let bytes = cut(&mut buf, count.saturating_mul(width.bytes()))?;
                fixed::array(&self.dtype, bytes.into(), count, None)
            }
        }
    }

    fn dictionary(&mut self) -> Result<ArrayRef> {
        if self.dictionary.is_none()
            && let Some(page) = self.pages.left_out()?
        {
            self.dictionary = Some(self.read_dictionary(page)?);
        }
        self.dictionary.clone().ok_or_else(|| ParquetError::General("codes without a dictionary".into()))
    }

    /// Up to `rows` rows, from the page at hand.
    fn part(&mut self, rows: usize) -> Result<Part> {
        let is_coded = matches!(self.page()?.values, Values::Codes(_));
        let dictionary = if is_coded { Some(self.dictionary()?) } else { None };
        let (dtype, width, form) = (self.dtype.clone(), self.width, self.form);
        let page = self.page()?;
        let rows = rows.min(page.rows);
        page.rows -= rows;
        let (nulls, count) = page.levels.take(rows);
        match (&mut page.values, dictionary) {
            (Values::Codes(codes), Some(dictionary)) if form == Form::Codes || width == Width::Text => {
                let keys = Keys::decode(codes, count, rows, nulls, dictionary)?;
                if form == Form::Codes { Ok(Part::Codes(keys)) } else { keys.into_values().map(Part::Values) }
            }
            (Values::Codes(codes), Some(dictionary)) => {
                let data = dictionary.to_data();
                let values = data.buffers().first().ok_or_else(|| ParquetError::General("no dictionary".into()))?;
                let values = match width {
                    Width::Four => fixed::gather::<u32>(codes, count, values.typed_data(), nulls.as_ref())?,
                    _ => fixed::gather::<u64>(codes, count, values.typed_data(), nulls.as_ref())?,
                };
                fixed::array(&dtype, values, rows, nulls).map(Part::Values)
            }
            (Values::Plain(bytes), _) if width == Width::Text => {
                let (array, taken) = texts::plain(bytes, count, &dtype, nulls)?;
                cut(bytes, taken)?;
                Ok(Part::Values(array))
            }
            (Values::Plain(bytes), _) => {
                let values = cut(bytes, count.saturating_mul(width.bytes()))?;
                let values = match width {
                    Width::Four => fixed::plain::<u32>(values, nulls.as_ref()),
                    _ => fixed::plain::<u64>(values, nulls.as_ref()),
                };
                fixed::array(&dtype, values, rows, nulls).map(Part::Values)
            }
            (Values::Codes(_), None) => Err(ParquetError::General("codes without a dictionary".into())),
        }
    }
}

/// Whether all encodings of a chunk have a fast path.
fn is_read_here(chunk: &Chunk) -> bool {
    let known = [Encoding::PLAIN, Encoding::RLE, Encoding::PLAIN_DICTIONARY, Encoding::RLE_DICTIONARY];
    chunk.encodings.encodings().all(|encoding| known.contains(&encoding))
}

impl ColumnReader for FlatColumn {
    fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        let mut parts = vec![self.part(rows)?];
        let mut have: usize = parts.iter().map(Part::rows).sum();
        while have < rows {
            let part = self.part(rows - have)?;
            have += part.rows();
            parts.push(part);
        }
        join(parts)
    }

    fn skip(&mut self, mut rows: usize) -> Result<()> {
        while rows > 0 {
            match self.page.as_mut().filter(|page| page.rows > 0) {
                Some(page) => {
                    let count = rows.min(page.rows);
                    page.skip(count, self.width)?;
                    rows -= count;
                }
                None => rows -= self.skip_page(rows)?,
            }
        }
        Ok(())
    }

    fn ready(&mut self) -> Result<Option<usize>> {
        self.page().map(|page| Some(page.rows))
    }
}

impl FlatColumn {
    /// Leaves out the next page unread when it has no more than `rows` rows, else makes it the page at hand.
    fn skip_page(&mut self, rows: usize) -> Result<usize> {
        let Some(next) = self.pages.peek()? else {
            return Err(ParquetError::EOF("it ends before its row group".into()));
        };
        if next.kind() == Kind::Dictionary {
            return self.pages.skip().map(|()| 0);
        }
        let count = next.values()?;
        if count > rows {
            return self.page().map(|_| 0);
        }
        self.pages.skip()?;
        self.metrics.add_pages_skipped(1);
        Ok(count)
    }
}

impl DataPage {
    fn skip(&mut self, rows: usize, width: Width) -> Result<()> {
        self.rows -= rows;
        let (_, count) = self.levels.take(rows);
        match &mut self.values {
            Values::Codes(codes) => codes.skip(count),
            Values::Plain(bytes) => {
                let length = match width {
                    Width::Text => texts::length(bytes, count)?,
                    width => count.saturating_mul(width.bytes()),
                };
                cut(bytes, length).map(drop)
            }
        }
    }
}

impl Part {
    fn rows(&self) -> usize {
        match self {
            Part::Values(array) => array.len(),
            Part::Codes(keys) => keys.len(),
        }
    }

    fn into_values(self) -> Result<ArrayRef> {
        match self {
            Part::Values(array) => Ok(array),
            Part::Codes(keys) => keys.into_values(),
        }
    }
}

/// Parts of one batch as one array: codes when all are codes of one dictionary.
fn join(mut parts: Vec<Part>) -> Result<ArrayRef> {
    if parts.len() == 1 {
        return match parts.pop() {
            Some(Part::Codes(keys)) => Ok(keys.into_codes()),
            Some(Part::Values(array)) => Ok(array),
            None => Err(ParquetError::General("no rows".into())),
        };
    }
    let keys: Option<Vec<&Keys>> = parts
        .iter()
        .map(|part| match part {
            Part::Codes(keys) => Some(keys),
            Part::Values(_) => None,
        })
        .collect();
    if let Some(keys) = keys
        && let Some(keys) = Keys::join(&keys)?
    {
        return Ok(keys.into_codes());
    }
    let values: Vec<ArrayRef> = parts.into_iter().map(Part::into_values).collect::<Result<_>>()?;
    Ok(concat(&values.iter().map(|array| array.as_ref()).collect::<Vec<_>>())?)
}
