//! Writes a graph as a Mermaid flowchart, which many Markdown viewers draw. Colours and shapes are those of the SVG
//! (an ellipse becomes a stadium, which Mermaid has); places are left to Mermaid.

use std::fmt::Write as _;

use crate::graph::{Graph, Node, Shape};
use crate::options::Options;
use crate::paint::paint;
use crate::scene::{counted_edge_label, counted_label};
use crate::text;

/// The Mermaid text of a graph.
pub(crate) fn write(graph: &Graph, options: &Options) -> String {
    let paint = paint(graph, options.color_by);
    let mut out = String::new();
    if let Some(title) = &options.title {
        let _ = write!(out, "---\ntitle: \"{}\"\n---\n", yaml_escaped(title));
    }
    let _ = writeln!(out, "flowchart {}", options.rankdir.letters());
    for (index, node) in graph.nodes.iter().enumerate() {
        let label = label(node);
        let _ = match node.shape {
            Shape::Box => writeln!(out, "  n{index}(\"{label}\")"),
            Shape::Circle => writeln!(out, "  n{index}([\"{label}\"])"),
            Shape::Cylinder => writeln!(out, "  n{index}[(\"{label}\")]"),
        };
    }
    for edge in &graph.edges {
        let _ = match counted_edge_label(edge) {
            Some(label) => writeln!(out, "  n{} -->|\"{}\"| n{}", edge.from, escaped(&label), edge.to),
            None => writeln!(out, "  n{} --> n{}", edge.from, edge.to),
        };
    }
    for (index, fill) in paint.fills.iter().enumerate() {
        let (fill, line, text) = (fill.hex(), fill.outline().hex(), fill.text_on().hex());
        let _ = writeln!(out, "  style n{index} fill:{fill},stroke:{line},color:{text}");
    }
    out
}

/// The same in a fenced block of Markdown.
pub(crate) fn write_fenced(graph: &Graph, options: &Options) -> String {
    // A label cannot close the fence: every backtick in one is written as a number.
    format!("```mermaid\n{}```\n", write(graph, options))
}

fn label(node: &Node) -> String {
    let mut label = escaped(&counted_label(node));
    for line in &node.details {
        label.push_str("<br/>");
        label.push_str(&escaped(line));
    }
    label
}

/// Text inside a quoted Mermaid label. All ASCII characters that mean something in Mermaid, HTML or Markdown are
/// written by number; line breaks become `<br/>`.
fn escaped(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    for (index, line) in content.lines().enumerate() {
        if index > 0 {
            out.push_str("<br/>");
        }
        for character in text::shown(line).chars() {
            let plain = !character.is_ascii() || character.is_ascii_alphanumeric() || " .,:/+=-".contains(character);
            if plain {
                out.push(character);
            } else {
                let _ = write!(out, "#{};", u32::from(character));
            }
        }
    }
    // Mermaid refuses an empty label.
    if out.trim().is_empty() { "#160;".to_owned() } else { out }
}

/// Text inside a double-quoted YAML string on one line.
fn yaml_escaped(content: &str) -> String {
    let line = text::shown(content).replace('\\', "\\\\").replace('"', "\\\"");
    line.replace('`', "'").replace('\u{85}', " ").replace(['\u{2028}', '\u{2029}'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_written_by_number() {
        assert_eq!(escaped("a[\"0\"] `x`\n#1;"), "a#91;#34;0#34;#93; #96;x#96;<br/>#35;1#59;");
        assert_eq!(escaped(""), "#160;");
        assert_eq!(yaml_escaped("a \"b\"\n```"), "a \\\"b\\\" '''");
    }
}
