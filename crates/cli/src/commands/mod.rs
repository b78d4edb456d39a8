//! The commands, one file each.

pub mod array;
pub mod dashboard;
pub mod demo;
pub mod distinct;
pub mod estimate;
pub mod explain;
pub mod groupby;
pub mod head;
pub mod join;
pub mod query;
pub mod result;
pub mod schema;
pub mod sort;
pub mod timeseries;
pub mod visualize;

use anyhow::Result;

use crate::args::{Cli, Command};
use crate::context::Context;

/// Does what the arguments ask for.
pub fn run(cli: &Cli) -> Result<()> {
    let default_memory = matches!(cli.command, Command::Demo(_)).then_some(demo::MEMORY);
    let context = Context::new(&cli.global, default_memory)?;
    let result = command(&cli.command, &context);
    let written = context.write_recordings(&cli.global);
    // Why the command failed matters more than that its recording could not be written.
    let result = result.and(written);
    context.show_on(&result);
    result
}

fn command(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(args, context),
        Command::Timeseries(args) => timeseries::run(args, context),
        Command::Schema(args) => schema::run(args, context),
        Command::Head(args) => head::run(args, context),
        Command::Groupby(args) => groupby::run(args, context),
        Command::Join(args) => join::run(args, context),
        Command::Sort(args) => sort::run(args, context),
        Command::Distinct(args) => distinct::run(args, context),
        Command::Array(args) => array::run(args, context),
        Command::Explain(args) => explain::run(args, context),
        Command::Estimate(args) => estimate::run(args, context),
        Command::Visualize(args) => visualize::run(args, context),
        Command::Dashboard(args) => dashboard::run(args, context),
    }
}
