//! Draws a graph as SVG: measures the text of each node, has the boxes placed, and writes edges, nodes, heading and
//! legend. It merges nothing: a graph too big to look at must be collapsed first.

use crate::color::{INK, LINE, QUIET, Rgb};
use crate::graph::{Graph, Node, Shape};
use crate::layout::{Bounds, Line, Placed, Wanted, place};
use crate::legend;
use crate::options::Options;
use crate::paint::paint;
use crate::route::curve;
use crate::svg::{Anchor, Canvas, Point, TextStyle, number};
use crate::{Error, amount, text};

/// Size of main text, in CSS pixels, as all sizes here.
pub(crate) const TEXT_SIZE: f64 = 12.0;
const DETAIL_SIZE: f64 = 10.0;
const EDGE_TEXT_SIZE: f64 = 9.5;
const LINE_HEIGHT: f64 = 15.0;
const DETAIL_LINE_HEIGHT: f64 = 12.5;
const LABEL_LIMIT: f64 = 260.0;
const EDGE_LABEL_LIMIT: f64 = 120.0;
const LINES_LIMIT: usize = 6;
/// Half the height of a cylinder's lid.
const LID: f64 = 5.0;
/// Space around the whole drawing.
pub(crate) const PADDING: f64 = 12.0;

/// A drawn picture: SVG text and its size.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
    pub svg: String,
    pub width: f64,
    pub height: f64,
}

/// What is written in a node, and how big that makes it.
struct Content {
    lines: Vec<String>,
    details: Vec<String>,
    size: (f64, f64),
}

/// Draws a graph as it is.
pub(crate) fn draw_graph(graph: &Graph, options: &Options) -> Result<Drawing, Error> {
    let contents: Vec<Content> = graph.nodes.iter().map(content).collect();
    let edge_texts: Vec<Option<String>> = graph.edges.iter().map(edge_text).collect();
    let lines = graph.edges.iter().zip(&edge_texts).map(|(edge, label)| {
        let size = label.as_ref().map(|line| (text::width(line, EDGE_TEXT_SIZE) + 6.0, EDGE_TEXT_SIZE + 3.0));
        (edge.from, edge.to, size)
    });
    let wanted = Wanted {
        boxes: contents.iter().map(|content| content.size).collect(),
        ellipses: graph.nodes.iter().map(|node| node.shape == Shape::Circle).collect(),
        lines: lines.collect(),
        layers_passed: crate::collapse::layers_passed(graph, &graph.depths()?),
    };
    let placed = place(&wanted, options.rankdir)?;
    let paint = paint(graph, options.color_by);

    let mut canvas = Canvas::default();
    let title_height = if options.title.is_some() { 24.0 } else { 0.0 };
    let legend_size = legend::size(&paint.legend, placed.width);
    let title_width = options.title.as_ref().map_or(0.0, |title| text::width(title, 14.0));
    let width = placed.width.max(legend_size.0).max(title_width) + 2.0 * PADDING;
    let height = title_height + placed.height + legend_size.1 + 2.0 * PADDING;
    if let Some(title) = &options.title {
        let style = TextStyle { size: 14.0, color: QUIET, anchor: Anchor::Start };
        canvas.text(Point::new(PADDING, PADDING + 12.0), title, style);
    }
    let left = (width - placed.width) / 2.0;
    canvas.raw(&format!("<g transform=\"translate({} {})\">\n", number(left), number(PADDING + title_height)));
    draw_edges(&mut canvas, &placed, &edge_texts, options);
    for (((node, bounds), content), &fill) in graph.nodes.iter().zip(&placed.boxes).zip(&contents).zip(&paint.fills) {
        draw_node(&mut canvas, node, bounds, content, fill);
    }
    canvas.close();
    legend::draw(&mut canvas, &paint.legend, Point::new(PADDING, height - PADDING - legend_size.1), placed.width);
    let label = options.title.as_deref().unwrap_or("task graph");
    Ok(Drawing { svg: canvas.finish(width, height, options.background, label), width, height })
}

/// The main text of a node, with how many tasks it stands for.
pub(crate) fn counted_label(node: &Node) -> String {
    if node.count > 1 { format!("{} × {}", node.label, amount::count_text(node.count)) } else { node.label.clone() }
}

/// The text on an edge, if there is any.
pub(crate) fn counted_edge_label(edge: &crate::Edge) -> Option<String> {
    match (&edge.label, edge.count) {
        (Some(label), 0 | 1) => Some(label.clone()),
        (Some(label), count) => Some(format!("{label} × {}", amount::count_text(count))),
        (None, 0 | 1) => None,
        (None, count) => Some(format!("× {}", amount::count_text(count))),
    }
}

fn edge_text(edge: &crate::Edge) -> Option<String> {
    let label = counted_edge_label(edge)?;
    text::fitted_lines(&label, EDGE_TEXT_SIZE, EDGE_LABEL_LIMIT).into_iter().next()
}

