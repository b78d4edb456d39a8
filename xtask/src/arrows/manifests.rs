//! What each crate may depend on, besides what its tests need.

use std::path::Path;

use serde_json::Value;

use super::Violation;

const ENGINE: [&str; 12] = [
    "blockfold-core",
    "blockfold-kernels",
    "blockfold-dense",
    "blockfold-plan",
    "blockfold-ops",
    "blockfold-io",
    "blockfold-exec",
    "blockfold-tasks",
    "blockfold-draw",
    "blockfold-watch",
    "blockfold-dashboard",
    "blockfold-datasets",
];

/// Each crate with the crates of the workspace that it may depend on. One that is not listed here may depend on all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("blockfold-core", &[]),
    ("blockfold-kernels", &["blockfold-core"]),
    ("blockfold-dense", &["blockfold-core"]),
    ("blockfold-plan", &["blockfold-core"]),
    ("blockfold-ops", &["blockfold-core", "blockfold-kernels", "blockfold-dense", "blockfold-plan"]),
    ("blockfold-io", &["blockfold-core", "blockfold-kernels", "blockfold-plan"]),
    ("blockfold-exec", &["blockfold-core", "blockfold-plan"]),
    ("blockfold-tasks", &["blockfold-core"]),
    ("blockfold-draw", &[]),
    ("blockfold-watch", &["blockfold-core", "blockfold-plan", "blockfold-exec"]),
    ("blockfold-datasets", &["blockfold-core", "blockfold-kernels", "blockfold-plan"]),
    ("blockfold", &ENGINE),
    ("blockfold-dashboard", &["blockfold-watch"]),
    ("blockfold-cli", &["blockfold", "blockfold-dashboard"]),
    ("blockfold-python", &["blockfold", "blockfold-dashboard"]),
    ("xtask", &[]),
];

/// Crates that meet outside ones: only `holders` may depend on those whose name starts with `prefix`.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("faer", &["blockfold-dense"]),
    ("polars", &["blockfold-kernels", "blockfold-tests", "blockfold-benches"]),
    ("parquet", &["blockfold-io", "blockfold-tests", "blockfold-benches"]),
    ("clap", &["blockfold-cli", "blockfold-benches"]),
    ("indicatif", &["blockfold-cli"]),
    ("comfy-table", &["blockfold", "blockfold-cli"]),
    ("pyo3", &["blockfold-python"]),
];

/// The wrong arrows among `packages`, as `cargo metadata` lists them.
pub fn check(packages: &[Value], root: &Path) -> Vec<Violation> {
    let members: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let place = manifest.strip_prefix(root).unwrap_or(manifest).display().to_string();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if dependency["kind"] == "dev" {
                continue;
            }
            let on = dependency["name"].as_str().unwrap_or_default();
            if let Some(remedy) = wrong(name, on, members.contains(&on)) {
                found.push(Violation { place: place.clone(), name: on.to_owned(), remedy });
            }
        }
    }
    found
}

/// Why `name` may not depend on `on`, if so.
fn wrong(name: &str, on: &str, is_member: bool) -> Option<String> {
    if is_member {
        let (_, allowed) = ALLOWED.iter().find(|(member, _)| *member == name)?;
        return (!allowed.contains(&on)).then(|| match allowed {
            [] => format!("{name} depends on no other crate of the workspace; move the code that needs it up"),
            _ => format!("{name} may depend on {}; move the code that needs it up", allowed.join(", ")),
        });
    }
    let (_, holders) = OUTSIDE.iter().find(|(prefix, _)| on.starts_with(prefix))?;
    (!holders.contains(&name)).then(|| format!("only {} may; go through it, or move the code there", holders[0]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_one(name: &str, dependency: Value) -> Vec<Violation> {
        let packages = [
            json!({"name": name, "manifest_path": "/w/crates/it/Cargo.toml", "dependencies": [dependency]}),
            json!({"name": "blockfold-ops", "manifest_path": "/w/crates/ops/Cargo.toml", "dependencies": []}),
        ];
        check(&packages, Path::new("/w"))
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let found = check_one("blockfold-exec", json!({"name": "blockfold-ops", "kind": null}));
        assert_eq!(found[0].place, "crates/it/Cargo.toml");
        assert_eq!(found[0].name, "blockfold-ops");
        assert!(found[0].remedy.contains("blockfold-plan"), "{}", found[0].remedy);
    }

    #[test]
    fn an_arrow_that_points_down_is_fine() {
        assert!(check_one("blockfold", json!({"name": "blockfold-ops", "kind": null})).is_empty());
    }

    #[test]
    fn tests_may_depend_on_what_they_need() {
        assert!(check_one("blockfold-exec", json!({"name": "blockfold-ops", "kind": "dev"})).is_empty());
    }

    #[test]
    fn polars_and_parquet_stay_where_they_belong() {
        assert!(!check_one("blockfold-exec", json!({"name": "parquet", "kind": null})).is_empty());
        assert!(!check_one("blockfold-ops", json!({"name": "polars-core", "kind": null})).is_empty());
        assert!(check_one("blockfold-kernels", json!({"name": "polars-core", "kind": null})).is_empty());
        assert!(check_one("blockfold-io", json!({"name": "parquet", "kind": null})).is_empty());
    }

    #[test]
    fn a_core_crate_needs_no_terminal() {
        assert!(!check_one("blockfold-core", json!({"name": "clap", "kind": null})).is_empty());
    }
}
