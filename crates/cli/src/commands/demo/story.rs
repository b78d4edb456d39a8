//! What the demo says.

use std::path::Path;

use anyhow::{Result, bail};
use blockfold::{DType, Frame, LazyFrame, RecordBatch, Schema};

use super::arrays::Computed;
use super::calls::Summed;
use super::check::Difference;
use super::{Part, STAGES, Span};
use crate::context::Context;
use crate::text;

/// Bytes of a row in memory: fixed widths, and the codes of dictionaries.
pub fn row_bytes(schema: &Schema) -> u64 {
    let width = |dtype: &DType| match dtype {
        DType::Dictionary(codes, _) => codes.primitive_width(),
        other => other.primitive_width(),
    };
    schema.fields().iter().map(|field| width(field.data_type()).unwrap_or(8) as u64).sum()
}

/// What is going to happen, and where.
pub fn opening(span: &Span, column_bytes: u64, place: &Path, free_bytes: Option<u64>, context: &Context) -> Result<()> {
    let (rows, data) = (text::grouped(span.rows()), text::bytes(column_bytes));
    let free = free_bytes.map_or(String::new(), |free| format!(", which has {} free", text::bytes(free)));
    context.console.line(format!(
        "blockfold demo: more data than memory\n\n\
         1. Generate and store\n   \
         One row a second from {} until {}: {rows} rows of timestamp, name, id, x, y.\n   \
         As columns in memory: {data}. The memory budget: {}, on {}.\n   \
         At most {data} go to '{}'{free}.",
        span.start,
        span.end(),
        context.session.memory_budget(),
        text::count(context.session.threads() as u64, "thread"),
        place.display(),
    ))
}

/// What was written.
pub fn written(span: &Span, part: &Part, folder: &Path, context: &Context) -> Result<()> {
    context.console.line(format!(
        "   Wrote {} of Parquet to '{}',\n   {} in {} ({}), {}.",
        text::count(part.files as u64, "file"),
        folder.display(),
        text::bytes(part.bytes),
        text::seconds(part.elapsed),
        text::rate(span.rows(), part.elapsed),
        memory(part),
    ))
}

fn memory(part: &Part) -> String {
    let peak = part.peak_memory_bytes.map_or("unknown".to_string(), text::bytes);
    format!("peak memory {peak}")
}

/// What is asked, and how it will be computed.
pub fn plan(query: &LazyFrame, folder: &Path, context: &Context) -> Result<()> {
    let folder = format!("{}/", folder.display());
    context.console.line("\n2. Ask: the sum of x for each id")?;
    for (name, stage) in STAGES {
        let plan = query.explain(stage)?.replace(&folder, "");
        context.console.line(format!("   {name}:\n{}", text::indented(&plan, 5)))?;
    }
    let estimate = query.estimate()?;
    context.console.line(format!(
        "   estimate: {} to read, memory at most {} of {}",
        text::bytes(estimate.read_bytes()),
        text::bytes(estimate.peak_bytes()),
        text::bytes(estimate.budget_bytes),
    ))
}

/// The answer.
pub fn answer(span: &Span, result: &Frame, largest: &RecordBatch, part: &Part, context: &Context) -> Result<()> {
    let table = context.session.from_batches(vec![largest.clone()])?.collect()?;
    context.console.line(format!(
        "\n3. Run: {} in {} ({}), {}\n   The ten largest of {}:\n{}",
        text::count(span.rows(), "row"),
        text::seconds(part.elapsed),
        text::rate(span.rows(), part.elapsed),
        memory(part),
        text::count(result.num_rows() as u64, "group"),
        text::indented(&table.to_table(usize::MAX)?, 3),
    ))
}

/// What the demo measured, for its conclusions.
pub struct Proof {
    pub span: Span,
    pub column_bytes: u64,
    pub written: Part,
    pub run: Part,
    pub rerun: Part,
    pub difference: Difference,
}

/// What was proved.
///
/// # Errors
/// When the two answers differ, or memory went beyond the budget.
pub fn proof(proof: &Proof, result: &Frame, context: &Context) -> Result<()> {
    let groups = text::grouped(result.num_rows() as u64);
    let verdict = match proof.difference {
        Difference::None => format!("all {groups} sums are the same to the last bit"),
        Difference::Rounding(part) => {
            format!("all {groups} sums are the same but for rounding ({part:.0e}): rows were added in other portions")
        }
        Difference::Wrong => bail!("the sums from the files and the sums without files differ"),
    };
    context.console.line(format!(
        "\n4. Check: generate the rows again and sum them with no file between\n   {} ({}), {}: {verdict}.",
        text::seconds(proof.rerun.elapsed),
        text::rate(proof.span.rows(), proof.rerun.elapsed),
        memory(&proof.rerun),
    ))?;
    let parts = [&proof.written, &proof.run, &proof.rerun];
    let peak = parts.iter().filter_map(|part| part.peak_memory_bytes).max();
    context.console.line(conclusions(proof, peak, context.session.memory_budget().0))
}

fn conclusions(proof: &Proof, peak: Option<u64>, budget_bytes: u64) -> String {
    let (data, budget) = (text::bytes(proof.column_bytes), text::bytes(budget_bytes));
    let held = match peak {
        Some(peak) => format!("the process held {} at most", text::bytes(peak)),
        None => "this system does not tell what the process held".to_string(),
    };
    let verdict = match peak {
        Some(peak) if peak > budget_bytes => " - MORE than the budget",
        _ => "",
    };
    let ratio = proof.column_bytes as f64 / peak.unwrap_or(budget_bytes).max(1) as f64;
    let times = if ratio >= 1.5 { format!(", {ratio:.1} times less than the data") } else { String::new() };
    format!(
        "\nWhat this showed\n   \
         - {data} of columns went through a budget of {budget}: {held}{times}{verdict}.\n   \
         - {} were generated and stored in {}, and summed by group in {}.\n   \
         - Only id and x were read: {} of the {} on disk.",
        text::count(proof.span.rows(), "row"),
        text::seconds(proof.written.elapsed),
        text::seconds(proof.run.elapsed),
        text::bytes(proof.run.bytes),
        text::bytes(proof.written.bytes),
    )
}

/// The demo as JSON.
pub fn document(
    proof: &Proof,
    result: &Frame,
    largest: &RecordBatch,
    kept: Option<&Path>,
    (arrays, calls): (&[Computed], &[Summed]),
    context: &Context,
) -> Result<()> {
    let part = |part: &Part| {
        serde_json::json!({
            "elapsed_ms": part.elapsed.as_secs_f64() * 1e3,
            "bytes": part.bytes,
            "peak_memory_bytes": part.peak_memory_bytes,
        })
    };
    let largest = context.session.from_batches(vec![largest.clone()])?.collect()?;
    context.console.document(&serde_json::json!({
        "command": "demo",
        "folder": kept,
        "num_rows": proof.span.rows(),
        "column_bytes": proof.column_bytes,
        "budget_bytes": context.session.memory_budget().0,
        "groups": result.num_rows(),
        "largest": crate::json::Rows::new(&largest, usize::MAX),
        "same_bits": proof.difference == Difference::None,
        "largest_difference": if let Difference::Rounding(part) = proof.difference { part } else { 0.0 },
        "write": part(&proof.written),
        "run": part(&proof.run),
        "generate_and_run": part(&proof.rerun),
        "arrays": arrays.iter().map(Computed::document).collect::<Vec<_>>(),
        "calls": calls.iter().map(Summed::document).collect::<Vec<_>>(),
    }))
}
