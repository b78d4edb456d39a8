//! The Python package: its wheel in a virtual environment of its own, its types, its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths::Workspace;
use crate::process::check;
use crate::venv;

/// Builds the wheel as quickly as tests are built, installs it, and runs pyright and pytest over `tests/python`.
pub fn test(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    let python = venv::python(&workspace.target.join("python-venv"), &root.join("tests/python/requirements.txt"))?;
    let wheel = wheel(workspace, &python)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"];
    check(Command::new(&python).args(pip).arg(wheel))?;
    check(Command::new(&python).args(["-m", "pyright", "--pythonpath"]).arg(&python).current_dir(root))?;
    check(Command::new(&python).args(["-m", "pytest", "tests/python"]).current_dir(root))
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
