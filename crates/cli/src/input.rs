//! Which reader a path wants: Parquet or Arrow IPC, told by content, else by name.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use blockfold::{LazyFrame, Session};

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    Ipc,
}

/// A lazy frame of files, folders or patterns.
///
/// # Errors
/// Nothing there, a damaged file, or files that differ.
pub fn open(session: &Session, paths: &[PathBuf]) -> Result<LazyFrame> {
    let format = paths.iter().find_map(|path| format_of(path)).unwrap_or(Format::Parquet);
    Ok(match format {
        Format::Parquet => session.read_parquet(paths)?,
        Format::Ipc => session.read_ipc(paths)?,
    })
}

/// What reads files, folders or patterns, by the format's name.
pub fn reader(paths: &[PathBuf]) -> &'static str {
    match paths.iter().find_map(|path| format_of(path)) {
        Some(Format::Ipc) => "ipc",
        Some(Format::Parquet) | None => "parquet",
    }
}

fn format_of(path: &Path) -> Option<Format> {
    if path.is_dir() {
        return format_in(path);
    }
    if path.is_file() {
        return by_content(path).or_else(|| by_name(path));
    }
    if path.exists() {
        // A device or a pipe; opening says what is wrong with it.
        return None;
    }
    by_name(path).or_else(|| {
        let mut found = glob::glob(path.to_str()?).ok()?.filter_map(std::result::Result::ok);
        found.find_map(|path| format_of(&path))
    })
}

fn by_content(path: &Path) -> Option<Format> {
    let mut start = [0; 6];
    let mut file = File::open(path).ok()?;
    file.read_exact(&mut start).ok()?;
    match &start {
        b"ARROW1" => Some(Format::Ipc),
        [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
        _ => None,
    }
}

fn by_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "parquet" | "parq" | "pq" => Some(Format::Parquet),
        "arrow" | "ipc" | "feather" => Some(Format::Ipc),
        _ => None,
    }
}

/// The format of the first file, in order of names, that has one; files lie before folders.
fn format_in(folder: &Path) -> Option<Format> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let files = entries.iter().filter(|path| path.is_file()).find_map(|path| by_name(path));
    // Links are not followed here, so that links in a circle end.
    let is_folder = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    files.or_else(|| entries.iter().filter(is_folder).find_map(|path| format_in(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content_then_name() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            path
        };
        let odd = write("odd.parquet", b"ARROW1\0\0....");
        let short = write("short.arrow", b"A");
        let nested = write("set/y=1/a.feather", b"");
        write("set/_SUCCESS", b"");
        assert_eq!(format_of(&odd), Some(Format::Ipc));
        assert_eq!(format_of(&short), Some(Format::Ipc));
        assert_eq!(format_of(&root.path().join("set")), Some(Format::Ipc));
        assert_eq!(format_of(&root.path().join("set/*/*")), by_name(&nested));
        assert_eq!(format_of(&root.path().join("none/*.pq")), Some(Format::Parquet));
        assert_eq!(format_of(&root.path().join("none")), None);
    }
}
