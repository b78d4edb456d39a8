//! Filters: what is left out is never what was wanted.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
    UInt32Array,
};
use arrow::datatypes::TimeUnit;
use blockfold_core::{Expr, Scalar, col, lit};
use blockfold_io::parquet::ParquetSource;
use blockfold_kernels::evaluate;
use blockfold_plan::{Source, TaskContext};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;

use crate::support::{assert_same, batches, data_file, frame, join, open, read, write};

/// Rows in runs of similar values, so that groups and pages differ.
fn runs(values: &[(i16, u8)]) -> RecordBatch {
    let rows: Vec<(i64, usize)> = values
        .iter()
        .flat_map(|(value, rows)| (0..usize::from(*rows)).map(move |row| (i64::from(*value) + row as i64 % 3, row)))
        .collect();
    let kept = |(value, row): &(i64, usize)| (value + *row as i64) % 5 != 0;
    let number = |pair: &(i64, usize)| Some(pair.0).filter(|_| kept(pair));
    let float = |(value, row): &(i64, usize)| match (value % 11, row % 4) {
        (0, 0) => f64::NAN,
        (1, _) => 0.0,
        (2, _) => -0.0,
        _ => *value as f64 / 8.0,
    };
    let text = |(value, _): &(i64, usize)| format!("{}{:05}", "long prefix ".repeat(8), value + 40_000);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(rows.iter().map(number).collect::<Int64Array>())),
        ("s", Arc::new(rows.iter().map(|pair| Some(pair.0 as i32)).collect::<Int32Array>())),
        ("u", Arc::new(rows.iter().map(|pair| Some((pair.0 as u32).wrapping_mul(7))).collect::<UInt32Array>())),
        ("f", Arc::new(rows.iter().map(|pair| Some(float(pair)).filter(|_| kept(pair))).collect::<Float64Array>())),
        ("g", Arc::new(rows.iter().map(|pair| Some(float(pair) as f32)).collect::<Float32Array>())),
        ("t", Arc::new(rows.iter().map(|pair| Some(text(pair)).filter(|_| kept(pair))).collect::<StringArray>())),
        ("w", Arc::new(rows.iter().map(|pair| Some(pair.0 * 3_600_000)).collect::<TimestampMillisecondArray>())),
    ];
    frame(columns)
}

fn predicate() -> impl Strategy<Value = Expr> {
    let number = -40i64..40;
    let leaf = prop_oneof![
        (prop_oneof![Just("i"), Just("s"), Just("u")], number.clone(), 0..6u8)
            .prop_map(|(name, n, op)| { compare(col(name), op, lit(n)) }),
        (prop_oneof![Just("f"), Just("g")], number.clone(), 0..6u8)
            .prop_map(|(name, n, op)| { compare(col(name), op, lit(n as f64 / 8.0)) }),
        (prop_oneof![Just("f"), Just("g")], 0..6u8).prop_map(|(name, op)| compare(lit(0.1), op, col(name))),
        (prop_oneof![Just("f"), Just("i")], 0..6u8).prop_map(|(name, op)| compare(col(name), op, lit(f64::NAN))),
        (number.clone(), 0..6u8).prop_map(|(n, op)| {
            compare(col("t"), op, lit(format!("{}{:05}", "long prefix ".repeat(8), n + 40_000)))
        }),
        (number.clone(), 0..6u8)
            .prop_map(|(n, op)| { compare(col("w"), op, lit(Scalar::Timestamp(n * 3600, TimeUnit::Second, None))) }),
        prop_oneof![Just("i"), Just("f"), Just("t"), Just("s")].prop_map(|name| col(name).is_null()),
        proptest::collection::vec(number.clone(), 0..4).prop_map(|list| col("i").is_in(list)),
        proptest::collection::vec(number, 5..8).prop_map(|list| col("s").is_in(list)),
        Just(lit(Scalar::Null).eq(col("i"))),
        Just((col("i") + 1).gt(lit(3))),
        Just(lit(true)),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(|a| !a),
        ]
    })
}

