//! Makes a graph of any size small enough to look at, by merging tasks that do the same thing at the same place. The
//! result is again an acyclic graph, its totals of tasks, time and bytes are those of the input, and a note says how
//! it was made. Every pass is a loop over nodes or edges: a chain of a million tasks needs no deep stack.

mod grouping;
mod merge;

use grouping::{Grouping, Name, by_bands, by_name, by_name_and_depth, eliding_middle};
use merge::merge;

use crate::amount::count_text;
use crate::{Error, Graph};

/// Edges for each node that may be drawn: with more, no line can be followed and the layout takes long.
const EDGES_PER_NODE: usize = 5;

/// Layers that edges may pass, for each node that may be drawn: every one makes a bend to place.
const PASSED_PER_NODE: usize = 40;

/// A graph that was made small enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Collapsed {
    /// The merged graph: never more nodes than asked for, acyclic, with the same totals.
    pub graph: Graph,
    /// How it was merged; absent when the graph was small enough already.
    pub note: Option<String>,
}

/// Merges the nodes of a graph until there are at most `max_nodes` (0 counts as 1), five times as many edges, and not
/// too many long edges. Nodes of the same step (or the same operation, for those without a step), shape and depth
/// become one; if they are still too many, depth is disregarded where that makes no cycle; then the middle of a deep
/// graph becomes one node; and at last whole layers are merged. Counts, times and bytes are summed, `order` is the
/// least. Takes time linear in nodes and edges.
///
/// ```
/// use blockfold_draw::{Edge, Graph, Node, collapse};
///
/// let mut graph = Graph::default();
/// for leaf in 0..1000 {
///     graph.nodes.push(Node::new(format!("read-{leaf}"), "read"));
///     graph.edges.push(Edge::new(leaf, 1000));
/// }
/// graph.nodes.push(Node::new("sum", "sum"));
/// let small = collapse(&graph, 100)?;
/// assert_eq!(small.graph.nodes.len(), 2);
/// assert_eq!(small.graph.nodes[0].count, 1000);
/// assert_eq!(small.note.as_deref(), Some("1,001 tasks drawn as 2 groups by operation and depth"));
/// # Ok::<(), blockfold_draw::Error>(())
/// ```
///
/// # Errors
///
/// As [`Graph::check`].
pub fn collapse(graph: &Graph, max_nodes: usize) -> Result<Collapsed, Error> {
    let depths = graph.depths()?;
    if is_small(graph, &depths, max_nodes) {
        return Ok(Collapsed { graph: graph.clone(), note: None });
    }
    Ok(merged_by_best_rule(graph, &depths, max_nodes.max(1)))
}

/// Merges a graph that is too big.
pub(crate) fn merged_by_best_rule(graph: &Graph, depths: &[usize], limit: usize) -> Collapsed {
    let (merged, rule) = choose(graph, depths, limit);
    let tasks = graph.nodes.iter().fold(0u64, |sum, node| sum.saturating_add(node.count));
    let groups = match merged.nodes.len() {
        1 => "1 group".to_owned(),
        several => format!("{several} groups"),
    };
    let note = format!("{} tasks drawn as {groups} by {rule}", count_text(tasks));
    Collapsed { graph: merged, note: Some(note) }
}

/// Whether a graph can be drawn as it is: not too many nodes, edges, and layers that edges pass.
pub(crate) fn is_small(graph: &Graph, depths: &[usize], max_nodes: usize) -> bool {
    let limit = max_nodes.max(1);
    graph.nodes.len() <= limit
        && graph.edges.len() <= limit.saturating_mul(EDGES_PER_NODE)
        && layers_passed(graph, depths) <= limit.saturating_mul(PASSED_PER_NODE)
}

/// How many layers all edges together pass between their ends.
pub(crate) fn layers_passed(graph: &Graph, depths: &[usize]) -> usize {
    graph.edges.iter().map(|edge| depths[edge.to].saturating_sub(depths[edge.from] + 1)).sum()
}

/// The graph merged in the first way that makes it small enough, and the name of that way for the note.
fn choose(graph: &Graph, depths: &[usize], limit: usize) -> (Graph, String) {
    let has_steps = graph.nodes.iter().any(|node| node.group.is_some());
    let names: &[(Name, &str)] =
        if has_steps { &[(Name::Step, "step"), (Name::Kind, "operation")] } else { &[(Name::Kind, "operation")] };
    let small = |grouping: &Grouping| {
        let merged = (grouping.len() <= limit).then(|| merge(graph, depths, grouping))?;
        // Merging by name alone may make a cycle; then it has no depths.
        let merged_depths = merged.depths().ok()?;
        is_small(&merged, &merged_depths, limit).then_some(merged)
    };
    let deep: Vec<Grouping> = names.iter().map(|&(name, _)| by_name_and_depth(graph, depths, name)).collect();
    for (grouping, &(name, word)) in deep.iter().zip(names) {
        if let Some(merged) = small(grouping) {
            return (merged, format!("{word} and depth"));
        }
        if let Some(merged) = small(&by_name(graph, name)) {
            return (merged, word.to_owned());
        }
    }
    for (grouping, &(_, word)) in deep.iter().zip(names) {
        let elided = eliding_middle(grouping, depths, limit);
        if let Some((merged, layers)) = elided.and_then(|(elided, layers)| Some((small(&elided)?, layers))) {
            let layers = count_text(u64::try_from(layers).unwrap_or(u64::MAX));
            return (merged, format!("{word} and depth; the {layers} layers in the middle are one"));
        }
    }
    (merge(graph, depths, &by_bands(depths, limit)), "layers of equal depth".to_owned())
}
