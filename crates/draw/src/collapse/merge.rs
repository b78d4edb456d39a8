//! Merges the nodes of each group into one node and the edges between two groups into one edge, and sums what they
//! carry. It does not choose the groups.

use std::collections::HashMap;

use super::grouping::Grouping;
use crate::amount::{bytes_text, count_text, elapsed_text};
use crate::graph::{Edge, Graph, Node, Shape};

/// Operations that a node of several names at most.
const KINDS_NAMED: usize = 4;

/// The graph of groups.
pub(super) fn merge(graph: &Graph, depths: &[usize], grouping: &Grouping) -> Graph {
    let mut sums: Vec<Option<Sum>> = (0..grouping.len()).map(|_| None).collect();
    for (index, node) in graph.nodes.iter().enumerate() {
        match &mut sums[grouping.of(index)] {
            Some(sum) => sum.add(node, depths[index]),
            empty => *empty = Some(Sum::new(node, depths[index])),
        }
    }
    let nodes = sums
        .into_iter()
        .enumerate()
        .filter_map(|(group, sum)| sum.map(|sum| sum.into_node(grouping.is_layers(group))))
        .collect();
    Graph { nodes, edges: merge_edges(graph, grouping) }
}

/// The edges between groups, in order of their ends.
fn merge_edges(graph: &Graph, grouping: &Grouping) -> Vec<Edge> {
    let mut between: HashMap<(usize, usize), Edge> = HashMap::new();
    for edge in &graph.edges {
        let (from, to) = (grouping.of(edge.from), grouping.of(edge.to));
        if from == to {
            continue;
        }
        let merged =
            between.entry((from, to)).or_insert_with(|| Edge { from, to, label: edge.label.clone(), count: 0 });
        merged.count = merged.count.saturating_add(edge.count);
        if merged.label != edge.label {
            merged.label = None;
        }
    }
    let mut edges: Vec<Edge> = between.into_values().collect();
    edges.sort_by_key(|edge| (edge.from, edge.to));
    edges
}

/// What the nodes of one group come to.
struct Sum<'a> {
    first: &'a Node,
    members: usize,
    count: u64,
    elapsed_ms: Option<f64>,
    bytes: Option<u64>,
    order: Option<u64>,
    depths: (usize, usize),
    same_label: bool,
    same_group: bool,
    same_details: bool,
    /// The operations met, with how many tasks each has.
    kinds: Vec<(&'a str, u64)>,
    /// Tasks of operations beyond those.
    other_kinds: u64,
}

impl<'a> Sum<'a> {
    fn new(node: &'a Node, depth: usize) -> Self {
        Self {
            first: node,
            members: 1,
            count: node.count,
            elapsed_ms: node.elapsed_ms,
            bytes: node.bytes,
            order: node.order,
            depths: (depth, depth),
            same_label: true,
            same_group: true,
            same_details: true,
            kinds: vec![(&node.kind, node.count)],
            other_kinds: 0,
        }
    }

    fn add(&mut self, node: &'a Node, depth: usize) {
        self.members += 1;
        self.count = self.count.saturating_add(node.count);
        self.elapsed_ms = either(self.elapsed_ms, node.elapsed_ms, |a, b| a + b);
        self.bytes = either(self.bytes, node.bytes, u64::saturating_add);
        self.order = either(self.order, node.order, u64::min);
        self.depths = (self.depths.0.min(depth), self.depths.1.max(depth));
        self.same_label = self.same_label && node.label == self.first.label;
        self.same_group = self.same_group && node.group == self.first.group;
        self.same_details = self.same_details && node.details == self.first.details;
        let room = self.kinds.len() < 4 * KINDS_NAMED;
        match self.kinds.iter_mut().find(|(kind, _)| *kind == node.kind) {
            Some((_, count)) => *count = count.saturating_add(node.count),
            None if room => self.kinds.push((&node.kind, node.count)),
            None => self.other_kinds = self.other_kinds.saturating_add(node.count),
        }
    }

    /// The merged node; a group of one stays as it is.
    fn into_node(mut self, is_layers: bool) -> Node {
        if self.members == 1 && !is_layers {
            return self.first.clone();
        }
        let several = self.kinds.len() > 1;
        let first = self.first;
        let label = if is_layers {
            self.layers_label()
        } else if self.same_label {
            first.label.clone()
        } else {
            first.step().to_owned()
        };
        let mut details = Vec::new();
        if self.same_details && !is_layers {
            details.extend(first.details.iter().cloned());
        }
        if several {
            details.push(self.kinds_text());
        }
        details.extend(self.totals_text());
        let kind = match (several, self.same_group, is_layers) {
            (false, _, _) => first.kind.clone(),
            (true, true, false) => first.step().to_owned(),
            _ => String::new(),
        };
        Node {
            label,
            details,
            kind,
            shape: if is_layers { Shape::Box } else { first.shape },
            group: if self.same_group { first.group.clone() } else { None },
            order: self.order,
            elapsed_ms: self.elapsed_ms,
            bytes: self.bytes,
            count: self.count,
            tooltip: None,
        }
    }

    fn layers_label(&self) -> String {
        let layers = self.depths.1 - self.depths.0 + 1;
        let layers = count_text(u64::try_from(layers).unwrap_or(u64::MAX));
        format!("… {layers} layers …")
    }

    /// The most frequent operations: "add 512, mul 256 and 1,024 others".
    fn kinds_text(&mut self) -> String {
        // A stable sort: operations of equal counts stay in order of appearance.
        self.kinds.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let rest: u64 = self.kinds.iter().skip(KINDS_NAMED).map(|&(_, count)| count).sum();
        let named = self.kinds.iter().take(KINDS_NAMED);
        let text = named.map(|&(kind, count)| format!("{kind} {}", count_text(count))).collect::<Vec<_>>().join(", ");
        match rest.saturating_add(self.other_kinds) {
            0 => text,
            others => format!("{text} and {} others", count_text(others)),
        }
    }

    /// Time and bytes of all: "2.4 s, 1.50 GiB".
    fn totals_text(&self) -> Option<String> {
        let time = self.elapsed_ms.map(elapsed_text);
        let bytes = self.bytes.map(|bytes| bytes_text(u128::from(bytes)));
        match (time, bytes) {
            (Some(time), Some(bytes)) => Some(format!("{time}, {bytes}")),
            (time, bytes) => time.or(bytes),
        }
    }
}

/// Both values put together, or the one there is.
fn either<T>(a: Option<T>, b: Option<T>, both: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(both(a, b)),
        (a, b) => a.or(b),
    }
}
