//! What was measured: the printed table, and the same as JSON.

use std::fmt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::workloads::{BLOCKFOLD, Goal, LOOP, WORKLOADS, Workload};
use crate::process::output;

/// All turns of one engine at one workload.
#[derive(Debug)]
pub struct Measured {
    workload: &'static str,
    /// The engine's name.
    pub engine: &'static str,
    seconds: Vec<f64>,
    peak_rss_bytes: u64,
}

impl Measured {
    /// Nothing yet.
    pub fn new(workload: &'static str, engine: &'static str) -> Self {
        Self { workload, engine, seconds: Vec::new(), peak_rss_bytes: 0 }
    }

    /// Adds what a process reported; its first time is left out if that was to warm up.
    pub fn add(&mut self, report: &Value, warm_up: bool) {
        let seconds = report["seconds"].as_array().map(Vec::as_slice).unwrap_or_default();
        self.seconds.extend(seconds.iter().skip(usize::from(warm_up)).filter_map(Value::as_f64));
        let peak = report["peak_rss_bytes"].as_u64().unwrap_or(0);
        self.peak_rss_bytes = self.peak_rss_bytes.max(peak);
    }

    fn best(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// One object of the results file.
    pub fn to_json(&self) -> Value {
        json!({
            "workload": self.workload,
            "engine": self.engine,
            "best_seconds": self.best(),
            "seconds": self.seconds,
            "peak_rss_bytes": self.peak_rss_bytes,
        })
    }
}

/// Prints the lines of one workload and what came of its goals. `measured` holds those of the workloads before it too.
pub fn print(workload: &Workload, measured: &[Measured]) {
    println!("\n{} ({})", workload.title, workload.name);
    println!("  {:<12} {:>9} {:>14} {:>9} {:>10}", "engine", "best s", "to best peer", "ns/row", "peak MB");
    let lines = || measured.iter().filter(|line| line.workload == workload.name);
    let peers = lines().filter(|line| ![BLOCKFOLD, LOOP].contains(&line.engine));
    let best_peer = peers.map(Measured::best).fold(f64::INFINITY, f64::min);
    for line in lines() {
        let best = line.best();
        let ns_per_row = best * 1e9 / workload.rows as f64;
        let peak_mb = line.peak_rss_bytes as f64 / 1e6;
        println!("  {:<12} {best:>9.4} {:>14.2} {ns_per_row:>9.2} {peak_mb:>10.0}", line.engine, best / best_peer);
    }
    for goal in workload.goals {
        if let Some(outcome) = Outcome::of(goal, workload, measured) {
            println!("  {outcome}");
        }
    }
}

/// What came of a goal.
#[derive(Debug)]
struct Outcome {
    what: String,
    value: f64,
    at_most: f64,
}

impl Outcome {
    /// None if an engine that the goal names was not measured.
    fn of(goal: &Goal, workload: &Workload, measured: &[Measured]) -> Option<Self> {
        let find = |name: &str, engine: &str| measured.iter().find(|m| m.workload == name && m.engine == engine);
        let ours = find(workload.name, BLOCKFOLD)?;
        match goal {
            Goal::Time { ratio, of } => {
                let theirs = of.iter().map(|engine| find(workload.name, engine).map(Measured::best));
                let best = theirs.collect::<Option<Vec<f64>>>()?.into_iter().fold(f64::INFINITY, f64::min);
                let what = format!("time, to the best of {}", of.join(" and "));
                Some(Self { what, value: ours.best() / best, at_most: *ratio })
            }
            Goal::PeakBytes(at_most) => {
                let what = "peak resident MB".to_owned();
                Some(Self { what, value: ours.peak_rss_bytes as f64 / 1e6, at_most: *at_most as f64 / 1e6 })
            }
            Goal::TimePerRow { ratio, than } => {
                let other = WORKLOADS.iter().find(|w| w.name == *than)?;
                let theirs = find(than, BLOCKFOLD)?.best() / other.rows as f64;
                let what = format!("time a row, to its own in {than}");
                Some(Self { what, value: ours.best() / workload.rows as f64 / theirs, at_most: *ratio })
            }
        }
    }

    fn reached(&self) -> bool {
        self.value <= self.at_most
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reached = if self.reached() { "reached" } else { "MISSED" };
        write!(f, "{reached}: {}: {:.3} (at most {:.3})", self.what, self.value, self.at_most)
    }
}

/// Every goal whose engines were measured, with what came of it.
pub fn goals(measured: &[Measured]) -> Vec<Value> {
    let goals = WORKLOADS.iter().flat_map(|workload| workload.goals.iter().map(move |goal| (workload, goal)));
    let outcomes = goals.filter_map(|(workload, goal)| {
        let outcome = Outcome::of(goal, workload, measured)?;
        Some(json!({
            "workload": workload.name,
            "what": outcome.what,
            "value": outcome.value,
            "at_most": outcome.at_most,
            "reached": outcome.reached(),
        }))
    });
    outcomes.collect()
}

/// The processor and the number of its cores.
pub fn machine() -> Value {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    json!({
        "cpu": model.map_or("unknown", str::trim),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
    })
}

/// The commit checked out, with `+` if files differ from it; `unknown` without git.
pub fn commit(root: &Path) -> String {
    let git = |args: &[&str]| output(Command::new("git").args(args).current_dir(root));
    match (git(&["rev-parse", "HEAD"]), git(&["status", "--porcelain"])) {
        (Ok(head), Ok(changes)) => format!("{}{}", head.trim(), if changes.is_empty() { "" } else { "+" }),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(engine: &'static str, seconds: &[f64]) -> Measured {
        let mut line = Measured::new("year_sum", engine);
        line.add(&json!({"seconds": seconds, "peak_rss_bytes": 7}), true);
        line
    }

    #[test]
    fn the_best_time_leaves_out_the_warm_up() {
        assert_eq!(line("dask", &[1.0, 3.0, 2.0]).best(), 2.0);
    }

    #[test]
    fn a_goal_is_judged_against_the_better_engine() {
        let lines = [line("duckdb", &[9.0, 2.0]), line("polars", &[9.0, 4.0]), line(BLOCKFOLD, &[9.0, 1.0])];
        let [time, peak] = &goals(&lines)[..] else { panic!("two goals without dask") };
        assert_eq!((time["value"].as_f64(), time["reached"].as_bool()), (Some(0.5), Some(false)));
        assert_eq!(peak["reached"].as_bool(), Some(true));
    }

    #[test]
    fn no_goal_is_judged_without_us() {
        assert!(goals(&[line("duckdb", &[9.0, 2.0]), line("polars", &[9.0, 2.0])]).is_empty());
    }
}
