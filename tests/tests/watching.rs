//! What is recorded of runs: live, in a file, and as text.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use blockfold::prelude::*;
use blockfold::watch::view::{RunSummary, Standing, TaskQuery, Watched};
use blockfold::watch::{Recorder, Recording, plots};

fn session(budget: ByteSize) -> Session {
    Session::builder().memory_budget(budget).threads(2).record(true).build().unwrap()
}

fn series(session: &Session) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-01-15").partition_freq("1D").seed(1);
    datasets::timeseries(session, options).unwrap()
}

fn last(session: &Session) -> (&Recorder, RunSummary) {
    (session.recorder().unwrap(), session.runs().pop().unwrap())
}

#[test]
fn every_task_of_a_run_is_there_when_it_returns() {
    let session = session(ByteSize::mib(256));
    let sums = series(&session).group_by(["id"]).agg([col("x").sum()]);
    let rows = sums.collect().unwrap().report().rows_read;
    let (recorder, run) = last(&session);
    assert_eq!((run.state, run.rows_read, run.dropped_events, run.error), (Standing::Done, rows, 0, None));
    assert!(run.tasks >= 4 && run.tasks == run.tasks_done, "{} of {}", run.tasks_done, run.tasks);
    let plan = recorder.plan(run.id).unwrap();
    let tasks: u64 = plan.chains.iter().map(|chain| chain.tasks_done).sum();
    assert_eq!(tasks, run.tasks);
    assert_eq!((plan.chains[0].rows_in, plan.chains[0].state), (rows, Standing::Done));
    assert!(plan.chains[0].steps.iter().any(|step| step.contains("timeseries")), "{:?}", plan.chains[0].steps);
    let lanes = recorder.lanes(run.id, 0, None, 100_000).unwrap();
    let shown: u64 = lanes.lanes.iter().flat_map(|lane| &lane.rects).map(|rect| u64::from(rect.tasks)).sum();
    assert_eq!((lanes.lanes.len(), shown), (2, run.tasks));
    assert!(lanes.lanes.iter().flat_map(|lane| &lane.rects).all(|rect| rect.end_us <= run.elapsed_us + 1000));
    let page = recorder.tasks(run.id, &TaskQuery { limit: 10_000, ..TaskQuery::default() }).unwrap();
    assert_eq!(page.rows.len() as u64, run.tasks);
    assert_eq!(page.rows.iter().map(|row| row.rows).sum::<u64>(), rows);
    assert!(page.rows.iter().all(|row| row.permit_bytes > 0));
    let series = recorder.series(run.id, 0, None, 100).unwrap();
    assert!(series.columns["promised"].iter().flatten().count() > 0);
}

#[test]
fn a_spill_is_told_with_its_cause_and_its_chain() {
    let session = session(ByteSize::mib(16));
    let analysis = series(&session).sort(["x"]).analyze().unwrap();
    assert!(analysis.report.spilled_bytes > 0);
    let (recorder, run) = last(&session);
    assert_eq!(run.spilled_bytes, analysis.report.spilled_bytes);
    let plan = recorder.plan(run.id).unwrap();
    let chain = plan.chains.iter().find(|chain| chain.spilled_bytes > 0).unwrap();
    let why = chain.causes.iter().find(|cause| cause.contains("waiting for 'sort'")).unwrap();
    assert!(why.contains("a memory budget of about"), "{why}");
    assert!(!plan.edges.is_empty());
    let report = session.performance_report().unwrap();
    for part in ["went to scratch", "estimated", "read back", "\nwhy\n", "scratch has"] {
        assert!(report.contains(part), "{part} in\n{report}");
    }
}

#[test]
fn a_failing_task_shows_its_error_and_a_refused_run_too() {
    let session = session(ByteSize::mib(64));
    let frame = series(&session).map_partitions(|batch| {
        assert!(batch.num_rows() == 0, "not today");
        Ok(batch)
    });
    assert!(frame.collect().is_err());
    let (recorder, run) = last(&session);
    assert_eq!((run.state, run.tasks_failed > 0), (Standing::Failed, true));
    let failed = TaskQuery { state: Some(Standing::Failed), limit: 5, ..TaskQuery::default() };
    let page = recorder.tasks(run.id, &failed).unwrap();
    assert!(page.rows[0].error.as_ref().unwrap().contains("not today"), "{:?}", page.rows[0]);
    assert!(recorder.causes(run.id).unwrap()[0].contains("not today"));

    let wide = Session::builder().memory_budget(ByteSize::mib(1)).threads(1).record(true).build().unwrap();
    assert!(wide.zeros([3000, 3000], ()).dot(&wide.zeros([3000, 3000], ())).sum(()).compute().is_err());
    let (recorder, run) = last(&wide);
    assert_eq!(run.state, Standing::Failed);
    assert!(recorder.causes(run.id).unwrap()[0].contains("budget"), "{:?}", recorder.causes(run.id));
}

