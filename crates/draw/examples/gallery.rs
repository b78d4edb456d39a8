//! Writes a gallery of pictures into a folder: `cargo run --example gallery -- FOLDER` (default `gallery`).

use std::path::Path;

use blockfold_draw::{
    Background, ColorBy, Edge, Error, Format, Graph, Node, Options, Rankdir, Shape, array_picture, draw,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    std::fs::create_dir_all(&folder)?;
    let folder = Path::new(&folder);
    let white = Options { background: Background::White, pixel_ratio: 1.5, ..Options::default() };
    let down = Options { rankdir: Rankdir::TopBottom, ..white.clone() };
    save(folder, "a-add", &add(), &white)?;
    save(folder, "b-chain", &chain(8), &white)?;
    save(folder, "b-tree", &tree(8), &Options { title: Some("tree reduction".into()), ..white.clone() })?;
    save(folder, "c-plan", &plan(), &down)?;
    save(folder, "c-plan-up", &plan(), &Options { rankdir: Rankdir::BottomTop, ..white.clone() })?;
    save(folder, "d-array", &transpose_std(3), &white)?;
    save(folder, "d-array-order", &transpose_std(3), &Options { color_by: ColorBy::Order, ..down.clone() })?;
    save(folder, "d-array-time", &transpose_std(3), &Options { color_by: ColorBy::Time, ..white.clone() })?;
    save(folder, "e-collapsed", &tree(65_536), &white)?;
    save(folder, "e-chain", &chain(100_000), &white)?;
    for (name, shape, chunks) in arrays() {
        for format in [Format::Svg, Format::Png] {
            let picture = array_picture(&shape, &chunks, "float64", 8, format, &white)?;
            std::fs::write(folder.join(format!("{name}.{}", format.name())), &picture.bytes)?;
        }
    }
    Ok(())
}

fn save(folder: &Path, name: &str, graph: &Graph, options: &Options) -> Result<(), Failure> {
    for format in [Format::Svg, Format::Png, Format::Dot, Format::Mermaid] {
        let started = std::time::Instant::now();
        let picture = match draw(graph, format, options) {
            Err(Error::PngNotBuilt) => continue,
            other => other?,
        };
        println!("{name}.{}: {:?} {}", format.name(), started.elapsed(), picture.note.unwrap_or_default());
        std::fs::write(folder.join(format!("{name}.{}", format.name())), &picture.bytes)?;
    }
    Ok(())
}

fn task(label: &str, kind: &str) -> Node {
    Node::new(label, kind).with_shape(Shape::Circle)
}

fn add() -> Graph {
    let mut graph = Graph::default();
    let mut node = |node: Node| {
        graph.nodes.push(node);
        graph.nodes.len() - 1
    };
    let (one, two) = (node(Node::new("1", "value")), node(Node::new("2", "value")));
    let (inc_one, inc_two) = (node(task("inc", "inc")), node(task("inc", "inc")));
    let (x, y) = (node(Node::new("x", "result")), node(Node::new("y", "result")));
    let (add, z) = (node(task("add", "add")), node(Node::new("z", "result")));
    let pairs = [(one, inc_one), (two, inc_two), (inc_one, x), (inc_two, y), (x, add), (y, add), (add, z)];
    graph.edges.extend(pairs.map(|(from, to)| Edge::new(from, to)));
    graph
}

fn chain(leaves: usize) -> Graph {
    let mut graph = Graph::default();
    let mut total = None;
    for leaf in 0..leaves {
        graph.nodes.push(Node::new(format!("x{leaf}"), "read"));
        let data = graph.nodes.len() - 1;
        match total {
            None => total = Some(data),
            Some(before) => {
                graph.nodes.push(task("add", if leaf % 2 == 0 { "add" } else { "mul" }));
                let add = graph.nodes.len() - 1;
                graph.edges.push(Edge::new(before, add));
                graph.edges.push(Edge::new(data, add));
                total = Some(add);
            }
        }
    }
    graph
}

fn tree(leaves: usize) -> Graph {
    let mut graph = Graph::default();
    let mut row: Vec<usize> = (0..leaves).collect();
    for leaf in 0..leaves {
        graph.nodes.push(Node { bytes: Some(800), ..Node::new(format!("x{leaf}"), "read") });
    }
    while row.len() > 1 {
        let mut next = Vec::new();
        for pair in row.chunks(2) {
            graph.nodes.push(Node { elapsed_ms: Some(0.25), ..task("add", "add") });
            let sum = graph.nodes.len() - 1;
            graph.edges.extend(pair.iter().map(|&from| Edge::new(from, sum)));
            next.push(sum);
        }
        row = next;
    }
    graph
}

