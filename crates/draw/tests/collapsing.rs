//! Merging keeps what the tasks add up to, leaves no cycle and is never larger than asked for, on random graphs and on
//! graphs of a million nodes.

#![allow(clippy::unwrap_used, clippy::panic)]

use blockfold_draw::{Edge, Graph, Node, Shape, collapse};
use proptest::prelude::*;

fn totals(graph: &Graph) -> (u64, u64, f64) {
    let count = graph.nodes.iter().map(|node| node.count).sum();
    let bytes = graph.nodes.iter().filter_map(|node| node.bytes).sum();
    (count, bytes, graph.nodes.iter().filter_map(|node| node.elapsed_ms).sum())
}

fn dag() -> impl Strategy<Value = Graph> {
    (1..200usize).prop_flat_map(|nodes| {
        let kinds = proptest::collection::vec((0..12u64, any::<bool>()), nodes);
        let pairs = proptest::collection::vec((0..nodes, 0..nodes), 0..nodes * 3);
        (kinds, pairs).prop_map(|(kinds, pairs)| Graph {
            nodes: kinds
                .iter()
                .enumerate()
                .map(|(index, &(kind, grouped))| Node {
                    group: grouped.then(|| format!("step {}", kind % 3)),
                    elapsed_ms: grouped.then_some(0.5),
                    bytes: (kind > 3).then_some(kind),
                    count: kind + 1,
                    shape: if kind == 7 { Shape::Circle } else { Shape::Box },
                    ..Node::new(format!("n{index}"), format!("k{kind}"))
                })
                .collect(),
            edges: pairs.iter().filter(|(a, b)| a != b).map(|&(a, b)| Edge::new(a.min(b), a.max(b))).collect(),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn totals_stay_and_no_cycle_appears(graph in dag(), limit in 0..60usize) {
        let collapsed = collapse(&graph, limit).unwrap();
        let small = &collapsed.graph;
        prop_assert!(small.nodes.len() <= limit.max(1) || collapsed.note.is_none());
        prop_assert!(small.check().is_ok());
        prop_assert_eq!(totals(small), totals(&graph));
        prop_assert_eq!(collapsed.note.is_none(), graph.nodes.len() <= limit.max(1));
        let between: u64 = small.edges.iter().map(|edge| edge.count).sum();
        prop_assert!(usize::try_from(between).unwrap() <= graph.edges.len());
        prop_assert_eq!(collapse(&graph, limit).unwrap(), collapsed);
    }
}

#[test]
fn a_tree_becomes_one_node_a_level() {
    let leaves = 4096;
    let mut graph = Graph::default();
    graph.nodes.resize(leaves, Node::new("x", "read"));
    let mut row: Vec<usize> = (0..leaves).collect();
    while row.len() > 1 {
        let mut next = Vec::new();
        for pair in row.chunks(2) {
            graph.nodes.push(Node::new("add", "add").with_shape(Shape::Circle));
            let sum = graph.nodes.len() - 1;
            graph.edges.extend(pair.iter().map(|&from| Edge::new(from, sum)));
            next.push(sum);
        }
        row = next;
    }
    let collapsed = collapse(&graph, 400).unwrap();
    assert_eq!(collapsed.note.as_deref(), Some("8,191 tasks drawn as 13 groups by operation and depth"));
    assert_eq!(collapsed.graph.edges.len(), 12);
    assert_eq!(collapsed.graph.edges[0].count, 4096);
}

#[test]
fn a_chain_of_many_layers_loses_its_middle() {
    let length = 100_000;
    let mut graph = Graph::default();
    for step in 0..length {
        graph.nodes.push(Node::new(format!("t{step}"), if step % 2 == 0 { "add" } else { "mul" }));
    }
    graph.edges = (1..length).map(|step| Edge::new(step - 1, step)).collect();
    let collapsed = collapse(&graph, 400).unwrap();
    assert_eq!(collapsed.graph.nodes.len(), 13);
    let middle = collapsed.graph.nodes.iter().find(|node| node.label.contains("99,988 layers")).unwrap();
    assert_eq!(middle.count, 99_988);
    assert!(collapsed.note.unwrap().contains("the 99,988 layers in the middle are one"));
    let one_operation = Graph { nodes: vec![Node::new("inc", "inc"); length], edges: graph.edges };
    assert_eq!(collapse(&one_operation, 400).unwrap().graph.nodes[0].count, 100_000);
}

#[test]
fn a_graph_without_any_likeness_is_cut_into_layers() {
    let nodes: Vec<Node> = (0..5000).map(|index| Node::new("task", format!("kind {index}"))).collect();
    let edges = (0..4000).map(|from| Edge::new(from, from + 1000)).collect();
    let collapsed = collapse(&Graph { nodes, edges }, 400).unwrap();
    assert_eq!(collapsed.graph.nodes.len(), 5);
    assert_eq!(collapsed.graph.nodes[0].count, 1000);
}

#[test]
fn a_shuffle_with_too_many_edges_is_merged_though_its_nodes_are_few() {
    let mut graph = Graph::default();
    graph.nodes.resize(100, Node::new("map", "map"));
    graph.nodes.resize(200, Node::new("reduce", "reduce"));
    graph.edges = (0..100).flat_map(|from| (100..200).map(move |to| Edge::new(from, to))).collect();
    let collapsed = collapse(&graph, 400).unwrap();
    assert_eq!(collapsed.graph.nodes.len(), 2);
    assert_eq!(collapsed.graph.edges[0].count, 10_000);
    assert!(collapsed.note.is_some());
}

#[test]
fn a_million_nodes_collapse() {
    let (width, depth) = (10_000, 100);
    let mut graph = Graph::default();
    for at in 0..width * depth {
        graph.nodes.push(Node {
            group: Some(format!("step {}", at / width)),
            ..Node::new("task", format!("kind {}", at % 7))
        });
        if at >= width {
            let above = at - width;
            for from in
                [above, above - above % width + (above + 1) % width, above - above % width + (above * 7) % width]
            {
                graph.edges.push(Edge::new(from, at));
            }
        }
    }
    let collapsed = collapse(&graph, 400).unwrap();
    assert_eq!(collapsed.graph.nodes.len(), depth);
    assert_eq!(totals(&collapsed.graph).0, 1_000_000);
    assert_eq!(collapsed.graph.edges.iter().map(|edge| edge.count).sum::<u64>(), 2_970_000);
}