#[test]
fn a_streamed_answer_is_a_run_until_its_last_batch() {
    let session = session(ByteSize::mib(64));
    let mut batches = series(&session).collect_partitions().unwrap();
    assert!(batches.next().unwrap().is_ok());
    assert_eq!(last(&session).1.state, Standing::Running);
    assert!(batches.by_ref().all(|batch| batch.is_ok()));
    let run = last(&session).1;
    assert_eq!((run.state, run.tasks, run.tasks_done), (Standing::Done, 14, 14));
    drop(series(&session).collect_partitions().unwrap());
    assert_eq!(last(&session).1.state, Standing::Cancelled);
}

#[test]
fn delayed_calls_are_a_run_with_a_chain_for_each_name() {
    let session = session(ByteSize::mib(64));
    let (inc, add) = (delayed(|x: &i64| x + 1).named("inc"), delayed(|a: &i64, b: &i64| a + b).named("add"));
    let total = (0..50).map(|x| inc.call(x)).reduce(|a, b| add.call(a, b)).unwrap();
    assert_eq!(*session.compute(&total).unwrap(), 1275);
    let (recorder, run) = last(&session);
    assert_eq!((run.state, run.tasks, run.tasks_done), (Standing::Done, 99, 99));
    let mut chains: Vec<(String, u64)> =
        recorder.plan(run.id).unwrap().chains.iter().map(|chain| (chain.label.clone(), chain.tasks_done)).collect();
    chains.sort();
    assert_eq!(chains, [("add".to_string(), 49), ("inc".to_string(), 50)]);
    let fails = try_delayed(|_: &i64| Err::<i64, _>(std::io::Error::other("no luck"))).named("fails");
    assert!(session.compute(&fails.call(1)).is_err());
    let (recorder, run) = last(&session);
    assert_eq!((run.state, run.tasks_failed), (Standing::Failed, 1));
    let page = recorder.tasks(run.id, &TaskQuery { text: "no luck".to_string(), limit: 5, ..TaskQuery::default() }).unwrap();
    assert_eq!(page.rows[0].label, "fails");
}

#[test]
fn a_profile_names_the_step_that_took_the_time() {
    let session = session(ByteSize::mib(64));
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let frame = session.from_batches(vec![batch; 4]).unwrap().map_partitions(|batch| {
        std::thread::sleep(Duration::from_millis(100));
        Ok(batch)
    });
    frame.collect().unwrap();
    let (recorder, run) = last(&session);
    let flame = recorder.flame(run.id).unwrap();
    let step = flame.children.iter().flat_map(|chain| &chain.children).max_by_key(|step| step.us).unwrap();
    assert!(step.name.contains("map_partitions"), "{flame:?}");
    assert!((100_000..1_000_000).contains(&step.us), "400 ms of sleep were {} us", step.us);
}

#[test]
fn a_recording_shows_what_the_session_showed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.bfrun");
    let session = Session::builder().threads(2).memory_budget(ByteSize::mib(64)).record_to(&path).build().unwrap();
    series(&session).group_by(["name"]).agg([len()]).collect().unwrap();
    session.ones([500, 500], [100, 100]).sum(()).compute().unwrap();
    let runs = session.runs();
    let report = session.performance_report().unwrap();
    session.write_trace(folder.path().join("trace.json")).unwrap();
    drop(session);
    let recording = Recording::read(&path).unwrap();
    let ids = |runs: &[RunSummary]| runs.iter().map(|run| (run.id, run.tasks_done, run.label.clone())).collect::<Vec<_>>();
    assert_eq!(ids(&recording.runs()), ids(&runs));
    assert_eq!(blockfold::watch::report::performance_report(recording.runs.last().unwrap()), report);
    for run in &runs {
        assert!(plots::task_plot(&recording, run.id).unwrap().contains("<rect"));
        assert!(plots::resource_plot(&recording, run.id).unwrap().contains("<polyline"));
        assert!(plots::cache_plot(&recording, run.id).unwrap().contains("<polyline"));
    }
    let trace = std::fs::read_to_string(folder.path().join("trace.json")).unwrap();
    assert!(trace.starts_with("{\"displayTimeUnit\"") && trace.contains("blockfold-1"));
}

#[test]
fn a_session_that_does_not_record_says_how_it_would() {
    let session = Session::builder().threads(1).build().unwrap();
    assert!(session.recorder().is_none() && session.runs().is_empty());
    let error = session.write_recording("run.bfrun").unwrap_err().to_string();
    assert!(error.contains("record(true)"), "{error}");
}
