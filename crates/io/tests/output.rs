//! Outputs appear whole or not at all.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use blockfold_core::Error;
use blockfold_io::output::{OutputFile, OutputFolder};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn write_part(output: &OutputFolder, name: &str, text: &str) {
    let path = output.file(name).unwrap();
    let mut file = File::create(&path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    output.finished(path, file);
}

fn write_all(path: &Path, overwrite: bool, text: &str) -> blockfold_core::Result<()> {
    let output = OutputFolder::new(path, overwrite);
    output.begin()?;
    write_part(&output, "part.0.parquet", text);
    write_part(&output, "part.1.parquet", text);
    output.commit()
}

#[test]
fn appears_at_commit_and_not_before() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("made/for/out");
    let output = OutputFolder::new(&path, false);
    output.begin().unwrap();
    write_part(&output, "part.0.parquet", "a");
    assert!(!path.exists());
    output.commit().unwrap();
    assert_eq!(names(&path), ["part.0.parquet"]);
    assert_eq!(names(path.parent().unwrap()), ["out"]);
    assert!(output.commit().is_err());
    assert!(output.file("x").is_err());
}

#[test]
fn aborted_or_dropped_outputs_leave_nothing() {
    let root = tempfile::tempdir().unwrap();
    let output = OutputFolder::new(root.path().join("a/b/out"), false);
    output.begin().unwrap();
    write_part(&output, "part.0.parquet", "a");
    output.abort();
    output.abort();
    assert!(names(root.path()).is_empty());
    output.begin().unwrap();
    write_part(&output, "part.0.parquet", "a");
    drop(output);
    assert!(names(root.path()).is_empty());
}

#[test]
fn what_others_left_half_written_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    let output = OutputFolder::new(&path, false);
    output.begin().unwrap();
    write_part(&output, "part.0.parquet", "whole");
    write_part(&output, ".part.1.parquet-lost", "half");
    fs::create_dir(output.file(".part.2-lost").unwrap()).unwrap();
    for (name, size) in [("part.0.parquet", 4), ("part.1.parquet", 5)] {
        let wrong = output.keep_only(&[(name.to_string(), size)].into());
        assert!(matches!(wrong, Err(Error::NotFound { path, .. }) if path.ends_with(name)));
        write_part(&output, "part.0.parquet", "whole");
    }
    output.keep_only(&[("part.0.parquet".to_string(), 5)].into()).unwrap();
    output.commit().unwrap();
    assert_eq!(names(&path), ["part.0.parquet"]);
    assert!(OutputFolder::new(&path, false).keep_only(&[].into()).is_err());
}

#[test]
fn an_existing_output_is_replaced_only_on_request() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    fs::create_dir(&path).unwrap();
    write_all(&path, false, "first").unwrap();
    assert!(matches!(write_all(&path, false, "second"), Err(Error::AlreadyExists { .. })));
    assert_eq!(fs::read_to_string(path.join("part.1.parquet")).unwrap(), "first");
    fs::write(path.join("part.2.parquet"), "of a larger run before").unwrap();
    fs::create_dir(path.join("year=2024")).unwrap();
    write_all(&path, true, "second").unwrap();
    assert_eq!(names(&path), ["part.0.parquet", "part.1.parquet"]);
    assert_eq!(fs::read_to_string(path.join("part.1.parquet")).unwrap(), "second");
    assert_eq!(names(root.path()), ["out"]);
}

#[test]
fn strangers_are_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    for stranger in ["notes.txt", ".git/config", "year=1/thesis.doc", "sub/part.0.parquet"] {
        let path = root.path().join("home");
        fs::create_dir_all(path.join(stranger).parent().unwrap()).unwrap();
        fs::write(path.join(stranger), "dear").unwrap();
        fs::write(path.join("part.0.parquet"), "").unwrap();
        let error = write_all(&path, true, "x").unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
        assert!(error.to_string().contains("is no part of a data set"), "{error}");
        assert_eq!(fs::read_to_string(path.join(stranger)).unwrap(), "dear");
        fs::remove_dir_all(&path).unwrap();
    }
    assert!(write_all(Path::new("/"), true, "x").is_err());
}

#[test]
fn a_target_that_appears_meanwhile_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    let output = OutputFolder::new(&path, false);
    output.begin().unwrap();
    write_all(&path, false, "theirs").unwrap();
    assert!(matches!(output.commit(), Err(Error::AlreadyExists { .. })));
    assert_eq!(fs::read_to_string(path.join("part.0.parquet")).unwrap(), "theirs");
    assert_eq!(names(root.path()), ["out"]);
}

#[test]
fn leftovers_of_the_dead_are_removed_and_an_old_output_put_back() {
    let root = tempfile::tempdir().unwrap();
    let dead = format!("{}-7", u32::MAX - 1);
    let living = OutputFolder::new(root.path().join("out"), false);
    living.begin().unwrap();
    for name in [format!(".out.blockfold-{dead}"), ".other.blockfold-4294967294-1".into(), ".out.blockfold-x-1".into()]
    {
        fs::create_dir(root.path().join(name)).unwrap();
    }
    let aside = root.path().join(format!(".out.blockfold-{dead}.old"));
    fs::create_dir(&aside).unwrap();
    fs::write(aside.join("part.0.parquet"), "old").unwrap();
    let next = OutputFolder::new(root.path().join("out"), true);
    next.begin().unwrap();
    let found = names(root.path());
    assert!(!found.contains(&format!(".out.blockfold-{dead}")), "{found:?}");
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(fs::read_to_string(root.path().join("out/part.0.parquet")).unwrap(), "old");
    write_part(&next, "part.0.parquet", "new");
    next.commit().unwrap();
    assert_eq!(fs::read_to_string(root.path().join("out/part.0.parquet")).unwrap(), "new");
}

#[test]
fn unwritable_places_are_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let mut places = vec![file.join("out"), PathBuf::from("/proc/out")];
    places.retain(|place| cfg!(target_os = "linux") || !place.starts_with("/proc"));
    for place in places {
        let error = write_all(&place, false, "x").unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&*place.parent().unwrap().to_string_lossy()), "{text}");
        assert!(OutputFile::create(&place, false).is_err());
    }
    assert_eq!(names(root.path()), ["file"]);
}

#[test]
fn single_files() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("new/out.parquet");
    let mut file = OutputFile::create(&path, false).unwrap();
    file.write_all(b"one").unwrap();
    assert!(!path.exists());
    drop(file);
    assert!(names(root.path()).is_empty());
    let mut file = OutputFile::create(&path, false).unwrap();
    file.write_all(b"two").unwrap();
    file.commit().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    assert!(matches!(OutputFile::create(&path, false), Err(Error::AlreadyExists { .. })));
    let mut file = OutputFile::create(&path, true).unwrap();
    file.write_all(b"three").unwrap();
    file.commit().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "three");
    assert!(OutputFile::create(root.path(), true).is_err());
    assert_eq!(names(path.parent().unwrap()), ["out.parquet"]);
}
