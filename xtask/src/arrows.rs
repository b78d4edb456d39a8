//! The direction of dependencies: arrows between crates only point down (ARCHITECTURE.md), and below the crate level
//! `plan` and `exec` know no op, no Parquet and no Polars.
//!
//! Two checks: what the manifests depend on, and what the sources name. The second reads code as text, without its
//! comments; it is made to find honest slips, not tricks.

mod manifests;
mod sources;

use anyhow::{Result, bail};

use crate::paths::Workspace;

/// An arrow that points up.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    /// File and, for a source, line.
    place: String,
    /// What it may not name.
    name: String,
    /// How to put it right.
    remedy: String,
}

/// Fails with every wrong arrow of the workspace: file, line, forbidden name, what to do.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut found = manifests::check(&workspace.packages, &workspace.root);
    found.extend(sources::check(&workspace.root)?);
    for Violation { place, name, remedy } in &found {
        println!("{place}: names `{name}`, which is forbidden here: {remedy}");
    }
    if !found.is_empty() {
        bail!("{} forbidden dependencies", found.len());
    }
    Ok(())
}
