//! Every SVG is well-formed XML that shows each node and edge once, whatever the labels; boxes do not overlap; the
//! same graph gives the same bytes.

#![allow(clippy::unwrap_used, clippy::panic)]

use blockfold_draw::{
    ColorBy, Edge, Error, Format, Graph, Node, Options, Rankdir, Shape, array_html, array_picture, draw,
};
use proptest::prelude::*;
use roxmltree::Document;

fn svg(graph: &Graph, options: &Options) -> String {
    let picture = draw(graph, Format::Svg, options).unwrap();
    picture.text().unwrap().to_owned()
}

fn count(document: &Document, class: &str) -> usize {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
}

fn number(node: &roxmltree::Node, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// Left, top, right and bottom of the rectangles of all nodes.
fn boxes(document: &Document) -> Vec<[f64; 4]> {
    let nodes = document.descendants().filter(|node| node.attribute("class") == Some("node"));
    nodes
        .map(|node| {
            let rect = node.children().find(|child| child.has_tag_name("rect")).unwrap();
            let [x, y, w, h] = ["x", "y", "width", "height"].map(|name| number(&rect, name));
            [x, y, x + w, y + h]
        })
        .collect()
}

fn overlap(a: &[f64; 4], b: &[f64; 4]) -> bool {
    // Coordinates are rounded to a tenth.
    let slack = 0.2;
    a[0] < b[2] - slack && b[0] < a[2] - slack && a[1] < b[3] - slack && b[1] < a[3] - slack
}

/// Random graphs whose edges lead to nodes with greater numbers.
fn dag(most: usize) -> impl Strategy<Value = Graph> {
    (1..=most).prop_flat_map(|nodes| {
        let labels = proptest::collection::vec("[a-z]{1,12}", nodes);
        let pairs = proptest::collection::vec((0..nodes, 0..nodes), 0..nodes * 2);
        (labels, pairs).prop_map(|(labels, pairs)| Graph {
            nodes: labels.iter().map(|label| Node::new(label.clone(), label[..1].to_owned())).collect(),
            edges: pairs.iter().filter(|(a, b)| a != b).map(|&(a, b)| Edge::new(a.min(b), a.max(b))).collect(),
        })
    })
}

fn direction() -> impl Strategy<Value = Rankdir> {
    prop_oneof![Just(Rankdir::LeftRight), Just(Rankdir::TopBottom), Just(Rankdir::RightLeft), Just(Rankdir::BottomTop)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn boxes_do_not_overlap_and_flow_one_way(graph in dag(60), rankdir in direction()) {
        let options = Options { rankdir, ..Options::default() };
        let text = svg(&graph, &options);
        let document = Document::parse(&text).unwrap();
        let boxes = boxes(&document);
        prop_assert_eq!(boxes.len(), graph.nodes.len());
        prop_assert_eq!(count(&document, "edge"), graph.edges.len());
        for (index, a) in boxes.iter().enumerate() {
            for b in &boxes[index + 1..] {
                prop_assert!(!overlap(a, b), "{a:?} overlaps {b:?}");
            }
        }
        for edge in &graph.edges {
            let (from, to) = (boxes[edge.from], boxes[edge.to]);
            let flows = match rankdir {
                Rankdir::LeftRight => from[2] < to[0],
                Rankdir::RightLeft => from[0] > to[2],
                Rankdir::TopBottom => from[3] < to[1],
                Rankdir::BottomTop => from[1] > to[3],
            };
            prop_assert!(flows);
        }
        prop_assert_eq!(text, svg(&graph, &options));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_escaped(texts in proptest::collection::vec(any::<String>(), 6), by in 0..4usize) {
        let mut node = Node::new(texts[0].clone(), texts[1].clone()).with_detail(texts[2].clone());
        node.tooltip = Some(texts[3].clone());
        let color_by = [ColorBy::Op, ColorBy::Order, ColorBy::Time, ColorBy::Bytes][by];
        let other = Node::new("b", "b").with_shape(Shape::Cylinder);
        let graph = Graph { nodes: vec![node, other], edges: vec![Edge::new(0, 1).with_label(texts[4].clone())] };
        let options = Options { title: Some(texts[5].clone()), color_by, ..Options::default() };
        let text = svg(&graph, &options);
        let document = Document::parse(&text).unwrap();
        prop_assert_eq!(count(&document, "node"), 2);
        prop_assert_eq!(count(&document, "edge"), 1);

        let dot = draw(&graph, Format::Dot, &options).unwrap();
        prop_assert!(dot_is_balanced(dot.text().unwrap()));
        let mermaid = draw(&graph, Format::Markdown, &options).unwrap();
        let lines: Vec<&str> = mermaid.text().unwrap().lines().collect();
        prop_assert_eq!(lines.iter().filter(|line| line.starts_with("```")).count(), 2);
        prop_assert_eq!(lines.iter().filter(|line| line.contains("-->")).count(), 1);
    }
}

/// Whether every quote of each line is closed, and each line is one statement.
fn dot_is_balanced(dot: &str) -> bool {
    dot.lines().all(|line| {
        let mut quoted = false;
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' if quoted => drop(characters.next()),
                '"' => quoted = !quoted,
                _ => {}
            }
        }
        !quoted
    })
}

#[test]
fn labels_keep_their_text() {
    let label = "a < b & \"c\" {d}\nλ → 漢字";
    let graph = Graph { nodes: vec![Node::new(label, "x")], edges: vec![] };
    let text = svg(&graph, &Options::default());
    let document = Document::parse(&text).unwrap();
    let shown: Vec<&str> =
        document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
    assert_eq!(shown, ["a < b & \"c\" {d}", "λ → 漢字"]);
}

#[test]
fn all_shapes_counts_and_legends_are_drawn() {
    let mut graph = Graph::default();
    for (index, shape) in [Shape::Box, Shape::Circle, Shape::Cylinder].into_iter().enumerate() {
        let order = Some(index as u64);
        let kind = format!("kind {index}");
        graph.nodes.push(Node { order, count: 4096, ..Node::new("node", kind).with_shape(shape) });
    }
    graph.nodes[1].elapsed_ms = Some(1500.0);
    graph.nodes[2].bytes = Some(3 << 20);
    graph.edges = vec![Edge::new(0, 1), Edge { count: 1234, ..Edge::new(1, 2) }];
    for (color_by, expected) in
        [(ColorBy::Op, "kind 2"), (ColorBy::Order, "order"), (ColorBy::Time, "1.5 s"), (ColorBy::Bytes, "3.00 MiB")]
    {
        let text = svg(&graph, &Options { color_by, title: Some("heading".into()), ..Options::default() });
        let document = Document::parse(&text).unwrap();
        assert_eq!(count(&document, "legend"), 1);
        let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
        for wanted in [expected, "node × 4,096", "× 1,234", "heading"] {
            assert!(texts.iter().any(|text| text.contains(wanted)), "{wanted} is not in {texts:?}");
        }
    }
}

#[test]
fn what_is_no_task_graph_is_refused() {
    let node = |label: &str| Node::new(label, "x");
    let mut graph = Graph { nodes: ["in", "a", "b", "c", "out"].map(node).to_vec(), edges: vec![] };
    graph.edges = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)].map(|(from, to)| Edge::new(from, to)).to_vec();
    let error = draw(&graph, Format::Svg, &Options::default()).unwrap_err();
    let Error::Cycle { path } = &error else { panic!("{error}") };
    assert_eq!(path.len(), 4);
    assert_eq!(path[0], path[3]);
    let rounds = ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"];
    assert!(rounds.iter().any(|round| error.to_string().contains(round)), "{error}");

    graph.edges = vec![Edge::new(2, 2)];
    assert!(draw(&graph, Format::Dot, &Options::default()).unwrap_err().to_string().contains("b -> b"));
    graph.edges = vec![Edge::new(0, 5)];
    let expected = Error::EdgeOutOfRange { edge: 0, from: 0, to: 5, nodes: 5 };
    assert_eq!(draw(&graph, Format::Svg, &Options::default()), Err(expected));
}

