//! Writes a graph as source text for Graphviz, for people who have it and want its other layouts. Colours and shapes
//! are those of the SVG; places are left to Graphviz.

use std::fmt::Write as _;

use crate::graph::{Graph, Shape};
use crate::options::Options;
use crate::paint::paint;
use crate::scene::{counted_edge_label, counted_label};
use crate::text;

/// The DOT text of a graph.
pub(crate) fn write(graph: &Graph, options: &Options) -> String {
    let paint = paint(graph, options.color_by);
    let mut out = String::from("digraph tasks {\n");
    let _ = writeln!(out, "  rankdir={}", options.rankdir.letters());
    if let Some(title) = &options.title {
        let _ = writeln!(out, "  label={} labelloc=t", quoted(title));
    }
    out.push_str("  node [style=\"filled,rounded\" fontname=\"Helvetica\" fontsize=12 margin=\"0.12,0.06\"]\n");
    out.push_str("  edge [color=\"#7d8793\" fontname=\"Helvetica\" fontsize=9.5 arrowsize=0.7]\n");
    for (index, (node, fill)) in graph.nodes.iter().zip(&paint.fills).enumerate() {
        let mut label = counted_label(node);
        for line in &node.details {
            label.push('\n');
            label.push_str(line);
        }
        let (shape, style) = match node.shape {
            Shape::Box => ("box", ""),
            Shape::Circle => ("ellipse", ""),
            // A rounded cylinder is drawn as a box.
            Shape::Cylinder => ("cylinder", " style=\"filled\""),
        };
        let tooltip = node.tooltip.as_ref().map(|text| format!(" tooltip={}", quoted(text))).unwrap_or_default();
        let _ = writeln!(
            out,
            "  n{index} [label={} shape={shape}{style} fillcolor=\"{}\" color=\"{}\" fontcolor=\"{}\"{tooltip}]",
            quoted(&label),
            fill.hex(),
            fill.outline().hex(),
            fill.text_on().hex()
        );
    }
    for edge in &graph.edges {
        let label = counted_edge_label(edge).map(|label| format!(" [label={}]", quoted(&label))).unwrap_or_default();
        let _ = writeln!(out, "  n{} -> n{}{label}", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}

/// A quoted DOT string. Inside quotes only the quote and the backslash mean something; a backslash must be doubled, or
/// Graphviz would read `\N` as the name of the node.
fn quoted(content: &str) -> String {
    let mut out = String::with_capacity(content.len() + 2);
    out.push('"');
    for (index, line) in content.lines().enumerate() {
        if index > 0 {
            out.push_str("\\n");
        }
        for character in text::shown(line).chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                // Graphviz also reads HTML entities in labels.
                '&' => out.push_str("&amp;"),
                other => out.push(other),
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_breaks_are_escaped() {
        assert_eq!(quoted("a \"b\" \\N & <c>\nd\u{0}"), "\"a \\\"b\\\" \\\\N &amp; <c>\\nd\u{fffd}\"");
    }
}
