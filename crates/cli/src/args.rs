//! The arguments of the program.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use blockfold::{ByteSize, Expr};
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    array, dashboard, demo, distinct, estimate, explain, groupby, head, join, schema, sort, timeseries, visualize,
};
use crate::output::OutFile;
use crate::{aggs, filter};

const ABOUT: &str = "Dataframes larger than memory, inside a memory budget that holds.";

const AFTER_HELP: &str = "\
Start with: blockfold demo

Inputs are Parquet or Arrow IPC: a file, a folder (with or without key=value folders), or a pattern in quotes.

JSON: with --json each command prints one document. All have \"command\". head and groupby give \"columns\" (name, type,
nullable), \"num_rows\", \"rows\" (one object for each row) and \"run\" (rows_read, bytes_read, elapsed_ms, budget_bytes,
peak_promised_bytes, peak_memory_bytes and more); schema gives \"columns\", \"num_rows\", \"partitions\"; timeseries gives
\"files\" and \"run\"; explain gives \"stages\"; estimate gives \"estimate\", with --run \"real\"; --analyze
gives both. NaN and the infinities are strings; dates and times are ISO 8601, those with a zone in UTC; spans of time are numbers of the column's unit.
A failure prints {\"error\": message, \"exit_code\": code}.

Exit codes: 0 success, 1 the run failed, 2 wrong arguments, 130 Ctrl-C, 143 SIGTERM.";

/// Dataframes larger than memory, inside a memory budget that holds.
#[derive(Debug, Parser)]
#[command(name = "blockfold", version, about = ABOUT, after_help = AFTER_HELP, max_term_width = 120)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Debug)]
pub struct Global {
    /// Memory budget, as 256MiB or 4GB [default: half of the machine's; demo: 256MiB]
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "SIZE", value_parser = ByteSize::from_str)]
    pub memory: Option<ByteSize>,
    /// Number of threads [default: one for each core]
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Folder for scratch files, which rows go to that do not fit in memory [default: the system's for temporary files]
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "FOLDER")]
    pub scratch: Option<PathBuf>,
    /// Bytes that scratch files may take [default: what the disk has]
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "SIZE", value_parser = ByteSize::from_str)]
    pub scratch_limit: Option<ByteSize>,
    /// Record the run in a file that can be looked at later, as run.bfrun
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Write a trace of the run for Perfetto or Chrome, as trace.json
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write the run as one file of HTML that needs no server and no network, as report.html
    #[arg(long, help_heading = "Everywhere", global = true, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Show the run on a page in the browser, as 127.0.0.1:8787; in a terminal until Ctrl-C, else until the command ends
    #[arg(long = "dashboard", help_heading = "Everywhere", global = true, value_name = "ADDRESS")]
    pub page: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long, help_heading = "Everywhere", global = true)]
    pub json: bool,
    /// Print results only: no progress, no summary
    #[arg(long, short, help_heading = "Everywhere", global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate a year of measurements and sum them by group in less memory than they need
    Demo(demo::Args),
    /// Generate random measurements over time and write them
    Timeseries(timeseries::Args),
    /// Show the columns of files
    Schema(schema::Args),
    /// Show the first rows of files
    Head(head::Args),
    /// Aggregate rows by groups
    Groupby(groupby::Args),
    /// Put rows of two frames side by side where their keys are equal
    Join(join::Args),
    /// Sort rows
    Sort(sort::Args),
    /// Keep each row once
    Distinct(distinct::Args),
    /// Compute with N-dimensional arrays larger than memory
    Array(array::Args),
    /// Show the plan of a groupby, stage by stage, without running it
    Explain(explain::Args),
    /// Show what a groupby would need: rows, bytes, memory
    Estimate(estimate::Args),
    /// Draw the plan of a command: as typed, as it runs, or its tasks
    Visualize(visualize::Args),
    /// Show a recording on a page in the browser
    Dashboard(dashboard::Args),
}

/// What to read.
#[derive(Args, Debug)]
pub struct Input {
    /// File, folder or pattern (in quotes) of Parquet or Arrow IPC
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
}

/// A grouped aggregation.
#[derive(Args, Debug)]
#[command(after_help = filter::GRAMMAR)]
pub struct Query {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// Columns to group by, as id,name
    #[arg(long, required = true, value_name = "COLUMNS")]
    pub by: Vec<String>,
    /// What to compute, as x:sum,y:mean,len; gives columns x_sum, y_mean, len
    #[arg(long, required = true, value_name = "AGGREGATES", long_help = agg_help())]
    pub agg: Vec<String>,
    /// Rows to keep, as "x > 0.5 and name != 'Bob'"
    #[arg(long, value_name = "EXPR", value_parser = filter::parse, allow_hyphen_values = true)]
    pub filter: Option<Expr>,
}

fn agg_help() -> String {
    format!(
        "What to compute, as x:sum,y:mean,len; gives columns x_sum, y_mean, len.\nAggregates: {}.\n\
         Nulls are skipped, except by first, last and len; std and var are those of a sample.",
        aggs::NAMES
    )
}

/// What becomes of a result.
#[derive(Args, Debug)]
pub struct Out {
    /// File for the result instead of the table: .parquet, .arrow, .csv, .json or .jsonl; without an ending a folder of
    /// Parquet files
    #[arg(long, value_name = "PATH")]
    pub out: Option<OutFile>,
    /// Replace the output if it exists
    #[arg(long, requires = "out")]
    pub overwrite: bool,
    /// Rows to print, or all [default: 20 in tables, all in JSON]
    #[arg(long, value_name = "N", conflicts_with = "out")]
    pub rows: Option<RowLimit>,
    /// Run on the workers of a Dask scheduler, as tcp://127.0.0.1:8786, or on Ray, as ray; needs the Python package:
    /// pip install 'blockfold[cluster]' for the python3 that is found, or the one that BLOCKFOLD_PYTHON names
    #[arg(long, value_name = "ADDRESS")]
    pub cluster: Option<String>,
}

/// Whether to run, for commands that are not explained by `explain`.
#[derive(Args, Debug)]
pub struct Dry {
    /// Show the plan, stage by stage, without running it
    #[arg(long, conflicts_with = "cluster")]
    pub explain: bool,
    /// Show what a run would need, without running it
    #[arg(long, conflicts_with = "cluster")]
    pub estimate: bool,
    /// Run it, drop the result, and show what each chain of steps needed against what was estimated
    #[arg(long, conflicts_with_all = ["out", "explain", "estimate", "cluster"])]
    pub analyze: bool,
}

/// How many rows of a result to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLimit {
    /// At most so many.
    AtMost(usize),
    /// All of them.
    All,
}

impl RowLimit {
    /// The limit as a number.
    pub fn rows(self) -> usize {
        match self {
            RowLimit::AtMost(rows) => rows,
            RowLimit::All => usize::MAX,
        }
    }
}

impl FromStr for RowLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(RowLimit::All),
            number => number.parse().map(RowLimit::AtMost).map_err(|_| "write a number, or all".to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
