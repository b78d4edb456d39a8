//! `blockfold groupby`: aggregates of groups.

use anyhow::Result;
use blockfold::LazyFrame;

use crate::args::{Out, Query};
use crate::cluster;
use crate::commands::{query, result};
use crate::context::Context;

/// Arguments of `groupby`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    query: Query,
    #[command(flatten)]
    out: Out,
}

/// The frame that the arguments ask for.
pub fn frame(args: &Args, context: &Context) -> Result<LazyFrame> {
    query::frame(&args.query, context)
}

/// Runs the aggregation and prints or writes the result.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    if let Some(address) = &args.out.cluster {
        return cluster::give("groupby", address, &query::asked(&args.query)?, &args.out, context);
    }
    result::give("groupby", &frame(args, context)?, &args.out, context)
}
