//! A join's build side tells its probe side's source what need not be read; answers stay what they were.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use blockfold::prelude::*;
use blockfold::{ParquetWriteOptions, RunReport};

const GROUPS: i64 = 20;
const ROWS: i64 = 5_000;

fn session(mib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(threads).build().unwrap()
}

/// A number that looks like chance.
fn mixed(row: i64) -> i64 {
    (row.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 17).rem_euclid(1_000_003)
}

/// Rows whose first keys ascend over all groups, with nulls; `any` is in no order.
fn fact(group: i64) -> RecordBatch {
    let rows = || group * ROWS..(group + 1) * ROWS;
    let seldom = |row: i64| row % 97 == 5;
    let k: Int64Array = rows().map(|row| (!seldom(row)).then_some(row / 3)).collect();
    let small: Int32Array = rows().map(|row| i32::try_from(row / 3).ok()).collect();
    let day: Date32Array = rows().map(|row| i32::try_from(row / 100).ok()).collect();
    let at = cast(&rows().map(|row| Some(row * 1000)).collect::<Int64Array>(), &timestamps()).unwrap();
    let name: StringArray = rows().map(|row| (!seldom(row)).then(|| format!("n{:07}", row / 3))).collect();
    let any: Int64Array = rows().map(|row| Some(mixed(row))).collect();
    let x: Float64Array = rows().map(|row| Some(if seldom(row) { f64::NAN } else { row as f64 / 7.0 })).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("k", Arc::new(k)),
        ("small", Arc::new(small)),
        ("day", Arc::new(day)),
        ("at", at),
        ("name", Arc::new(name)),
        ("any", Arc::new(any)),
        ("x", Arc::new(x)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn timestamps() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

/// The rows as files of one row group each.
fn written(folder: &Path) -> PathBuf {
    let out = folder.join("fact");
    let options = ParquetWriteOptions::default().bloom_filter("any", 10_000);
    let frame = session(512, 2).from_batches((0..GROUPS).map(fact).collect()).unwrap();
    frame.write_parquet(&out, options).unwrap();
    out
}

/// Some rows of the fact as a build side, with a column of its own.
fn rows_of(session: &Session, rows: &[i64]) -> LazyFrame {
    let taken = |row: &i64| fact(row / ROWS).slice(usize::try_from(row % ROWS).unwrap(), 1);
    let mut batches: Vec<RecordBatch> = rows.iter().map(taken).collect();
    if batches.is_empty() {
        batches.push(fact(0).slice(0, 0));
    }
    session.from_batches(batches).unwrap().rename([("x", "y")])
}

/// The rows in order, each as text, and what the run needed.
fn in_order(frame: &LazyFrame) -> (Vec<String>, RunReport) {
    let frame = frame.collect().unwrap();
    let batch = frame.to_batch().unwrap();
    let text = |column: &ArrayRef, row| match column.is_null(row) {
        true => "null".to_string(),
        false => arrow::util::display::array_value_to_string(column, row).unwrap(),
    };
    let row = |row| batch.columns().iter().map(|column| text(column, row)).collect::<Vec<_>>().join("|");
    ((0..batch.num_rows()).map(row).collect(), frame.report().clone())
}

/// Joins a probe side with and without a filter of its source; the row groups that only the filter skipped.
fn skipped(join: &dyn Fn(LazyFrame) -> LazyFrame, key: &str, files: &Path, session: &Session) -> u64 {
    compared(join, key, files, session, true)
}

/// The same where both sides are brought together: in how many parts follows from expected bytes, those of computed
/// columns among them, so that the order of rows may be another.
fn skipped_in_any_order(join: &dyn Fn(LazyFrame) -> LazyFrame, key: &str, files: &Path, session: &Session) -> u64 {
    compared(join, key, files, session, false)
}

fn compared(
    join: &dyn Fn(LazyFrame) -> LazyFrame,
    key: &str,
    files: &Path,
    session: &Session,
    is_ordered: bool,
) -> u64 {
    let fact = || session.read_parquet(files).unwrap();
    let (mut filtered, report) = in_order(&join(fact()));
    // A key that is computed is not known to the source.
    let computed = fact().with_columns([col(key).fill_null(lit(blockfold::Scalar::Null)).alias(key)]);
    let (mut plain, plain_report) = in_order(&join(computed));
    if !is_ordered {
        filtered.sort();
        plain.sort();
    }
    assert_eq!(filtered.len(), plain.len(), "{key}");
    assert!(filtered == plain, "{key}: the answers differ");
    report.groups_skipped - plain_report.groups_skipped
}

#[test]
fn the_range_of_each_type_of_key_rules_groups_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    // More keys than are looked for one by one, in two of the groups.
    let rows: Vec<i64> = (0..40).map(|row| 3 * ROWS + row * 200 + 7).collect();
    for (mib, threads) in [(512, 1), (512, 4), (16, 2)] {
        let session = session(mib, threads);
        for key in ["k", "small", "day", "at", "name"] {
            for kind in [JoinKind::Inner, JoinKind::Semi] {
                let build = rows_of(&session, &rows).select([col(key), col("y")]);
                let join = |fact: LazyFrame| fact.join(&build, [key], kind);
                let skipped = skipped(&join, key, &files, &session);
                assert_eq!(skipped, 18, "{key} {kind:?} at {mib} MiB");
            }
        }
    }
}

#[test]
fn rows_that_are_kept_without_a_partner_are_not_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let session = session(512, 2);
    let build = rows_of(&session, &(0..40).map(|row| 3 * ROWS + row * 200 + 7).collect::<Vec<_>>());
    for kind in [JoinKind::Left, JoinKind::Anti, JoinKind::Full] {
        let build = build.select([col("k"), col("y")]);
        assert_eq!(skipped_in_any_order(&|fact| fact.join(&build, ["k"], kind), "k", &files, &session), 0, "{kind:?}");
    }
    // With so little memory the long side is no table.
    let session = self::session(16, 2);
    let build = rows_of(&session, &(0..40).map(|row| 3 * ROWS + row * 200 + 7).collect::<Vec<_>>());
    // All rows of the small side are kept; those of the large one need a partner.
    for kind in [JoinKind::Left, JoinKind::Semi, JoinKind::Anti] {
        let join = |fact: LazyFrame| build.join(&fact.select([col("k"), col("any").alias("other")]), ["k"], kind);
        assert_eq!(skipped_in_any_order(&join, "k", &files, &session), 18, "{kind:?}, small side on the left");
    }
    let join = |fact: LazyFrame| fact.select([col("k"), col("any")]).join(&build, ["k"], JoinKind::Right);
    assert_eq!(skipped_in_any_order(&join, "k", &files, &session), 18);
}

