//! What the sources of each crate may not name.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Violation;

/// A name that may not appear in the code of some folders.
struct Rule {
    /// Folders it holds in, from the root of the workspace.
    folders: &'static [&'static str],
    /// Beginnings of paths in these folders that are exempt.
    except: &'static [&'static str],
    /// Words of code that begin with one of these (in any case) are forbidden.
    words: &'static [&'static str],
    /// What to do instead.
    remedy: &'static str,
}

const LOWER: &[&str] =
    &["crates/core", "crates/kernels", "crates/plan", "crates/ops", "crates/io", "crates/exec", "datasets"];

const RULES: &[Rule] = &[
    Rule {
        folders: &["crates/plan/src", "crates/exec/src"],
        except: &[],
        words: &["parquet", "polars", "blockfold_ops", "blockfold_io"],
        remedy: "plan and exec know steps, sources and sinks only; ask a trait of theirs for the property instead",
    },
    Rule {
        folders: &["crates", "datasets"],
        except: &["crates/kernels/src/polars"],
        words: &["polars_core", "polars_ops", "polars_arrow"],
        remedy: "only the bridge in crates/kernels/src/polars names Polars' crates; call the bridge",
    },
    Rule {
        folders: LOWER,
        except: &[],
        words: &["blockfold_cli", "blockfold_dashboard", "blockfold_python", "indicatif", "comfy_table", "pyo3"],
        remedy: "what users see lies above this crate; emit an event or return a value instead",
    },
];

/// The forbidden names in all sources below `root`.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let ops = op_names(root)?;
    let mut found = Vec::new();
    for folder in ["crates", "datasets"] {
        for path in rust_files(&root.join(folder))? {
            let text = read(&path)?;
            let file = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.extend(check_words(&file, &text));
            if in_folders(&file, &["crates/plan/src", "crates/exec/src"]) {
                found.extend(check_op_names(&file, &text, &ops));
            }
        }
    }
    Ok(found)
}

fn check_words(file: &str, text: &str) -> Vec<Violation> {
    let rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| in_folders(file, rule.folders) && !rule.except.iter().any(|path| file.starts_with(path)))
        .collect();
    let mut found = Vec::new();
    for (number, line) in code_lines(text) {
        for word in line.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let lower = word.to_lowercase();
            let broken = rules.iter().find(|rule| rule.words.iter().any(|start| lower.starts_with(start)));
            if let Some(rule) = broken {
                found.push(violation(file, number, word, rule.remedy));
            }
        }
    }
    found
}

/// Comparisons with, and matches on, the name of an op: `"filter" =>`, `== "filter"`. Tests may.
fn check_op_names(file: &str, text: &str, ops: &[String]) -> Vec<Violation> {
    let remedy = "plan and exec never list ops; add a method to the trait `Op` and ask it";
    let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (number, line) in code_lines(before_tests) {
        for op in ops {
            let quoted = format!("\"{op}\"");
            let compared = line.match_indices(&quoted).any(|(at, _)| {
                let before = line[..at].trim_end();
                let after = line[at + quoted.len()..].trim_start();
                before.ends_with("==") || before.ends_with("!=") || after.starts_with("=>") || after.starts_with('|')
            });
            if compared {
                found.push(violation(file, number, op, remedy));
            }
        }
    }
    found
}

fn violation(file: &str, line: usize, name: &str, remedy: &str) -> Violation {
    Violation { place: format!("{file}:{line}"), name: name.to_owned(), remedy: remedy.to_owned() }
}

fn in_folders(file: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| Path::new(file).starts_with(folder))
}

/// What `fn name` of each `impl Op for` returns, in the sources of `ops`.
fn op_names(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in rust_files(&root.join("crates/ops/src"))? {
        names.extend(op_names_in(&read(&path)?));
    }
    Ok(names)
}

fn op_names_in(text: &str) -> Vec<String> {
    let bodies = text.split("impl Op for ").skip(1);
    let names = bodies.filter_map(|body| body.split_once("fn name(&self)")?.1.split('"').nth(1));
    names.map(str::to_owned).collect()
}

