//! `--out FILE`: a result as one file that appears whole or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use blockfold::{DType, Error, Frame, IpcWriteOptions, LazyFrame, ParquetWriteOptions, RecordBatch, RunReport};

use crate::json::{self, Rows};
use crate::signals::TemporaryFolder;

/// A format that results are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    Ipc,
    Csv,
    Json,
    JsonLines,
    /// A folder of Parquet files, one a partition.
    Folder,
}

/// A file to write a result to.
#[derive(Clone, Debug)]
pub struct OutFile {
    path: PathBuf,
    format: Format,
}

/// What was written.
#[derive(Debug)]
pub struct Saved {
    /// Number of rows.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// What the run needed.
    pub report: RunReport,
}

/// A name that is nothing but an ending is a slip, not a folder.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}

impl std::str::FromStr for OutFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let format = match extension {
            "parquet" | "pq" => Format::Parquet,
            "arrow" | "ipc" | "feather" => Format::Ipc,
            "csv" => Format::Csv,
            "json" => Format::Json,
            "jsonl" | "ndjson" => Format::JsonLines,
            "" if !text.ends_with('.') && !is_hidden(&path) => Format::Folder,
            _ => return Err("the name decides the format: end it in .parquet, .arrow, .csv, .json or .jsonl".into()),
        };
        Ok(OutFile { path, format })
    }
}

impl OutFile {
    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a frame and writes its rows.
    ///
    /// # Errors
    /// A file that exists and is not to be overwritten, known before the run; an unwritable or full disk.
    pub fn save(&self, frame: &LazyFrame, overwrite: bool) -> Result<Saved> {
        if self.format == Format::Folder {
            let options = ParquetWriteOptions::default().overwrite(overwrite);
            let written = frame.write_parquet(&self.path, options)?.report;
            return Ok(Saved { rows: written.rows_written, bytes: written.bytes_written, report: written });
        }
        self.check(overwrite)?;
        let staging = self.staging()?;
        let (file, rows, report) = match self.format {
            Format::Parquet => {
                let folder = staging.path().join("parquet");
                let written = frame.coalesce(1).write_parquet(&folder, ParquetWriteOptions::default());
                let written = written.map_err(|error| self.rename_staging(error, staging.path()))?;
                (only_file(&folder)?, written.report.rows_written, written.report)
            }
            Format::Ipc => {
                let folder = staging.path().join("ipc");
                let written = frame.coalesce(1).write_ipc(&folder, IpcWriteOptions::default());
                let written = written.map_err(|error| self.rename_staging(error, staging.path()))?;
                (only_file(&folder)?, written.report.rows_written, written.report)
            }
            Format::Folder | Format::Csv | Format::Json | Format::JsonLines => {
                let collected = frame.collect()?;
                let file = staging.path().join("text");
                self.write_text(&file, &collected).map_err(|error| Error::io(&self.path, error))?;
                (file, collected.num_rows() as u64, collected.report().clone())
            }
        };
        let bytes = fs::metadata(&file).map_err(|error| Error::io(&self.path, error))?.len();
        self.check(overwrite)?;
        fs::rename(&file, &self.path).map_err(|error| Error::io(&self.path, error))?;
        Ok(Saved { rows, bytes, report })
    }

    fn check(&self, overwrite: bool) -> Result<()> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) if found.is_dir() => bail!("'{}' is a folder; --out wants a file", self.path.display()),
            Ok(found) if found.is_file() || found.is_symlink() => {
                if overwrite {
                    return Ok(());
                }
                bail!(Error::AlreadyExists { path: self.path.clone() })
            }
            Ok(_) => bail!("'{}' is no plain file", self.path.display()),
            Err(_) => Ok(()),
        }
    }

    /// A hidden folder beside the file.
    fn staging(&self) -> Result<TemporaryFolder> {
        let parent = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let prefix = format!(".{}.saving-", self.path.file_name().unwrap_or_default().to_string_lossy());
        sweep(parent, &prefix);
        let folder = parent.join(format!("{prefix}{}", std::process::id()));
        fs::create_dir(&folder)
            .map_err(|error| Error::io(&self.path, error))
            .with_context(|| format!("writing to the folder '{}'", parent.display()))?;
        Ok(TemporaryFolder::new(folder))
    }

    /// An error that names the file the user asked for, not the hidden one.
    fn rename_staging(&self, error: Error, staging: &Path) -> Error {
        match error {
            Error::Io { path, source } if path.starts_with(staging) => Error::Io { path: self.path.clone(), source },
            other => other,
        }
    }

    fn write_text(&self, file: &Path, frame: &Frame) -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(file)?);
        match self.format {
            Format::Json => {
                serde_json::to_writer(&mut out, &Rows::new(frame, usize::MAX))?;
                writeln!(out)?;
            }
            Format::JsonLines => Rows::new(frame, usize::MAX).write_lines(&mut out)?,
            _ => write_csv(&mut out, frame)?,
        }
        let file = out.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()
    }
}

