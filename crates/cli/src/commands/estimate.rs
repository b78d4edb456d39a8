//! `blockfold estimate`: what a group-by would need.

use anyhow::Result;

use crate::args::Query;
use crate::commands::query;
use crate::context::Context;
use crate::json;

/// Arguments of `estimate`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    query: Query,
    /// Run it too, and show the estimate against what it really needed
    #[arg(long)]
    run: bool,
}

/// Prints the estimate, read from metadata alone.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let frame = query::frame(&args.query, context)?;
    if !args.run {
        let estimate = frame.estimate()?;
        context.console.line(estimate.to_string())?;
        return context
            .console
            .document(&serde_json::json!({ "command": "estimate", "estimate": json::estimate(&estimate) }));
    }
    let result = frame.collect()?;
    let comparison = result.comparison();
    context.console.line(comparison.to_string())?;
    context.console.note(context.summary(result.report()))?;
    context.console.document(&serde_json::json!({
        "command": "estimate",
        "estimate": json::estimate(comparison.estimate),
        "real": { "chains": json::chains(comparison.report), "run": context.run_document(comparison.report) },
    }))
}