fn compare(left: Expr, op: u8, right: Expr) -> Expr {
    match op {
        0 => left.eq(right),
        1 => left.neq(right),
        2 => left.lt(right),
        3 => left.lt_eq(right),
        4 => left.gt(right),
        _ => left.gt_eq(right),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn filters_are_exact(
        values in proptest::collection::vec((-30i16..30, 1u8..60), 1..12),
        filter in predicate(),
        group_rows in 20usize..200,
        page_rows in 5usize..60,
        bloom: bool,
        truncate: bool,
        batch_rows in 3usize..100,
        limit in proptest::option::of(0u64..100),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let batch = runs(&values);
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(group_rows))
            .set_data_page_row_count_limit(page_rows)
            .set_write_batch_size(page_rows)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_statistics_truncate_length(truncate.then_some(20))
            .set_column_index_truncate_length(truncate.then_some(100))
            .set_bloom_filter_enabled(bloom)
            .build();
        write(&path, &batch, properties);
        let source = open(&path).unwrap().with_batch_rows(batch_rows);
        let Ok(Some(filtered)) = source.with_filter(&filter) else { return Ok(()) };
        let expected = evaluate::filter(&filter, &batch).unwrap();
        let expected = join(&source.schema(), &[expected]);
        assert_same(&read(filtered.as_ref()).unwrap(), &expected, &filter.to_string());
        if let Some(limit) = limit {
            let limited = filtered.with_limit(limit).unwrap();
            let found = read(limited.as_ref()).unwrap();
            let rows = (limit as usize).min(expected.num_rows());
            assert_same(&found.slice(0, rows), &expected.slice(0, rows), "limited");
        }
        let narrow = filtered.with_columns(&blockfold_core::Columns::codes(["t"])).unwrap().unwrap();
        let rows = read(narrow.as_ref()).unwrap();
        assert_same(&rows, &expected.project(&[5]).unwrap(), "narrow");
    }
}

fn numbers(rows: i64) -> RecordBatch {
    let text = |i: i64| format!("{:03}", i * 7 % 1000);
    frame(vec![
        ("n", Arc::new((0..rows).map(Some).collect::<Int64Array>()) as ArrayRef),
        ("t", Arc::new((0..rows).map(|i| Some(text(i))).collect::<StringArray>())),
    ])
}

fn counted(source: &dyn Source) -> (usize, u64, u64, u64) {
    let task = TaskContext::default();
    let rows = batches(source, &task).unwrap().iter().map(RecordBatch::num_rows).sum();
    (rows, task.metrics.groups_skipped(), task.metrics.pages_skipped(), task.metrics.bytes_read())
}

#[test]
fn statistics_skip_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &numbers(1000), WriterProperties::builder().set_max_row_group_row_count(Some(100)).build());
    let source = open(&path).unwrap();
    let filtered = source.with_filter(&col("n").gt_eq(250).and(col("n").lt(320))).unwrap().unwrap();
    assert!(filtered.detail().contains("row groups 8 of 10 skipped by statistics"), "{}", filtered.detail());
    assert!(filtered.estimate(0).skipped && !filtered.estimate(2).skipped);
    assert_eq!(filtered.column_range("n"), Some((Scalar::Int(200), Scalar::Int(399))));
    assert_eq!(source.column_range("n"), Some((Scalar::Int(0), Scalar::Int(999))));
    let (rows, groups, ..) = counted(filtered.as_ref());
    assert_eq!((rows, groups), (70, 8));
}

#[test]
fn bloom_filters_skip_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(100)).set_bloom_filter_enabled(true).build();
    write(&path, &numbers(1000), properties);
    let filtered = open(&path).unwrap().with_filter(&col("t").eq("014")).unwrap().unwrap();
    let (rows, groups, ..) = counted(filtered.as_ref());
    assert!(rows == 1 && groups >= 8, "{groups}");
    let filtered = open(&path).unwrap().with_filter(&col("t").is_in(["014", "x"])).unwrap().unwrap();
    assert_eq!(counted(filtered.as_ref()).0, 1);
}

#[test]
fn page_indexes_skip_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let properties = WriterProperties::builder()
        .set_data_page_row_count_limit(1000)
        .set_write_batch_size(1000)
        .set_dictionary_enabled(false)
        .build();
    write(&path, &numbers(100_000), properties);
    let source = open(&path).unwrap();
    let (all, .., bytes) = counted(&source);
    let filtered = source.with_filter(&col("n").gt_eq(50_500).and(col("n").lt(50_600))).unwrap().unwrap();
    let (rows, _, pages, fewer_bytes) = counted(filtered.as_ref());
    assert_eq!((all, rows), (100_000, 100));
    assert!(pages > 90, "{pages}");
    assert!(fewer_bytes < bytes, "{fewer_bytes} {bytes}");
}

#[test]
fn divisions_come_from_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..3)
        .map(|i| {
            let path = folder.path().join(format!("{i}.parquet"));
            let times = (0..10).map(|row| Some(i * 100 + row)).collect::<TimestampMillisecondArray>();
            write(&path, &frame(vec![("when", Arc::new(times) as ArrayRef)]), WriterProperties::default());
            data_file(path)
        })
        .collect();
    let source = ParquetSource::open(files.clone()).unwrap();
    let divisions = source.grid().divisions().cloned().unwrap();
    let at = |millis| Scalar::Timestamp(millis, TimeUnit::Millisecond, None);
    assert_eq!(divisions.bounds.as_ref(), [at(0), at(100), at(200), at(209)]);
    assert_eq!(source.divisions_on("when"), Some(divisions));
    let reversed = ParquetSource::open(files.into_iter().rev().collect()).unwrap();
    assert_eq!(reversed.grid().divisions(), None);
}
