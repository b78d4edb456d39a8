//! The dashboard's page in a real browser: the bundle is what its sources make, and it shows what it should.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::paths::Workspace;
use crate::process::{cargo, check};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Checks the bundle, and drives the page of made-up runs in Chromium. Says so, and passes, where Node or Chromium
/// is missing.
pub fn test(workspace: &Workspace) -> Result<()> {
    let Some(chromium) = chromium() else { return skipped("Chromium", "apt install chromium") };
    if !starts("node") || !starts("npm") {
        return skipped("Node 20 with npm", "see https://nodejs.org");
    }
    let page = workspace.root.join("crates/dashboard/page");
    let tests = workspace.root.join("tests/browser");
    install(&page)?;
    check(Command::new("npm").args(["run", "--silent", "check"]).current_dir(&page))?;
    install(&tests)?;
    // What the stage `test` built, examples among it: a package by name would be built anew with other features.
    check(cargo().args(["test", "--workspace", "--no-run"]).current_dir(&workspace.root))?;
    check(
        Command::new("npm")
            .args(["test", "--silent"])
            .env("BLOCKFOLD_CHROMIUM", chromium)
            .env("BLOCKFOLD_SYNTHETIC", workspace.target.join("debug/examples/synthetic"))
            .env("BLOCKFOLD_BIN", workspace.target.join("debug/blockfold"))
            .env("BLOCKFOLD_PICTURES", workspace.target.join("browser"))
            .current_dir(&tests),
    )
}

#[allow(clippy::unnecessary_wraps, reason = "the stage returns what this does")]
fn skipped(what: &str, remedy: &str) -> Result<()> {
    println!("SKIPPED: the dashboard's page is not tested, because {what} is missing ({remedy})");
    Ok(())
}

/// Exactly the packages of the lockfile.
fn install(folder: &Path) -> Result<()> {
    let options = ["ci", "--silent", "--no-audit", "--no-fund", "--prefer-offline"];
    check(Command::new("npm").args(options).current_dir(folder))
        .context("cannot install the packages of npm; is the network reachable?")
}

/// What `BLOCKFOLD_CHROMIUM` names, or a browser on the path.
fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("BLOCKFOLD_CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

fn starts(program: &str) -> bool {
    let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