fn plan() -> Graph {
    let steps: [(&str, &str, Shape, &[&str]); 10] = [
        ("orders/*.parquet", "scan", Shape::Cylinder, &["24 files, 3.1 GiB", "columns: id, customer, price, day"]),
        ("customers.csv", "scan", Shape::Cylinder, &["1 file, 12.4 MiB"]),
        ("filter", "filter", Shape::Box, &["day >= 2024-01-01 and price > 0"]),
        ("select", "select", Shape::Box, &["id, customer, price"]),
        ("cast", "select", Shape::Box, &["customer: int64"]),
        ("join", "join", Shape::Box, &["inner on customer", "broadcast right, 12.4 MiB"]),
        ("group by country", "group", Shape::Box, &["sum(price), count()", "partial, then tree of 8"]),
        ("sort", "sort", Shape::Box, &["sum(price) descending"]),
        ("head", "select", Shape::Box, &["10 rows"]),
        ("top.parquet", "write", Shape::Cylinder, &["zstd, 1 file"]),
    ];
    let nodes = steps.iter().map(|&(label, kind, shape, details)| Node {
        details: details.iter().map(|&line| line.to_owned()).collect(),
        ..Node::new(label, kind).with_shape(shape)
    });
    let edges = [(0, 2), (2, 3), (1, 4), (3, 5), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9)];
    let mut edges: Vec<Edge> = edges.iter().map(|&(from, to)| Edge::new(from, to)).collect();
    edges[0].label = Some("24 blocks".to_owned());
    edges[5].label = Some("24 blocks".to_owned());
    edges[7].label = Some("1 block".to_owned());
    Graph { nodes: nodes.collect(), edges }
}

/// An array of n by n blocks minus its transpose, then mean and standard deviation over all.
fn transpose_std(n: usize) -> Graph {
    let mut graph = Graph::default();
    let mut push = |label: String, kind: &str, from: &[usize]| {
        let order = graph.nodes.len() as u64;
        let elapsed_ms = Some(((order * 37) % 90) as f64);
        graph.nodes.push(Node { order: Some(order), elapsed_ms, ..task(&label, kind) });
        let to = graph.nodes.len() - 1;
        graph.edges.extend(from.iter().map(|&from| Edge::new(from, to)));
        to
    };
    let blocks: Vec<usize> = (0..n * n).map(|at| push(format!("ones {},{}", at / n, at % n), "ones", &[])).collect();
    let turned: Vec<usize> = (0..n * n).map(|at| push("transpose".into(), "transpose", &[blocks[at]])).collect();
    let minus: Vec<usize> = (0..n * n)
        .map(|at| push("subtract".into(), "subtract", &[blocks[at], turned[(at % n) * n + at / n]]))
        .collect();
    let means: Vec<usize> = minus.iter().map(|&at| push("mean".into(), "mean_chunk", &[at])).collect();
    let halves: Vec<usize> = means.chunks(n).map(|row| push("combine".into(), "mean_combine", row)).collect();
    let mean = push("mean".into(), "mean_aggregate", &halves);
    let moments: Vec<usize> = minus.iter().map(|&at| push("moment".into(), "moment", &[at, mean])).collect();
    let rows: Vec<usize> = moments.chunks(n).map(|row| push("combine".into(), "moment_combine", row)).collect();
    let variance = push("var".into(), "moment_agg", &rows);
    push("sqrt".into(), "sqrt", &[variance]);
    graph
}

/// Name, shape and chunk lengths.
type Array = (&'static str, Vec<u64>, Vec<Vec<u64>>);

fn arrays() -> Vec<Array> {
    let even = |length: u64, chunk: u64| -> Vec<u64> {
        let mut chunks = vec![chunk; usize::try_from(length / chunk).unwrap_or(0)];
        if !length.is_multiple_of(chunk) {
            chunks.push(length % chunk);
        }
        chunks
    };
    vec![
        ("f-0d", vec![], vec![]),
        ("f-1d", vec![1_000_000], vec![even(1_000_000, 125_000)]),
        ("f-1d-many", vec![1_000_000], vec![even(1_000_000, 100)]),
        ("f-2d", vec![15, 15], vec![even(15, 5), even(15, 5)]),
        ("f-2d-long", vec![100_000_000, 12], vec![even(100_000_000, 10_000), even(12, 4)]),
        ("f-3d", vec![365, 720, 1440], vec![even(365, 30), even(720, 180), even(1440, 360)]),
        ("f-3d-many", vec![10_000, 2000, 2000], vec![even(10_000, 10), even(2000, 20), even(2000, 10)]),
        ("f-4d", vec![4, 100, 200, 300], vec![even(4, 1), even(100, 50), even(200, 50), even(300, 100)]),
        ("f-5d", vec![6, 8, 100, 200, 300], vec![even(6, 2), even(8, 2), even(100, 50), even(200, 50), even(300, 100)]),
        ("f-empty", vec![0, 15], vec![vec![0], even(15, 5)]),
    ]
}
