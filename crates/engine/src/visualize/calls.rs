//! Delayed calls as nodes.

use blockfold_core::Result;
use blockfold_draw::{Edge, Graph, Node, Shape};
use blockfold_tasks::{Delayed, TaskGraph};

use super::{View, Visualize};

impl Visualize for TaskGraph {
    /// The tasks, whatever the view.
    fn drawing(&self, _view: View) -> Result<Graph> {
        Ok(drawn(self))
    }
}

impl<T> Visualize for Delayed<T> {
    /// The calls as they were typed, or for all other views the tasks of a run.
    fn drawing(&self, view: View) -> Result<Graph> {
        let graph = match view {
            View::Logical => self.graph_as_typed(),
            View::Optimized | View::Steps | View::Fused | View::Blocks | View::Tasks => self.graph(),
        };
        Ok(drawn(&graph?))
    }
}

fn drawn(graph: &TaskGraph) -> Graph {
    let mut drawn = Graph::default();
    for (place, task) in graph.tasks.iter().enumerate() {
        let mut node = Node::new(&*task.name, &*task.name);
        node.shape = if task.is_value { Shape::Box } else { Shape::Circle };
        node.order = Some(place as u64);
        node.elapsed_ms = task.elapsed.map(|elapsed| elapsed.as_secs_f64() * 1e3);
        node.bytes = task.bytes;
        drawn.nodes.push(node);
        drawn.edges.extend(task.reads.iter().map(|read| Edge::new(*read, place)));
    }
    drawn
}