/// Removes what killed processes left of the same output. A process that still runs keeps its folder.
fn sweep(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse::<u32>().ok());
        let is_gone =
            |process: u32| Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{process}")).exists();
        if process.is_some_and(is_gone) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let files: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    match files.as_slice() {
        [one] => Ok(one.clone()),
        many => bail!(Error::internal(format!("a result of {} files", many.len()))),
    }
}

/// CSV as RFC 4180 has it: null is nothing at all, an empty string is `""`.
fn write_csv(out: &mut impl Write, frame: &Frame) -> std::io::Result<()> {
    let names: Vec<String> = frame.schema().fields().iter().map(|field| csv_text(field.name())).collect();
    write!(out, "{}\r\n", names.join(","))?;
    frame.batches().iter().try_for_each(|batch| write_csv_batch(out, batch))
}

fn write_csv_batch(out: &mut impl Write, batch: &RecordBatch) -> std::io::Result<()> {
    let columns: Vec<ArrayRef> =
        batch.columns().iter().map(json::printable).collect::<Result<_>>().map_err(std::io::Error::other)?;
    let options = FormatOptions::default();
    let formatter = |column| ArrayFormatter::try_new(column, &options).map_err(std::io::Error::other);
    let formatters: Vec<ArrayFormatter<'_>> =
        columns.iter().map(|column| formatter(column.as_ref())).collect::<std::io::Result<_>>()?;
    for row in 0..batch.num_rows() {
        for (i, (column, formatter)) in columns.iter().zip(&formatters).enumerate() {
            if i > 0 {
                write!(out, ",")?;
            }
            if column.is_null(row) || *column.data_type() == DType::Null {
                continue;
            }
            let text = formatter.value(row).to_string();
            if column.data_type().is_string() { write!(out, "{}", csv_text(&text))? } else { write!(out, "{text}")? }
        }
        write!(out, "\r\n")?;
    }
    Ok(())
}

fn csv_text(text: &str) -> String {
    let needs_quotes = text.is_empty() || text.contains([',', '"', '\r', '\n']) || text.trim() != text;
    if needs_quotes { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn csv_quotes_what_needs_it() {
        let texts = StringArray::from(vec![Some("a,b"), Some(""), None, Some("say \"no\"\n")]);
        let floats = Float64Array::from(vec![Some(0.1), None, Some(f64::NAN), Some(-2.0)]);
        let batch =
            RecordBatch::try_from_iter([("t", Arc::new(texts) as ArrayRef), ("f", Arc::new(floats) as _)]).unwrap();
        let mut out = Vec::new();
        write_csv_batch(&mut out, &batch).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\"a,b\",0.1\r\n\"\",\r\n,NaN\r\n\"say \"\"no\"\"\n\",-2.0\r\n");
    }

    #[test]
    fn names_decide_formats() {
        let format = |name: &str| name.parse::<OutFile>().map(|out| out.format).ok();
        assert_eq!(format("a/b.parquet"), Some(Format::Parquet));
        assert_eq!(format("b.feather"), Some(Format::Ipc));
        assert_eq!(format("b.jsonl"), Some(Format::JsonLines));
        assert_eq!(format("a/b"), Some(Format::Folder));
        assert_eq!((format("b.xlsx"), format(".csv"), format("b."), format("..")), (None, None, None, None));
    }
}
