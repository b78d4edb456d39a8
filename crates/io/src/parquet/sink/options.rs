//! How Parquet is written, as users say it.

use std::collections::BTreeMap;
use std::fmt;

use arrow::array::RecordBatch;
use blockfold_core::{DType, Error, Result, Schema};
use blockfold_plan::BlockMeta;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::encoding;

/// How pages are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Snappy where a trial on the file's first rows saves at least a twentieth, else nothing.
    #[default]
    Auto,
    /// Not at all.
    Uncompressed,
    /// Snappy: fast, read by everything.
    Snappy,
    /// LZ4 in raw blocks: faster to read than Snappy, not read by old software.
    Lz4,
    /// Zstandard of a level from 1 to 22: small.
    Zstd(i32),
    /// Gzip of a level from 0 to 9: for old software.
    Gzip(u32),
    /// Brotli of a level from 0 to 11.
    Brotli(u32),
}

impl Compression {
    pub(super) fn codec(self) -> Result<basic::Compression> {
        let bad = |error: parquet::errors::ParquetError| Error::argument("compression", error);
        Ok(match self {
            Compression::Uncompressed => basic::Compression::UNCOMPRESSED,
            Compression::Auto | Compression::Snappy => basic::Compression::SNAPPY,
            Compression::Lz4 => basic::Compression::LZ4_RAW,
            Compression::Zstd(level) => basic::Compression::ZSTD(basic::ZstdLevel::try_new(level).map_err(bad)?),
            Compression::Gzip(level) => basic::Compression::GZIP(basic::GzipLevel::try_new(level).map_err(bad)?),
            Compression::Brotli(level) => basic::Compression::BROTLI(basic::BrotliLevel::try_new(level).map_err(bad)?),
        })
    }
}

/// Whether a column's values are written once and then referred to by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dictionary {
    /// Where the file's first rows hold few distinct values.
    #[default]
    Auto,
    /// Always, until a row group's dictionary grows too large.
    On,
    /// Never.
    Off,
}

/// Options of writing Parquet; the default suits most data.
///
/// # Examples
/// ```
/// use blockfold_io::parquet::sink::{Compression, ParquetWriteOptions};
/// let options = ParquetWriteOptions::default()
///     .compression(Compression::Zstd(3))
///     .column_compression("id", Compression::Uncompressed)
///     .row_group_rows(100_000)
///     .overwrite(true);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ParquetWriteOptions {
    compression: Compression,
    column_compression: BTreeMap<String, Compression>,
    dictionary: Dictionary,
    column_dictionary: BTreeMap<String, Dictionary>,
    bloom_filters: BTreeMap<String, u64>,
    row_group_rows: usize,
    row_group_bytes: usize,
    page_bytes: usize,
    statistics: bool,
    page_index: bool,
    pub(super) overwrite: bool,
}

impl Default for ParquetWriteOptions {
    fn default() -> Self {
        ParquetWriteOptions {
            compression: Compression::Auto,
            column_compression: BTreeMap::new(),
            dictionary: Dictionary::Auto,
            column_dictionary: BTreeMap::new(),
            bloom_filters: BTreeMap::new(),
            row_group_rows: 1 << 20,
            row_group_bytes: 32 << 20,
            page_bytes: 1 << 20,
            statistics: true,
            page_index: true,
            overwrite: false,
        }
    }
}

/// Pages' worth of bytes that a column holds while it is written.
const PAGES_OF_COLUMN: u64 = 5;

impl ParquetWriteOptions {
    /// Compression of columns that are not named otherwise.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Compression of one column.
    pub fn column_compression(mut self, column: impl Into<String>, compression: Compression) -> Self {
        self.column_compression.insert(column.into(), compression);
        self
    }

    /// Dictionaries of columns that are not named otherwise.
    pub fn dictionary(mut self, dictionary: Dictionary) -> Self {
        self.dictionary = dictionary;
        self
    }

    /// Dictionary of one column.
    pub fn column_dictionary(mut self, column: impl Into<String>, dictionary: Dictionary) -> Self {
        self.column_dictionary.insert(column.into(), dictionary);
        self
    }

    /// A bloom filter for one column, sized for so many distinct values in a row group.
    pub fn bloom_filter(mut self, column: impl Into<String>, distinct_values: u64) -> Self {
        self.bloom_filters.insert(column.into(), distinct_values);
        self
    }

    /// Most rows of a row group.
    pub fn row_group_rows(mut self, rows: usize) -> Self {
        self.row_group_rows = rows.max(1);
        self
    }

    /// Encoded bytes at which a row group ends.
    pub fn row_group_bytes(mut self, bytes: usize) -> Self {
        self.row_group_bytes = bytes.max(1);
        self
    }

    /// Whether row groups and pages carry bounds of their values; readers without them skip nothing.
    pub fn statistics(mut self, on: bool) -> Self {
        self.statistics = on;
        self
    }

    /// Whether bounds and places of pages are gathered in an index, so that single pages can be skipped.
    pub fn page_index(mut self, on: bool) -> Self {
        self.page_index = on;
        self
    }

