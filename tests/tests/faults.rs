//! What goes wrong ends in one clear error, with every permit given back and nothing left behind.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use blockfold::prelude::*;
use blockfold::{Cancel, Event, ParquetWriteOptions, Subscriber};

fn session(budget: ByteSize) -> Session {
    Session::builder().memory_budget(budget).threads(2).build().unwrap()
}

fn series(session: &Session) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-01-05").partition_freq("6h").seed(1);
    datasets::timeseries(session, options).unwrap()
}

fn numbers(session: &Session, values: Vec<i64>) -> LazyFrame {
    let column: ArrayRef = Arc::new(Int64Array::from(values));
    session.from_batches(vec![RecordBatch::try_from_iter([("n", column)]).unwrap()]).unwrap()
}

#[test]
fn a_panicking_function_names_its_op_and_gives_everything_back() {
    let session = session(ByteSize::mib(64));
    let frame = series(&session).map_partitions(|batch| {
        assert!(batch.num_rows() == 0, "not today");
        Ok(batch)
    });
    let error = frame.collect().unwrap_err();
    assert!(matches!(error.root(), Error::Panicked { message } if message == "not today"), "{error}");
    assert_eq!(session.promised_bytes(), 0);
}

#[test]
fn a_panicking_aggregate_is_named() {
    use arrow::array::Float64Array;
    let (float, one) = (DType::Float64, || Float64Array::from(vec![1.0]));
    let agg = blockfold::CustomAgg::new(
        "shaky",
        [float.clone()],
        float,
        move |_| Ok(vec![Arc::new(one()) as ArrayRef]),
        |_| panic!("not twice"),
        |states| Ok(states[0].clone()),
    );
    for mib in [64, 8] {
        let session = session(ByteSize::mib(mib));
        let series = series(&session).select([col("name"), col("x")]);
        for frame in [series.agg([agg.of(["x"])]), series.group_by(["name"]).agg([agg.of(["x"])])] {
            let text = frame.collect().unwrap_err().to_string();
            assert!(text.contains("the aggregate 'shaky' in combine: not twice"), "{text}");
            assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
        }
    }
}

#[test]
fn a_failing_function_leaves_no_output() {
    let session = session(ByteSize::mib(64));
    let folder = tempfile::tempdir().unwrap();
    let frame = series(&session).map_partitions(|batch| match batch.num_rows() {
        0 => Ok(batch),
        _ => Err(Error::argument("f", "no")),
    });
    frame.write_parquet(folder.path().join("out"), ParquetWriteOptions::default()).unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn more_groups_than_the_budget_holds_stream_but_are_not_held() {
    let session = session(ByteSize::mib(12));
    let most = [col("x").max().alias("x_max"), col("y").max().alias("y_max")];
    let frame = series(&session).group_by(["timestamp"]).agg([col("x").sum(), col("y").sum()].into_iter().chain(most));
    let error = frame.collect().unwrap_err();
    let text = error.to_string();
    assert!(matches!(error.root(), Error::OverBudget { .. }), "{text}");
    assert!(text.contains("raise the memory budget") && text.contains("collect_partitions"), "{text}");
    assert_eq!(session.promised_bytes(), 0);
    let rows: usize = frame.collect_partitions().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows as u64, series(&session).len().unwrap());
    assert_eq!(session.promised_bytes(), 0);
}

#[test]
fn more_memory_never_makes_a_query_fail() {
    let mut fitted_mib = None;
    for mib in 2..=24 {
        let session = session(ByteSize::mib(mib));
        let key = (col("x") * 5000.0).cast(DType::Int64).alias("key");
        let frame = series(&session).group_by([key]).agg([col("y").sum(), col("y").max().alias("most")]);
        match (frame.collect(), fitted_mib) {
            (Ok(groups), _) => fitted_mib = fitted_mib.or((groups.num_rows() > 9_000).then_some(mib)),
            (Err(error), Some(enough)) => panic!("{enough} MiB were enough, {mib} MiB are not: {error}"),
            (Err(_), None) => {}
        }
    }
    assert!(fitted_mib.is_some_and(|mib| mib < 24), "only an ample budget was enough: {fitted_mib:?}");
}

