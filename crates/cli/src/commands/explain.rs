//! `blockfold explain`: the plan, stage by stage.

use anyhow::Result;
use blockfold::Stage;

use crate::args::Query;
use crate::commands::{query, result};
use crate::context::Context;
use crate::text;

/// Arguments of `explain`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    query: Query,
    /// The stage to show
    #[arg(long, value_enum, default_value = "all")]
    stage: StageArg,
    /// Run it, drop the result, and show what each chain of steps needed against what was estimated
    #[arg(long, conflicts_with = "stage")]
    analyze: bool,
}

/// A stage on the way from what was typed to what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StageArg {
    /// The ops as typed
    Logical,
    /// The ops after all rules
    Optimized,
    /// The steps that the ops lower to
    Steps,
    /// The steps fused to chains, one task a block
    Fused,
    /// The projected memory of each chain
    Memory,
    /// All of them
    All,
}

impl StageArg {
    /// The stages asked for, with their names.
    fn stages(self) -> Vec<(&'static str, Stage)> {
        let wanted = match self {
            StageArg::Logical => Some(Stage::Logical),
            StageArg::Optimized => Some(Stage::Optimized),
            StageArg::Steps => Some(Stage::Steps),
            StageArg::Fused => Some(Stage::Fused),
            StageArg::Memory => Some(Stage::Memory),
            StageArg::All => None,
        };
        Stage::ALL.into_iter().filter(|(_, stage)| wanted.is_none_or(|wanted| wanted == *stage)).collect()
    }
}

/// Prints the plan; runs nothing unless it is to be analyzed.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let frame = query::frame(&args.query, context)?;
    if args.analyze {
        return result::analyze("explain", &frame, context);
    }
    let mut document = serde_json::Map::new();
    for (name, stage) in args.stage.stages() {
        let plan = frame.explain(stage)?;
        match args.stage {
            StageArg::All => context.console.line(format!("{name}\n{}", text::indented(&plan, 2)))?,
            _ => context.console.line(&plan)?,
        }
        document.insert(name.to_string(), plan.into());
    }
    context.console.document(&serde_json::json!({ "command": "explain", "stages": document }))
}
