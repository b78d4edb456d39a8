//! Python virtual environments made from a requirements file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::check;

/// The Python of the environment `dir`, which is made or brought up to date if it does not match `requirements`.
pub fn python(dir: &Path, requirements: &Path) -> Result<PathBuf> {
    let wanted = fs::read_to_string(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let python = dir.join("bin/python");
    let installed = dir.join("requirements.txt");
    if python.exists() && fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    println!("making the virtual environment {}", dir.display());
    check(Command::new("python3").args(["-m", "venv"]).arg(dir))
        .context("python3 with its venv module is needed (Debian: apt install python3-venv)")?;
    check(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
    )
    .context("cannot install the Python packages; is the network reachable?")?;
    fs::write(&installed, wanted)?;
    Ok(python)
}
