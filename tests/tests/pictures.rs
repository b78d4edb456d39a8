//! Pictures of plans, tasks, calls and arrays: read back as XML or text.

#![allow(clippy::unwrap_used, clippy::panic)]

use blockfold::delayed::graph_as_typed;
use blockfold::prelude::*;
use blockfold::visualize::{ColorBy, Format, Options, Rankdir, View, Visualize};

fn session() -> Session {
    Session::builder().memory_budget(ByteSize::mib(64)).threads(2).build().unwrap()
}

fn series(session: &Session) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-01-04").partition_freq("6h").seed(1);
    datasets::timeseries(session, options).unwrap()
}

fn grouped(session: &Session) -> LazyFrame {
    series(session).filter(col("x").gt(0.5)).group_by(["name"]).agg([col("x").sum()]).sort(["name"])
}

/// All texts of the picture of a view as SVG, joined.
fn texts(what: &impl Visualize, view: View, options: &Options) -> String {
    let picture = what.picture(view, Format::Svg, options).unwrap();
    let svg = picture.text().unwrap();
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|text| text.text()).collect::<Vec<_>>().join("|")
}

fn occurrences(text: &str, part: &str) -> usize {
    text.split('|').filter(|word| *word == part).count()
}

#[test]
fn views_of_a_frame() {
    let (session, options) = (session(), Options::default());
    let frame = grouped(&session);
    let logical = texts(&frame, View::Logical, &options);
    for op in ["read", "filter", "aggregate", "sort"] {
        assert!(logical.contains(op), "{op} in {logical}");
    }
    let graph = frame.drawing(View::Logical).unwrap();
    assert_eq!((graph.nodes.len(), graph.edges.len()), (4, 3));
    let optimized = frame.drawing(View::Optimized).unwrap();
    assert!(optimized.nodes[0].tooltip.as_ref().unwrap().contains("columns [name, x]"), "nobody reads the others");
    assert!(texts(&frame, View::Steps, &options).contains("reduce: "));
    assert!(texts(&frame, View::Fused, &options).contains("12 tasks"));
    let tasks = frame.drawing(View::Tasks).unwrap();
    let is_first = |group: &String| group.starts_with("chain 0");
    let of_source = tasks.nodes.iter().filter(|node| node.group.as_ref().is_some_and(is_first)).count();
    assert_eq!(of_source, 12, "one task a partition");
    // A frame that is read twice is one node.
    let twice = series(&session).join(&frame, ["name"], JoinKind::Inner);
    let reads = twice.drawing(View::Optimized).unwrap().nodes.iter().filter(|node| node.kind == "read").count();
    assert_eq!(reads, 2, "both read other columns");
}

#[test]
fn a_run_is_coloured_by_time() {
    let session = session();
    let frame = grouped(&session);
    let report = frame.analyze().unwrap().report;
    let graph = frame.drawing_of_run(&report).unwrap();
    assert!(graph.nodes.iter().all(|node| node.elapsed_ms.is_some_and(|ms| ms > 0.0) && node.bytes.is_some()));
    let options = Options { color_by: ColorBy::Time, ..Options::default() };
    assert!(texts(&graph, View::Fused, &options).contains(" at once"));
}

#[test]
fn calls_as_typed_and_as_they_run() {
    let (inc, add) = (delayed(|x: &i64| x + 1).named("inc"), delayed(|a: &i64, b: &i64| a + b).named("add"));
    let add = add.associative();
    let total = (1..=8).map(|x| inc.call(x)).reduce(|sum, x| add.call(sum, x)).unwrap();
    let options = Options { rankdir: Rankdir::TopBottom, ..Options::default() };
    for view in [View::Logical, View::Tasks] {
        let texts = texts(&total, view, &options);
        // Each is in the legend, too.
        assert_eq!((occurrences(&texts, "inc"), occurrences(&texts, "add")), (8 + 1, 7 + 1), "{texts}");
    }
    assert_eq!(graph_as_typed(&(&total,)).unwrap().depth(), 8);
    assert_eq!(total.graph().unwrap().depth(), 4);
    let pool = blockfold::delayed::Pool::new(blockfold::delayed::Settings::new().threads(2)).unwrap();
    let ((sum,), took) = pool.trace((&total,)).unwrap();
    assert_eq!((*sum, took.tasks.len()), (44, 15));
    assert!(took.tasks.iter().all(|task| task.elapsed.is_some()));
    let slow = Options { color_by: ColorBy::Time, ..Options::default() };
    assert_eq!(occurrences(&texts(&took, View::Tasks, &slow), "time"), 1, "the legend is a scale of time");
}

