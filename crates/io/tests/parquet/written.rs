//! Files written with many settings, read back bit for bit.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt16Array, UInt64Array,
};
use blockfold_core::{Columns, col};
use blockfold_plan::Source;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::support::{assert_same, frame, open, read, reference, write};

/// Numbers that look random and are always the same.
pub fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }
}

/// A frame of all plain types; every `nulls`-th value is null, none when 0.
pub fn sample(rows: usize, nulls: usize) -> RecordBatch {
    let mut next = noise(7);
    let mut values = |distinct: u64| -> Vec<Option<u64>> {
        (0..rows).map(|row| Some(next() % distinct).filter(|_| nulls == 0 || row % nulls != 0)).collect()
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(values(2).into_iter().map(|v| v.map(|v| v == 1)).collect::<BooleanArray>())),
        ("i8", Arc::new(values(200).into_iter().map(|v| v.map(|v| v as i8)).collect::<Int8Array>())),
        ("u16", Arc::new(values(5000).into_iter().map(|v| v.map(|v| v as u16)).collect::<UInt16Array>())),
        ("i32", Arc::new(values(1000).into_iter().map(|v| v.map(|v| v as i32 - 500)).collect::<Int32Array>())),
        ("i64", Arc::new(values(u64::MAX).into_iter().map(|v| v.map(|v| v as i64)).collect::<Int64Array>())),
        ("u64", Arc::new(values(u64::MAX).into_iter().map(|v| v.map(|v| v << 8)).collect::<UInt64Array>())),
        ("f32", Arc::new(values(100).into_iter().map(|v| v.map(|v| v as f32 / 7.0)).collect::<Float32Array>())),
        ("f64", Arc::new(values(u64::MAX).into_iter().map(|v| v.map(f64::from_bits)).collect::<Float64Array>())),
        ("date", Arc::new(values(20000).into_iter().map(|v| v.map(|v| v as i32)).collect::<Date32Array>())),
        (
            "time",
            Arc::new(values(1 << 50).into_iter().map(|v| v.map(|v| v as i64)).collect::<TimestampMicrosecondArray>()),
        ),
        ("name", Arc::new(values(26).into_iter().map(|v| v.map(|v| format!("name {v}"))).collect::<StringArray>())),
        ("text", Arc::new(values(1 << 40).into_iter().map(|v| v.map(|v| format!("{v:x}"))).collect::<StringArray>())),
    ];
    frame(columns)
}

fn settings() -> Vec<(String, WriterProperties)> {
    let mut all = Vec::new();
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for dictionary in [true, false] {
                for tiny in [true, false] {
                    let builder = WriterProperties::builder()
                        .set_compression(codec)
                        .set_writer_version(version)
                        .set_dictionary_enabled(dictionary)
                        .set_max_row_group_row_count(Some(2500));
                    let builder = if tiny {
                        builder
                            .set_data_page_row_count_limit(100)
                            .set_write_batch_size(64)
                            .set_dictionary_page_size_limit(2000)
                    } else {
                        builder
                    };
                    all.push((format!("{codec} {version:?} dictionary {dictionary} tiny {tiny}"), builder.build()));
                }
            }
        }
    }
    all
}

#[test]
fn equals_arrow_with_all_settings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    for nulls in [0, 1, 3] {
        let batch = sample(6000, nulls);
        for (what, properties) in settings() {
            let what = format!("{what} nulls {nulls}");
            write(&path, &batch, properties);
            let source = open(&path).unwrap();
            assert_eq!(source.grid().blocks(), 3, "{what}");
            let expected = reference(&path, &source.schema()).unwrap();
            assert_same(&read(&source).unwrap(), &expected, &what);
            assert_same(&read(&source.clone().with_batch_rows(77)).unwrap(), &expected, &what);
            let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            let coded = source.with_columns(&Columns::codes(names)).unwrap().unwrap();
            assert_same(&read(coded.as_ref()).unwrap(), &expected, &what);
        }
    }
}

#[test]
fn no_columns_give_row_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &sample(1000, 3), WriterProperties::builder().build());
    let source = open(&path).unwrap().with_columns(&Columns::none()).unwrap().unwrap();
    assert_eq!(read(source.as_ref()).unwrap().num_rows(), 1000);
    assert_eq!(source.estimate(0).read_bytes, 0);
    let filtered = open(&path).unwrap().with_filter(&col("name").eq("name 3")).unwrap().unwrap();
    let counted = filtered.with_columns(&Columns::none()).unwrap().unwrap();
    let rows = read(filtered.as_ref()).unwrap().num_rows();
    assert!(rows > 10 && rows == read(counted.as_ref()).unwrap().num_rows());
}

#[test]
fn limits_leave_partitions_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let batch = sample(1000, 0);
    write(&path, &batch, WriterProperties::builder().set_max_row_group_row_count(Some(300)).build());
    let source = open(&path).unwrap();
    assert_eq!(source.grid().blocks(), 4);
    let limited = source.with_limit(450).unwrap();
    assert_eq!(limited.grid().blocks(), 2);
    assert_same(&read(limited.as_ref()).unwrap(), &batch.slice(0, 450), "limit");
    assert_eq!(read(source.with_limit(0).unwrap().as_ref()).unwrap().num_rows(), 0);
}
