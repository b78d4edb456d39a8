//! Paths, folders, globs and hive partitions to lists of files.
//!
//! A path is a file, a folder (searched with everything below it), or a pattern of `*`, `?`, `[..]` and `**`.
//! Files of a folder or pattern come in natural order: `part.2` before `part.10`. A path that exists is taken
//! as it is even when it holds pattern characters. Nothing is opened here: whether a file is what its name says
//! is for its reader to find out.

use std::cmp::Ordering;
use std::fs;
use std::path::{Component, Path, PathBuf};

use blockfold_core::{Error, Result};

/// What a user may name as input: one path or several, each a file, a folder or a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths(Vec<PathBuf>);

impl Paths {
    /// The paths as they were given.
    pub fn as_slice(&self) -> &[PathBuf] {
        &self.0
    }
}

macro_rules! one_path {
    ($($from:ty),*) => {$(
        impl From<$from> for Paths {
            fn from(path: $from) -> Self { Paths(vec![PathBuf::from(path)]) }
        }
    )*};
}
one_path!(&str, String, &String, &Path, PathBuf, &PathBuf);

impl<P: Into<PathBuf>> From<Vec<P>> for Paths {
    fn from(paths: Vec<P>) -> Self {
        Paths(paths.into_iter().map(Into::into).collect())
    }
}

impl<P: AsRef<Path>> From<&[P]> for Paths {
    fn from(paths: &[P]) -> Self {
        Paths(paths.iter().map(|path| path.as_ref().to_path_buf()).collect())
    }
}

impl<P: AsRef<Path>, const N: usize> From<[P; N]> for Paths {
    fn from(paths: [P; N]) -> Self {
        Paths::from(paths.as_slice())
    }
}

impl<P: AsRef<Path>, const N: usize> From<&[P; N]> for Paths {
    fn from(paths: &[P; N]) -> Self {
        Paths::from(paths.as_slice())
    }
}

/// A file to read, with the columns that its folders `key=value` stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// The file.
    pub path: PathBuf,
    /// Keys and values of the hive folders between the input and the file, outermost first; `None` is null.
    pub hive: Vec<(String, Option<String>)>,
}

/// The files that the paths stand for, those of one path in natural order, paths in the order given.
///
/// Folders give files with one of `extensions` (without the dot; none at all means any file), except those whose
/// name, or a folder's on the way, starts with `_` or `.`. Hive folders count from the named folder, or from a
/// pattern's first wildcard, inwards.
///
/// # Errors
/// [`Error::NotFound`] for a path without a file, naming it and what was looked for; [`Error::Argument`] for a
/// malformed pattern or files in unlike hive folders.
pub fn resolve(paths: &Paths, extensions: &[&str]) -> Result<Vec<DataFile>> {
    let mut files = Vec::new();
    for path in &paths.0 {
        files.extend(resolve_one(path, extensions)?);
    }
    if files.is_empty() {
        return Err(Error::argument("read", "the list of paths is empty"));
    }
    check_hive_keys(&files)?;
    Ok(files)
}

fn resolve_one(path: &Path, extensions: &[&str]) -> Result<Vec<DataFile>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let mut files = Vec::new();
            walk(path, extensions, &mut Vec::new(), &mut files)?;
            if files.is_empty() {
                return Err(not_found(path, format!("the folder has no {}", describe(extensions))));
            }
            Ok(finish(path, files))
        }
        Ok(found) if found.is_file() => Ok(vec![DataFile { path: path.to_path_buf(), hive: Vec::new() }]),
        Ok(_) => {
            let op = format!("'{}'", path.display());
            Err(Error::argument(op, "is neither a file nor a folder; data is read from several places at once"))
        }
        Err(_) if is_pattern(path) => resolve_pattern(path, extensions),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(not_found(path, format!("looked for a file, a folder of {}, or a pattern", describe(extensions))))
        }
        Err(error) => Err(Error::io(path, error)),
    }
}

fn resolve_pattern(path: &Path, extensions: &[&str]) -> Result<Vec<DataFile>> {
    let bad = |what: String| Error::argument(format!("pattern '{}'", path.display()), what);
    let text = path.to_str().ok_or_else(|| bad("is not UTF-8".into()))?;
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let mut files = Vec::new();
    for entry in glob::glob_with(text, options).map_err(|error| bad(error.to_string()))? {
        let found = entry.map_err(|error| {
            let path = error.path().to_path_buf();
            Error::Io { path, source: error.into() }
        })?;
        if found.is_dir() {
            walk(&found, extensions, &mut Vec::new(), &mut files)?;
        } else if !is_hidden(&found) {
            files.push(found);
        }
    }
    if files.iter().any(|file| has_extension(file, extensions)) {
        files.retain(|file| has_extension(file, extensions));
    }
    if files.is_empty() {
        return Err(not_found(path, format!("no {} matches the pattern", describe(extensions))));
    }
    Ok(finish(&fixed_part(path), files))
}

