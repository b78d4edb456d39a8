//! `blockfold schema`: columns with their types.

use anyhow::Result;
use blockfold::{Divisions, Schema};
use comfy_table::{Table, presets};

use crate::args::Input;
use crate::context::Context;
use crate::{input, json, text};

/// Arguments of `schema`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    input: Input,
}

/// Prints the columns, and what the files' metadata tell of rows and partitions.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let frame = input::open(&context.session, &args.input.paths)?;
    let schema = frame.schema()?;
    let (rows, partitions, divisions) = (frame.len()?, frame.npartitions()?, frame.divisions()?);
    context.console.line(table(&schema))?;
    let counts = format!(
        "{}, {}, {}",
        text::count(schema.fields().len() as u64, "column"),
        text::count(rows, "row"),
        text::count(partitions as u64, "partition")
    );
    context.console.note(counts)?;
    if let Some(text) = divisions.as_ref().and_then(range) {
        context.console.note(text)?;
    }
    let divisions = divisions.map(|divisions| {
        let bounds: Vec<String> = divisions.bounds.iter().map(ToString::to_string).collect();
        serde_json::json!({ "column": divisions.column, "bounds": bounds })
    });
    context.console.document(&serde_json::json!({
        "command": "schema",
        "columns": json::columns(&schema),
        "num_rows": rows,
        "partitions": partitions,
        "divisions": divisions,
    }))
}

fn table(schema: &Schema) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["column", "type", "nullable"]);
    for field in schema.fields() {
        let nullable = if field.is_nullable() { "yes" } else { "no" };
        table.add_row([field.name().as_str(), &blockfold::short_type(field.data_type()), nullable]);
    }
    table.to_string()
}

/// The range of the column that the partitions are sorted by.
fn range(divisions: &Divisions) -> Option<String> {
    let (first, last) = (divisions.bounds.first()?, divisions.bounds.last()?);
    Some(format!("partitions sorted by {}, from {first} to {last}", divisions.column))
}
