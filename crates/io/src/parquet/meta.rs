//! What is kept of the footers: some hundred bytes for each column chunk, so that a hundred thousand row groups
//! stay small. Parquet's own structs are ten times larger; they are made again for the one chunk that is read.

use std::path::PathBuf;
use std::sync::Arc;

use blockfold_core::SchemaRef;
use parquet::basic::{Compression, EncodingMask};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::file::Buffers;
use super::hive::HiveColumn;
use super::layout::Layout;
use crate::content::Content;

/// All files of a data set, as far as their footers tell.
#[derive(Debug)]
pub(super) struct Dataset {
    /// The files.
    pub(super) files: Vec<FileMeta>,
    /// Different orders of columns and physical types, mostly one.
    pub(super) layouts: Vec<Arc<Layout>>,
    /// Row groups that have rows, in order of files.
    pub(super) groups: Vec<Group>,
    /// Column chunks of all groups, one group after another.
    pub(super) chunks: Vec<Chunk>,
    /// Columns of the files, then those of the folders.
    pub(super) schema: SchemaRef,
    /// Columns that folders name.
    pub(super) hive: Vec<HiveColumn>,
    /// Columns by which row groups are likely to be sorted, likeliest first.
    pub(super) sorted_by: Vec<String>,
    /// Columns that pandas wrote as the index.
    pub(super) index: Vec<String>,
    /// Buffers for what is read of the files.
    pub(super) buffers: Arc<Buffers>,
}

/// One file.
#[derive(Debug)]
pub(super) struct FileMeta {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    /// Index into the layouts.
    pub(super) layout: usize,
    /// Bytes of a page at most, as far as its writer is known.
    pub(super) max_page_bytes: u64,
}

/// One row group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Index into the files.
    pub(super) file: usize,
    pub(super) rows: u64,
    /// Index of its first chunk.
    pub(super) first_chunk: usize,
}

impl Dataset {
    /// The chunk of a leaf column of a group.
    pub(super) fn chunk(&self, group: &Group, leaf: usize) -> Option<&Chunk> {
        self.chunks.get(group.first_chunk.checked_add(leaf)?)
    }

    /// The file that a group is in.
    pub(super) fn file(&self, group: &Group) -> Option<&FileMeta> {
        self.files.get(group.file)
    }

    /// The layout of the file that a group is in.
    pub(super) fn layout(&self, group: &Group) -> Option<&Arc<Layout>> {
        self.layouts.get(self.file(group)?.layout)
    }
}

/// One column chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    /// First byte in the file.
    pub(super) start: u64,
    /// Bytes in the file.
    pub(super) bytes: u64,
    /// Bytes without compression.
    pub(super) plain_bytes: u64,
    /// Values, nulls included.
    pub(super) values: u64,
    /// Compression.
    pub(super) codec: Compression,
    /// All encodings, those of levels and dictionaries included.
    pub(super) encodings: EncodingMask,
    /// Statistics.
    pub(super) bounds: Bounds,
    /// Where indexes and filters are, when there are any.
    pub(super) extras: Option<Box<Extras>>,
}

/// Where a chunk's page index and bloom filter are: offset and length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Extras {
    pub(super) column_index: Option<(u64, usize)>,
    pub(super) offset_index: Option<(u64, usize)>,
    pub(super) bloom: Option<(i64, Option<i32>)>,
}

/// Statistics of a chunk or page as they are stored: bits of the physical type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) min: Bound,
    pub(super) max: Bound,
    pub(super) nulls: Option<u64>,
    pub(super) nans: Option<u64>,
}

/// One end of a range.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Bound {
    /// Not known.
    #[default]
    Unknown,
    /// A Boolean or a whole number; narrower ones extended with their sign.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Bytes, maybe cut short.
    Bytes(Box<[u8]>),
}

impl Bounds {
    /// Bytes of the longer bound of a text.
    pub(super) fn longest(&self) -> u64 {
        let length = |bound: &Bound| if let Bound::Bytes(bytes) = bound { bytes.len() as u64 } else { 0 };
        length(&self.min).max(length(&self.max))
    }

