//! `blockfold timeseries`: random measurements over time, written as Parquet or Arrow IPC.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use blockfold::datasets::{self, ColumnKind, TimeseriesOptions};
use blockfold::{Compression, IpcCompression, IpcWriteOptions, LazyFrame, ParquetWriteOptions, WriteSummary};
use clap::ValueEnum;

use crate::context::Context;
use crate::failure::usage;
use crate::text;

/// Arguments of `timeseries`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// First time, as 2000-01-01 or 2000-01-01T12:30:00
    #[arg(long, default_value = "2000-01-01")]
    start: String,
    /// Time before which the last partition ends
    #[arg(long, default_value = "2000-01-31")]
    end: String,
    /// Time between rows, as 1s, 100ms, 5min
    #[arg(long, default_value = "1s")]
    freq: String,
    /// Time between partitions, as 1D, 7D, MS; one file each
    #[arg(long, default_value = "1D")]
    partition_freq: String,
    /// Seed of the random values
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Columns beside the timestamp, of kinds category, int (Poisson of mean 1000) and float (uniform from -1 to 1)
    #[arg(
        long,
        value_name = "NAME:KIND",
        value_delimiter = ',',
        default_value = "name:category,id:int,x:float,y:float"
    )]
    columns: Vec<Column>,
    /// Folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the folder if it exists
    #[arg(long)]
    overwrite: bool,
    /// Format of the files
    #[arg(long, value_enum, default_value = "parquet")]
    format: Format,
    /// auto, none, snappy, lz4, zstd, gzip or brotli; a level follows a colon, as zstd:3. Arrow: none, lz4, zstd
    #[arg(long, value_name = "CODEC", default_value = "auto")]
    compression: Codec,
}

/// A column as `name:kind`.
#[derive(Clone, Debug)]
struct Column(String, ColumnKind);

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, kind) =
            text.rsplit_once(':').filter(|(name, _)| !name.is_empty()).ok_or("write NAME:KIND, as x:float")?;
        Ok(Column(name.to_string(), kind.parse().map_err(|error| format!("{error}"))?))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Parquet,
    Arrow,
}

/// A codec with the level that follows a colon.
#[derive(Clone, Debug)]
struct Codec {
    name: String,
    parquet: Compression,
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level.parse::<u32>().map_err(|_| format!("'{level}' is no level"))?)),
            None => (text, None),
        };
        let within = |default: u32, least: u32, most: u32| match level {
            None => Ok(default),
            Some(level) if (least..=most).contains(&level) => Ok(level),
            Some(level) => Err(format!("{name} has levels from {least} to {most}, not {level}")),
        };
        let parquet = match name {
            "zstd" => Compression::Zstd(within(1, 1, 22)?.cast_signed()),
            "gzip" => Compression::Gzip(within(6, 0, 9)?),
            "brotli" => Compression::Brotli(within(1, 0, 11)?),
            _ if level.is_some() => return Err(format!("{name} has no levels")),
            "auto" => Compression::Auto,
            "none" | "uncompressed" => Compression::Uncompressed,
            "snappy" => Compression::Snappy,
            "lz4" => Compression::Lz4,
            _ => return Err("choose auto, none, snappy, lz4, zstd, gzip or brotli".to_string()),
        };
        Ok(Codec { name: name.to_string(), parquet })
    }
}

impl Codec {
    /// The codec in Arrow files.
    fn ipc(&self) -> Result<IpcCompression> {
        match self.parquet {
            Compression::Auto | Compression::Uncompressed => Ok(IpcCompression::Uncompressed),
            Compression::Lz4 => Ok(IpcCompression::Lz4),
            Compression::Zstd(_) => Ok(IpcCompression::Zstd),
            _ => Err(usage(format!("--compression {}: Arrow files have none, lz4 and zstd", self.name))),
        }
    }
}

impl Args {
    fn options(&self) -> TimeseriesOptions {
        datasets::options()
            .start(self.start.as_str())
            .end(self.end.as_str())
            .freq(&self.freq)
            .partition_freq(&self.partition_freq)
            .seed(self.seed)
            .columns(self.columns.iter().map(|Column(name, kind)| (name, *kind)))
    }

    fn write(&self, frame: &LazyFrame) -> Result<WriteSummary> {
        let summary = match self.format {
            Format::Parquet => {
                let options = ParquetWriteOptions::default().compression(self.compression.parquet);
                frame.write_parquet(&self.out, options.overwrite(self.overwrite))?
            }
            Format::Arrow => {
                let options = IpcWriteOptions::default().compression(self.compression.ipc()?);
                frame.write_ipc(&self.out, options.overwrite(self.overwrite))?
            }
        };
        Ok(summary)
    }
}

/// Generates and writes.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let frame = datasets::timeseries(&context.session, args.options()).map_err(usage)?;
    let written = args.write(&frame)?;
    let report = &written.report;
    context.console.note(format!(
        "{} in {} written to '{}', {} in {} ({}); {}",
        text::count(report.rows_written, "row"),
        text::count(written.files as u64, "file"),
        args.out.display(),
        text::bytes(report.bytes_written),
        text::seconds(report.elapsed),
        text::rate(report.rows_written, report.elapsed),
        context.memory(),
    ))?;
    context.console.document(&serde_json::json!({
        "command": "timeseries",
        "out": args.out,
        "files": written.files,
        "run": context.run_document(report),
    }))
}
