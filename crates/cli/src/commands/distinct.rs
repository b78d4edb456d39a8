//! `blockfold distinct`: each row once.

use anyhow::Result;
use blockfold::{Expr, LazyFrame};
use serde_json::json;

use crate::args::{Dry, Input, Out};
use crate::cluster::{self, Asked};
use crate::commands::{query, result};
use crate::context::Context;
use crate::filter;

/// Arguments of `distinct`.
#[derive(clap::Args, Debug)]
#[command(after_help = filter::GRAMMAR)]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// Columns in which rows are compared, as id,name; the first row of equals is kept [default: all]
    #[arg(long, value_name = "COLUMNS")]
    by: Vec<String>,
    /// Rows to keep, as "x > 0.5 and name != 'Bob'"
    #[arg(long, value_name = "EXPR", value_parser = filter::parse, allow_hyphen_values = true)]
    filter: Option<Expr>,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    dry: Dry,
}

/// The frame that the arguments ask for.
pub fn frame(args: &Args, context: &Context) -> Result<LazyFrame> {
    let by = query::columns("--by", &args.by)?;
    let frame = query::filtered(&args.input.paths, args.filter.as_ref(), context)?;
    Ok(if by.is_empty() { frame.distinct() } else { frame.distinct_by(by) })
}

/// The same frame for a cluster.
fn asked(args: &Args) -> Result<Asked> {
    let by = query::columns("--by", &args.by)?;
    let asked = Asked::of(&args.input.paths, args.filter.as_ref())?;
    Ok(if by.is_empty() { asked.call("distinct", json!([])) } else { asked.call("distinct_by", json!([by])) })
}

/// Prints or writes each row once.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    if let Some(address) = &args.out.cluster {
        return cluster::give("distinct", address, &asked(args)?, &args.out, context);
    }
    result::give_or_show("distinct", &frame(args, context)?, &args.out, &args.dry, context)
}
