//! `blockfold demo`: a data set larger than the budget, from nothing to its answer.

mod arrays;
mod calls;
mod check;
mod folder;
mod story;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use blockfold::datasets::{self, TimeseriesOptions};
use blockfold::{ByteSize, Frame, LazyFrame, ParquetWriteOptions, Stage, col};
use chrono::{Days, NaiveDate};

use crate::context::Context;
use crate::failure::usage;
use crate::resources;

/// The budget unless told otherwise.
pub const MEMORY: ByteSize = ByteSize::mib(256);

/// The longest partition: a week and some at a row each second is half a million rows.
const MAX_PARTITION_DAYS: u64 = 7;

/// Arguments of `demo`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Keep the files and say where they are
    #[arg(long)]
    keep: bool,
    /// Folder to write into [default: the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Days to generate, for a shorter demo [default: the 366 of the year 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=36_600))]
    days: Option<u64>,
    /// Years to generate, for a longer demo
    #[arg(long, value_name = "N", conflicts_with = "days", value_parser = clap::value_parser!(u64).range(1..=100))]
    years: Option<u64>,
}

/// The measurements of a demo: a row a second.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: NaiveDate,
    days: u64,
}

impl Span {
    fn of(args: &Args) -> Result<Span> {
        let start = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        let days = match (args.days, args.years) {
            (Some(days), _) => days,
            (None, years) => {
                let year = i32::try_from(2000 + years.unwrap_or(1))?;
                let end = NaiveDate::from_ymd_opt(year, 1, 1).ok_or_else(|| usage("--years is too many"))?;
                u64::try_from((end - start).num_days())?
            }
        };
        Ok(Span { start, days })
    }

    fn end(&self) -> NaiveDate {
        self.start.checked_add_days(Days::new(self.days)).unwrap_or(NaiveDate::MAX)
    }

    fn rows(&self) -> u64 {
        self.days * 24 * 60 * 60
    }

    /// Days of a partition: as many as divide the whole evenly.
    fn partition_days(&self) -> u64 {
        (1..=MAX_PARTITION_DAYS).rev().find(|days| self.days.is_multiple_of(*days)).unwrap_or(1)
    }

    fn options(&self) -> TimeseriesOptions {
        datasets::options()
            .start(self.start.to_string())
            .end(self.end().to_string())
            .partition_freq(format!("{}D", self.partition_days()))
            .seed(42)
    }
}

/// What a part of the demo needed.
#[derive(Clone, Debug, Default)]
struct Part {
    elapsed: Duration,
    bytes: u64,
    files: usize,
    peak_memory_bytes: Option<u64>,
}

/// Tells the story and proves it.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let span = Span::of(args)?;
    let generated = datasets::timeseries(&context.session, span.options())?;
    let column_bytes = story::row_bytes(generated.schema()?.as_ref()) * span.rows();
    let place = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let (folder, free_bytes) = folder::make(&place, column_bytes)?;
    story::opening(&span, column_bytes, &place, free_bytes, context)?;

    let data = folder.path().join("measurements");
    let written = write(&generated, &data)?;
    story::written(&span, &written, &data, context)?;
    context.check()?;

    let query = sums(&context.session.read_parquet(&data)?);
    story::plan(&query, folder.path(), context)?;
    let (result, run) = measured(&query)?;
    let largest = check::largest(&result, 10)?;
    story::answer(&span, &result, &largest, &run, context)?;
    context.check()?;

    let (again, rerun) = measured(&sums(&generated))?;
    let difference = check::difference(&result, &again)?;
    let proof = story::Proof { span, column_bytes, written, run, rerun, difference };
    story::proof(&proof, &result, context)?;
    context.check()?;
    let arrays = arrays::run(context)?;
    context.check()?;
    let calls = calls::run(&place, context)?;
    let computed = (arrays.as_slice(), calls.as_slice());
    story::document(&proof, &result, &largest, args.keep.then_some(folder.path()), computed, context)?;

    if args.keep {
        let kept = format!("Kept '{}'.", folder.path().display());
        folder.keep();
        return context.console.line(kept);
    }
    let removed = format!("Removed '{}'; --keep would keep it.", folder.path().display());
    drop(folder);
    context.console.note(removed)
}

fn write(frame: &LazyFrame, folder: &std::path::Path) -> Result<Part> {
    resources::reset_peak();
    let written = frame.write_parquet(folder, ParquetWriteOptions::default())?;
    Ok(Part {
        elapsed: written.report.elapsed,
        bytes: written.report.bytes_written,
        files: written.files,
        peak_memory_bytes: resources::peak_memory_bytes(),
    })
}

/// The demo's question.
fn sums(frame: &LazyFrame) -> LazyFrame {
    frame.group_by(["id"]).agg([col("x").sum().alias("x_sum")])
}

fn measured(query: &LazyFrame) -> Result<(Frame, Part)> {
    resources::reset_peak();
    let frame = query.collect()?;
    let report = frame.report();
    let part = Part {
        elapsed: report.elapsed,
        bytes: report.bytes_read,
        files: 0,
        peak_memory_bytes: resources::peak_memory_bytes(),
    };
    Ok((frame, part))
}

/// The stages of the plan that the demo shows.
const STAGES: [(&str, Stage); 3] =
    [("as asked", Stage::Logical), ("optimized", Stage::Optimized), ("as it runs", Stage::Fused)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_divide_the_span() {
        let span = |days| Span { start: NaiveDate::MIN, days };
        for (days, partition) in [(366, 6), (365, 5), (14, 7), (1, 1), (731, 1)] {
            assert_eq!(span(days).partition_days(), partition);
        }
        assert_eq!(span(366).rows(), 31_622_400);
    }
}
