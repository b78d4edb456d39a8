//! `join`, `sort` and `distinct`, in memory and through scratch.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::Place;

fn rows(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().unwrap()
}

/// A data set of 1.2 million rows, more than a budget of a few MiB holds.
fn with_many() -> Place {
    let place = Place::empty();
    place.ok("timeseries --start 2000-01-01 --end 2000-01-15 --freq 1s --seed 3 --out many -q");
    place
}

#[test]
fn sort_orders_rows() {
    let place = Place::with_data();
    let document = place.json("sort ts --by name,-x --limit 100");
    let found: Vec<(&str, f64)> =
        rows(&document).iter().map(|row| (row["name"].as_str().unwrap(), row["x"].as_f64().unwrap())).collect();
    assert_eq!(found.len(), 100);
    assert!(found.is_sorted_by(|a, b| a.0 < b.0 || (a.0 == b.0 && a.1 >= b.1)), "{found:?}");
    let out = place.ok("sort ts --by x --out sorted.parquet");
    assert!(out.starts_with("25,920 rows written to 'sorted.parquet'"), "{out}");
    assert_eq!(place.json("schema sorted.parquet")["num_rows"], json!(25920));
    let plan = place.ok("sort ts --by x --explain");
    assert!(plan.contains("sort by [x]") && plan.contains("range exchange"), "{plan}");
    assert!(place.ok("sort ts --by x --estimate").contains("projected peak"));
}

#[test]
fn small_memory_sorts_through_scratch() {
    let place = with_many();
    std::fs::create_dir(place.join("scratch")).unwrap();
    let small = place.json("sort many --by y,x --memory 16MiB --scratch scratch --out small");
    assert!(small["run"]["spilled_bytes"].as_u64().unwrap() > 1 << 20, "{small}");
    let ample = place.json("sort many --by y,x --memory 4GiB --out ample");
    assert_eq!(ample["run"]["spilled_bytes"], json!(0));
    let head = |folder: &str| place.json(&format!("head {folder} -n 1300000"))["rows"].clone();
    assert!(head("small") == head("ample"), "rows differ");
    assert_eq!(std::fs::read_dir(place.join("scratch")).unwrap().count(), 0);
}

#[test]
fn join_puts_rows_side_by_side() {
    let place = Place::with_data();
    place.ok("groupby ts --by id --agg x:max,len --out by_id.parquet -q");
    let joined = place.json("join ts by_id.parquet --on id --filter 'x = x_max'");
    let groups = place.json("schema by_id.parquet")["num_rows"].clone();
    assert_eq!(joined["num_rows"], groups);
    let anti = place.json("join ts by_id.parquet --left-on id --right-on id --how anti");
    assert_eq!(anti["num_rows"], json!(0));
    let pairs = place.json("join by_id.parquet by_id.parquet --how cross --suffix 2 --out pairs.parquet");
    assert_eq!(pairs["out"]["rows"].as_u64(), groups.as_u64().map(|groups| groups * groups));
    assert!(place.ok("join ts by_id.parquet --on id --explain").contains("join inner on id = id"));
}

#[test]
fn distinct_keeps_each_row_once() {
    let place = Place::with_data();
    let names = place.json("groupby ts --by name --agg len")["num_rows"].clone();
    assert_eq!(place.json("distinct ts --by name")["num_rows"], names);
    assert_eq!(place.json("distinct ts")["num_rows"], json!(25920));
}

#[test]
fn what_cannot_be_joined_or_sorted() {
    let place = Place::with_data();
    place.ok("groupby ts --by id --agg x:list --out lists.parquet -q");
    place.fails("join ts ts --how inner", 2, "--on COLUMNS");
    place.fails("join ts ts --on id --how cross", 2, "a cross join has no keys");
    place.fails("join ts ts --on nme", 1, "did you mean 'name'");
    place.fails("join ts ts --left-on id --right-on name", 1, "keys of one type");
    place.fails("join ts ts --on id --suffix ''", 1, "two columns would be called");
    place.fails("sort lists.parquet --by none", 1, "not found");
    place.fails("sort ts --by x,x", 2, "comes twice");
    place.fails("distinct ts --by nme", 1, "did you mean 'name'");
}

#[test]
fn scratch_that_is_full_or_no_folder() {
    let place = with_many();
    let line = "sort many --by y --memory 16MiB --out sorted";
    place.fails(&format!("{line} --scratch-limit 64KiB"), 1, "scratch limit");
    std::fs::write(place.join("plain"), "").unwrap();
    place.fails(&format!("{line} --scratch plain"), 1, "plain");
}

