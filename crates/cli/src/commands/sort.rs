//! `blockfold sort`: rows in the order of columns.

use anyhow::Result;
use blockfold::{Expr, LazyFrame, SortKey, asc, desc};
use serde_json::{Value, json};

use crate::args::{Dry, Input, Out};
use crate::cluster::{self, Asked};
use crate::commands::{query, result};
use crate::context::Context;
use crate::filter;

/// Arguments of `sort`.
#[derive(clap::Args, Debug)]
#[command(after_help = filter::GRAMMAR)]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// Columns to sort by, as name,-x; a minus in front sorts descending
    #[arg(long, required = true, value_name = "COLUMNS", allow_hyphen_values = true)]
    by: Vec<String>,
    /// Nulls before all values instead of after them
    #[arg(long)]
    nulls_first: bool,
    /// The first rows only, kept aside without sorting all
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
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
    let keys: Vec<SortKey> = query::columns("--by", &args.by)?.iter().map(|name| key(name, args.nulls_first)).collect();
    let sorted = query::filtered(&args.input.paths, args.filter.as_ref(), context)?.sort(keys);
    Ok(args.limit.map_or(sorted.clone(), |limit| sorted.head(limit)))
}

/// The same frame for a cluster.
fn asked(args: &Args) -> Result<Asked> {
    let key = |name: &String| {
        let (column, descending) = name.strip_prefix('-').map_or((name.as_str(), false), |column| (column, true));
        json!([cluster::expr(&blockfold::col(column)), descending, args.nulls_first])
    };
    let keys: Vec<Value> = query::columns("--by", &args.by)?.iter().map(key).collect();
    let sorted = Asked::of(&args.input.paths, args.filter.as_ref())?.call("sort", json!([keys]));
    Ok(args.limit.map_or(sorted.clone(), |limit| sorted.call("head", json!([limit]))))
}

/// Sorts and prints or writes the rows.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    if let Some(address) = &args.out.cluster {
        return cluster::give("sort", address, &asked(args)?, &args.out, context);
    }
    result::give_or_show("sort", &frame(args, context)?, &args.out, &args.dry, context)
}

fn key(name: &str, nulls_first: bool) -> SortKey {
    let key = match name.strip_prefix('-') {
        Some(name) => desc(name),
        None => asc(name),
    };
    if nulls_first { key.nulls_first() } else { key }
}
