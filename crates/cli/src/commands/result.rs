//! What becomes of a result: printed as a table or a document, or written.

use anyhow::Result;
use blockfold::watch::view::Watched;
use blockfold::{Frame, LazyFrame, Stage};

use crate::args::{Dry, Out, RowLimit};
use crate::context::Context;
use crate::json::{self, Rows};
use crate::output::OutFile;
use crate::text;

/// Rows of a table unless told otherwise.
const TABLE_ROWS: usize = 20;

/// Runs a frame and prints or writes its rows.
pub fn give(command: &str, frame: &LazyFrame, out: &Out, context: &Context) -> Result<()> {
    match &out.out {
        Some(file) => save(command, file, frame, out.overwrite, context),
        None => print(command, &frame.collect()?, out.rows, context),
    }
}

/// As [`give`], unless only the plan or an estimate is asked for.
pub fn give_or_show(command: &str, frame: &LazyFrame, out: &Out, dry: &Dry, context: &Context) -> Result<()> {
    if dry.analyze {
        return analyze(command, frame, context);
    }
    if !dry.explain && !dry.estimate {
        return give(command, frame, out, context);
    }
    let mut stages = serde_json::Map::new();
    for (name, stage) in Stage::ALL.into_iter().filter(|_| dry.explain) {
        let plan = frame.explain(stage)?;
        context.console.line(format!("{name}\n{}", text::indented(&plan, 2)))?;
        stages.insert(name.to_string(), plan.into());
    }
    let estimate = frame.estimate()?;
    if dry.estimate {
        context.console.line(estimate.to_string())?;
    }
    let estimate = json::estimate(&estimate);
    context.console.document(&serde_json::json!({ "command": command, "stages": stages, "estimate": estimate }))
}

/// Runs a frame, drops its rows, and prints what each chain of steps needed.
pub fn analyze(command: &str, frame: &LazyFrame, context: &Context) -> Result<()> {
    let analysis = frame.analyze()?;
    let run = context.session.runs().last().map(|run| run.id);
    let causes = context.session.recorder().zip(run).and_then(|(recorder, run)| recorder.causes(run));
    context.console.line(context.session.performance_report()?.trim_end())?;
    context.console.note(context.summary(&analysis.report))?;
    context.console.document(&serde_json::json!({
        "command": command,
        "estimate": json::estimate(&analysis.estimate),
        "causes": causes.unwrap_or_default(),
        "real": { "chains": json::chains(&analysis.report), "run": context.run_document(&analysis.report) },
    }))
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

fn save(command: &str, out: &OutFile, frame: &LazyFrame, overwrite: bool, context: &Context) -> Result<()> {
    let saved = out.save(frame, overwrite)?;
    let path = out.path().display();
    let written = format!("{} written to '{path}', {}", text::count(saved.rows, "row"), text::bytes(saved.bytes));
    context.console.note(format!("{written}; {}", context.summary(&saved.report)))?;
    context.console.document(&serde_json::json!({
        "command": command,
        "out": { "path": out.path(), "rows": saved.rows, "bytes": saved.bytes },
        "run": context.run_document(&saved.report),
    }))
}
