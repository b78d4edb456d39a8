//! `blockfold head`: the first rows.

use anyhow::Result;
use blockfold::LazyFrame;

use crate::args::{Input, RowLimit};
use crate::commands::result;
use crate::context::Context;
use crate::input;

/// Arguments of `head`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// Number of rows
    #[arg(short, long = "rows", value_name = "N", default_value_t = 5)]
    n: u64,
}

/// The frame that the arguments ask for.
pub fn frame(args: &Args, context: &Context) -> Result<LazyFrame> {
    Ok(input::open(&context.session, &args.input.paths)?.head(args.n))
}

/// Prints the first rows; reads no more than they take.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let head = frame(args, context)?.collect()?;
    result::print("head", &head, Some(RowLimit::All), context)
}
