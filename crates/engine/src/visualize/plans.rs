//! Ops, steps and chains as nodes.

use std::collections::HashMap;

use blockfold_core::{ByteSize, Grid};
use blockfold_draw::{Edge, Graph, Node, Shape};
use blockfold_exec::RunReport;
use blockfold_plan::chain::step_label;
use blockfold_plan::{Chain, ChainEnd, Plan, Step, StepGraph, StepId};

/// Characters of a line of details; longer ones are wrapped.
const LINE_CHARS: usize = 36;
/// Lines of details that a node shows; the rest is in its tooltip.
const MOST_LINES: usize = 4;

/// The ops of a plan; one that is read in several places is one node.
pub(super) fn ops(plan: &Plan) -> Graph {
    let (mut graph, mut places) = (Graph::default(), HashMap::new());
    let mut stack = vec![(plan.clone(), false)];
    while let Some((plan, has_inputs)) = stack.pop() {
        if places.contains_key(&plan.address()) {
            continue;
        }
        if !has_inputs {
            stack.push((plan.clone(), true));
            stack.extend(plan.op().inputs().iter().rev().map(|input| (input.clone(), false)));
            continue;
        }
        let place = graph.nodes.len();
        let inputs = plan.op().inputs().iter().filter_map(|input| places.get(&input.address()).copied());
        graph.edges.extend(inputs.map(|input| Edge::new(input, place)));
        let shape = if plan.op().inputs().is_empty() { Shape::Cylinder } else { Shape::Box };
        let detail = plan.op().detail();
        let node = Node::new(plan.op().name(), plan.op().name()).with_shape(shape);
        graph.nodes.push(with_details(node, [detail, grid_line(&plan.meta().grid)]));
        places.insert(plan.address(), place);
    }
    graph
}

/// The steps of a graph.
pub(super) fn steps(graph: &StepGraph) -> Graph {
    let mut drawn = Graph::default();
    for (place, node) in graph.nodes.iter().enumerate() {
        let (kind, detail) = match &node.step {
            Step::Read { source, .. } => ("read", source.detail()),
            Step::Map { kernel, .. } => ("map", kernel.detail()),
            Step::Reduce { reducer, .. } => ("reduce", reducer.detail()),
            Step::Exchange { routing, .. } => ("exchange", routing.detail()),
            Step::Write { sink, .. } => ("write", sink.detail()),
        };
        let shape = if matches!(kind, "read" | "write") { Shape::Cylinder } else { Shape::Box };
        let label = match kind {
            "read" | "write" => step_label(&node.step),
            _ => format!("{kind}: {}", step_label(&node.step)),
        };
        let mut drawn_node = Node::new(label, kind).with_shape(shape);
        drawn_node.order = Some(place as u64);
        drawn.nodes.push(with_details(drawn_node, [detail, grid_line(&node.grid)]));
        for read in step_inputs(&node.step) {
            drawn.edges.push(Edge::new(read.0, place));
        }
    }
    drawn
}

/// Steps whose results a step takes in, or is steered by.
pub(super) fn step_inputs(step: &Step) -> Vec<StepId> {
    match step {
        Step::Read { narrowed_by, .. } => narrowed_by.iter().map(|narrowing| narrowing.step).collect(),
        Step::Map { inputs, .. } => inputs.iter().map(|(input, _)| *input).collect(),
        Step::Reduce { input, .. } | Step::Write { input, .. } => vec![*input],
        Step::Exchange { input, made_from, unless, .. } => {
            let mut all: Vec<StepId> = [Some(*input), *made_from, *unless].into_iter().flatten().collect();
            all.dedup();
            all
        }
    }
}

/// The chains of a graph, with what each took in a run.
pub(super) fn chains(graph: &StepGraph, report: Option<&RunReport>) -> Graph {
    let (mut drawn, mut ends) = (Graph::default(), HashMap::new());
    for (place, chain) in Chain::of(graph).iter().enumerate() {
        let blocks = graph.node(chain.top).grid.blocks();
        let mut node = Node::new(format!("chain {place}"), kind_of(chain));
        node.details = lines_of(graph, chain);
        node.details.push(counted(blocks, "task"));
        node.order = Some(place as u64);
        if let Some(took) = report.and_then(|report| report.chains.get(place)) {
            node.elapsed_ms = Some(took.elapsed.as_secs_f64() * 1e3);
            node.bytes = Some(took.peak_bytes);
            node.details.push(format!(
                "{:.1} ms, {} at once",
                took.elapsed.as_secs_f64() * 1e3,
                ByteSize(took.peak_bytes)
            ));
        }
        drawn.nodes.push(node);
        for read in chain.reads(graph) {
            drawn.edges.extend(ends.get(&read).map(|from| Edge::new(*from, place)));
        }
        if let ChainEnd::Reduce(id) | ChainEnd::Exchange(id) | ChainEnd::Write(id) = chain.end {
            ends.insert(id, place);
        }
    }
    drawn.edges.sort_by_key(|edge| (edge.from, edge.to));
    drawn.edges.dedup();
    drawn
}

/// How a chain ends, in a word.
pub(super) fn kind_of(chain: &Chain) -> &'static str {
    match chain.end {
        ChainEnd::Reduce(_) => "reduce",
        ChainEnd::Exchange(_) => "exchange",
        ChainEnd::Write(_) => "write",
        ChainEnd::Answer => "answer",
    }
}

/// The steps of a chain, one a line.
fn lines_of(graph: &StepGraph, chain: &Chain) -> Vec<String> {
    let label = chain.label(graph);
    let lines: Vec<&str> = label.split(" > ").collect();
    const ENDS: usize = 6;
    match lines.len() {
        0..=12 => lines.iter().map(ToString::to_string).collect(),
        many => {
            let left_out = format!("... {} more steps ...", many - 2 * ENDS);
            let (first, last) = (&lines[..ENDS], &lines[many - ENDS..]);
            first.iter().chain([&left_out.as_str()]).chain(last).map(ToString::to_string).collect()
        }
    }
}

/// A node with texts under its label, wrapped, and whole in its tooltip.
fn with_details<const N: usize>(mut node: Node, texts: [String; N]) -> Node {
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if !texts.is_empty() {
        node.tooltip = Some(format!("{}\n{}", node.label, texts.join("\n")));
    }
    for text in texts {
        let mut lines = wrapped(&text);
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES - 1);
            lines.push("...".to_owned());
        }
        node.details.extend(lines);
    }
    node
}

/// Lines of a text, broken between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Blocks of a grid, and their lengths as far as they are known.
fn grid_line(grid: &Grid) -> String {
    match (grid.chunks(), grid.total()) {
        (Some(chunks), _) => format!("shape {:?} in chunks {chunks}", chunks.shape()),
        (None, Some(rows)) => format!("{}, {}", counted(grid.blocks(), "block"), counted(rows, "row")),
        (None, None) => counted(grid.blocks(), "block"),
    }
}

pub(super) fn counted(count: impl std::fmt::Display + PartialEq + From<u8>, what: &str) -> String {
    let s = if count == 1.into() { "" } else { "s" };
    format!("{count} {what}{s}")
}
