//! The `blockfold` program: dataframes larger than memory, from the command line.
//!
//! One file for each command. What a command computes is the engine's; here are arguments, the filter language,
//! printing, progress, signals and exit codes.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod aggs;
mod allocator;
mod args;
mod arrays;
mod cluster;
mod commands;
mod console;
mod context;
mod failure;
mod filter;
mod input;
mod json;
mod output;
mod progress;
mod resources;
mod signals;
mod text;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::failure::{Failure, exit_code};

fn main() -> ExitCode {
    allocator::keep_warm();
    quiet_tasks();
    let wants_json = std::env::args_os().any(|arg| arg == "--json");
    let failed = match Cli::try_parse() {
        Ok(cli) => commands::run(&cli).err().map(|error| Failure::of_run(&error)),
        Err(refusal) => Failure::of_arguments(&refusal),
    };
    match failed {
        Some(failure) => failure.report(wants_json),
        None => exit_code(0),
    }
}

/// Leaves panics of tasks to the run's one error: the engine catches them, and names file or op.
fn quiet_tasks() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_task = std::thread::current().name().is_some_and(|name| name.starts_with("blockfold-"));
        if !is_task {
            report(panic);
        }
    }));
}