/// The lines of `text` with their numbers, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut in_block = false;
    (1..).zip(text.lines()).map(move |(number, line)| (number, without_comments(line, &mut in_block)))
}

/// `line` up to its comment. `//` and `/*` within a string literal are no comments.
fn without_comments(line: &str, in_block: &mut bool) -> String {
    let mut code = String::new();
    let mut in_string = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('*', Some('/')) if *in_block => {
                *in_block = false;
                chars.next();
            }
            _ if *in_block => {}
            ('/', Some('/')) if !in_string => break,
            ('/', Some('*')) if !in_string => *in_block = true,
            ('\\', Some(_)) if in_string => code.extend([c].into_iter().chain(chars.next())),
            ('\'', Some('"')) if !in_string => code.extend([c].into_iter().chain(chars.next())),
            _ => {
                in_string ^= c == '"';
                code.push(c);
            }
        }
    }
    code
}

/// All `.rs` files below `folder`, sorted; none if it does not exist.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(found: &[Violation]) -> Vec<(&str, &str)> {
        found.iter().map(|v| (v.place.as_str(), v.name.as_str())).collect()
    }

    #[test]
    fn the_executor_may_not_name_a_format() {
        let found = check_words("crates/exec/src/run.rs", "fn a() {}\nuse blockfold_io::ParquetSource;\n");
        assert_eq!(
            places(&found),
            [("crates/exec/src/run.rs:2", "blockfold_io"), ("crates/exec/src/run.rs:2", "ParquetSource")]
        );
    }

    #[test]
    fn comments_may_name_anything() {
        let text = "/// Parquet, say.\nlet a = 1; // Polars\n/* parquet\n polars */ let b = 2;\n";
        assert!(check_words("crates/plan/src/lib.rs", text).is_empty());
    }

    #[test]
    fn strings_are_code() {
        let found = check_words("crates/plan/src/lib.rs", r#"let url = "http://parquet"; // polars"#);
        assert_eq!(places(&found), [("crates/plan/src/lib.rs:1", "parquet")]);
    }

    #[test]
    fn a_quote_within_a_string_does_not_end_it() {
        let mut in_block = false;
        assert_eq!(without_comments(r#"f("\"//", '"') // x"#, &mut in_block), r#"f("\"//", '"') "#);
    }

    #[test]
    fn only_the_bridge_names_polars_core() {
        let text = "use polars_core::prelude::*;";
        assert_eq!(check_words("crates/kernels/src/dense.rs", text).len(), 1);
        assert_eq!(check_words("crates/cli/src/main.rs", text).len(), 1);
        assert!(check_words("crates/kernels/src/polars/mod.rs", text).is_empty());
        assert!(check_words("crates/kernels/src/polars.rs", text).is_empty());
    }

    #[test]
    fn core_crates_name_nothing_above_them() {
        let text = "use indicatif::ProgressBar;";
        assert_eq!(check_words("crates/exec/src/events.rs", text).len(), 1);
        assert!(check_words("crates/cli/src/progress.rs", text).is_empty());
    }

    #[test]
    fn op_names_are_found_where_ops_say_them() {
        let text = "impl Op for Filter {\n fn name(&self) -> &'static str {\n \"filter\"\n }\n}";
        assert_eq!(op_names_in(text), ["filter"]);
    }

    #[test]
    fn asking_for_an_op_by_name_is_found_outside_tests() {
        let ops = ["filter".to_owned()];
        let text = "if op.name() == \"filter\" {}\nlet label = \"filter\";\n\"filter\" => 1,\n#[cfg(test)]\n\"filter\" => 1,\n";
        let found = check_op_names("crates/plan/src/lib.rs", text, &ops);
        assert_eq!(places(&found), [("crates/plan/src/lib.rs:1", "filter"), ("crates/plan/src/lib.rs:3", "filter")]);
    }
}
