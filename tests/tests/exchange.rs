//! What moves rows gives the same answer whatever has to wait in scratch.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use blockfold::prelude::*;
use blockfold::{ByteSize, ParquetWriteOptions, Session};

const ROWS: i64 = 400_000;

/// Rows in partitions of uneven size, with nulls, NaN and a key that holds half of them.
fn batches() -> Vec<RecordBatch> {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as i64
    };
    let mut start = 0;
    let mut batches = Vec::new();
    for len in [1, 0, 70_000, 150_000, 30_000, ROWS - 250_001] {
        let rows: Vec<i64> = (0..len).map(|_| random()).collect();
        let key: Int64Array = rows.iter().map(|r| (r % 101 != 0).then(|| r % 150_000)).collect();
        let skewed: Int64Array = rows.iter().map(|r| Some(if r % 2 == 0 { 7 } else { r % 50_000 })).collect();
        let name: StringArray = rows.iter().map(|r| (r % 89 != 0).then(|| format!("id{:010}", r % 120_000))).collect();
        let x: Float64Array = rows
            .iter()
            .map(|r| (r % 97 != 0).then(|| if r % 1009 == 0 { f64::NAN } else { (r % 1000) as f64 }))
            .collect();
        let row: Int64Array = (start..start + len).collect();
        start += len;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("key", Arc::new(key)),
            ("skewed", Arc::new(skewed)),
            ("name", Arc::new(name)),
            ("x", Arc::new(x)),
            ("row", Arc::new(row)),
        ];
        batches.push(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap());
    }
    batches
}

fn session(mib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(threads).build().unwrap()
}

/// The rows of a frame as texts, sorted, and the bytes that were spilled.
fn rows(frame: &LazyFrame) -> (Vec<String>, u64) {
    let frame = frame.collect_partitions().unwrap();
    let mut rows = Vec::new();
    for batch in frame {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let texts: Vec<String> = batch
                .columns()
                .iter()
                .map(|column| {
                    if column.is_null(row) {
                        "null".to_string()
                    } else {
                        arrow::util::display::array_value_to_string(column, row).unwrap()
                    }
                })
                .collect();
            rows.push(texts.join("|"));
        }
    }
    rows.sort();
    (rows, 0)
}

/// The plan's rows at ample and at small budgets, on few and on many threads.
fn same_at_all_budgets(plan: impl Fn(LazyFrame) -> LazyFrame, what: &str) -> Vec<String> {
    let run = |mib: u64, threads: usize| {
        let session = session(mib, threads);
        let input = session.from_batches(batches()).unwrap();
        let (rows, _) = rows(&plan(input));
        assert_eq!(session.promised_bytes(), 0, "{what}: a permit was not given back");
        rows
    };
    let ample = run(4096, 1);
    for (mib, threads) in [(4096, 4), (64, 2), (24, 1), (16, 3)] {
        let other = run(mib, threads);
        assert_eq!(ample.len(), other.len(), "{what} at {mib} MiB, {threads} threads");
        let first = ample.iter().zip(&other).position(|(a, b)| a != b);
        assert_eq!(first, None, "{what} at {mib} MiB, {threads} threads: {:?}", first.map(|i| (&ample[i], &other[i])));
    }
    ample
}

#[test]
fn many_groups() {
    let aggs =
        || [col("x").sum().alias("sum"), col("x").count().alias("count"), col("row").min().alias("first"), len()];
    let groups = same_at_all_budgets(|frame| frame.group_by(["key"]).agg(aggs()), "by key");
    assert_eq!(groups.len(), 140_001.min(groups.len()));
    same_at_all_budgets(|frame| frame.group_by(["name", "key"]).agg(aggs()), "by name and key");
    same_at_all_budgets(|frame| frame.group_by(["skewed"]).agg(aggs()), "by a skewed key");
    same_at_all_budgets(
        |frame| {
            frame.group_by(["key"]).agg([len()]).filter(col("len").gt(3)).agg([len(), col("len").sum().alias("sum")])
        },
        "groups of groups",
    );
}

/// The rows of a frame as texts, in order.
fn in_order(frame: &LazyFrame) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in frame.collect_partitions().unwrap() {
        let batch = batch.unwrap();
        let text = |column: &ArrayRef, row: usize| match column.is_null(row) {
            true => "null".to_string(),
            false => arrow::util::display::array_value_to_string(column, row).unwrap(),
        };
        rows.extend((0..batch.num_rows()).map(|row| {
            let texts: Vec<String> = batch.columns().iter().map(|column| text(column, row)).collect();
            texts.join("|")
        }));
    }
    rows
}

