//! Gives each node its colour and says what the colours mean. It decides no places: the legend's picture is drawn
//! elsewhere.

use std::collections::HashMap;

use crate::amount::{bytes_text, count_text, elapsed_text};
use crate::color::{NO_VALUE, Rgb, category, scale};
use crate::graph::{Graph, Node};
use crate::options::ColorBy;

/// Operations that a legend names at most; the rest are counted.
const NAMED_LIMIT: usize = 12;

/// The colours of a graph's nodes and their meaning.
#[derive(Debug)]
pub(crate) struct Paint {
    /// One for each node.
    pub fills: Vec<Rgb>,
    pub legend: Legend,
}

/// What the colours mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Legend {
    /// Nothing worth saying.
    None,
    /// One colour for each name; the last may be a count of the names left out, without a colour.
    Names(Vec<(Option<Rgb>, String)>),
    /// A scale from a lowest to a highest value, and whether some nodes have no value.
    Scale { title: &'static str, low: String, high: String, some_absent: bool },
}

/// Colours the nodes of a graph.
pub(crate) fn paint(graph: &Graph, by: ColorBy) -> Paint {
    match by {
        ColorBy::Op => by_operation(graph),
        ColorBy::Order => by_value(graph, "order", |node| node.order.map(|order| order as f64), ends_of_order),
        ColorBy::Time => {
            by_value(graph, "time", |node| node.elapsed_ms.filter(|ms| ms.is_finite() && *ms >= 0.0), ends_of_time)
        }
        ColorBy::Bytes => by_value(graph, "bytes", |node| node.bytes.map(|bytes| bytes as f64), ends_of_bytes),
    }
}

fn by_operation(graph: &Graph) -> Paint {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::new();
    let mut fills = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        if node.kind.is_empty() {
            fills.push(NO_VALUE);
            continue;
        }
        let next = numbers.len();
        let number = *numbers.entry(&node.kind).or_insert(next);
        if number == next {
            names.push((Some(category(number)), node.kind.clone()));
        }
        fills.push(category(number));
    }
    let left_out = names.len().saturating_sub(NAMED_LIMIT);
    if left_out > 0 {
        names.truncate(NAMED_LIMIT);
        names.push((None, format!("+ {left_out} more")));
    }
    let legend = if names.len() < 2 { Legend::None } else { Legend::Names(names) };
    Paint { fills, legend }
}

fn by_value(
    graph: &Graph,
    title: &'static str,
    value: impl Fn(&Node) -> Option<f64>,
    ends: impl Fn(f64, f64) -> (f64, f64, String, String),
) -> Paint {
    let values: Vec<Option<f64>> = graph.nodes.iter().map(value).collect();
    let present = values.iter().flatten();
    let (least, most) = present.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    if !least.is_finite() {
        return Paint { fills: vec![NO_VALUE; values.len()], legend: Legend::None };
    }
    let (low, high, low_text, high_text) = ends(least, most);
    let span = if high > low { high - low } else { 1.0 };
    let fill = |value: &Option<f64>| value.map_or(NO_VALUE, |v| scale((v - low) / span));
    let legend =
        Legend::Scale { title, low: low_text, high: high_text, some_absent: values.iter().any(Option::is_none) };
    Paint { fills: values.iter().map(fill).collect(), legend }
}

fn ends_of_order(least: f64, most: f64) -> (f64, f64, String, String) {
    // Float to integer saturates in Rust, and the values came from integers.
    (least, most, count_text(least as u64), count_text(most as u64))
}

/// Amounts start at nothing, so that twice the time is twice as far along the scale.
fn ends_of_time(_least: f64, most: f64) -> (f64, f64, String, String) {
    (0.0, most, "0".to_owned(), elapsed_text(most))
}

fn ends_of_bytes(_least: f64, most: f64) -> (f64, f64, String, String) {
    (0.0, most, "0".to_owned(), bytes_text(most as u128))
}