#[test]
fn few_keys_ask_bloom_filters_and_none_skips_all() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let session = session(512, 2);
    let build = rows_of(&session, &[17, 19 * ROWS + 3]).select([col("any"), col("k"), col("y")]);
    let by_any = |fact: LazyFrame| fact.join(&build, ["any"], JoinKind::Inner);
    // About one absent key of a hundred passes.
    assert!(skipped(&by_any, "any", &files, &session) >= 14);
    // The range covers all; the keys are in two groups.
    let by_k = |fact: LazyFrame| fact.join(&build, ["k"], JoinKind::Inner);
    assert_eq!(skipped(&by_k, "k", &files, &session), 18);
    let none = rows_of(&session, &[]).select([col("k"), col("y")]);
    assert_eq!(skipped(&|fact| fact.join(&none, ["k"], JoinKind::Inner), "k", &files, &session), 20);
}

#[test]
fn keys_are_followed_through_what_lies_between() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let session = session(512, 2);
    let rows: Vec<i64> = (0..40).map(|row| 3 * ROWS + row * 200 + 7).collect();
    let build = rows_of(&session, &rows).select([col("k"), col("y")]);
    let few = rows_of(&session, &rows[..30]).select([col("name"), col("day").alias("other_day")]);
    type Verb<'a> = Box<dyn Fn(LazyFrame) -> LazyFrame + 'a>;
    let plans: Vec<(&str, Verb<'_>)> = vec![
        (
            "renamed and filtered",
            Box::new(|fact| {
                let other =
                    fact.rename([("k", "key")]).filter(col("x").gt(3.0)).with_columns([(col("x") * 2).alias("x")]);
                other.join(&build.rename([("k", "key")]), ["key"], JoinKind::Inner)
            }),
        ),
        (
            "below another join",
            Box::new(|fact| fact.join(&few, ["name"], JoinKind::Left).join(&build, ["k"], JoinKind::Inner)),
        ),
        (
            "two filters on one source",
            Box::new(|fact| fact.join(&few, ["name"], JoinKind::Inner).join(&build, ["k"], JoinKind::Inner)),
        ),
        (
            "a source that others read, too",
            Box::new(|fact| {
                let joined = fact.join(&build, ["k"], JoinKind::Inner).select([col("k"), col("x")]);
                concat([joined, fact.select([col("k"), col("x")])]).unwrap()
            }),
        ),
        (
            "rows of one source twice",
            Box::new(|fact| {
                let twice = concat([fact.clone(), fact.filter(col("x").lt(10.0))]).unwrap();
                twice.join(&build, ["k"], JoinKind::Inner)
            }),
        ),
    ];
    for (what, join) in plans {
        let skipped = skipped(&*join, "k", &files, &session);
        // In these the plan without the filter skips some, too.
        let is_exempt = ["two filters on one source", "rows of one source twice"].contains(&what);
        assert!(is_exempt || skipped >= 18, "{what}: {skipped}");
    }
    // A limit comes before the join.
    let limited = |fact: LazyFrame| fact.head(16_000).join(&build, ["k"], JoinKind::Inner);
    assert_eq!(skipped(&limited, "k", &files, &session), 0);
}

