//! `cargo xtask bench peers`: the same work in blockfold and in its peers, in one run on the same files.
//!
//! Every measurement is a process of its own that times the work alone, imports excluded. The engines take turns in
//! each round, so that a drift of the machine falls on all of them; what counts is the best time of all rounds.

mod bound;
mod report;
mod workloads;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::paths::Workspace;
use crate::process::{cargo, check, output};
use crate::venv;
use bound::Bound;
use report::Measured;
use workloads::{BLOCKFOLD, WORKLOADS, Workload};

const ROUNDS: usize = 5;
const QUICK_ROUNDS: usize = 2;
/// Blockfold's memory budget, for every workload.
const BUDGET: &str = "256MiB";
/// What the system allows blockfold in the bounded workload.
const BOUND_BYTES: u64 = 512_000_000;

#[derive(Debug, Default)]
struct Options {
    quick: bool,
    peers_only: bool,
    only: Option<Vec<String>>,
    engines: Option<Vec<String>>,
    data: Option<PathBuf>,
    venv: Option<PathBuf>,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().copied().with_context(|| format!("{word} needs a value"));
            match *word {
                "--quick" => options.quick = true,
                "--peers-only" => options.peers_only = true,
                "--only" => options.only = Some(names(value()?)),
                "--engines" => options.engines = Some(names(value()?)),
                "--data" => options.data = Some(std::path::absolute(value()?)?),
                "--venv" => options.venv = Some(std::path::absolute(value()?)?),
                _ => bail!("unknown option `{word}`; `cargo xtask` lists the options"),
            }
        }
        let all: Vec<&str> = WORKLOADS.iter().map(|w| w.name).collect();
        refuse_unknown("workload", options.only.as_deref(), &all)?;
        let all: Vec<&str> = WORKLOADS.iter().flat_map(|w| w.engines).copied().collect();
        refuse_unknown("engine", options.engines.as_deref(), &all)?;
        Ok(options)
    }

    fn workloads(&self) -> Vec<&'static Workload> {
        let wanted = |w: &&Workload| match &self.only {
            Some(names) => names.iter().any(|name| name == w.name),
            None => !(self.quick && w.ten_years()),
        };
        WORKLOADS.iter().filter(wanted).collect()
    }

    fn engines(&self, workload: &Workload) -> Vec<&'static str> {
        let wanted = |engine: &&str| {
            let named = self.engines.as_ref().is_none_or(|names| names.iter().any(|name| name == engine));
            named && !(self.peers_only && *engine == BLOCKFOLD)
        };
        workload.engines.iter().copied().filter(wanted).collect()
    }

    /// Are these the options of a run whose figures are worth keeping?
    fn full(&self) -> bool {
        !self.quick && !self.peers_only && self.only.is_none() && self.engines.is_none()
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

fn refuse_unknown(what: &str, names: Option<&[String]>, known: &[&str]) -> Result<()> {
    for name in names.unwrap_or_default() {
        if !known.contains(&name.as_str()) {
            let mut known = known.to_vec();
            known.sort_unstable();
            known.dedup();
            bail!("no {what} `{name}`; there are {}", known.join(", "));
        }
    }
    Ok(())
}

/// What all measurements of a run share.
struct Bench {
    python: PathBuf,
    scripts: PathBuf,
    data: PathBuf,
    results: PathBuf,
    blockfold: PathBuf,
    bound: Bound,
}

/// Makes the environment and the data where they are missing, measures, compares, and reports.
pub fn run(words: &[&str]) -> Result<()> {
    let options = Options::parse(words)?;
    let workspace = Workspace::find()?;
    let bench = prepare(&options, &workspace)?;
    let rounds = if options.quick { QUICK_ROUNDS } else { ROUNDS };

    let mut measured = Vec::new();
    let mut failures = Vec::new();
    for workload in options.workloads() {
        let engines = options.engines(workload);
        warm(workload.source.map(|name| bench.data.join(name)).as_deref())?;
        let (lines, errors) = bench.measure(workload, &engines, rounds);
        failures.extend(errors);
        if let Err(error) = bench.compare(workload, &lines) {
            failures.push(format!("{error:#}"));
        }
        measured.extend(lines);
        report::print(workload, &measured);
    }

    let file = if options.full() { "benches/results/peers.json" } else { "target/peers.json" };
    let file = workspace.root.join(file);
    let results = json!({
        "machine": report::machine(),
        "commit": report::commit(&workspace.root),
        "versions": bench.versions()?,
        "rounds": rounds,
        "blockfold_budget": BUDGET,
        "bound": bench.bound.describe(BOUND_BYTES),
        "measured": measured.iter().map(Measured::to_json).collect::<Vec<_>>(),
        "goals": report::goals(&measured),
    });
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, format!("{results:#}\n"))?;
    println!("written: {}", file.display());
    if !failures.is_empty() {
        bail!("{} failed:\n{}", failures.len(), failures.join("\n"));
    }
    Ok(())
}

