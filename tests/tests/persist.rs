//! Frames that are kept between runs, in memory and through scratch, and sub-plans that are read more than once.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use blockfold::prelude::*;
use blockfold::{ByteSize, Session};

const ROWS: i64 = 300_000;

/// Partitions of uneven size, one of them empty and one of a single row, with nulls, NaN and repeated keys.
fn batches() -> Vec<RecordBatch> {
    let mut start = 0;
    let mut batches = Vec::new();
    for len in [1, 0, 70_000, 110_000, ROWS - 180_001] {
        let rows = || start..start + len;
        let random = |row: i64| (row.wrapping_mul(6_364_136_223_846_793_005) >> 33).rem_euclid(1 << 30);
        let key: Int64Array = rows().map(|row| (row % 101 != 0).then(|| random(row) % 30_000)).collect();
        let name: StringArray =
            rows().map(|row| (row % 89 != 0).then(|| format!("name{:08}", random(row) % 5_000))).collect();
        let x: Float64Array = rows()
            .map(|row| (row % 97 != 0).then(|| if row % 1009 == 0 { f64::NAN } else { random(row) as f64 / 8.0 }))
            .collect();
        let row: Int64Array = rows().collect();
        let columns: Vec<(&str, ArrayRef)> =
            vec![("key", Arc::new(key)), ("name", Arc::new(name)), ("x", Arc::new(x)), ("row", Arc::new(row))];
        batches.push(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap());
        start += len;
    }
    batches
}

fn session(mib: u64) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(2).build().unwrap()
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
fn kept_blocks_are_those_of_the_plan() {
    let ample = session(1024);
    let frame = ample.from_batches(batches()).unwrap().filter(col("key").gt(5));
    let wanted = in_order(&frame);
    for mib in [1024, 64, 8] {
        let session = session(mib);
        let frame = session.from_batches(batches()).unwrap().filter(col("key").gt(5));
        let kept = frame.persist().unwrap();
        assert_eq!(kept.npartitions().unwrap(), frame.npartitions().unwrap());
        assert_eq!(kept.schema().unwrap(), frame.schema().unwrap());
        assert_eq!(kept.len().unwrap(), wanted.len() as u64);
        assert_eq!(in_order(&kept), wanted, "{mib} MiB");
        assert_eq!(in_order(&kept), wanted, "{mib} MiB, once more");
        let narrow = kept.select([col("row"), col("key")]).head(7);
        assert_eq!(in_order(&narrow), in_order(&frame.select([col("row"), col("key")]).head(7)));
        assert_eq!(in_order(&kept.tail(3)), wanted[wanted.len() - 3..]);
        assert!(session.promised_bytes() <= mib << 20);
        drop((kept, narrow));
        assert_eq!(session.promised_bytes(), 0, "{mib} MiB");
        assert_eq!(session.scratch_bytes(), 0, "{mib} MiB");
    }
}

#[test]
fn empty_frames_are_kept() {
    let session = session(64);
    let frame = session.from_batches(batches()).unwrap().filter(col("row").lt(0));
    let kept = frame.persist().unwrap();
    assert_eq!((kept.len().unwrap(), kept.npartitions().unwrap()), (0, 5));
    assert_eq!(in_order(&kept.agg([col("x").sum(), blockfold::len()])).len(), 1);
}

#[test]
fn kept_frames_many_times_the_budget() {
    let session = session(4);
    let kept = session.from_batches(batches()).unwrap().sort([desc("x"), asc("row")]).persist().unwrap();
    assert!(session.scratch_bytes() > 4 << 20, "{}", session.scratch_bytes());
    let again = kept.filter(col("key").gt(10)).persist().unwrap();
    let wanted = self::session(1024).from_batches(batches()).unwrap();
    let wanted = in_order(&wanted.sort([desc("x"), asc("row")]).filter(col("key").gt(10)));
    drop(kept);
    assert_eq!(in_order(&again), wanted);
    drop(again);
    assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
}

