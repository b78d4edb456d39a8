//! `blockfold visualize`: pictures of plans.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Result;
use blockfold::visualize::{Background, ColorBy, Format, Options, Rankdir, View, Visualize};
use blockfold::{Array, LazyFrame};

use crate::commands::{array, distinct, groupby, head, join, sort};
use crate::context::Context;
use crate::failure::usage;

/// Arguments of `visualize`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The command whose plan is drawn, with its arguments; it is not run, and nothing is printed or written but the
    /// picture
    #[command(subcommand)]
    what: What,
    /// The picture: .svg, .png, .dot, .mmd (Mermaid) or .md; replaced if it exists
    #[arg(long, global = true, value_name = "FILE", default_value = "plan.svg")]
    to: PathBuf,
    /// What to draw
    #[arg(long, global = true, value_enum, default_value = "fused")]
    view: ViewArg,
    /// Which way data flows: LR, TB, RL or BT
    #[arg(long, global = true, value_name = "DIRECTION", default_value = "LR", value_parser = Rankdir::from_str)]
    rankdir: Rankdir,
    /// What colours say: op, order, or with --run time or bytes
    #[arg(long, global = true, value_name = "WHAT", default_value = "op", value_parser = ColorBy::from_str)]
    color: ColorBy,
    /// More nodes than this are drawn as one for each step, with counts
    #[arg(long, global = true, value_name = "N", default_value_t = 400)]
    max_nodes: usize,
    /// Run it, drop the result, and draw what each chain of a frame's steps took
    #[arg(long, global = true)]
    run: bool,
}

/// What can be drawn.
#[derive(clap::Subcommand, Debug)]
enum What {
    /// The first rows of files
    Head(head::Args),
    /// An aggregation by groups
    Groupby(groupby::Args),
    /// A join
    Join(join::Args),
    /// A sort
    Sort(sort::Args),
    /// Each row once
    Distinct(distinct::Args),
    /// An expression over arrays
    Array(array::Eval),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ViewArg {
    /// The ops as typed
    Logical,
    /// The ops after all rules
    Optimized,
    /// The steps that the ops lower to
    Steps,
    /// The steps fused to chains
    Fused,
    /// The blocks of each step, with those that each is made from
    Blocks,
    /// The tasks: a block of a chain each
    Tasks,
    /// An array with its chunks
    Chunks,
}

impl ViewArg {
    fn view(self) -> Option<View> {
        match self {
            ViewArg::Logical => Some(View::Logical),
            ViewArg::Optimized => Some(View::Optimized),
            ViewArg::Steps => Some(View::Steps),
            ViewArg::Fused => Some(View::Fused),
            ViewArg::Blocks => Some(View::Blocks),
            ViewArg::Tasks => Some(View::Tasks),
            ViewArg::Chunks => None,
        }
    }
}

/// Draws the plan; runs it only when that is asked for.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    Format::from_path(&args.to).map_err(|error| usage(format!("--to: {error}")))?;
    let note = match &args.what {
        What::Head(inner) => frame(args, &head::frame(inner, context)?),
        What::Groupby(inner) => frame(args, &groupby::frame(inner, context)?),
        What::Join(inner) => frame(args, &join::frame(inner, context)?),
        What::Sort(inner) => frame(args, &sort::frame(inner, context)?),
        What::Distinct(inner) => frame(args, &distinct::frame(inner, context)?),
        What::Array(inner) => arrays(args, &array::evaluated(inner, context)?),
    }?;
    let note = note.unwrap_or_default();
    let line = format!("drew '{}'{}{note}", args.to.display(), if note.is_empty() { "" } else { ": " });
    context.console.note(line)?;
    context.console.document(&serde_json::json!({ "command": "visualize", "to": args.to, "note": note }))
}

fn options(args: &Args) -> Options {
    Options {
        rankdir: args.rankdir,
        color_by: args.color,
        max_nodes: args.max_nodes,
        background: background(&args.to),
        ..Options::default()
    }
}

/// Pixels are looked at alone; drawings stand on a page that has a colour of its own.
fn background(path: &Path) -> Background {
    let is_png = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    if is_png { Background::White } else { Background::Transparent }
}

fn frame(args: &Args, frame: &LazyFrame) -> Result<Option<String>> {
    let Some(view) = args.view.view() else {
        return Err(usage(
            "--view chunks is of arrays; a frame has logical, optimized, steps, fused, blocks and tasks",
        ));
    };
    if !args.run {
        return Ok(frame.visualize(&args.to, view, &options(args))?);
    }
    if view != View::Fused {
        return Err(usage("--run draws what chains took: leave --view out, or say fused"));
    }
    let analysis = frame.analyze()?;
    Ok(frame.drawing_of_run(&analysis.report)?.visualize(&args.to, view, &options(args))?)
}

fn arrays(args: &Args, arrays: &[Array]) -> Result<Option<String>> {
    let [array] = arrays else { return Err(usage("one array is drawn at a time; give one expression")) };
    if args.run {
        return Err(usage("--run is of frames; an array is drawn without running it"));
    }
    match args.view.view() {
        Some(view) => Ok(array.visualize(&args.to, view, &options(args))?),
        None => Ok(array.visualize_chunks(&args.to, &options(args))?),
    }
}