    /// Whether an existing data set may be replaced.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Row groups and pages small enough to hold about `bytes` while a file of these columns is written.
    pub fn with_memory_limit(mut self, bytes: u64, schema: &Schema) -> Self {
        let (bytes, columns) = (usize::try_from(bytes).unwrap_or(usize::MAX), leaf_columns(schema).max(1));
        self.row_group_bytes = self.row_group_bytes.min((bytes / 2).max(64 << 10));
        // A quarter for pages, of which each column has as many as `peak_bytes` says.
        let pages = usize::try_from(columns * PAGES_OF_COLUMN).unwrap_or(usize::MAX);
        self.page_bytes = self.page_bytes.min((bytes / 4 / pages).max(8 << 10));
        self
    }

    /// Whether the columns named exist and every type can be written.
    pub(super) fn check(&self, schema: &Schema) -> Result<()> {
        let named =
            self.column_compression.keys().chain(self.column_dictionary.keys()).chain(self.bloom_filters.keys());
        for name in named {
            if schema.index_of(name).is_err() {
                let have = schema.fields().iter().map(|field| field.name().clone()).collect();
                return Err(Error::ColumnNotFound { name: name.clone(), have });
            }
        }
        for compression in self.column_compression.values().chain([&self.compression]) {
            compression.codec()?;
        }
        for field in schema.fields() {
            let alone = Schema::new(vec![field.clone()]);
            ArrowSchemaConverter::new().convert(&alone).map_err(|_| Error::Unsupported {
                what: format!("column '{}' of type {} in Parquet", field.name(), field.data_type()),
                instead: "cast the column or leave it out".to_string(),
            })?;
        }
        Ok(())
    }

    /// What the writer is told, with encodings that suit the first rows.
    pub(super) fn properties(&self, schema: &Schema, sample: Option<&RecordBatch>) -> Result<WriterProperties> {
        let statistics = match (self.statistics, self.page_index) {
            (false, _) => EnabledStatistics::None,
            (true, false) => EnabledStatistics::Chunk,
            (true, true) => EnabledStatistics::Page,
        };
        let mut builder = WriterProperties::builder()
            .set_created_by(concat!("blockfold ", env!("CARGO_PKG_VERSION")).to_string())
            .set_compression(self.compression.codec()?)
            .set_dictionary_enabled(self.dictionary != Dictionary::Off)
            .set_statistics_enabled(statistics)
            .set_offset_index_disabled(!self.page_index)
            .set_data_page_size_limit(self.page_bytes)
            .set_dictionary_page_size_limit(self.page_bytes)
            .set_max_row_group_row_count(Some(self.row_group_rows))
            .set_max_row_group_bytes(Some(self.row_group_bytes));
        for (index, field) in schema.fields().iter().enumerate() {
            if field.data_type().is_nested() {
                continue;
            }
            let values = sample.and_then(|batch| batch.columns().get(index));
            builder = self.column(builder, field.name(), values)?;
        }
        Ok(builder.build())
    }

    fn column(
        &self,
        mut builder: WriterPropertiesBuilder,
        name: &str,
        values: Option<&arrow::array::ArrayRef>,
    ) -> Result<WriterPropertiesBuilder> {
        let path = ColumnPath::from(name.to_string());
        let compression = self.column_compression.get(name).copied().unwrap_or(self.compression);
        let dictionary = self.column_dictionary.get(name).copied().unwrap_or(self.dictionary);
        let chosen = encoding::choose(values, dictionary, compression)?;
        builder = builder
            .set_column_compression(path.clone(), chosen.codec)
            .set_column_dictionary_enabled(path.clone(), chosen.dictionary);
        if let Some(encoding) = chosen.encoding {
            builder = builder.set_column_encoding(path.clone(), encoding);
        }
        if let Some(distinct) = self.bloom_filters.get(name) {
            builder = builder
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_max_ndv(path, *distinct);
        }
        Ok(builder)
    }

    /// Upper bound on bytes alive while one file is written: the row group in progress, and for each column a page
    /// as values, the same page encoded, and a dictionary with its hash table.
    pub(super) fn peak_bytes(&self, schema: &Schema, batch: BlockMeta) -> u64 {
        let columns = leaf_columns(schema);
        let row_group = self.row_group_bytes as u64;
        let blooms: u64 = self.bloom_filters.values().map(|distinct| distinct.saturating_mul(2)).sum();
        let slice = batch.bytes.min(row_group);
        row_group
            .saturating_add(slice)
            .saturating_add(columns * PAGES_OF_COLUMN * self.page_bytes as u64)
            .saturating_add(blooms)
    }
}

fn leaf_columns(schema: &Schema) -> u64 {
    fn leaves(dtype: &DType) -> u64 {
        match dtype {
            DType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
            DType::List(field) | DType::LargeList(field) | DType::Map(field, _) => leaves(field.data_type()),
            _ => 1,
        }
    }
    schema.fields().iter().map(|field| leaves(field.data_type())).sum()
}

impl fmt::Display for ParquetWriteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compression = format!("{:?}", self.compression).to_lowercase();
        write!(f, "compression {compression}, row groups of at most {} rows", self.row_group_rows)
    }
}