fn prepare(options: &Options, workspace: &Workspace) -> Result<Bench> {
    let scripts = workspace.root.join("benches/peers");
    let venv = options.venv.clone().unwrap_or_else(|| workspace.target.join("peers-venv"));
    let data = options.data.clone().unwrap_or_else(|| workspace.target.join("peers-data"));
    let results = workspace.target.join("peers-results");
    fs::create_dir_all(&results)?;

    let workloads = options.workloads();
    if workloads.iter().any(|w| options.engines(w).contains(&BLOCKFOLD)) {
        build_blockfold(workspace)?;
    }
    let python = venv::python(&venv, &scripts.join("requirements.txt"))?;
    let mut generate = Command::new(&python);
    generate.arg(scripts.join("generate.py")).arg(&data);
    if workloads.iter().any(|w| w.ten_years()) {
        generate.arg("--ten-years");
    }
    check(&mut generate).context("cannot generate the data")?;
    let blockfold = workspace.target.join("release/workload");
    Ok(Bench { python, scripts, data, results, blockfold, bound: Bound::find() })
}

fn build_blockfold(workspace: &Workspace) -> Result<()> {
    if !workspace.root.join("benches/src/bin/workload.rs").exists() {
        bail!("benches/src/bin/workload.rs is missing: there is only --peers-only yet");
    }
    let build = ["build", "--release", "--package", "blockfold-benches", "--bin", "workload"];
    check(cargo().args(build).current_dir(&workspace.root))
}

impl Bench {
    /// The engines' measurements, and the errors of those that failed (they get no further turn).
    fn measure(&self, workload: &Workload, engines: &[&'static str], rounds: usize) -> (Vec<Measured>, Vec<String>) {
        let mut lines: BTreeMap<&str, Measured> = BTreeMap::new();
        let mut errors = Vec::new();
        let mut engines = engines.to_vec();
        for _ in 0..rounds {
            engines.retain(|engine| match self.turn(workload, engine) {
                Ok(report) => {
                    let line = lines.entry(engine).or_insert_with(|| Measured::new(workload.name, engine));
                    line.add(&report, workload.warm_up());
                    true
                }
                Err(error) => {
                    errors.push(format!("{} in {engine}: {error:#}", workload.name));
                    lines.remove(engine);
                    false
                }
            });
        }
        let in_order = engines.iter().filter_map(|engine| lines.remove(engine)).collect();
        (in_order, errors)
    }

    /// One process: a repetition to warm up, if the workload has any, and one that counts.
    fn turn(&self, workload: &Workload, engine: &str) -> Result<Value> {
        let bounded = engine == BLOCKFOLD && workload.bounded;
        let bound = if bounded { &self.bound } else { &Bound::None };
        let line = bound.around(BOUND_BYTES, |wrap| {
            let mut command = if engine == BLOCKFOLD {
                let mut command = wrap(&self.blockfold);
                command.args(["--memory", BUDGET]);
                command
            } else {
                let mut command = wrap(&self.python);
                command.arg(self.scripts.join("measure.py")).arg(engine);
                command
            };
            let repeat = if workload.warm_up() { "2" } else { "1" };
            command.arg(workload.name).arg("--data").arg(&self.data).args(["--repeat", repeat]);
            command.arg("--out").arg(self.result(workload, engine));
            command.env("POLARS_MAX_THREADS", "2").env("OMP_NUM_THREADS", "2");
            output(&mut command)
        })?;
        if workload.result_is_folder {
            fs::remove_dir_all(self.result(workload, engine))?;
        }
        serde_json::from_str(&line).with_context(|| format!("not the JSON line of benches/peers/README.md: {line}"))
    }

    fn result(&self, workload: &Workload, engine: &str) -> PathBuf {
        let extension = if workload.result_is_folder { "parquet" } else { "arrow" };
        self.results.join(format!("{}.{engine}.{extension}", workload.name))
    }

    /// Do all engines agree on the result?
    fn compare(&self, workload: &Workload, lines: &[Measured]) -> Result<()> {
        let files: Vec<PathBuf> = lines
            .iter()
            .filter(|line| workload.comparable(line.engine))
            .map(|line| self.result(workload, line.engine))
            .collect();
        if files.len() < 2 {
            return Ok(());
        }
        output(Command::new(&self.python).arg(self.scripts.join("compare.py")).arg(workload.name).args(&files))?;
        Ok(())
    }

    fn versions(&self) -> Result<Value> {
        let script = "import json; from importlib.metadata import version as v; \
            print(json.dumps({p: v(p) for p in 'dask polars duckdb datafusion pyarrow pandas numpy'.split()}))";
        Ok(serde_json::from_str(&output(Command::new(&self.python).args(["-c", script]))?)?)
    }
}

/// Reads `path`, a file or a folder of files, into the page cache.
fn warm(path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let files = if path.is_dir() {
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?
    } else {
        vec![path.to_owned()]
    };
    for file in files {
        io::copy(&mut File::open(file)?, &mut io::sink())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_leaves_out_the_ten_years() {
        let options = Options::parse(&["--quick"]).unwrap();
        assert!(options.workloads().iter().all(|w| w.name != "ten_years_sum"));
        assert!(!options.full());
    }

    #[test]
    fn one_workload_without_blockfold() {
        let options = Options::parse(&["--only", "year_sum", "--peers-only"]).unwrap();
        let [workload] = options.workloads()[..] else { panic!("one workload") };
        assert_eq!(options.engines(workload), ["dask", "polars", "duckdb", "datafusion"]);
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(Options::parse(&["--only", "no_such"]).unwrap_err().to_string().contains("year_sum"));
        assert!(Options::parse(&["--engines", "no_such"]).unwrap_err().to_string().contains("duckdb"));
        assert!(Options::parse(&["--data"]).is_err());
    }
}
