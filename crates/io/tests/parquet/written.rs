//! Files written with many settings, read back bit for bit.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt16Array, UInt64Array,
};
use blockfold_core::{Columns, Form, col};
use blockfold_plan::Source;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

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

/// Where nulls are.
#[derive(Clone, Copy, Debug)]
enum Nulls {
    None,
    All,
    Some(u64),
    Runs(u64),
}

/// Columns of the types that have a fast path, `distinct` different values in each.
fn flat_columns(rows: usize, distinct: u64, nulls: Nulls, seed: u64) -> RecordBatch {
    let mut next = noise(seed);
    let mut is_null = noise(seed + 1);
    let mut values: Vec<Option<u64>> = Vec::with_capacity(rows);
    let mut run = (0, false);
    for _ in 0..rows {
        let null = match nulls {
            Nulls::None => false,
            Nulls::All => true,
            Nulls::Some(every) => is_null().is_multiple_of(every),
            Nulls::Runs(length) => {
                run = if run.0 == 0 { (is_null() % length + 1, !run.1) } else { (run.0 - 1, run.1) };
                run.1
            }
        };
        let value = next() % distinct;
        values.push(Some(value).filter(|_| !null));
    }
    let map = |values: &Vec<Option<u64>>| values.clone().into_iter();
    frame(vec![
        ("i32", Arc::new(map(&values).map(|v| v.map(|v| v as i32 - 40)).collect::<Int32Array>()) as ArrayRef),
        ("i64", Arc::new(map(&values).map(|v| v.map(|v| (v * v) as i64)).collect::<Int64Array>())),
        ("f32", Arc::new(map(&values).map(|v| v.map(|v| v as f32 / 3.0)).collect::<Float32Array>())),
        (
            "f64",
            Arc::new(
                map(&values)
                    .map(|v| v.map(|v| if v == 7 { f64::NAN } else { v as f64 / 3.0 }))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "t",
            Arc::new(
                map(&values).map(|v| v.map(|v| "ä".repeat((v % 5) as usize) + &v.to_string())).collect::<StringArray>(),
            ),
        ),
        ("b", Arc::new(map(&values).map(|v| v.map(|v| v % 2 == 0)).collect::<BooleanArray>())),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn random_files_equal_arrow(
        rows in 0usize..3000,
        distinct in prop_oneof![Just(1u64), Just(2), 3u64..200, Just(1 << 20)],
        nulls in prop_oneof![Just(Nulls::None), Just(Nulls::All), (2u64..20).prop_map(Nulls::Some), (1u64..200).prop_map(Nulls::Runs)],
        codec in prop_oneof![Just(Compression::UNCOMPRESSED), Just(Compression::SNAPPY), Just(Compression::LZ4_RAW)],
        version in prop_oneof![Just(WriterVersion::PARQUET_1_0), Just(WriterVersion::PARQUET_2_0)],
        dictionary: bool,
        dictionary_bytes in prop_oneof![Just(300usize), Just(1 << 20)],
        page_rows in 1usize..1500,
        group_rows in 200usize..4000,
        batch_rows in 1usize..2000,
        codes in proptest::collection::vec(any::<bool>(), 6),
        bound in proptest::option::of(-50i64..100),
        limit in proptest::option::of(0u64..2000),
        seed in 0u64..1000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let batch = flat_columns(rows, distinct, nulls, seed);
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_writer_version(version)
            .set_dictionary_enabled(dictionary)
            .set_dictionary_page_size_limit(dictionary_bytes)
            .set_data_page_row_count_limit(page_rows)
            .set_write_batch_size(page_rows.min(64))
            .set_max_row_group_row_count(Some(group_rows))
            .build();
        write(&path, &batch, properties);
        let mut source: Arc<dyn Source> = Arc::new(open(&path).unwrap().with_batch_rows(batch_rows));
        let forms = batch.schema().fields().iter().zip(codes).map(|(field, coded)| {
            (field.name().clone(), if coded { Form::Codes } else { Form::Values })
        }).collect();
        source = source.with_columns(&Columns::Some(forms)).unwrap().unwrap_or(source);
        let mut expected = reference(&path, &source.schema()).unwrap();
        if let Some(bound) = bound {
            let filter = col("i32").gt(bound).or(col("t").eq("ä1"));
            source = source.with_filter(&filter).unwrap().unwrap();
            expected = blockfold_kernels::evaluate::filter(&filter, &expected).unwrap();
        }
        let mut found = read(source.as_ref()).unwrap();
        assert_same(&found, &expected, "all rows");
        if let Some(limit) = limit {
            found = read(source.with_limit(limit).unwrap_or(source).as_ref()).unwrap();
            let rows = expected.num_rows().min(limit as usize);
            assert!(bound.is_some() || found.num_rows() == rows);
            assert_same(&found.slice(0, rows), &expected.slice(0, rows), "limited");
        }
    }
}
