//! What watching costs: `watching [blocks|calls] N` runs N tiny tasks with and without a recorder in turns, the best of
//! five each, and prints one line of JSON: times in seconds, memory in bytes.
//!
//! With the recorder a thread asks ten times a second for all that a page shows. A task of `blocks` hands on one batch of
//! one row; one of `calls` adds one to a number.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use arrow::array::{ArrayRef, Int64Array};
use blockfold::prelude::*;
use blockfold::watch::Recorder;
use blockfold::watch::view::{TaskQuery, Watched};
use blockfold::{Delayed, RecordBatch};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TURNS: usize = 5;

/// What one run took.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    peak_bytes: u64,
}

/// Asks for what a page shows, until it is told to stop.
fn look(recorder: &Recorder, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if let Some(run) = recorder.runs().last().map(|run| run.id) {
            let query = TaskQuery { sort: "-elapsed".to_string(), limit: 100, ..TaskQuery::default() };
            std::hint::black_box((
                recorder.plan(run),
                recorder.lanes(run, 0, None, 1500),
                recorder.series(run, 0, None, 600),
                recorder.tasks(run, &query),
                recorder.causes(run),
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn status_bytes(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("the system does not tell")?;
    Ok(line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

/// One run, timed from its start to its end, with the memory that it took beside what was there.
fn turn(records: bool, tasks: usize, run: impl FnOnce(&Session) -> Result<Duration>) -> Result<Took> {
    let session = Session::builder().memory_budget(ByteSize::gib(1)).record(records).build()?;
    let stop = AtomicBool::new(false);
    // 5 resets the high-water mark of resident memory.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before_bytes = status_bytes("VmRSS")?;
    let elapsed = std::thread::scope(|scope| {
        if let Some(recorder) = session.recorder() {
            scope.spawn(|| look(recorder, &stop));
        }
        let elapsed = run(&session);
        stop.store(true, Ordering::Relaxed);
        elapsed
    })?;
    let peak_bytes = status_bytes("VmHWM")?.saturating_sub(before_bytes);
    if let Some(last) = session.runs().last() {
        ensure!(last.tasks_done + last.dropped_events >= tasks as u64, "{} of {tasks} tasks were seen", last.tasks_done);
        eprintln!("{} tasks seen, {} events dropped", last.tasks_done, last.dropped_events);
    }
    Ok(Took { seconds: elapsed.as_secs_f64(), peak_bytes })
}

fn blocks(session: &Session, batches: &[RecordBatch]) -> Result<Duration> {
    let frame = session.from_batches(batches.to_vec())?;
    // Without the time to plan, which is the same for both.
    Ok(frame.analyze()?.report.elapsed)
}

fn calls(session: &Session, tasks: usize) -> Result<Duration> {
    let inc = delayed(|x: &u64| x + 1);
    let all: Vec<Delayed<u64>> = (0..tasks as u64).map(|x| inc.call(x)).collect();
    let start = Instant::now();
    let results = session.compute_calls(all.as_slice())?;
    let elapsed = start.elapsed();
    ensure!(results.len() == tasks, "results are missing");
    Ok(elapsed)
}

fn best(took: &[Took]) -> Took {
    let seconds = took.iter().map(|took| took.seconds).fold(f64::INFINITY, f64::min);
    Took { seconds, peak_bytes: took.iter().map(|took| took.peak_bytes).min().unwrap_or(0) }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [work, tasks] = args.as_slice() else { bail!("usage: watching blocks|calls TASKS") };
    let tasks: usize = tasks.parse()?;
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batches = match work.as_str() {
        "blocks" => vec![RecordBatch::try_from_iter([("x", column)])?; tasks],
        "calls" => Vec::new(),
        other => bail!("no work is called '{other}'"),
    };
    let run = |session: &Session| if work == "blocks" { blocks(session, &batches) } else { calls(session, tasks) };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        without.push(turn(false, tasks, run)?);
        with.push(turn(true, tasks, run)?);
    }
    let (without, with) = (best(&without), best(&with));
    let line = json!({
        "work": work,
        "tasks": tasks,
        "without_s": without.seconds,
        "with_s": with.seconds,
        "overhead_percent": 100.0 * (with.seconds / without.seconds - 1.0),
        "without_peak_bytes": without.peak_bytes,
        "with_peak_bytes": with.peak_bytes,
        "recorder_bytes": with.peak_bytes.saturating_sub(without.peak_bytes),
    });
    println!("{line}");
    Ok(())
}
