//! What was measured: the printed table, and the same as JSON.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::workloads::{BLOCKFOLD, LOOP, Reach, WORKLOADS, Workload};
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

/// Prints the lines of one workload; `earlier` are those of the workloads before it.
pub fn print(workload: &Workload, lines: &[Measured], earlier: &[Measured]) {
    println!("\n{} ({})", workload.title, workload.name);
    println!("  {:<12} {:>9} {:>14} {:>9} {:>10}", "engine", "best s", "to best peer", "ns/row", "peak MB");
    let peers = lines.iter().filter(|line| ![BLOCKFOLD, LOOP].contains(&line.engine));
    let best_peer = peers.map(Measured::best).fold(f64::INFINITY, f64::min);
    for line in lines {
        let ns_per_row = line.best() * 1e9 / workload.rows as f64;
        let peak_mb = line.peak_rss_bytes as f64 / 1e6;
        let ratio = line.best() / best_peer;
        print!("  {:<12} {:>9.4} {ratio:>14.2} {ns_per_row:>9.2} {peak_mb:>10.0}", line.engine, line.best());
        match rate_to_one_year(workload, line, earlier) {
            Some(rate) => println!("   {rate:.2} of its time a row for one year"),
            None => println!(),
        }
    }
    for reach in workload.reaches {
        if let Some(ratio) = ratio(reach, workload, lines) {
            println!("  {}", verdict(reach, ratio));
        }
    }
}

/// The time a row over ten years, as a part of the same engine's over one.
fn rate_to_one_year(workload: &Workload, line: &Measured, earlier: &[Measured]) -> Option<f64> {
    if !workload.ten_years() {
        return None;
    }
    let year = WORKLOADS.iter().find(|w| w.name == "year_sum")?;
    let one = earlier.iter().find(|one| one.workload == year.name && one.engine == line.engine)?;
    Some((line.best() / workload.rows as f64) / (one.best() / year.rows as f64))
}

/// Our time divided by that of the best engine that `reach` names, if both were measured.
fn ratio(reach: &Reach, workload: &Workload, measured: &[Measured]) -> Option<f64> {
    let best = |engines: &[&str]| {
        let lines = measured.iter().filter(|m| m.workload == workload.name && engines.contains(&m.engine));
        lines.map(Measured::best).min_by(f64::total_cmp)
    };
    Some(best(&[BLOCKFOLD])? / best(reach.of)?)
}

fn verdict(reach: &Reach, ratio: f64) -> String {
    let found = if ratio <= reach.ratio { "reached" } else { "MISSED" };
    format!("{found}: {ratio:.3} of {} (at most {:.3})", reach.of.join(" and "), reach.ratio)
}

/// Every goal whose engines were measured, with what came of it.
pub fn reached(measured: &[Measured]) -> Vec<Value> {
    let goals = WORKLOADS.iter().flat_map(|workload| workload.reaches.iter().map(move |reach| (workload, reach)));
    let judged = goals.filter_map(|(workload, reach)| {
        let ratio = ratio(reach, workload, measured)?;
        Some(json!({
            "workload": workload.name,
            "of": reach.of,
            "ratio": ratio,
            "at_most": reach.ratio,
            "reached": ratio <= reach.ratio,
        }))
    });
    judged.collect()
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
        let ratios: Vec<f64> = reached(&lines).iter().filter_map(|reach| reach["ratio"].as_f64()).collect();
        assert_eq!(ratios, [0.5]);
    }

    #[test]
    fn no_goal_is_judged_without_us() {
        assert!(reached(&[line("duckdb", &[9.0, 2.0])]).is_empty());
    }
}
