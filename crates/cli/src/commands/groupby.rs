//! `blockfold groupby`: aggregates of groups.

use anyhow::Result;
use blockfold::{Frame, LazyFrame};

use crate::args::{Query, RowLimit};
use crate::commands::query;
use crate::context::Context;
use crate::json::{self, Rows};
use crate::output::OutFile;
use crate::text;

/// Rows of a table unless told otherwise.
const TABLE_ROWS: usize = 20;

/// Arguments of `groupby`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    query: Query,
    /// File for the result instead of the table: .parquet, .arrow, .csv, .json or .jsonl
    #[arg(long, value_name = "FILE")]
    out: Option<OutFile>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    overwrite: bool,
    /// Rows to print, or all [default: 20 in tables, all in JSON]
    #[arg(long, value_name = "N", conflicts_with = "out")]
    rows: Option<RowLimit>,
}

/// Runs the aggregation and prints or writes the result, sorted by the keys.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let frame = query::frame(&args.query, context)?;
    match &args.out {
        Some(out) => save(out, &frame, args.overwrite, context),
        None => print("groupby", &frame.collect()?, args.rows, context),
    }
}

/// Prints a result, then what it took.
pub fn print(command: &str, frame: &Frame, limit: Option<RowLimit>, context: &Context) -> Result<()> {
    let rows = frame.num_rows();
    let table_rows = limit.map_or(TABLE_ROWS, RowLimit::rows);
    if !context.console.json {
        context.console.line(frame.to_table(table_rows)?)?;
        let more = format!("the first {table_rows} of {}; --rows all prints all", text::count(rows as u64, "row"));
        if rows > table_rows {
            context.console.note(more)?;
        }
        let summary = context.summary(frame.report());
        context.console.note(format!("{}; {summary}", text::count(rows as u64, "row")))?;
        return Ok(());
    }
    context.console.document(&Document {
        command,
        columns: json::columns(&frame.schema()),
        num_rows: rows,
        rows: Rows::new(frame, limit.map_or(usize::MAX, RowLimit::rows)),
        run: context.run_document(frame.report()),
    })
}

#[derive(serde::Serialize)]
struct Document<'a> {
    command: &'a str,
    columns: Vec<json::ColumnDocument>,
    num_rows: usize,
    rows: Rows<'a>,
    run: json::RunDocument,
}

fn save(out: &OutFile, frame: &LazyFrame, overwrite: bool, context: &Context) -> Result<()> {
    let saved = out.save(frame, overwrite)?;
    let path = out.path().display();
    let written = format!("{} written to '{path}', {}", text::count(saved.rows, "row"), text::bytes(saved.bytes));
    context.console.note(format!("{written}; {}", context.summary(&saved.report)))?;
    context.console.document(&serde_json::json!({
        "command": "groupby",
        "out": { "path": out.path(), "rows": saved.rows, "bytes": saved.bytes },
        "run": context.run_document(&saved.report),
    }))
}