fn content(node: &Node) -> Content {
    let mut lines = text::fitted_lines(&counted_label(node), TEXT_SIZE, LABEL_LIMIT);
    lines.truncate(LINES_LIMIT);
    let fit = |line: &String| text::fitted_lines(line, DETAIL_SIZE, LABEL_LIMIT);
    let mut details: Vec<String> = node.details.iter().flat_map(fit).collect();
    if details.len() > LINES_LIMIT {
        details.truncate(LINES_LIMIT - 1);
        details.push("…".to_owned());
    }
    let widest = |lines: &[String], size: f64| lines.iter().map(|line| text::width(line, size)).fold(0.0, f64::max);
    let width = widest(&lines, TEXT_SIZE).max(widest(&details, DETAIL_SIZE));
    let height = lines.len() as f64 * LINE_HEIGHT + details.len() as f64 * DETAIL_LINE_HEIGHT;
    let size = match node.shape {
        Shape::Box => ((width + 18.0).max(30.0), (height + 11.0).max(26.0)),
        // An ellipse around a text box of width w and height h, a little flatter than the smallest one.
        Shape::Circle => ((width * 1.22 + 20.0).max(34.0), (height * 1.25 + 11.0).max(28.0)),
        Shape::Cylinder => ((width + 20.0).max(34.0), height + 11.0 + 3.0 * LID),
    };
    Content { lines, details, size }
}

fn draw_edges(canvas: &mut Canvas, placed: &Placed, texts: &[Option<String>], options: &Options) {
    let horizontal = options.rankdir.is_horizontal();
    for line in &placed.lines {
        let curve = curve(&line.corners, &placed.gaps, horizontal);
        canvas.open("edge", "");
        canvas.path(&curve.line, None, Some((LINE, 1.2)));
        canvas.path(&curve.arrow, Some(LINE), None);
        canvas.close();
    }
    // Texts come after all lines, so that none is struck through.
    for (line, text) in placed.lines.iter().zip(texts) {
        if let Some(text) = text {
            draw_edge_text(canvas, line, text);
        }
    }
}

fn draw_edge_text(canvas: &mut Canvas, line: &Line, text: &str) {
    let Some(at) = line.label_at else { return };
    let width = text::width(text, EDGE_TEXT_SIZE) + 4.0;
    canvas.raw(&format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"12\" rx=\"3\" fill=\"#ffffff\" fill-opacity=\"0.85\"/>",
        number(at.x - width / 2.0),
        number(at.y - 6.0),
        number(width)
    ));
    let style = TextStyle { size: EDGE_TEXT_SIZE, color: QUIET, anchor: Anchor::Middle };
    canvas.text(Point::new(at.x, at.y + 3.4), text, style);
    canvas.raw("\n");
}

fn draw_node(canvas: &mut Canvas, node: &Node, bounds: &Bounds, content: &Content, fill: Rgb) {
    canvas.open("node", &tooltip(node));
    draw_outline(canvas, node.shape, bounds, fill);
    let color = fill.text_on();
    let detail_color = if color == INK { INK.mixed(fill, 0.22) } else { color };
    let center = bounds.center();
    let lid = if node.shape == Shape::Cylinder { LID } else { 0.0 };
    let height = content.lines.len() as f64 * LINE_HEIGHT + content.details.len() as f64 * DETAIL_LINE_HEIGHT;
    let mut baseline = center.y + lid - height / 2.0 + LINE_HEIGHT * 0.78;
    for line in &content.lines {
        let style = TextStyle { size: TEXT_SIZE, color, anchor: Anchor::Middle };
        canvas.text(Point::new(center.x, baseline), line, style);
        baseline += LINE_HEIGHT;
    }
    baseline -= (LINE_HEIGHT - DETAIL_LINE_HEIGHT) * 0.78;
    for line in &content.details {
        let style = TextStyle { size: DETAIL_SIZE, color: detail_color, anchor: Anchor::Middle };
        canvas.text(Point::new(center.x, baseline), line, style);
        baseline += DETAIL_LINE_HEIGHT;
    }
    canvas.close();
}

fn draw_outline(canvas: &mut Canvas, shape: Shape, bounds: &Bounds, fill: Rgb) {
    let paint = format!("fill=\"{}\" stroke=\"{}\" stroke-width=\"1.2\"", fill.hex(), fill.outline().hex());
    let [x, y, w, h] = [bounds.x, bounds.y, bounds.width, bounds.height].map(number);
    let center = bounds.center();
    match shape {
        Shape::Box => {
            canvas.raw(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"6\" {paint}/>"));
        }
        Shape::Circle => {
            let [cx, cy, rx, ry] = [center.x, center.y, bounds.width / 2.0, bounds.height / 2.0].map(number);
            canvas.raw(&format!("<ellipse cx=\"{cx}\" cy=\"{cy}\" rx=\"{rx}\" ry=\"{ry}\" {paint}/>"));
        }
        Shape::Cylinder => {
            let [right, top, bottom] = [bounds.x + bounds.width, bounds.y + LID, bounds.y + bounds.height - LID];
            let [right, top, bottom, rx, ry] = [right, top, bottom, bounds.width / 2.0, LID].map(number);
            canvas.raw(&format!(
                "<path d=\"M{x} {top}A{rx} {ry} 0 0 1 {right} {top}V{bottom}A{rx} {ry} 0 0 1 {x} {bottom}Z\" {paint}/>\
                 <path d=\"M{x} {top}A{rx} {ry} 0 0 0 {right} {top}\" fill=\"none\" stroke=\"{}\"/>",
                fill.outline().hex()
            ));
        }
    }
}

fn tooltip(node: &Node) -> String {
    if let Some(tooltip) = &node.tooltip {
        return tooltip.clone();
    }
    let mut lines = vec![counted_label(node)];
    lines.extend(node.details.iter().cloned());
    if let Some(elapsed_ms) = node.elapsed_ms {
        lines.push(format!("time: {}", amount::elapsed_text(elapsed_ms)));
    }
    if let Some(bytes) = node.bytes {
        lines.push(format!("size: {}", amount::bytes_text(u128::from(bytes))));
    }
    lines.join("\n")
}