/// Collects the files below a folder. `above` holds the real paths of folders entered through links.
fn walk(folder: &Path, extensions: &[&str], above: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> Result<()> {
    let real = fs::canonicalize(folder).map_err(|error| Error::io(folder, error))?;
    if above.contains(&real) {
        return Ok(());
    }
    above.push(real);
    for entry in fs::read_dir(folder).map_err(|error| Error::io(folder, error))? {
        let entry = entry.map_err(|error| Error::io(folder, error))?;
        let path = entry.path();
        if is_hidden(&path) {
            continue;
        }
        let kind = entry.file_type().map_err(|error| Error::io(&path, error))?;
        if kind.is_dir() || (kind.is_symlink() && path.is_dir()) {
            walk(&path, extensions, above, files)?;
        } else if has_extension(&path, extensions) {
            files.push(path);
        }
    }
    above.pop();
    Ok(())
}

fn finish(root: &Path, mut files: Vec<PathBuf>) -> Vec<DataFile> {
    files.sort_by(|a, b| natural_order(a, b));
    files.dedup();
    files.into_iter().map(|path| DataFile { hive: hive_keys(root, &path), path }).collect()
}

/// Orders paths component by component, runs of digits by their value: `part.2` before `part.10`.
pub fn natural_order(a: &Path, b: &Path) -> Ordering {
    let (mut left, mut right) = (a.components(), b.components());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => {
                let (x, y) = (x.as_os_str().to_string_lossy(), y.as_os_str().to_string_lossy());
                let order = natural_text_order(&x, &y).then_with(|| x.cmp(&y));
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

fn natural_text_order(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() && !b.is_empty() {
        let ((x, rest_a), (y, rest_b)) = (split_run(a), split_run(b));
        let numbers = x.starts_with(|c: char| c.is_ascii_digit()) && y.starts_with(|c: char| c.is_ascii_digit());
        let order = if numbers {
            let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    a.len().cmp(&b.len())
}

/// The leading run of digits or of other characters, and the rest.
fn split_run(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

/// Name that hive writers give to the folder of nulls.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

fn hive_keys(root: &Path, file: &Path) -> Vec<(String, Option<String>)> {
    let inner = file.strip_prefix(root).unwrap_or(Path::new(""));
    let folders = inner.parent().unwrap_or(Path::new(""));
    let pair = |component: Component| {
        let name = component.as_os_str().to_str()?;
        let (key, value) = name.split_once('=').filter(|(key, _)| !key.is_empty())?;
        let value = (value != NULL_FOLDER).then(|| percent_decode(value));
        Some((percent_decode(key), value))
    };
    folders.components().filter_map(pair).collect()
}

/// `%41` to `A`; what is not a valid escape, or would not be UTF-8, stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'%').then(|| tail.get(..2).and_then(hex_byte)).flatten();
        out.push(escape.unwrap_or(first));
        rest = if escape.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_string())
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

fn check_hive_keys(files: &[DataFile]) -> Result<()> {
    let keys = |file: &DataFile| file.hive.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let Some(first) = files.first() else { return Ok(()) };
    let expected = keys(first);
    match files.iter().find(|file| keys(file) != expected) {
        None => Ok(()),
        Some(other) => Err(Error::argument(
            "read",
            format!(
                "files of one data set lie in unlike hive folders: '{}' in [{}], '{}' in [{}]; read them apart",
                first.path.display(),
                expected.join(", "),
                other.path.display(),
                keys(other).join(", ")
            ),
        )),
    }
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// The folders of a pattern before its first wildcard.
fn fixed_part(pattern: &Path) -> PathBuf {
    pattern.components().take_while(|component| !is_pattern(component.as_ref())).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['_', '.']))
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let own = path.extension().unwrap_or_default();
    extensions.is_empty() || extensions.iter().any(|wanted| own.eq_ignore_ascii_case(wanted))
}

fn describe(extensions: &[&str]) -> String {
    let named: Vec<String> = extensions.iter().map(|extension| format!("*.{extension}")).collect();
    match named.split_last() {
        None => "file".to_string(),
        Some((last, [])) => format!("{last} file"),
        Some((last, others)) => format!("{} or {last} file", others.join(", ")),
    }
}

fn not_found(path: &Path, what: String) -> Error {
    Error::NotFound { path: path.to_path_buf(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        root
    }

    fn names(root: &Path, paths: impl Into<Paths>) -> Vec<String> {
        let files = resolve(&paths.into(), &["parquet"]).unwrap();
        files.iter().map(|file| file.path.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn folders_are_sorted_naturally_and_hidden_names_skipped() {
        let root = tree(&[
            "part.10.parquet",
            "part.2.parquet",
            "a/1.parquet",
            "a/_tmp/1.parquet",
            "_metadata",
            ".x.parquet",
            "README.md",
            "B.PARQUET",
        ]);
        let want = ["B.PARQUET", "a/1.parquet", "part.2.parquet", "part.10.parquet"];
        assert_eq!(names(root.path(), root.path()), want);
    }

    #[test]
    fn natural_order_is_total() {
        let mut texts = ["a10", "a2", "a02", "a", "a2b", "b1", "1", "", "a2/b", "a99999999999999999999999"];
        texts.sort_by(|a, b| natural_order(Path::new(a), Path::new(b)));
        assert_eq!(texts, ["", "1", "a", "a02", "a2", "a2/b", "a2b", "a10", "a99999999999999999999999", "b1"]);
    }

    #[test]
    fn patterns_lists_and_literal_names() {
        let root = tree(&["a/1.parquet", "a/2.parquet", "b/c/3.parquet", "a/x.txt", "a/[1].parquet", "a/_m.parquet"]);
        let path = |inner: &str| root.path().join(inner);
        assert_eq!(names(root.path(), path("a/?.parquet")), ["a/1.parquet", "a/2.parquet"]);
        assert_eq!(names(root.path(), path("a/[1].parquet")), ["a/[1].parquet"]);
        assert_eq!(names(root.path(), path("a/[2].parquet")), ["a/2.parquet"]);
        assert_eq!(names(root.path(), path("a/*")), ["a/1.parquet", "a/2.parquet", "a/[1].parquet"]);
        assert_eq!(names(root.path(), path("**/3.parquet")), ["b/c/3.parquet"]);
        assert_eq!(names(root.path(), path("*")).len(), 4);
        assert_eq!(names(root.path(), path("**")).len(), 4);
        let list = vec![path("b"), path("a/1.parquet")];
        assert_eq!(names(root.path(), list), ["b/c/3.parquet", "a/1.parquet"]);
        assert_eq!(resolve(&path("a/*.txt").into(), &["parquet"]).unwrap().len(), 1);
    }

    #[test]
    fn hive_folders_become_columns() {
        let root = tree(&["y=2024/city=S%C3%A3o%20Paulo/1.parquet", "y=__HIVE_DEFAULT_PARTITION__/city=a%2/2.parquet"]);
        let files = resolve(&root.path().into(), &["parquet"]).unwrap();
        let pair = |key: &str, value: Option<&str>| (key.to_string(), value.map(str::to_string));
        assert_eq!(files[0].hive, [pair("y", Some("2024")), pair("city", Some("São Paulo"))]);
        assert_eq!(files[1].hive, [pair("y", None), pair("city", Some("a%2"))]);
        let one = resolve(&root.path().join("y=2024/*").into(), &["parquet"]).unwrap();
        assert_eq!(one[0].hive, [pair("city", Some("São Paulo"))]);
        let unlike = tree(&["y=1/1.parquet", "2.parquet"]);
        let error = resolve(&unlike.path().into(), &["parquet"]).unwrap_err().to_string();
        assert!(error.contains("unlike hive folders"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let root = tree(&["a/x.txt"]);
        for (inner, want) in
            [("a", "the folder has no *.parquet file"), ("b", "looked for"), ("a/*.pq", "no *.parquet")]
        {
            let error = resolve(&root.path().join(inner).into(), &["parquet"]).unwrap_err();
            assert!(matches!(error, Error::NotFound { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains(want) && text.contains(&root.path().join(inner).display().to_string()), "{text}");
        }
        assert!(matches!(resolve(&root.path().join("[/*").into(), &[]), Err(Error::Argument { .. })));
        assert!(resolve(&Vec::<String>::new().into(), &[]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_end() {
        let root = tree(&["a/1.parquet"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/loop")).unwrap();
        assert_eq!(names(root.path(), root.path()), ["a/1.parquet"]);
    }
}