#[test]
fn large_graphs_are_collapsed_and_say_so() {
    let (inc, add) = (delayed(|x: &i64| x + 1).named("inc"), delayed(|a: &i64, b: &i64| a + b).named("add"));
    let mut level: Vec<Delayed<i64>> = (0..4096).map(|x| inc.call(x)).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| add.call(&pair[0], &pair[1])).collect();
    }
    let picture = level[0].picture(View::Tasks, Format::Svg, &Options::default()).unwrap();
    let note = picture.note.clone().unwrap();
    assert!(note.contains("8,191") && note.contains("13"), "{note}");
    assert!(picture.text().unwrap().contains("4,096"), "counts are drawn");
    let x = session().random(1).random([1000, 1000], 10);
    let picture = (&x + x.t()).sum(()).picture(View::Tasks, Format::Mermaid, &Options::default()).unwrap();
    assert!(picture.note.is_some() && picture.text().unwrap().starts_with("flowchart"));
}

#[test]
fn arrays_and_their_chunks() {
    let session = session();
    let x = session.ones([15, 15], 5);
    let y = (x.dot(&x.t()) - x.mean(0)).std(());
    for (_, view) in View::ALL {
        let dot = y.picture(view, Format::Dot, &Options::default()).unwrap();
        assert!(dot.text().unwrap().starts_with("digraph"), "{view:?}");
        let png = y.picture(view, Format::Png, &Options::default()).unwrap();
        assert!(png.bytes.starts_with(b"\x89PNG"), "{view:?}");
    }
    // A block of the sum is made from the block at its place and the one at the mirrored place, through one that is turned.
    let sum = (&x + x.t()).drawing(View::Blocks).unwrap();
    let at = |label: &str| sum.nodes.iter().position(|node| node.label == label).unwrap();
    let (mut below, mut stack) = (Vec::new(), vec![at("elementwise 0,1")]);
    while let Some(node) = stack.pop() {
        below.push(sum.nodes[node].label.as_str());
        stack.extend(sum.edges.iter().filter(|edge| edge.to == node).map(|edge| edge.from));
    }
    let mut read: Vec<&str> = below.into_iter().filter(|label| label.starts_with("read ")).collect();
    read.sort_unstable();
    assert_eq!(read, ["read full 0,1", "read full 1,0"]);
    let cube = session.zeros([100, 200, 300], 50).picture_of_chunks(Format::Svg, &Options::default()).unwrap();
    let document = roxmltree::Document::parse(cube.text().unwrap()).unwrap();
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    for length in ["100", "200", "300"] {
        assert!(texts.iter().any(|text| text.trim() == length), "{length} in {texts:?}");
    }
    let html = x.to_html().unwrap();
    assert!(html.contains("(15, 15)") && html.contains("float64") && html.contains("<svg"), "{html}");
}

#[test]
fn files_appear_whole_and_wrong_ones_are_told() {
    let (session, folder, options) = (session(), tempfile::tempdir().unwrap(), Options::default());
    let frame = grouped(&session);
    for name in ["plan.svg", "plan.png", "plan.dot", "plan.mmd", "plan.md"] {
        let path = folder.path().join(name);
        for _ in 0..2 {
            frame.visualize(&path, View::Optimized, &options).unwrap();
        }
        assert!(std::fs::metadata(&path).unwrap().len() > 100, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
    let error = frame.visualize(folder.path().join("plan.bmp"), View::Steps, &options).unwrap_err().to_string();
    assert!(error.contains("bmp") && error.contains("svg"), "{error}");
    let error = session.ones([3], ()).visualize_chunks(folder.path().join("x.dot"), &options).unwrap_err().to_string();
    assert!(error.contains("svg and png"), "{error}");
    let missing = series(&session).select([col("no_such")]);
    assert!(missing.visualize(folder.path().join("plan.svg"), View::Logical, &options).is_err());
    assert!(
        "flow".parse::<View>().unwrap_err().to_string().contains("logical, optimized, steps, fused, blocks, tasks")
    );
}
