//! The tasks of a step graph: a node for each block of each chain.
//!
//! Where all blocks are brought together or sent to all others, they meet in one node: an edge for each pair of blocks
//! would hide what it shows.

use std::collections::HashMap;

use blockfold_draw::{Edge, Graph, Node, Shape};
use blockfold_plan::chain::step_label;
use blockfold_plan::{Chain, ChainEnd, Step, StepGraph, StepId};

use super::plans::{counted, kind_of};

/// The tasks of all chains, each with what it reads from.
pub(super) fn tasks(graph: &StepGraph) -> Graph {
    let mut drawn = Drawn { graph: Graph::default(), ends: HashMap::new(), sources: HashMap::new() };
    for (number, chain) in Chain::of(graph).iter().enumerate() {
        drawn.add(graph, number, chain);
    }
    drawn.graph
}

struct Drawn {
    graph: Graph,
    /// Where the result of a step that ended a chain is drawn.
    ends: HashMap<StepId, usize>,
    /// Where a source is drawn.
    sources: HashMap<StepId, usize>,
}

impl Drawn {
    fn add(&mut self, graph: &StepGraph, number: usize, chain: &Chain) {
        let from = self.inputs(graph, chain);
        let label = step_label(&graph.node(chain.top).step);
        let group = format!("chain {number}: {}", chain.label(graph));
        let first = self.graph.nodes.len();
        let blocks = graph.node(chain.top).grid.blocks();
        for block in 0..blocks {
            let mut node = Node::new(format!("{label} {block}"), &*label);
            (node.shape, node.group, node.order) = (Shape::Circle, Some(group.clone()), Some((first + block) as u64));
            node.tooltip = Some(format!("{group}, block {block}"));
            self.graph.nodes.push(node);
            self.graph.edges.extend(from.iter().map(|from| Edge::new(*from, first + block)));
        }
        let end = self.graph.nodes.len();
        self.graph.nodes.push(end_node(graph, chain));
        self.graph.edges.extend((first..first + blocks).map(|task| Edge::new(task, end)));
        if let ChainEnd::Reduce(id) | ChainEnd::Exchange(id) | ChainEnd::Write(id) = chain.end {
            self.ends.insert(id, end);
        }
    }

    /// The nodes that the tasks of a chain read from: sources, and what earlier chains left.
    fn inputs(&mut self, graph: &StepGraph, chain: &Chain) -> Vec<usize> {
        let mut from: Vec<usize> = chain.reads(graph).iter().filter_map(|read| self.ends.get(read).copied()).collect();
        for step in &chain.steps {
            let Step::Read { source, .. } = &graph.node(*step).step else { continue };
            let nodes = &mut self.graph.nodes;
            from.push(*self.sources.entry(*step).or_insert_with(|| {
                let mut node = Node::new(source.name(), "read").with_shape(Shape::Cylinder);
                node.details.push(counted(graph.node(*step).grid.blocks(), "block"));
                node.tooltip = Some(source.detail());
                nodes.push(node);
                nodes.len() - 1
            }));
        }
        from.sort_unstable();
        from.dedup();
        from
    }
}

/// What the tasks of a chain come to.
fn end_node(graph: &StepGraph, chain: &Chain) -> Node {
    let (label, shape, blocks) = match chain.end {
        ChainEnd::Reduce(id) => (step_label(&graph.node(id).step), Shape::Box, graph.node(id).grid.blocks()),
        ChainEnd::Exchange(id) => (step_label(&graph.node(id).step), Shape::Box, graph.node(id).grid.blocks()),
        ChainEnd::Write(id) => (step_label(&graph.node(id).step), Shape::Cylinder, graph.node(id).grid.blocks()),
        ChainEnd::Answer => ("answer".to_owned(), Shape::Box, graph.node(chain.top).grid.blocks()),
    };
    Node::new(label, kind_of(chain)).with_shape(shape).with_detail(counted(blocks, "block"))
}
