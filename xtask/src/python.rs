//! The Python package: its wheel in a virtual environment of its own, its types, its tests, its guide.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths::Workspace;
use crate::process::check;
use crate::venv;

/// Builds the wheel as quickly as tests are built, installs it, runs pyright and pytest over `tests/python`, and builds
/// the guide. The tests run the guide's commands with the program, where an earlier stage has built it.
pub fn test(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    let python = venv::python(&workspace.target.join("python-venv"), &root.join("tests/python/requirements.txt"))?;
    let wheel = wheel(workspace, &python)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"];
    check(Command::new(&python).args(pip).arg(wheel))?;
    check(Command::new(&python).args(["-m", "pyright", "--pythonpath"]).arg(&python).current_dir(root))?;
    let pytest = |args: &[&str]| {
        let mut run = Command::new(&python);
        run.args(["-m", "pytest", "--numprocesses", "2", "--dist", "loadfile", "--timeout", "600"])
            .args(args)
            .current_dir(root);
        check(run.env("BLOCKFOLD_BIN", workspace.target.join("debug/blockfold")))
    };
    pytest(&["tests/python"])?;
    let in_fragments: Vec<String> = IN_FRAGMENTS.iter().map(|name| format!("tests/python/test_{name}.py")).collect();
    let in_fragments = std::iter::once("--fragments").chain(in_fragments.iter().map(String::as_str));
    pytest(&in_fragments.collect::<Vec<_>>())?;
    guide(workspace, &python)
}

/// Tests whose plans are run once more, cut in fragments as for the workers of a cluster.
const IN_FRAGMENTS: [&str; 7] =
    ["frames_pandas", "verbs", "arrays_numpy", "standard", "made_of_calls", "by_pandas", "stacks"];

/// Builds the guide into `target/guide`; a warning is an error. Its notebooks run meanwhile.
fn guide(workspace: &Workspace, python: &Path) -> Result<()> {
    let mut build = Command::new(python);
    build.args(["-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", "docs/mkdocs.yml", "--site-dir"]);
    // The theme's word on its own future is no warning about these pages.
    build.arg(workspace.target.join("guide")).env("NO_MKDOCS_2_WARNING", "1").current_dir(&workspace.root);
    check(&mut build)
}

fn wheel(workspace: &Workspace, python: &Path) -> Result<PathBuf> {
    let folder = workspace.target.join("python-wheel");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let build = ["-m", "maturin", "build", "--quiet", "--profile", "dev", "--interpreter"];
    check(Command::new(python).args(build).arg(python).arg("--out").arg(&folder).current_dir(&workspace.root))?;
    let made = fs::read_dir(&folder)?.next().context("maturin made no wheel")??;
    Ok(made.path())
}