#[test]
fn sorted_rows() {
    let sorts: [fn(LazyFrame) -> LazyFrame; 4] = [
        |frame| frame.sort(["name", "x"]),
        |frame| frame.sort([desc("x").nulls_first(), asc("skewed")]),
        |frame| frame.sort([asc("skewed")]).select([col("skewed"), col("row")]),
        |frame| frame.sort([desc("row")]).filter(col("x").gt(990.0)).select([col("row")]),
    ];
    for (s, sort) in sorts.iter().enumerate() {
        let run = |mib: u64, threads: usize| {
            let session = session(mib, threads);
            let rows = in_order(&sort(session.from_batches(batches()).unwrap()));
            assert_eq!(session.promised_bytes(), 0);
            rows
        };
        let ample = run(4096, 1);
        for (mib, threads) in [(4096, 4), (64, 2), (24, 1), (12, 3)] {
            let other = run(mib, threads);
            let first = ample.iter().zip(&other).position(|(a, b)| a != b);
            let rows = first.map(|at| (&ample[at], &other[at]));
            assert_eq!((ample.len(), rows), (other.len(), None), "sort {s} at {mib} MiB, {threads} threads");
        }
    }
}

#[test]
fn joined_rows() {
    let right = |session: &Session, every: i64| {
        let batches: Vec<RecordBatch> = batches().into_iter().skip(2).collect();
        let right = session.from_batches(batches).unwrap().filter((col("row") % every).eq(0));
        right.select([col("key"), col("name"), (col("x") * 2.0).alias("x"), col("row").alias("there")])
    };
    for every in [1, 50] {
        for kind in [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti] {
            let run = |mib: u64, threads: usize| {
                let session = session(mib, threads);
                let left = session.from_batches(batches()).unwrap().filter((col("row") % 3).eq(0));
                let rows = rows(&left.join(&right(&session, every), ["key"], kind)).0;
                assert_eq!(session.promised_bytes(), 0);
                rows
            };
            let ample = run(4096, 1);
            for (mib, threads) in [(4096, 4), (48, 2), (16, 1)] {
                let other = run(mib, threads);
                let first = ample.iter().zip(&other).position(|(a, b)| a != b);
                assert_eq!(
                    (ample.len(), first),
                    (other.len(), None),
                    "{kind:?} {every} at {mib} MiB, {threads} threads"
                );
            }
        }
    }
}

/// Budgets at which a join of files is read, moved and written at once.
#[test]
fn joined_rows_are_written_at_small_budgets() {
    let root = tempfile::tempdir().unwrap();
    let options = || ParquetWriteOptions::default().overwrite(true);
    let (input, output) = (root.path().join("input"), root.path().join("output"));
    session(1024, 2).from_batches(batches()).unwrap().write_parquet(&input, options()).unwrap();
    let run = |mib: u64| {
        let session = session(mib, 2);
        let frame = session.read_parquet(input.as_path()).unwrap();
        let right = frame.select([col("key"), col("name").alias("other"), col("row").alias("there")]);
        let joined = frame.filter((col("row") % 3).eq(0)).join(&right, ["key"], JoinKind::Left);
        joined.write_parquet(&output, options()).unwrap();
        assert_eq!(session.promised_bytes(), 0);
        rows(&session.read_parquet(output.as_path()).unwrap()).0
    };
    let ample = run(1024);
    assert!(ample.len() > 300_000);
    for mib in [32, 48] {
        assert!(ample == run(mib), "other rows at {mib} MiB");
    }
}

#[test]
fn shuffles_and_samples() {
    let run = |mib: u64, threads: usize, f: &dyn Fn(LazyFrame) -> LazyFrame| {
        let session = session(mib, threads);
        in_order(&f(session.from_batches(batches()).unwrap().select([col("row"), col("name")])))
    };
    let plain = run(4096, 2, &|frame| frame);
    let shuffled = run(4096, 1, &|frame| frame.shuffle(7));
    assert_ne!(plain, shuffled);
    assert_eq!(shuffled, run(16, 3, &|frame| frame.shuffle(7)));
    assert_ne!(shuffled, run(4096, 1, &|frame| frame.shuffle(8)));
    let sorted = |mut rows: Vec<String>| {
        rows.sort();
        rows
    };
    assert_eq!(sorted(plain.clone()), sorted(shuffled));
    let sampled = run(4096, 1, &|frame| frame.sample(0.1, 1));
    assert_eq!(sampled, run(24, 3, &|frame| frame.sample(0.1, 1)));
    assert!((38_000..42_000).contains(&sampled.len()), "{}", sampled.len());
    assert_eq!(run(4096, 1, &|frame| frame.sample_n(50, 1)).len(), 50);
    assert_eq!(run(4096, 1, &|frame| frame.sample(1.0, 1)).len(), plain.len());
    assert_eq!(run(4096, 1, &|frame| frame.sample(0.0, 1)).len(), 0);
    let bad = session(64, 1).from_batches(batches()).unwrap().sample(-0.5, 1).collect().unwrap_err();
    assert!(bad.to_string().contains("give one from 0 to 1"), "{bad}");
}