#[test]
fn a_killed_run_leaves_no_scratch_and_no_output() {
    let place = with_many();
    std::fs::create_dir(place.join("scratch")).unwrap();
    let args = ["sort", "many", "--by", "y", "--memory", "16MiB", "--scratch", "scratch", "--out", "sorted", "--quiet"];
    let mut child = place.command(&args).stdout(Stdio::null()).spawn().unwrap();
    // Killed while its scratch file is open, or as soon as it ends.
    let start = Instant::now();
    let open = format!("/proc/{}/fd", child.id());
    let is_spilling = || {
        let files = std::fs::read_dir(&open).into_iter().flatten().flatten();
        files
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .any(|link| link.starts_with(place.join("scratch")))
    };
    while !is_spilling() && child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "the run ended before it could be killed");
    assert!(!place.join("sorted").exists());
    assert_eq!(std::fs::read_dir(place.join("scratch")).unwrap().count(), 0);
}

#[test]
fn what_a_killed_run_wrote_is_removed_by_the_next() {
    let place = with_many();
    std::fs::create_dir(place.join("scratch")).unwrap();
    let args = ["sort", "many", "--by", "y", "--memory", "16MiB", "--scratch", "scratch", "--out", "sorted", "--quiet"];
    let mut child = place.command(&args).stdout(Stdio::null()).spawn().unwrap();
    let hidden = || place.names().into_iter().filter(|name| name.starts_with(".sorted")).collect::<Vec<_>>();
    let start = Instant::now();
    while hidden().is_empty() && child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "the run ended before it could be killed");
    assert_eq!(hidden().len(), 1, "killed while it wrote: {:?}", place.names());
    assert!(!place.join("sorted").exists());
    assert_eq!(std::fs::read_dir(place.join("scratch")).unwrap().count(), 0);
    place.ok("sort many --by y --memory 64MiB --out sorted -q");
    assert_eq!(place.names(), ["many", "scratch", "sorted"]);
}

#[test]
fn analyze_compares_the_estimate_with_the_run() {
    let place = with_many();
    let text = place.ok("sort many --by y --memory 16MiB --analyze");
    assert!(text.contains("estimated") && text.contains("rows waiting for 'sort' took"), "{text}");
    let document = place.json("explain many --by id --agg x:sum --analyze");
    let chains = document["real"]["chains"].as_array().unwrap();
    assert_eq!(chains[0]["rows_in"], json!(1_209_600));
    assert!(document["real"]["run"]["elapsed_ms"].as_f64().unwrap() > 0.0);
    assert!(place.ok("distinct many --by name --analyze").contains("rows out"));
    assert!(place.ok("join many many --on timestamp --analyze -q").contains("join"));
    place.fails("sort many --by y --analyze --out sorted", 2, "cannot be used with");
    assert_eq!(place.names(), ["many"]);
}

#[test]
fn a_run_is_recorded_and_traced() {
    let place = with_many();
    place.ok("sort many --by y --memory 16MiB --out sorted.parquet --record run.bfrun --trace trace.json -q");
    let recording = blockfold::watch::Recording::read(place.join("run.bfrun")).unwrap();
    let run = recording.runs.last().unwrap();
    assert!(run.summary.spilled_bytes > 0 && run.summary.tasks_done == run.summary.tasks);
    let used = run.samples.samples.iter().filter_map(|sample| sample.used_bytes).max();
    assert!(used > Some(1 << 20), "{used:?}");
    let trace: serde_json::Value = serde_json::from_slice(&std::fs::read(place.join("trace.json")).unwrap()).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().len() as u64 > run.summary.tasks);
    // A run that fails is recorded, too; one that cannot be recorded fails.
    let ran = place.run("sort many --by y --memory 16MiB --scratch-limit 1MiB --record failed.bfrun");
    assert!(ran.code == 1 && ran.err.contains("scratch"), "{ran:?}");
    let failed = blockfold::watch::Recording::read(place.join("failed.bfrun")).unwrap();
    assert!(failed.runs.last().unwrap().summary.error.is_some());
    let ran = place.run("schema many --record no/such/folder/run.bfrun -q");
    assert!(ran.code == 1 && ran.err.contains("no/such/folder"), "{ran:?}");
}

#[test]
fn analyze_says_why() {
    let place = with_many();
    let text = place.ok("sort many --by y --memory 16MiB --analyze");
    for part in ["time by step", "\nwhy\n", "a memory budget of about", "median task"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let document = place.json("sort many --by y --memory 16MiB --analyze");
    assert!(document["causes"][0].as_str().unwrap().contains("spilled"), "{document}");
}

#[test]
fn what_a_killed_run_left_of_a_file_is_removed_by_the_next() {
    let place = with_many();
    // No process has the greatest number that a process can have; this one's own is that of a process that runs.
    let left = |process: u32| place.join(&format!(".sorted.parquet.saving-{process}"));
    let (killed, running) = (left(4_194_304), left(std::process::id()));
    for folder in [&killed, &running] {
        std::fs::create_dir_all(folder.join("parquet")).unwrap();
    }
    place.ok("sort many --by y --out sorted.parquet -q");
    assert!(!killed.exists() && running.exists() && place.join("sorted.parquet").exists());
}
