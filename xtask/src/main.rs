//! Developer tasks, run as `cargo xtask NAME`. Everything that CI does, a user can do with these.
//!
//! Depends on little, so that it builds in seconds; it never links the engine.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod arrows;
mod bench;
mod browser;
mod paths;
mod process;
mod python;
mod test;
mod venv;

const HELP: &str = "\
Developer tasks of blockfold.

cargo xtask test [--only STAGE]    every test: fmt, arrows, clippy, test, model, oracle,
                                   python, browser (in this order)
cargo xtask bench peers [OPTIONS]  the same work in blockfold and its peers, side by side
    --quick          two rounds, without the ten years of data
    --only NAMES     these workloads (comma separated; see benches/peers/README.md)
    --engines NAMES  these engines (comma separated): dask, polars, duckdb, datafusion, loop, blockfold
    --peers-only     without blockfold
    --data DIR       where the data is, or will be made (default: target/peers-data)
    --venv DIR       the virtual environment of the peers (default: target/peers-venv)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "-h" | "--help", ..] | [.., "-h" | "--help"] => {
            print!("{HELP}");
            Ok(())
        }
        ["test", options @ ..] => test::run(options),
        ["bench", "peers", options @ ..] => bench::run(options),
        _ => bail!("unknown task `{}`\n\n{HELP}", words.join(" ")),
    }
}