#[test]
fn an_empty_graph_is_an_empty_picture_with_a_note() {
    for format in [Format::Svg, Format::Dot, Format::Mermaid, Format::Markdown] {
        let picture = draw(&Graph::default(), format, &Options::default()).unwrap();
        assert_eq!(picture.note.as_deref(), Some("the graph is empty"));
        assert!(!picture.bytes.is_empty());
    }
    assert!(Document::parse(&svg(&Graph::default(), &Options::default())).is_ok());
}

#[test]
fn formats_are_found_by_name_and_ending() {
    for (path, format) in [
        ("a.svg", Format::Svg),
        ("b/a.PNG", Format::Png),
        ("a.gv", Format::Dot),
        ("a.dot", Format::Dot),
        ("a.mmd", Format::Mermaid),
        ("a.md", Format::Markdown),
    ] {
        assert_eq!(Format::from_path(path.as_ref()), Ok(format));
        assert_eq!(format.name().parse(), Ok(format));
    }
    let error = Format::from_path("plan.pdf".as_ref()).unwrap_err().to_string();
    assert!(error.contains("'pdf'") && error.contains("svg, png, dot"), "{error}");
    assert!("sideways".parse::<Rankdir>().unwrap_err().to_string().contains("LR, TB, RL and BT"));
    assert!("mood".parse::<ColorBy>().unwrap_err().to_string().contains("op, order, time and bytes"));
}

#[test]
fn arrays_of_any_number_of_axes_are_drawn() {
    let options = Options::default();
    for axes in 0..=9 {
        let (shape, chunks) = (vec![20; axes], vec![vec![5; 4]; axes]);
        let picture = array_picture(&shape, &chunks, "int32", 4, Format::Svg, &options).unwrap();
        let text = picture.text().unwrap();
        let document = Document::parse(text).unwrap();
        assert_eq!(count(&document, "array"), axes.div_ceil(3).max(1), "{axes} axes");
        let lengths = document.descendants().filter(|node| node.text() == Some("20") && node.is_element()).count();
        assert_eq!(lengths, axes);
        assert!(Document::parse(&array_html(&shape, &chunks, "a<b>", 4).unwrap()).is_ok());
    }
}

#[test]
fn odd_arrays_are_drawn_or_refused() {
    let options = Options::default();
    let draw = |shape: &[u64], chunks: &[Vec<u64>]| array_picture(shape, chunks, "u1", 1, Format::Svg, &options);
    let empty = draw(&[0, 3], &[vec![0], vec![3]]).unwrap();
    assert_eq!(empty.note.as_deref(), Some("the array has no elements"));
    assert!(draw(&[0], &[vec![]]).is_ok());
    let many = draw(&[100_000], &[vec![1; 100_000]]).unwrap();
    assert!(many.note.unwrap().contains("axis 0 has 100,000 chunks"));
    assert!(many.bytes.len() < 10_000);
    assert!(draw(&[u64::MAX; 3], &vec![vec![u64::MAX]; 3]).is_ok());
    assert!(draw(&[4], &[vec![3]]).unwrap_err().to_string().contains("add up to 3, not 4"));
    assert!(draw(&[4], &[]).is_err());
    let error = array_picture(&[4], &[vec![4]], "u1", 1, Format::Dot, &options).unwrap_err();
    assert!(error.to_string().contains("an array cannot be drawn as dot"));
}