#[test]
fn an_answer_that_does_not_fit_is_refused_but_streams() {
    let session = session(ByteSize::mib(12));
    let error = series(&session).collect().unwrap_err();
    assert!(error.to_string().contains("collect_partitions"), "{error}");
    let mut rows = 0;
    for batch in series(&session).collect_partitions().unwrap() {
        rows += batch.unwrap().num_rows();
        assert!(session.promised_bytes() <= 12 << 20);
    }
    assert_eq!(rows, 4 * 86_400);
    assert_eq!(session.promised_bytes(), 0);
}

#[test]
fn a_budget_too_small_for_one_task_is_refused_before_reading() {
    let session = session(ByteSize::mib(1));
    let days = datasets::options().start("2000-01-01").end("2000-01-05").partition_freq("1D");
    let series = datasets::timeseries(&session, days).unwrap();
    let error = series.map_partitions(Ok).sum().collect().unwrap_err();
    assert!(matches!(error.root(), Error::OverBudget { .. }), "{error}");
    assert!(error.to_string().contains("one task of 'read timeseries > map_partitions > aggregate'"), "{error}");
}

#[test]
fn sums_of_integers_are_checked() {
    let session = session(ByteSize::mib(16));
    let error = numbers(&session, vec![i64::MAX, 1]).sum().collect().unwrap_err();
    assert!(matches!(error.root(), Error::Overflow { .. }), "{error}");
    assert!(error.to_string().contains("sum(n)"), "{error}");
    assert_eq!(numbers(&session, vec![i64::MAX, 0]).sum().collect().unwrap().scalar("n").unwrap(), i64::MAX.into());
}

/// Cancels the run when its third task is done.
struct CancelSoon(Cancel);

impl Subscriber for CancelSoon {
    fn event(&self, event: &Event) {
        if matches!(event, Event::TaskFinished { task: 2, .. }) {
            self.0.cancel();
        }
    }
}

#[test]
fn a_cancelled_run_ends_and_leaves_nothing() {
    let cancel = Cancel::default();
    let builder = Session::builder().memory_budget(ByteSize::mib(64)).threads(2);
    let session = builder.cancel(cancel.clone()).subscribe(Arc::new(CancelSoon(cancel))).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let result = series(&session).write_parquet(folder.path().join("out"), ParquetWriteOptions::default());
    assert!(matches!(result.unwrap_err().root(), Error::Cancelled));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(session.promised_bytes(), 0);
}

#[test]
fn the_first_error_stays_in_the_handle() {
    let session = session(ByteSize::mib(64));
    let frame = series(&session).filter(col("xx").gt(1)).head(3).rename([("id", "key")]);
    let error = frame.schema().unwrap_err();
    assert_eq!(error.to_string(), "column 'xx' not found; did you mean 'x'?");
}

#[test]
fn a_users_function_may_start_runs_of_its_own() {
    for threads in [1, 2, 3] {
        let session = Session::builder().memory_budget(ByteSize::mib(64)).threads(threads).build().unwrap();
        let inner = session.clone();
        let frame = series(&session).map_partitions(move |batch| {
            if batch.num_rows() > 0 {
                assert_eq!(series(&inner).len()?, 4 * 86_400);
                assert_eq!(series(&inner).group_by(["name"]).agg([len()]).collect()?.num_rows(), 26);
            }
            Ok(batch)
        });
        assert_eq!(frame.len().unwrap(), 4 * 86_400);
        assert_eq!(frame.collect().unwrap().num_rows(), 4 * 86_400);
        assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
    }
}

#[test]
fn writing_needs_overwrite_for_an_existing_folder() {
    let session = session(ByteSize::mib(64));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let frame = numbers(&session, vec![1, 2, 3]);
    frame.write_parquet(&out, ParquetWriteOptions::default()).unwrap();
    let error = frame.write_parquet(&out, ParquetWriteOptions::default()).unwrap_err();
    assert!(matches!(error.root(), Error::AlreadyExists { .. }), "{error}");
    frame.write_parquet(&out, ParquetWriteOptions::default().overwrite(true)).unwrap();
}
