//! Delayed calls with frames and arrays: as arguments, as blocks, and back.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use blockfold::delayed::{Settings, Until, as_completed, wait};
use blockfold::prelude::*;
use blockfold::{Cancel, Event, Scalar, Subscriber};
use ndarray::{ArrayD, IxDyn};

fn session(threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(64)).threads(threads).build().unwrap()
}

fn series(session: &Session) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-01-04").partition_freq("6h").seed(1);
    datasets::timeseries(session, options).unwrap()
}

fn numbers(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn sum_of(frame: &LazyFrame) -> i64 {
    match frame.sum().collect().unwrap().scalar("n").unwrap() {
        Scalar::Int(sum) => sum,
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_and_arrays_are_arguments() {
    let session = session(2);
    let frame = series(&session);
    let x = session.random(1).random([100, 80], 30);
    let shapes = delayed(|frame: &Frame, array: &blockfold::NdArray, scale: &f64| {
        (frame.num_rows(), array.shape().to_vec(), array.to_vec().map_or(f64::NAN, |all| scale * all[7]))
    });
    let (rows, shape, value) = session.compute(&shapes.call(&frame, &x, 2.0)).unwrap().as_ref().clone();
    assert_eq!((rows, shape), (3 * 86_400, vec![100, 80]));
    assert_eq!(value, 2.0 * x.compute().unwrap().to_vec().unwrap()[7]);
    // The same frame read by several calls is one call, whoever made it a call.
    assert!(frame.delayed().is_same(&series(&session).delayed()));
    assert!(!frame.delayed().is_same(&frame.head(5).delayed()));
    assert_eq!(session.promised_bytes(), 0);
}

#[test]
fn partitions_become_calls_and_calls_partitions() {
    for threads in [1, 2, 5] {
        let session = session(threads);
        let frame = series(&session);
        let parts = frame.to_delayed().unwrap();
        assert_eq!(parts.len(), frame.npartitions().unwrap());
        // Each partition is collected inside of the run that reads the new frame.
        let keep = try_delayed(|part: &Frame| part.to_batch());
        let again =
            session.from_delayed(parts.iter().map(|part| keep.call(part)), frame.schema().unwrap(), None).unwrap();
        for both in [
            |f: &LazyFrame| f.group_by(["name"]).agg([len(), col("id").sum(), col("x").max()]).sort(["name"]),
            LazyFrame::clone,
        ] {
            let (want, got) = (both(&frame).collect().unwrap(), both(&again).collect().unwrap());
            assert_eq!(want.to_batch().unwrap(), got.to_batch().unwrap());
        }
        assert_eq!(again.len().unwrap(), frame.len().unwrap());
        assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
    }
}

#[test]
fn what_partitions_share_is_called_once_a_run_and_others_when_read() {
    let session = session(2);
    let (loads, cuts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (loaded, cut) = (loads.clone(), cuts.clone());
    let load = delayed(move |rows: &i64| (loaded.fetch_add(1, Ordering::SeqCst), numbers(0..*rows)).1);
    let part =
        delayed(move |all: &RecordBatch, at: &usize| (cut.fetch_add(1, Ordering::SeqCst), all.slice(at * 10, 10)).1);
    let all = load.call(100);
    let frame = session.from_delayed((0..10).map(|at| part.call(&all, at)), numbers([]).schema(), None).unwrap();
    assert_eq!(loads.load(Ordering::SeqCst), 0);
    assert_eq!(sum_of(&frame), 4950);
    assert_eq!((loads.load(Ordering::SeqCst), cuts.load(Ordering::SeqCst)), (1, 10));
    assert_eq!(sum_of(&frame.get_partition(3)), 345);
    assert_eq!(cuts.load(Ordering::SeqCst), 11, "only the partition that is read is made");
}

#[test]
fn chunks_become_calls_and_calls_chunks() {
    for threads in [1, 2] {
        let session = session(threads);
        let x = session.random(3).normal(0.0, 1.0, [50, 70], [20, 33]);
        let twice = delayed(|chunk: &blockfold::NdArray| chunk.to_ndarray::<f64>().unwrap() * 2.0);
        let chunks = x.to_delayed().unwrap();
        let y = session.array_from_delayed(
            chunks.iter().map(|chunk| twice.call(chunk)),
            [50, 70],
            [20, 33],
            &DType::Float64,
        );
        let y = y.unwrap();
        let (want, got) = ((&x * 2.0).compute().unwrap(), y.compute().unwrap());
        assert_eq!(want.to_vec().unwrap(), got.to_vec().unwrap());
        let want = (&x * 2.0 - (&x * 2.0).mean(0)).std(()).compute().unwrap().item().unwrap();
        assert_eq!((&y - y.mean(0)).std(()).compute().unwrap().item().unwrap(), want);
    }
}

#[test]
fn wrong_blocks_are_told() {
    let session = session(2);
    let batch = delayed(|n: &i64| numbers(0..*n));
    let schema = numbers([]).schema();
    let error = session.from_delayed(Vec::<Delayed<RecordBatch>>::new(), schema.clone(), None).err().unwrap();
    assert!(error.to_string().contains("at least one partition"), "{error}");
    let other = series(&session).schema().unwrap();
    let error = session.from_delayed([batch.call(3)], other, None).unwrap().collect().unwrap_err().to_string();
    assert!(error.contains("partition 0 of a frame of delayed calls: column 'n' stands where"), "{error}");
    let small = session.from_delayed([batch.call(3), batch.call(100_000)], schema.clone(), Some(ByteSize(64 << 10)));
    let error = small.unwrap().collect().unwrap_err().to_string();
    assert!(error.contains("partition 1") && error.contains("larger partition_bytes"), "{error}");
    let fails = try_delayed(|n: &i64| if *n < 2 { Ok(numbers(0..*n)) } else { Err("no such file") }).named("load");
    let frame = session.from_delayed((0..4).map(|n| fails.call(n)), schema, None).unwrap();
    let error = frame.collect().unwrap_err().to_string();
    assert!(error.contains("load(i64) failed: no such file"), "{error}");

    let chunk = delayed(|length: &usize| ArrayD::from_elem(IxDyn(&[*length]), 1.5f32));
    let calls = || [2, 2, 1].map(|length| chunk.call(length));
    let error =
        session.array_from_delayed(calls(), [6], 2, &DType::Float32).unwrap().compute().unwrap_err().to_string();
    assert!(error.contains("chunk 2") && error.contains("[1]") && error.contains("[2] as the chunks say"), "{error}");
    let error =
        session.array_from_delayed(calls(), [5], 2, &DType::Float64).unwrap().compute().unwrap_err().to_string();
    assert!(error.contains("chunk 0") && error.contains("float32"), "{error}");
    let error = session.array_from_delayed(calls(), [5], 1, &DType::Float32).err().unwrap().to_string();
    assert!(error.contains("3 calls for 5 chunks"), "{error}");
    assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
}

#[test]
fn errors_say_what_shapes_the_arguments_had() {
    let session = session(2);
    let fails = try_delayed(|_: &Frame, _: &blockfold::NdArray| Err::<(), _>("they do not fit")).named("regress");
    let x = session.zeros([7, 3], ());
    let error = session.compute(&fails.call(series(&session).head(5), x)).unwrap_err();
    let columns = series(&session).schema().unwrap().fields().len();
    let arguments = format!("frame of 5 rows x {columns} columns, array of float64 with shape [7, 3]");
    assert_eq!(error.to_string(), format!("regress({arguments}) failed: they do not fit"));
    assert_eq!(session.promised_bytes(), 0);
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Subscriber for Log {
    fn event(&self, event: &Event) {
        let line = match event {
            Event::CallStarted { name, .. } => format!("start {name}"),
            Event::CallFinished { name, error, .. } => format!("end {name} {}", error.is_some()),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn calls_are_events_of_the_session_and_stop_with_it() {
    let (log, cancel) = (Arc::new(Log::default()), Cancel::default());
    let session = Session::builder().threads(1).subscribe(log.clone()).cancel(cancel.clone()).build().unwrap();
    let inc = delayed(|x: &i64| x + 1).named("inc");
    assert_eq!(*session.compute(&inc.call(inc.call(1))).unwrap(), 3);
    let fail = try_delayed(|_: &i64| Err::<(), _>("no")).named("fail");
    session.compute(&fail.call(1)).unwrap_err();
    assert_eq!(
        *log.0.lock().unwrap(),
        ["start inc", "end inc false", "start inc", "end inc false", "start fail", "end fail true"]
    );
    let stop = cancel.clone();
    let stops = delayed(move |x: &i64| (stop.cancel(), *x).1).named("stops");
    let error = session.compute(&inc.call(stops.call(1))).unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
}

#[test]
fn a_client_of_a_session() {
    let session = session(2);
    let client = session.client().unwrap();
    let rows = delayed(|frame: &Frame| frame.num_rows());
    let lengths = (1..=4).map(|n| client.submit(&rows.call(series(&session).head(n)))).collect::<Result<Vec<_>, _>>();
    let lengths = lengths.unwrap();
    assert_eq!(wait(&lengths, Until::All, None).done.len(), 4);
    let mut seen: Vec<usize> = as_completed(lengths).map(|future| *future.result().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4]);
    client.close();
    assert!(client.submit(&rows.call(series(&session))).unwrap_err().to_string().contains("closed"));
    let own = Client::new(Settings::new().threads(1).blocking_threads(3)).unwrap();
    assert_eq!(*own.submit(&delayed(|| 5).call()).unwrap().result().unwrap(), 5);
}

/// The only thread of the pool waits for a call at a client, whose frame the pool would have to collect.
#[test]
fn blocks_may_wait_for_calls_that_collect() {
    let session = session(1);
    let (client, days) = (session.client().unwrap(), series(&session));
    let rows = delayed(|frame: &Frame| frame.num_rows() as i64);
    let part = try_delayed(move |day: &u64| {
        let rows = client.submit(&rows.call(days.get_partition(*day as usize)))?.result()?;
        Ok::<_, blockfold::delayed::CallError>(numbers([*rows]))
    });
    let parts = (0..3).map(|day| part.call(day));
    let frame = session.from_delayed(parts, numbers([]).schema(), None).unwrap();
    assert_eq!(sum_of(&frame), 3 * 21_600);
}
