//! Runs as traces for Chrome's `about:tracing` and Perfetto: the JSON of trace events.
//!
//! A run is a process and a worker a thread of it; memory and disk are counters. Bars that stand for several tasks say so.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::log::RunLog;

/// Writes a trace of some runs.
///
/// # Errors
/// Those of the writer.
pub fn write_chrome_trace(runs: &[RunLog], out: &mut dyn Write) -> io::Result<()> {
    let mut is_first = true;
    out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
    let mut write = |event: Value| {
        let separator: &[u8] = if std::mem::replace(&mut is_first, false) { b"" } else { b",\n" };
        out.write_all(separator)?;
        serde_json::to_writer(&mut *out, &event).map_err(io::Error::from)
    };
    let first_ms = runs.iter().map(|log| log.summary.started_unix_ms).min().unwrap_or(0);
    for log in runs {
        let offset_us = (log.summary.started_unix_ms - first_ms) * 1000;
        write_run(log, offset_us, &mut write)?;
    }
    out.write_all(b"\n]}\n")
}

fn write_run(log: &RunLog, offset_us: u64, write: &mut dyn FnMut(Value) -> io::Result<()>) -> io::Result<()> {
    let pid = log.summary.id;
    let name = |kind: &str, tid: u32, name: &str| {
        json!({ "ph": "M", "name": kind, "pid": pid, "tid": tid, "args": { "name": name } })
    };
    write(name("process_name", 0, &format!("run {pid}: {}", log.summary.label)))?;
    for (worker, track) in &log.tracks.tracks {
        write(name("thread_name", *worker, &track.name))?;
        for bar in &track.bars {
            let chain = bar.chain as usize;
            let (start_us, us) = (bar.start_ns as f64 / 1e3, bar.end_ns.saturating_sub(bar.start_ns) as f64 / 1e3);
            write(json!({
                "ph": "X",
                "name": log.label(chain),
                "cat": if bar.failed > 0 { "failed" } else if bar.tasks == 0 { "beside tasks" } else { "task" },
                "pid": pid,
                "tid": worker,
                "ts": offset_us as f64 + start_us,
                "dur": us,
                "args": {
                    "chain": chain,
                    "task": bar.task,
                    "tasks": bar.tasks,
                    "failed": bar.failed,
                    "busy_us": bar.busy_ns as f64 / 1e3,
                },
            }))?;
        }
    }
    for sample in &log.samples.samples {
        let counter = |name: &str, args: Value| {
            json!({ "ph": "C", "name": name, "pid": pid, "tid": 0, "ts": offset_us + sample.at_us, "args": args })
        };
        let memory = json!({ "promised": sample.promised_bytes, "resident": sample.resident_bytes.unwrap_or(0) });
        write(counter("memory", memory))?;
        write(counter("stored", json!({ "in memory": sample.stored_bytes, "in scratch": sample.spilled_bytes })))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Bar;
    use crate::series::Sample;

    #[test]
    fn every_task_is_an_event() {
        let mut log = RunLog::default();
        (log.summary.id, log.summary.label) = (3, "a \"quoted\" label".to_string());
        for task in 0..100u64 {
            let start_ns = task * 2000;
            let bar = Bar { start_ns, end_ns: start_ns + 1000, busy_ns: 1000, task: Some(task), tasks: 1, ..Bar::default() };
            log.tracks.push((task % 2) as u32, bar);
        }
        log.samples.push(Sample::default());
        let mut bytes = Vec::new();
        write_chrome_trace(&[log.clone(), log], &mut bytes).unwrap();
        let trace: Value = serde_json::from_slice(&bytes).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let of = |kind: &str| events.iter().filter(|event| event["ph"] == kind).count();
        assert_eq!((of("X"), of("M"), of("C")), (200, 6, 4));
        let task = events.iter().find(|event| event["args"]["task"] == 7).unwrap();
        assert_eq!((task["ts"].as_f64(), task["dur"].as_f64(), &task["tid"]), (Some(14.0), Some(1.0), &json!(1)));
        assert_eq!(events[0]["args"]["name"], "run 3: a \"quoted\" label");
    }

    #[test]
    fn no_runs_are_an_empty_trace() {
        let mut bytes = Vec::new();
        write_chrome_trace(&[], &mut bytes).unwrap();
        let trace: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(trace["traceEvents"], json!([]));
    }
}
