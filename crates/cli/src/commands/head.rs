//! `blockfold head`: the first rows.

use anyhow::Result;

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

/// Prints the first rows; reads no more than they take.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let head = input::open(&context.session, &args.input.paths)?.head(args.n).collect()?;
    result::print("head", &head, Some(RowLimit::All), context)
}
