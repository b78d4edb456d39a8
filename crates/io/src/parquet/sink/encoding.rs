//! Which encoding a column gets, decided by its first rows.
//!
//! Three properties of the data matter: few distinct values make a dictionary worthwhile; integers in order are
//! small as differences; and whether compression saves anything is found out by trying it on encoded values.
//! Random floating-point numbers have none of these and are written plain, which costs nothing to read.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, downcast_primitive_array};
use arrow::datatypes::{DataType, Field, Schema};
use blockfold_core::Result;
use parquet::arrow::ArrowWriter;
use parquet::basic;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{Compression, Dictionary};

/// Rows looked at.
const SAMPLE_ROWS: usize = 8 * 1024;
/// A dictionary is written when there are at least so many rows for each distinct value of the sample.
const ROWS_PER_VALUE: usize = 4;
/// Compression is worth reading when it saves at least one byte in so many.
const WORTHWHILE: usize = 20;

/// How one column is written.
#[derive(Debug, PartialEq)]
pub(super) struct Encoding {
    pub(super) dictionary: bool,
    /// How values are written that are not in a dictionary, where it is not the usual way.
    pub(super) encoding: Option<basic::Encoding>,
    pub(super) codec: basic::Compression,
}

/// The encoding for a column that starts with `values`.
pub(super) fn choose(values: Option<&ArrayRef>, dictionary: Dictionary, compression: Compression) -> Result<Encoding> {
    let codec = compression.codec()?;
    let Some(values) = values.filter(|values| !values.is_empty()) else {
        return Ok(Encoding { dictionary: dictionary != Dictionary::Off, encoding: None, codec });
    };
    let sample = values.slice(0, values.len().min(SAMPLE_ROWS));
    let dictionary = match dictionary {
        Dictionary::On => true,
        Dictionary::Off => false,
        Dictionary::Auto => has_few_values(&sample),
    };
    let encoding = (!dictionary && is_ordered(&sample)).then_some(basic::Encoding::DELTA_BINARY_PACKED);
    let mut chosen = Encoding { dictionary, encoding, codec };
    if compression == Compression::Auto && !is_worth_compressing(&sample, &chosen) {
        chosen.codec = basic::Compression::UNCOMPRESSED;
    }
    Ok(chosen)
}

/// Whether each distinct value of the sample stands for several rows; `false` for types that are not counted.
fn has_few_values(sample: &ArrayRef) -> bool {
    let most = sample.len() / ROWS_PER_VALUE;
    if let Some(dictionary) = sample.as_any_dictionary_opt() {
        return dictionary.values().len() <= most || few(dictionary.normalized_keys(), most);
    }
    if let Some(width) = sample.data_type().primitive_width() {
        // Compared as bytes, so that floating-point numbers can be counted too.
        let data = sample.to_data();
        let bytes = data.buffers().first().map(|buffer| buffer.as_slice()).unwrap_or_default();
        let rows = bytes.get(data.offset() * width..).unwrap_or_default().chunks_exact(width.max(1));
        return few(rows.take(sample.len()), most);
    }
    match sample.data_type() {
        DataType::Utf8 => few(sample.as_string::<i32>(), most),
        DataType::LargeUtf8 => few(sample.as_string::<i64>(), most),
        DataType::Utf8View => few(sample.as_string_view(), most),
        DataType::Binary => few(sample.as_binary::<i32>(), most),
        DataType::LargeBinary => few(sample.as_binary::<i64>(), most),
        DataType::BinaryView => few(sample.as_binary_view(), most),
        _ => false,
    }
}

/// Whether there are at most so many distinct values.
fn few<T: Eq + Hash>(values: impl IntoIterator<Item = T>, most: usize) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| {
        seen.insert(value);
        seen.len() <= most
    })
}

/// Whether integers, dates or times stand in ascending or descending order.
fn is_ordered(sample: &ArrayRef) -> bool {
    use DataType::{Date32, Duration, Int32, Int64, Time32, Time64, Timestamp, UInt32, UInt64};
    let integers = matches!(
        sample.data_type(),
        Int32 | Int64 | UInt32 | UInt64 | Date32 | Timestamp(..) | Duration(_) | Time32(_) | Time64(_)
    );
    if !integers || sample.null_count() > 0 {
        return false;
    }
    let array = sample.as_ref();
    downcast_primitive_array!(
        array => {
            let values = array.values();
            values.is_sorted() || values.iter().rev().is_sorted()
        },
        _ => false
    )
}

/// Whether the codec makes the encoded sample smaller by a part worth the time of readers.
fn is_worth_compressing(sample: &ArrayRef, encoding: &Encoding) -> bool {
    // A sample that cannot be written shows nothing; the write itself will say why.
    let Ok((plain, compressed)) = trial(sample, encoding) else { return true };
    compressed + plain.div_ceil(WORTHWHILE) <= plain
}

/// Bytes of the sample's pages before and after compression.
fn trial(sample: &ArrayRef, encoding: &Encoding) -> Result<(usize, usize), ParquetError> {
    let schema = Arc::new(Schema::new(vec![Field::new("c", sample.data_type().clone(), true)]));
    let mut builder = WriterProperties::builder()
        .set_dictionary_enabled(encoding.dictionary)
        .set_compression(encoding.codec)
        .set_statistics_enabled(EnabledStatistics::None);
    if let Some(encoding) = encoding.encoding {
        builder = builder.set_encoding(encoding);
    }
    let batch = RecordBatch::try_new(schema.clone(), vec![sample.clone()])?;
    let mut writer = ArrowWriter::try_new(std::io::sink(), schema, Some(builder.build()))?;
    writer.write(&batch)?;
    let written = writer.close()?;
    let total = |size: fn(&parquet::file::metadata::ColumnChunkMetaData) -> i64| -> usize {
        let groups = written.row_groups().iter().flat_map(|group| group.columns());
        groups.map(|chunk| usize::try_from(size(chunk)).unwrap_or(0)).sum()
    };
    Ok((total(|chunk| chunk.uncompressed_size()), total(|chunk| chunk.compressed_size())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array, StringArray, TimestampNanosecondArray};

    fn chosen(values: impl Array + 'static) -> Encoding {
        let values: ArrayRef = Arc::new(values);
        choose(Some(&values), Dictionary::Auto, Compression::Auto).unwrap()
    }

    /// Numbers that look random.
    fn noise(row: i64) -> f64 {
        (row.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64) >> 11) as f64 * 1e-16
    }

    #[test]
    fn data_decides() {
        let random = chosen(Float64Array::from_iter_values((0..9000).map(noise)));
        let plain = basic::Compression::UNCOMPRESSED;
        assert_eq!(random, Encoding { dictionary: false, encoding: None, codec: plain });
        let times = chosen(TimestampNanosecondArray::from_iter_values((0..9000).map(|row| row * 1_000_000_000)));
        assert_eq!(times.encoding, Some(basic::Encoding::DELTA_BINARY_PACKED));
        let codes =
            chosen(Int64Array::from_iter_values((0..9000).map(|row| 900 + (noise(row).abs() * 1e5) as i64 % 300)));
        assert!(codes.dictionary);
        let names = chosen(StringArray::from_iter_values((0..9000).map(|row| format!("name {}", row % 26))));
        assert!(names.dictionary);
        let texts = chosen(StringArray::from_iter_values((0..9000).map(|row| format!("a text of row {row}"))));
        assert_eq!((texts.dictionary, texts.codec), (false, basic::Compression::SNAPPY));
        assert!(chosen(Int64Array::from(Vec::<i64>::new())).dictionary);
    }
}
