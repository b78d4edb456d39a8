//! Plans and steps as text, one stage after the other.

use std::fmt::Write as _;
use std::str::FromStr;

use blockfold_core::{Error, Grid, Result};

use crate::chain::{Chain, ChainEnd};
use crate::op::Plan;
use crate::step::{BlockMap, Step, StepGraph, StepId};

/// A stage on the way from what was typed to what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The ops as typed.
    Logical,
    /// The ops after all rules.
    Optimized,
    /// The steps that the ops lower to.
    Steps,
    /// The steps fused to chains, one task a block.
    Fused,
    /// Projected bytes of each chain.
    Memory,
}

impl Stage {
    /// All stages in order, with the names that users type.
    pub const ALL: [(&'static str, Stage); 5] = [
        ("logical", Stage::Logical),
        ("optimized", Stage::Optimized),
        ("steps", Stage::Steps),
        ("fused", Stage::Fused),
        ("memory", Stage::Memory),
    ];
}

impl FromStr for Stage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let names: Vec<&str> = Stage::ALL.iter().map(|(name, _)| *name).collect();
        Stage::ALL
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, stage)| *stage)
            .ok_or_else(|| Error::argument("stage", format!("'{text}' is none of {}", names.join(", "))))
    }
}

/// A plan as an indented tree, the last op first.
pub fn tree(plan: &Plan) -> String {
    let mut text = String::new();
    write_node(plan, 0, &mut text);
    text.truncate(text.trim_end().len());
    text
}

fn write_node(plan: &Plan, depth: usize, text: &mut String) {
    let op = plan.op();
    let _ = writeln!(text, "{}{}", "  ".repeat(depth), joined(op.name(), &op.detail()));
    for input in op.inputs() {
        write_node(input, depth + 1, text);
    }
}

/// A step graph, one line a step, inputs before consumers.
pub fn steps(graph: &StepGraph) -> String {
    let line = |i: usize| format!("{i}: {}  ({})\n", step(graph, StepId(i)), blocks(&graph.node(StepId(i)).grid));
    let text: String = (0..graph.nodes.len()).map(line).collect();
    text.trim_end().to_string()
}

/// A step in one line: its kind, the numbers of its inputs, and what it does.
pub fn step(graph: &StepGraph, id: StepId) -> String {
    match &graph.node(id).step {
        Step::Read { source, narrowed_by } => {
            let filters = narrowed_by.iter().map(|narrowing| {
                format!(", dynamic filter on {} (step {})", narrowing.by.detail(), narrowing.step.0)
            });
            format!("Read {}{}", joined(source.name(), &source.detail()), filters.collect::<String>())
        }
        Step::Map { inputs, kernel } => {
            let inputs: Vec<String> = inputs.iter().map(|(id, map)| format!("{}{}", id.0, mapped(map))).collect();
            format!("Map [{}] {}", inputs.join(", "), joined(kernel.name(), &kernel.detail()))
        }
        Step::Reduce { input, reducer } => {
            format!("Reduce [{}] {}", input.0, joined(reducer.name(), &reducer.detail()))
        }
        Step::Exchange { input, made_from, unless, routing } => {
            let from = made_from.map_or(String::new(), |id| format!(", {} as bounds", id.0));
            let unless = unless.map_or(String::new(), |id| format!(", unless {} is one block", id.0));
            format!("Exchange [{}{from}{unless}] {}", input.0, joined(routing.name(), &routing.detail()))
        }
        Step::Write { input, sink } => format!("Write [{}] {}", input.0, joined(sink.name(), &sink.detail())),
    }
}

/// The chains of a step graph, one line a chain with its steps.
pub fn fused(graph: &StepGraph) -> String {
    let mut text = String::new();
    for (i, chain) in Chain::of(graph).iter().enumerate() {
        let grid = &graph.node(chain.top).grid;
        let end = match chain.end {
            ChainEnd::Reduce(id) if graph.node(id).grid.blocks() > 1 => "folded, spread over blocks when many",
            ChainEnd::Reduce(_) => "folded into one block",
            ChainEnd::Exchange(_) => "rows sent to the blocks of the result",
            ChainEnd::Write(_) => "written, one file a block",
            ChainEnd::Answer => "handed to the caller",
        };
        let _ = writeln!(text, "chain {i}: {}", chain.label(graph));
        let _ = writeln!(text, "  one task a block or run of small blocks: {}; {end}", blocks(grid));
    }
    text.truncate(text.trim_end().len());
    text
}

fn joined(name: &str, detail: &str) -> String {
    if detail.is_empty() { name.to_string() } else { format!("{name} {detail}") }
}

fn mapped(map: &BlockMap) -> String {
    match map {
        BlockMap::Same => String::new(),
        BlockMap::Whole => " whole".to_string(),
        BlockMap::SameOrWhole => " or whole".to_string(),
        BlockMap::Share { parts } => format!(" in {parts} shares"),
        BlockMap::Runs { starts } => match (starts.first(), starts.last()) {
            (Some(first), Some(end)) => format!(" blocks {first}..{end}"),
            _ => " no blocks".to_string(),
        },
        BlockMap::Boxes => " by boxes".to_string(),
        BlockMap::Offset { first, blocks } => format!(" as {first}..{}", first + blocks),
    }
}

fn blocks(grid: &Grid) -> String {
    let blocks = grid.blocks();
    let plural = if blocks == 1 { "" } else { "s" };
    if let Some(chunks) = grid.chunks() {
        return format!("{blocks} block{plural}, {} elements in chunks {chunks}", chunks.elements());
    }
    match grid.total() {
        Some(rows) => format!("{blocks} block{plural}, {rows} rows"),
        None => format!("{blocks} block{plural}"),
    }
}
