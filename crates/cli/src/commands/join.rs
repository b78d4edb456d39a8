//! `blockfold join`: rows of two frames side by side where their keys are equal.

use std::path::PathBuf;

use anyhow::Result;
use blockfold::{Expr, JoinArgs, JoinKind, LazyFrame, col};
use clap::ValueEnum;
use serde_json::json;

use crate::args::{Dry, Out};
use crate::cluster::{self, Asked};
use crate::commands::{query, result};
use crate::context::Context;
use crate::failure::usage;
use crate::{filter, input};

/// Arguments of `join`.
#[derive(clap::Args, Debug)]
#[command(after_help = filter::GRAMMAR)]
pub struct Args {
    /// Left file, folder or pattern (in quotes) of Parquet or Arrow IPC
    left: PathBuf,
    /// Right file, folder or pattern
    right: PathBuf,
    /// Key columns that both sides have, as id,name
    #[arg(long, value_name = "COLUMNS", conflicts_with_all = ["left_on", "right_on"])]
    on: Vec<String>,
    /// Key columns of the left side
    #[arg(long, value_name = "COLUMNS", requires = "right_on")]
    left_on: Vec<String>,
    /// Key columns of the right side, compared with those of the left one by one
    #[arg(long, value_name = "COLUMNS", requires = "left_on")]
    right_on: Vec<String>,
    /// Which rows to give
    #[arg(long, value_enum, default_value = "inner")]
    how: How,
    /// Added to the name of a right column that the left has, too
    #[arg(long, default_value = "_right")]
    suffix: String,
    /// Null keys equal each other, as in pandas; in SQL they equal nothing
    #[arg(long)]
    nulls_equal: bool,
    /// Rows of the result to keep, as "x > 0.5 and name != 'Bob'"
    #[arg(long, value_name = "EXPR", value_parser = filter::parse, allow_hyphen_values = true)]
    filter: Option<Expr>,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    dry: Dry,
}

/// Which rows a join gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// Pairs of rows with equal keys
    Inner,
    /// Pairs, and left rows without one
    Left,
    /// Pairs, and right rows without one
    Right,
    /// Pairs, and rows of both sides without one
    Full,
    /// Left rows with a pair, once each
    Semi,
    /// Left rows without a pair
    Anti,
    /// All pairs of rows; takes no keys
    Cross,
}

impl How {
    fn kind(self) -> JoinKind {
        match self {
            How::Inner => JoinKind::Inner,
            How::Left => JoinKind::Left,
            How::Right => JoinKind::Right,
            How::Full => JoinKind::Full,
            How::Semi => JoinKind::Semi,
            How::Anti => JoinKind::Anti,
            How::Cross => JoinKind::Cross,
        }
    }
}

/// What the arguments ask to join by.
fn by(args: &Args) -> Result<JoinArgs> {
    let on = query::columns("--on", &args.on)?;
    let mut joined = JoinArgs::on(args.how.kind(), on.iter().map(col));
    joined.left_on.extend(query::columns("--left-on", &args.left_on)?.iter().map(col));
    joined.right_on.extend(query::columns("--right-on", &args.right_on)?.iter().map(col));
    if joined.left_on.is_empty() != (args.how == How::Cross) {
        return Err(usage("--on COLUMNS, or --left-on and --right-on, say what to join by; a cross join has no keys"));
    }
    joined.suffix = args.suffix.clone();
    joined.null_equals_null = args.nulls_equal;
    Ok(joined)
}

/// The frame that the arguments ask for.
pub fn frame(args: &Args, context: &Context) -> Result<LazyFrame> {
    let joined = by(args)?;
    let left = input::open(&context.session, std::slice::from_ref(&args.left))?;
    let right = input::open(&context.session, std::slice::from_ref(&args.right))?;
    let frame = left.join_with(&right, joined);
    Ok(args.filter.as_ref().map_or(frame.clone(), |filter| frame.filter(filter)))
}

/// The same frame for a cluster.
fn asked(args: &Args) -> Result<Asked> {
    let by = by(args)?;
    let keys = |keys: &[Expr]| keys.iter().map(cluster::expr).collect::<Vec<_>>();
    let how = args.how.to_possible_value().map(|how| how.get_name().to_string());
    let left = Asked::of(std::slice::from_ref(&args.left), None)?;
    let right = Asked::of(std::slice::from_ref(&args.right), None)?.json();
    let sides = (keys(&by.left_on), keys(&by.right_on));
    let joined = left.call("join", json!([right, sides.0, sides.1, how, by.suffix, by.null_equals_null]));
    let filter = args.filter.as_ref();
    Ok(filter.map_or(joined.clone(), |filter| joined.call("filter", json!([cluster::expr(filter)]))))
}

/// Joins and prints or writes the rows.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    if let Some(address) = &args.out.cluster {
        return cluster::give("join", address, &asked(args)?, &args.out, context);
    }
    result::give_or_show("join", &frame(args, context)?, &args.out, &args.dry, context)
}
