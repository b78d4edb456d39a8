//! Joins that multiply rows: they stream within the budget, and the estimate says so before. What cannot be joined is
//! refused before a row is read.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use blockfold::ParquetWriteOptions;
use blockfold::prelude::*;

fn session(mib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(threads).build().unwrap()
}

/// Rows with a key of so many values, in partitions of 3,000.
fn rows(session: &Session, count: i64, keys: i64) -> LazyFrame {
    let batch = |start: i64| {
        let rows = || start..(start + 3000).min(count);
        let key: Int64Array = rows().map(|row| (row % 1001 != 7).then_some(row % keys)).collect();
        let id: Int64Array = rows().map(Some).collect();
        let text: StringArray = rows().map(|row| Some(format!("row {row:>10}"))).collect();
        let columns: Vec<(&str, ArrayRef)> =
            vec![("key", Arc::new(key)), ("id", Arc::new(id)), ("text", Arc::new(text))];
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
    };
    session.from_batches((0..count).step_by(3000).map(batch).collect()).unwrap()
}

fn number(frame: &LazyFrame, column: &str) -> i128 {
    frame.collect().unwrap().scalar(column).unwrap().integer().unwrap()
}

#[test]
fn a_cross_join_streams_within_the_budget() {
    let session = session(16, 2);
    let (left, right) = (rows(&session, 20_000, 10), rows(&session, 20_000, 10));
    let all = left.cross_join(&right);
    assert_eq!(all.len().unwrap(), 400_000_000);
    // Columns of both sides are put side by side; fewer rows, since that takes time.
    let few = left.filter(col("id").lt(500)).cross_join(&right.rename([("id", "there"), ("text", "other")]));
    let last = few.filter((col("id") + col("there")).gt(20_490)).agg([len(), col("other").max()]);
    let above = (0..500i128).map(|id| (19_999 + id - 20_490).max(0)).sum::<i128>();
    assert_eq!(number(&last, "len"), above);
    assert_eq!(session.promised_bytes(), 0);
}

#[test]
fn a_join_of_many_to_many_streams_within_the_budget() {
    for (mib, threads) in [(1024, 2), (16, 1), (16, 3)] {
        let session = session(mib, threads);
        let (left, right) = (rows(&session, 3_000, 3), rows(&session, 6_000, 3));
        let joined = left.join(&right, ["key"], JoinKind::Inner);
        let expected: i128 = (0..3).map(|key| count_of(3_000, key) * count_of(6_000, key)).sum();
        assert_eq!(number(&joined.agg([len()]), "len"), expected);
        let texts = joined.filter(col("id").eq(col("id_right"))).agg([len(), col("text_right").max()]);
        assert_eq!(number(&texts, "len"), (0..3).map(|key| count_of(3_000, key)).sum());
        assert_eq!(session.promised_bytes(), 0);
    }
}

/// Rows of a key with three values.
fn count_of(rows: i64, key: i64) -> i128 {
    (0..rows).filter(|row| row % 1001 != 7 && row % 3 == key).count() as i128
}

fn written(session: &Session, folder: &Path, name: &str, count: i64, keys: i64) -> LazyFrame {
    let path = folder.join(name);
    rows(session, count, keys).write_parquet(&path, ParquetWriteOptions::default()).unwrap();
    session.read_parquet(path.as_path()).unwrap()
}

#[test]
fn the_estimate_warns_of_rows_that_multiply() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(256, 2);
    let left = written(&session, folder.path(), "left", 9_000, 3);
    let right = written(&session, folder.path(), "right", 12_000, 3);
    let unique = written(&session, folder.path(), "unique", 12_000, 12_000);
    let joined = left.join(&right, ["key"], JoinKind::Inner);
    let estimate = joined.estimate().unwrap();
    // Three values and null.
    assert_eq!(estimate.rows(), Some(27_000_000 + 9_000));
    let warning =
        "warning: the join may give 27000000 rows: keys repeat, 9000 and 12000 rows have at most 4 values of key";
    assert!(estimate.to_string().contains(warning), "{estimate}");
    assert!(joined.explain(Stage::Memory).unwrap().contains(warning));
    let renamed = left.rename([("key", "k")]).filter(col("id").gt_eq(0));
    let args =
        JoinArgs { left_on: vec![col("k")], right_on: vec![col("key")], ..JoinArgs::on(JoinKind::Left, ["key"]) };
    assert!(renamed.join_with(&right, args).estimate().unwrap().to_string().contains("keys repeat"));
    for kind in [JoinKind::Semi, JoinKind::Anti] {
        assert!(left.join(&right, ["key"], kind).estimate().unwrap().warnings.is_empty());
    }
    let one_to_many = left.join(&unique, ["key"], JoinKind::Inner).estimate().unwrap();
    assert!(one_to_many.warnings.is_empty(), "{one_to_many}");
    let cross = left.cross_join(&right).estimate().unwrap();
    let warning = "warning: the join may give 108000000 rows: each of 9000 rows meets each of 12000";
    assert!(cross.to_string().contains(warning), "{cross}");
}

#[test]
fn what_cannot_be_joined_is_refused_before_a_run() {
    let session = session(64, 1);
    let (left, right) = (rows(&session, 10, 3), rows(&session, 10, 3));
    let dates = left.with_columns([col("id").cast(DType::Int32).cast(DType::Date32).alias("day")]);
    let error = |frame: LazyFrame| frame.schema().unwrap_err().to_string();
    let by = |left: &str, right: &str, kind| JoinArgs {
        left_on: vec![col(left)],
        right_on: vec![col(right)],
        ..JoinArgs::on(kind, ["key"])
    };
    let types = error(left.join_with(&right, by("text", "key", JoinKind::Inner)));
    for part in ["join on text = key", "cast one of them", "the left is Utf8", "Int64 on the right"] {
        assert!(types.contains(part), "{types}");
    }
    let types = error(dates.join_with(&right, by("day", "text", JoinKind::Left)));
    assert!(types.contains("the left is Date32") && types.contains("Utf8 on the right"), "{types}");
    let missing = error(left.join(&right, ["kee"], JoinKind::Inner));
    assert!(missing.contains("left side of join") && missing.contains("did you mean 'key'"), "{missing}");
    let missing = error(left.join_with(&right.drop(["key"]), by("key", "key", JoinKind::Inner)));
    assert!(missing.contains("right side of join") && missing.contains("id, text"), "{missing}");
    let taken = left.with_columns([lit(1).alias("id_right")]);
    let names = error(taken.join(&right, ["key"], JoinKind::Inner));
    for part in ["'id_right'", "(Int64 on the left)", "'id' of the right, Int64", "choose another suffix or rename"] {
        assert!(names.contains(part), "{names}");
    }
    let narrow = right.with_columns([col("key").cast(DType::Int32).alias("key")]);
    let full = error(left.join(&narrow, ["key"], JoinKind::Full));
    assert!(full.contains("Int64 on the left and Int32 on the right; cast one of them"), "{full}");
    let uneven = JoinArgs { left_on: vec![col("key"), col("id")], ..JoinArgs::on(JoinKind::Inner, ["key"]) };
    let uneven = error(left.join_with(&right, uneven));
    assert!(uneven.contains("2 keys on the left, 1 on the right; give each key one on the other side"), "{uneven}");
    let keyless = error(left.join(&right, Vec::<&str>::new(), JoinKind::Inner));
    assert!(keyless.contains("every other join needs at least one"), "{keyless}");
    let aggregates = error(left.join(&right, [col("key").sum()], JoinKind::Inner));
    assert!(aggregates.contains("join by values of rows"), "{aggregates}");
}
