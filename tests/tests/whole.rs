//! Aggregates of a whole frame that depend on all of its values: the same in memory and beyond the budget.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use blockfold::prelude::*;
use blockfold::{ByteSize, Interpolation, Session};

/// Rows in partitions of uneven size, one empty and one of a single row: nulls, NaN, both zeros, duplicates, and a
/// column of which nine tenths are one value.
fn batches(rows: i64) -> Vec<RecordBatch> {
    let mut start = 0;
    let mut batches = Vec::new();
    for len in [1, 0, rows / 3, rows / 4, rows - 1 - rows / 3 - rows / 4] {
        let random = |row: i64| (row.wrapping_mul(6_364_136_223_846_793_005) >> 33).rem_euclid(1 << 30);
        let rows = || (start..start + len).map(random);
        let x: Float64Array = rows()
            .map(|r| match r {
                r if r % 97 == 0 => None,
                r if r % 101 == 0 => Some(f64::NAN),
                r if r % 103 == 0 => Some(if r % 2 == 0 { -0.0 } else { 0.0 }),
                r => Some((r % 1_000_003) as f64 / 7.0 - 50_000.0),
            })
            .collect();
        let heavy: Int32Array = rows().map(|r| Some(if r % 10 == 0 { (r % 5_000) as i32 } else { 2_500 })).collect();
        let name: StringArray = rows().map(|r| (r % 89 != 0).then(|| format!("n{}", r % 50_021))).collect();
        let when: TimestampMillisecondArray = rows().map(|r| (r % 7 != 0).then_some(r * 1_000)).collect();
        let none = Float64Array::from(vec![None; len as usize]);
        let row: Int64Array = (start..start + len).collect();
        start += len;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("x", Arc::new(x)),
            ("heavy", Arc::new(heavy)),
            ("name", Arc::new(name)),
            ("when", Arc::new(when)),
            ("none", Arc::new(none)),
            ("row", Arc::new(row)),
        ];
        batches.push(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap());
    }
    batches
}

fn session(mib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(threads).build().unwrap()
}

fn aggs() -> Vec<Expr> {
    vec![
        col("x").median().alias("median"),
        col("x").sum().alias("sum"),
        col("x").quantile(0.9).alias("ninth"),
        col("x").quantile(0.0).alias("least"),
        col("x").quantile(1.0).alias("most"),
        col("name").n_unique().alias("names"),
        col("heavy").median().alias("heavy"),
        (col("heavy") + 1).quantile(0.999).alias("more"),
        col("when").quantile_with(0.3, Interpolation::Linear).alias("when"),
        col("when").quantile_with(0.31, Interpolation::Nearest).alias("near"),
        col("heavy").mode().alias("mode"),
        col("name").mode().alias("name"),
        col("none").median().alias("none"),
        col("none").mode().alias("no_mode"),
        col("x").n_unique().alias("xs"),
        len(),
    ]
}

fn answer(frame: &LazyFrame) -> (RecordBatch, u64) {
    let answer = frame.agg(aggs()).collect().unwrap();
    (answer.to_batch().unwrap(), answer.report().spilled_bytes)
}

/// Sums of floats are NaN here; everything else is the same to the bit.
#[test]
fn the_same_beyond_the_budget() {
    let all = || batches(250_000);
    let ample = session(4096, 2);
    let input = ample.from_batches(all()).unwrap();
    assert!(!input.agg(aggs()).explain(Stage::Steps).unwrap().contains("pick ranks"), "small data is held");
    let (wanted, spilled) = answer(&input);
    assert_eq!((wanted.num_rows(), spilled), (1, 0));
    for (mib, threads) in [(64, 3), (12, 2), (8, 1)] {
        let session = session(mib, threads);
        let input = session.from_batches(all()).unwrap();
        assert!(input.agg(aggs()).explain(Stage::Steps).unwrap().contains("pick ranks"));
        let (got, spilled) = answer(&input);
        assert_eq!(got.schema(), wanted.schema());
        assert_eq!(format!("{:?}", got.columns()), format!("{:?}", wanted.columns()), "{mib} MiB");
        assert!(spilled > 0 || mib > 8, "{mib} MiB");
        assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
        // Sub-plans that are not read again, and whose rows are not known.
        if mib < 12 {
            continue;
        }
        let sorted = input.sort([asc("name"), asc("row")]);
        let (got, _) = answer(&sorted);
        assert_eq!(format!("{:?}", got.columns()), format!("{:?}", wanted.columns()), "sorted, {mib} MiB");
        if mib == 64 {
            let (got, _) = answer(&input.map_partitions(Ok));
            assert_eq!(format!("{:?}", got.columns()), format!("{:?}", wanted.columns()), "a function, {mib} MiB");
        }
    }
}

#[test]
fn few_rows_or_none_take_the_same_way() {
    for rows in [0, 1, 2, 11] {
        let session = session(64, 2);
        let input = session.from_batches(batches(20)).unwrap().filter(col("row").lt(rows));
        let (wanted, _) = answer(&input);
        // A function's results are not known to be few.
        let (got, _) = answer(&input.map_partitions(Ok));
        assert_eq!(format!("{:?}", got.columns()), format!("{:?}", wanted.columns()), "{rows} rows");
    }
}

#[test]
fn alone_and_in_expressions() {
    let wanted = session(4096, 1).from_batches(batches(200_000)).unwrap().agg([col("when").median()]);
    let wanted = wanted.collect().unwrap().scalar("when").unwrap();
    let session = session(8, 2);
    let input = session.from_batches(batches(200_000)).unwrap();
    assert_eq!(input.agg([col("when").median()]).collect().unwrap().scalar("when").unwrap(), wanted);
    let spread = input.agg([(col("heavy").quantile(0.75) - col("heavy").quantile(0.25)).alias("iqr")]);
    assert_eq!(spread.collect().unwrap().scalar("iqr").unwrap(), 0.0.into());
}
