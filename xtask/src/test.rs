//! `cargo xtask test`: every test, in stages, cheapest first. Stops at the first that fails.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::arrows;
use crate::browser;
use crate::paths::Workspace;
use crate::process::{cargo, check};
use crate::python;
use crate::venv;

type Stage = (&'static str, fn(&Workspace) -> Result<()>);

const STAGES: [Stage; 8] = [
    ("fmt", fmt),
    ("arrows", arrows::check),
    ("clippy", clippy),
    ("test", test),
    ("model", model),
    ("oracle", oracle),
    ("python", python::test),
    ("browser", browser::test),
];

/// Runs all stages, or the one that `--only` names.
pub fn run(options: &[&str]) -> Result<()> {
    let stages = match options {
        [] => STAGES.to_vec(),
        ["--only", name] => vec![stage(name)?],
        _ => bail!("wrong arguments; usage: cargo xtask test [--only STAGE]"),
    };
    let workspace = Workspace::find()?;
    let mut passed = Vec::new();
    for (name, run) in stages {
        println!("== {name}");
        let start = Instant::now();
        run(&workspace).with_context(|| format!("stage `{name}` failed (alone: cargo xtask test --only {name})"))?;
        let elapsed_s = start.elapsed().as_secs_f64();
        println!("== {name}: passed in {elapsed_s:.1} s\n");
        passed.push(format!("{name} ({elapsed_s:.1} s)"));
    }
    println!("all stages passed: {}", passed.join(", "));
    Ok(())
}

fn stage(name: &str) -> Result<Stage> {
    let names = STAGES.map(|(name, _)| name).join(", ");
    let found = STAGES.into_iter().find(|(stage, _)| *stage == name);
    found.with_context(|| format!("no stage `{name}`; the stages are {names}"))
}

fn fmt(workspace: &Workspace) -> Result<()> {
    check(in_root(workspace).args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all` (if cargo has no fmt: rustup component add rustfmt)")
}

fn clippy(workspace: &Workspace) -> Result<()> {
    check(in_root(workspace).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
        .context("clippy found something (if cargo has no clippy: rustup component add clippy)")
}

/// Unit, snapshot, conformance and doc tests.
fn test(workspace: &Workspace) -> Result<()> {
    check(in_root(workspace).args(["test", "--workspace"]))
}

/// The scheduler of delayed calls under thousands of schedules, chosen by a model checker.
fn model(workspace: &Workspace) -> Result<()> {
    let options = ["test", "-p", "blockfold-tasks", "--features", "shuttle", "--test", "model"];
    check(in_root(workspace).args(options))
}

/// The same calls in pandas, NumPy, Polars and Dask; the tests find our programs in `BLOCKFOLD_BIN` and
/// `BLOCKFOLD_VERB_BIN`.
fn oracle(workspace: &Workspace) -> Result<()> {
    let requirements = workspace.root.join("tests/requirements.txt");
    let tests = workspace.root.join("tests/oracle");
    if !requirements.exists() || !tests.exists() {
        println!("no tests/requirements.txt with tests/oracle: nothing to run");
        return Ok(());
    }
    // What the stage `test` built, programs among it: packages by name would be built anew with other features.
    check(in_root(workspace).args(["test", "--workspace", "--no-run"]))?;
    let python = venv::python(&workspace.target.join("test-venv"), &requirements)?;
    check(
        Command::new(python)
            .args(["-m", "pytest", "-q", "--numprocesses", "2", "tests/oracle"])
            .env("BLOCKFOLD_BIN", workspace.target.join("debug/blockfold"))
            .env("BLOCKFOLD_VERB_BIN", workspace.target.join("debug/verb"))
            .current_dir(&workspace.root),
    )
}

fn in_root(workspace: &Workspace) -> Command {
    let mut command = cargo();
    command.current_dir(&workspace.root);
    command
}