#[test]
fn nulls_that_equal_each_other_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let session = session(512, 2);
    let rows: Vec<i64> = (0..40).map(|row| 3 * ROWS + row * 200 + 7).chain([5]).collect();
    let build = rows_of(&session, &rows).select([col("k"), col("y")]);
    let join = |fact: LazyFrame| {
        let args = JoinArgs { null_equals_null: true, ..JoinArgs::on(JoinKind::Inner, ["k"]) };
        fact.join_with(&build, args)
    };
    assert_eq!(skipped(&join, "k", &files, &session), 0);
    let (rows, _) = in_order(&join(session.read_parquet(files.as_path()).unwrap()));
    assert!(rows.len() > 1000, "{}", rows.len());
}

#[test]
fn a_range_that_covers_the_source_is_no_filter() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let session = session(512, 2);
    let rows: Vec<i64> = (0..GROUPS * ROWS).step_by(101).chain([GROUPS * ROWS - 1]).collect();
    let build = rows_of(&session, &rows).select([col("k"), col("y")]);
    assert_eq!(skipped(&|fact| fact.join(&build, ["k"], JoinKind::Inner), "k", &files, &session), 0);
}

#[test]
fn explain_names_the_filter() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let session = session(512, 2);
    let build = rows_of(&session, &[1, 2]).select([col("k").alias("key"), col("y")]);
    let fact = session.read_parquet(files.as_path()).unwrap();
    let args = JoinArgs { left_on: vec![col("k")], right_on: vec![col("key")], ..JoinArgs::on(JoinKind::Inner, ["k"]) };
    let text = fact.join_with(&build, args.clone()).explain(Stage::Steps).unwrap();
    assert!(text.contains("dynamic filter on k from build"), "{text}");
    let computed = fact.with_columns([(col("k") + 1).alias("k")]);
    let text = computed.join_with(&build, args).explain(Stage::Steps).unwrap();
    assert!(!text.contains("dynamic filter"), "{text}");
}

/// Rows that are in memory, whose keys have no order: only what moves can be saved.
#[test]
fn rows_without_a_partner_do_not_move() {
    let long = |session: &Session| session.from_batches((0..GROUPS * 4).map(fact).collect()).unwrap();
    let run = |mib: u64, threads: usize, kind: JoinKind, is_plain: bool| {
        let session = session(mib, threads);
        let left = long(&session).select([col("any"), col("x"), col("k"), col("name")]);
        let left = if is_plain {
            left.with_columns([col("any").fill_null(lit(blockfold::Scalar::Null)).alias("any")])
        } else {
            left
        };
        // Every fifth row, too many for a table in so little memory.
        let right =
            long(&session).filter((col("k") % 5).eq(1)).select([col("any"), col("name").alias("there"), col("day")]);
        let (mut rows, report) = in_order(&left.join(&right, ["any"], kind).agg([
            len(),
            col("x").max(),
            col("k").sum(),
            col("k").max().alias("last"),
        ]));
        rows.sort();
        (rows, report)
    };
    for kind in [JoinKind::Inner, JoinKind::Semi, JoinKind::Left] {
        let (ample, _) = run(1024, 2, kind, true);
        for (mib, threads) in [(1024, 2), (8, 1), (8, 3)] {
            let (filtered, saved) = run(mib, threads, kind, false);
            let (plain, all) = run(mib, threads, kind, true);
            assert_eq!((&ample, &ample), (&filtered, &plain), "{kind:?} at {mib} MiB");
            if mib == 8 && kind != JoinKind::Left {
                assert!(
                    saved.spilled_bytes < all.spilled_bytes,
                    "{kind:?} {} {}",
                    saved.spilled_bytes,
                    all.spilled_bytes
                );
            }
        }
    }
}
