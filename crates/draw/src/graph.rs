//! The graph to draw: nodes with what is written in and said about them, and edges along which data flows. It also
//! checks a graph (edges in range, no cycle) and orders it. It knows nothing of tasks, plans or how they are run:
//! callers translate.

use crate::Error;

/// A directed acyclic graph to draw.
///
/// ```
/// use blockfold_draw::{Edge, Graph, Node, Shape};
///
/// let graph = Graph {
///     nodes: vec![Node::new("x", "data"), Node::new("inc", "inc").with_shape(Shape::Circle)],
///     edges: vec![Edge::new(0, 1)],
/// };
/// assert!(graph.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// The nodes; edges name them by their position here.
    pub nodes: Vec<Node>,
    /// The edges, in any order. Several between the same two nodes are allowed.
    pub edges: Vec<Edge>,
}

/// One box, ellipse or cylinder of the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Main text. Line breaks are kept; a line too long for a box is cut, and stays whole in the tooltip.
    pub label: String,
    /// Smaller lines under the main text.
    pub details: Vec<String>,
    /// Name of the operation: the key of the colour, and what big graphs are grouped by when `group` is absent.
    pub kind: String,
    /// Outline.
    pub shape: Shape,
    /// Step or layer that the node belongs to; used only to merge nodes of big graphs.
    pub group: Option<String>,
    /// Position in the order of execution, for [`ColorBy::Order`](crate::ColorBy::Order).
    pub order: Option<u64>,
    /// Time it took, in milliseconds, for [`ColorBy::Time`](crate::ColorBy::Time).
    pub elapsed_ms: Option<f64>,
    /// Size of its result, in bytes, for [`ColorBy::Bytes`](crate::ColorBy::Bytes).
    pub bytes: Option<u64>,
    /// How many tasks it stands for: 1, unless it was merged from several.
    pub count: u64,
    /// Text shown when the pointer rests on the node; without it, the label and details.
    pub tooltip: Option<String>,
}

impl Node {
    /// A box with a label and the name of its operation; all else is absent.
    pub fn new(label: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            details: Vec::new(),
            kind: kind.into(),
            shape: Shape::Box,
            group: None,
            order: None,
            elapsed_ms: None,
            bytes: None,
            count: 1,
            tooltip: None,
        }
    }

    /// The same node with another outline.
    #[must_use]
    pub fn with_shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// The same node with one more small line.
    #[must_use]
    pub fn with_detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// The name that big graphs are grouped by: the group, or else the operation.
    pub fn step(&self) -> &str {
        self.group.as_deref().unwrap_or(&self.kind)
    }
}

/// Outline of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Shape {
    /// Data or a result: a box with rounded corners.
    #[default]
    Box,
    /// A call or task: an ellipse.
    Circle,
    /// A source or sink: a cylinder.
    Cylinder,
}

/// A line along which data flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Position of the node that the data comes from.
    pub from: usize,
    /// Position of the node that the data goes to.
    pub to: usize,
    /// Text on the line.
    pub label: Option<String>,
    /// How many edges it stands for: 1, unless it was merged from several.
    pub count: u64,
}

impl Edge {
    /// An edge without a label.
    pub fn new(from: usize, to: usize) -> Self {
        Self { from, to, label: None, count: 1 }
    }

    /// The same edge with a label.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

impl Graph {
    /// Checks that every edge is in range and that there is no cycle, in time linear in nodes and edges.
    ///
    /// # Errors
    ///
    /// [`Error::EdgeOutOfRange`], or [`Error::Cycle`] with the labels along one cycle.
    pub fn check(&self) -> Result<(), Error> {
        self.depths().map(|_| ())
    }

    /// The depth of every node: the most edges on a path that leads to it.
    ///
    /// # Errors
    ///
    /// As [`Graph::check`].
    pub(crate) fn depths(&self) -> Result<Vec<usize>, Error> {
        let outgoing = Outgoing::of(self)?;
        let mut waiting = vec![0usize; self.nodes.len()];
        for edge in &self.edges {
            waiting[edge.to] += 1;
        }
        let mut depths = vec![0usize; self.nodes.len()];
        let mut ready: Vec<usize> = (0..waiting.len()).filter(|&node| waiting[node] == 0).collect();
        let mut done = 0;
        while let Some(node) = ready.pop() {
            done += 1;
            for &next in outgoing.of_node(node) {
                depths[next] = depths[next].max(depths[node] + 1);
                waiting[next] -= 1;
                if waiting[next] == 0 {
                    ready.push(next);
                }
            }
        }
        if done == self.nodes.len() { Ok(depths) } else { Err(Error::Cycle { path: self.cycle_path(&waiting) }) }
    }

    /// Labels along one cycle, given how many predecessors each node still waits for.
    fn cycle_path(&self, waiting: &[usize]) -> Vec<String> {
        // A node that still waits has a predecessor that still waits, so walking back must come round.
        let mut before = vec![usize::MAX; self.nodes.len()];
        for edge in &self.edges {
            if waiting[edge.from] > 0 && waiting[edge.to] > 0 {
                before[edge.to] = edge.from;
            }
        }
        let mut walked_at = vec![usize::MAX; self.nodes.len()];
        let mut walk = Vec::new();
        let mut node = waiting.iter().position(|&count| count > 0).unwrap_or(0);
        while node < walked_at.len() && walked_at[node] == usize::MAX {
            walked_at[node] = walk.len();
            walk.push(node);
            node = before[node];
        }
        let start = walked_at.get(node).copied().unwrap_or(0);
        let mut labels: Vec<String> = walk[start..].iter().rev().map(|&n| self.nodes[n].label.clone()).collect();
        if let Some(last) = walk.get(start) {
            labels.insert(0, self.nodes[*last].label.clone());
        }
        shorten(labels)
    }
}

/// Cuts the middle out of a list too long to read.
fn shorten(labels: Vec<String>) -> Vec<String> {
    const ENDS: usize = 10;
    if labels.len() <= 2 * ENDS + 1 {
        return labels;
    }
    let left_out = labels.len() - 2 * ENDS;
    let mut short = labels[..ENDS].to_vec();
    short.push(format!("... {left_out} more ..."));
    short.extend_from_slice(&labels[labels.len() - ENDS..]);
    short
}

/// The targets of every node's edges, in two flat lists: a vector for each of a million nodes would be slow.
struct Outgoing {
    starts: Vec<usize>,
    targets: Vec<usize>,
}

impl Outgoing {
    fn of(graph: &Graph) -> Result<Self, Error> {
        let nodes = graph.nodes.len();
        let mut starts = vec![0usize; nodes + 1];
        for (index, edge) in graph.edges.iter().enumerate() {
            if edge.from >= nodes || edge.to >= nodes {
                return Err(Error::EdgeOutOfRange { edge: index, from: edge.from, to: edge.to, nodes });
            }
            starts[edge.from + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut targets = vec![0usize; graph.edges.len()];
        for edge in &graph.edges {
            targets[next[edge.from]] = edge.to;
            next[edge.from] += 1;
        }
        Ok(Self { starts, targets })
    }

    fn of_node(&self, node: usize) -> &[usize] {
        &self.targets[self.starts[node]..self.starts[node + 1]]
    }
}
