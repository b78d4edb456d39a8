//! Ways to put nodes into groups: by name and depth, by name alone, with the middle layers as one, by bands of depth.
//! A grouping only numbers the groups; what a group looks like, and whether there is a cycle, is found out where it is
//! merged.

use std::collections::{HashMap, HashSet};

use crate::graph::{Graph, Node, Shape};

/// Layers kept at each end of a graph whose middle is drawn as one node.
const END_LAYERS: usize = 6;
/// Bands that a graph is cut into when nothing else makes it small.
const BANDS: usize = 24;

/// What the nodes of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// The step, or the operation of a node without one.
    Step,
    /// The operation.
    Kind,
}

impl Name {
    fn of(self, node: &Node) -> &str {
        match self {
            Self::Step => node.step(),
            Self::Kind => &node.kind,
        }
    }
}

/// The number of each node's group. Numbers start at 0 and rise by first appearance.
#[derive(Debug, Clone, Default)]
pub(super) struct Grouping {
    of_node: Vec<usize>,
    len: usize,
    /// Groups that stand for whole layers, whatever these do.
    whole_layers: HashSet<usize>,
}

impl Grouping {
    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The group of a node.
    pub(super) fn of(&self, node: usize) -> usize {
        self.of_node[node]
    }

    /// Whether a group stands for whole layers.
    pub(super) fn is_layers(&self, group: usize) -> bool {
        self.whole_layers.contains(&group)
    }

    /// Numbers the keys of the nodes by first appearance.
    fn numbered<K: Eq + std::hash::Hash>(keys: impl Iterator<Item = K>) -> Self {
        let mut numbers: HashMap<K, usize> = HashMap::new();
        let mut of_node = Vec::new();
        for key in keys {
            let next = numbers.len();
            of_node.push(*numbers.entry(key).or_insert(next));
        }
        Self { of_node, len: numbers.len(), whole_layers: HashSet::new() }
    }
}

/// Nodes of one name, shape and depth. Acyclic, since every edge leads deeper.
pub(super) fn by_name_and_depth(graph: &Graph, depths: &[usize], name: Name) -> Grouping {
    // Two rounds, so that a text is hashed once for each node and the second round works on numbers.
    let flat = by_name(graph, name);
    Grouping::numbered(flat.of_node.iter().zip(depths).map(|(&group, &depth)| (group, depth)))
}

/// Nodes of one name and shape, whatever their depth. May have cycles.
pub(super) fn by_name(graph: &Graph, name: Name) -> Grouping {
    let key = |node| -> (&str, Shape) { (name.of(node), node.shape) };
    Grouping::numbered(graph.nodes.iter().map(key))
}

/// A grouping that keeps some layers at both ends and merges all between them, and how many layers these are; none
/// when the layers at the ends are too wide or there is nothing between them. The given grouping must be by depth.
pub(super) fn eliding_middle(grouping: &Grouping, depths: &[usize], limit: usize) -> Option<(Grouping, usize)> {
    let layers = depths.iter().max()? + 1;
    let mut depth_of_group = vec![0usize; grouping.len];
    for (&group, &depth) in grouping.of_node.iter().zip(depths) {
        depth_of_group[group] = depth;
    }
    let mut widths = vec![0usize; layers];
    for depth in depth_of_group {
        widths[depth] += 1;
    }
    let kept = |ends: usize| widths[..ends].iter().chain(&widths[layers - ends..]).sum::<usize>();
    let ends = (1..=END_LAYERS).rev().find(|&ends| 2 * ends + 2 <= layers && kept(ends) < limit)?;
    let middle = ends..layers - ends;
    let elided = |(&group, depth): (&usize, &usize)| if middle.contains(depth) { None } else { Some(group) };
    let mut merged = Grouping::numbered(grouping.of_node.iter().zip(depths).map(elided));
    let inside = depths.iter().position(|depth| middle.contains(depth))?;
    merged.whole_layers.insert(merged.of_node[inside]);
    Some((merged, middle.len()))
}

/// Bands of depth, each one group.
pub(super) fn by_bands(depths: &[usize], limit: usize) -> Grouping {
    let layers = depths.iter().max().map_or(1, |deepest| deepest + 1);
    let bands = limit.min(BANDS).min(layers);
    let thickness = layers.div_ceil(bands);
    let mut merged = Grouping::numbered(depths.iter().map(|depth| depth / thickness));
    merged.whole_layers.extend(0..merged.len);
    merged
}