#[test]
fn kept_frames_make_room_for_later_runs() {
    let one = || Session::builder().memory_budget(ByteSize::mib(24)).threads(1).build().unwrap();
    let session = one();
    let kept = session.from_batches(batches()).unwrap().select([col("x"), col("row")]).persist().unwrap();
    assert_eq!(session.scratch_bytes(), 0, "there was room in memory");
    assert!(session.promised_bytes() > 4 << 20);
    // Answers that would fit if nothing were kept fit beside what is kept, which makes room.
    let answer = |session: &Session, columns: i64| {
        let columns = (0..columns).map(|n| (col("row") + n).alias(format!("c{n}")));
        session.from_batches(batches()).unwrap().select(columns).collect().map(|answer| answer.num_rows() as i64)
    };
    let fitting = (1..10).take_while(|columns| answer(&one(), *columns).is_ok()).last().unwrap();
    assert!(fitting > 2 && fitting < 9, "{fitting}");
    for columns in 1..=fitting {
        assert_eq!(answer(&session, columns).unwrap(), ROWS, "{columns} of {fitting} columns");
    }
    assert!(session.scratch_bytes() > 0, "what is kept went to scratch");
    let folded = session.from_batches(batches()).unwrap().agg([col("row").list()]).collect();
    assert!(folded.is_ok(), "{:?}", folded.err());
    drop(folded);
    let wanted = in_order(&session.from_batches(batches()).unwrap().select([col("x"), col("row")]));
    assert_eq!(in_order(&kept), wanted);
    drop(kept);
    assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
}

#[test]
fn two_runs_at_once_read_what_is_kept() {
    // Two runs at once, each of which may move the other's rows out.
    let session = session(48);
    let kept = session.from_batches(batches()).unwrap().sort([asc("name"), asc("row")]).persist().unwrap();
    let wanted = in_order(&kept);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| in_order(&kept))).collect();
        runs.into_iter().for_each(|run| assert!(run.join().unwrap() == wanted));
    });
}

/// A function of partitions that counts its calls.
fn counted(frame: &LazyFrame) -> (LazyFrame, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let frame = frame.map_partitions(move |batch| {
        counter.fetch_add(usize::from(batch.num_rows() > 0), Ordering::Relaxed);
        Ok(batch)
    });
    (frame, calls)
}

#[test]
fn a_costly_sub_plan_is_made_once() {
    for mib in [1024, 32] {
        let session = session(mib);
        let frame = session.from_batches(batches()).unwrap();
        let once = |plan: &dyn Fn(&LazyFrame) -> LazyFrame, what: &str| {
            let (costly, calls) = counted(&frame);
            let got = in_order(&plan(&costly));
            assert_eq!(calls.load(Ordering::Relaxed), 4, "{what} at {mib} MiB");
            assert_eq!(got, in_order(&plan(&frame)), "{what} at {mib} MiB");
            assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0), "{what} at {mib} MiB");
        };
        let halves = |costly: &LazyFrame| {
            concat([costly.filter(col("key").lt(100)), costly.filter(col("key").gt_eq(29_900))]).unwrap()
        };
        once(&halves, "two filters");
        let joined = |costly: &LazyFrame| {
            let right = costly.filter(col("row").lt(900)).select([col("row"), col("x").alias("there")]);
            costly.join(&right, ["row"], JoinKind::Inner).sort(["row"])
        };
        once(&joined, "a join with itself");
        once(&|costly: &LazyFrame| costly.sort([asc("name"), asc("row")]), "a sort");
    }
}

#[test]
fn what_is_kept_is_explained() {
    let session = session(1024);
    let frame = session.from_batches(batches()).unwrap();
    let (costly, _) = counted(&frame);
    let twice = concat([costly.filter(col("key").lt(9)), costly.filter(col("key").gt(20))]).unwrap();
    let steps = twice.explain(Stage::Steps).unwrap();
    assert!(steps.contains("Exchange [1] in-place kept, since it is read more than once  (5 blocks)"), "{steps}");
    assert!(twice.explain(Stage::Fused).unwrap().contains("map_partitions > in-place exchange"));
    // What is cheap is read again, and what is read in part is not kept.
    let cheap = concat([frame.filter(col("key").lt(9)), frame.filter(col("key").gt(20))]).unwrap();
    assert!(!cheap.explain(Stage::Steps).unwrap().contains("in-place"));
    let heads =
        concat([costly.head(3), costly.select([col("key"), col("name"), col("x"), col("row")]).head(2)]).unwrap();
    assert!(!heads.explain(Stage::Steps).unwrap().contains("in-place"), "{}", heads.explain(Stage::Steps).unwrap());
}