    fn of(statistics: &Statistics, is_ordered: bool) -> Self {
        let mut bounds =
            Bounds { nulls: statistics.null_count_opt(), nans: statistics.nan_count_opt(), ..Bounds::default() };
        if !is_ordered {
            return bounds;
        }
        let pair = match statistics {
            Statistics::Boolean(s) => (s.min_opt().map(|v| (*v).into()), s.max_opt().map(|v| (*v).into())),
            Statistics::Int32(s) => (s.min_opt().map(|v| (*v).into()), s.max_opt().map(|v| (*v).into())),
            Statistics::Int64(s) => (s.min_opt().map(|v| (*v).into()), s.max_opt().map(|v| (*v).into())),
            Statistics::Float(s) => (s.min_opt().map(|v| (*v).into()), s.max_opt().map(|v| (*v).into())),
            Statistics::Double(s) => (s.min_opt().map(|v| (*v).into()), s.max_opt().map(|v| (*v).into())),
            Statistics::ByteArray(s) => (s.min_opt().map(|v| v.data().into()), s.max_opt().map(|v| v.data().into())),
            Statistics::Int96(_) | Statistics::FixedLenByteArray(_) => (None, None),
        };
        bounds.min = pair.0.unwrap_or_default();
        bounds.max = pair.1.unwrap_or_default();
        bounds
    }
}

impl From<bool> for Bound {
    fn from(value: bool) -> Self {
        Bound::Int(value.into())
    }
}

impl From<i32> for Bound {
    fn from(value: i32) -> Self {
        Bound::Int(value.into())
    }
}

impl From<i64> for Bound {
    fn from(value: i64) -> Self {
        Bound::Int(value)
    }
}

impl From<f32> for Bound {
    fn from(value: f32) -> Self {
        Bound::Float(value.into())
    }
}

impl From<f64> for Bound {
    fn from(value: f64) -> Self {
        Bound::Float(value)
    }
}

impl From<&[u8]> for Bound {
    fn from(value: &[u8]) -> Self {
        Bound::Bytes(value.into())
    }
}

impl Chunk {
    /// What is kept of a chunk's metadata; `is_ordered` when its bounds are in the order of its type.
    pub(super) fn of(meta: &ColumnChunkMetaData, is_ordered: bool) -> Result<Self, ParquetError> {
        let unsigned = |value: i64, what: &str| {
            u64::try_from(value).map_err(|_| ParquetError::General(format!("{what} is negative")))
        };
        // Some writers say 0 for "no dictionary".
        let dictionary = meta.dictionary_page_offset().filter(|at| *at > 0 && *at < meta.data_page_offset());
        let range = |at: Option<i64>, length: Option<i32>| {
            Some((u64::try_from(at?).ok()?, usize::try_from(length?).ok()?)).filter(|(_, length)| *length > 0)
        };
        let extras = Extras {
            column_index: range(meta.column_index_offset(), meta.column_index_length()),
            offset_index: range(meta.offset_index_offset(), meta.offset_index_length()),
            bloom: meta.bloom_filter_offset().map(|at| (at, meta.bloom_filter_length())),
        };
        Ok(Chunk {
            start: unsigned(dictionary.unwrap_or(meta.data_page_offset()), "the offset of a column chunk")?,
            bytes: unsigned(meta.compressed_size(), "the size of a column chunk")?,
            plain_bytes: unsigned(meta.uncompressed_size(), "the uncompressed size of a column chunk")?,
            values: unsigned(meta.num_values(), "the number of values of a column chunk")?,
            codec: meta.compression(),
            encodings: *meta.encodings_mask(),
            bounds: meta.statistics().map(|found| Bounds::of(found, is_ordered)).unwrap_or_default(),
            extras: (extras != Extras::default()).then(|| Box::new(extras)),
        })
    }

    /// Parquet's own struct, as its page reader wants it.
    pub(super) fn to_parquet(&self, column: ColumnDescPtr) -> Result<ColumnChunkMetaData, ParquetError> {
        let signed = |value: u64| i64::try_from(value).map_err(|_| ParquetError::General("too large".into()));
        let bloom = self.extras.as_ref().and_then(|extras| extras.bloom);
        ColumnChunkMetaData::builder(column)
            .set_compression(self.codec)
            .set_encodings_mask(self.encodings)
            .set_num_values(signed(self.values)?)
            .set_data_page_offset(signed(self.start)?)
            .set_total_compressed_size(signed(self.bytes)?)
            .set_total_uncompressed_size(signed(self.plain_bytes)?)
            .set_bloom_filter_offset(bloom.map(|(at, _)| at))
            .set_bloom_filter_length(bloom.and_then(|(_, length)| length))
            .build()
    }
}
