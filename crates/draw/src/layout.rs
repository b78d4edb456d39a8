//! Places the boxes of a graph. The layered layout itself (layers, few crossings, lines that pass no box) is the crate
//! `graphlay`; this module hands it the sizes, turns its result for the four directions, and tells the free strips
//! between layers, which the curves of [`route`](crate::route) are drawn in.

use graphlay::{
    BranchStyle, CrossPlacement, Direction, Edge, Effort, EffortBudget, GraphBuilder, LayoutOptions, Node, NodeId,
    PortCentring, PortHint, PortSides, Shape, Side, Size,
};

use crate::Error;
use crate::centring::centre;
use crate::options::Rankdir;
use crate::svg::Point;

/// Above this many nodes, edges and layers that edges pass, the library looks less hard for fewer crossings, which
/// keeps it fast.
const THOROUGH_LIMIT: usize = 240;

/// Above this many it also places the boxes by a simpler rule.
const FAST_LIMIT: usize = 4000;
/// A strip between two layers is not made wider than this for the number of lines in it.
const WIDEST_STRIP: f64 = 800.0;
/// Added to both sides of a box across the flow while it is placed: the library lets lines touch a box.
const CLEARANCE: f64 = 5.0;

/// A node's box: its top left corner and size.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Bounds {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Bounds {
    pub(crate) fn center(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// Source, target, and the size of the label if there is one.
pub(crate) type WantedLine = (usize, usize, Option<(f64, f64)>);

/// What is to be placed. Sizes are width and height.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub boxes: Vec<(f64, f64)>,
    /// Whether each is an ellipse, so that lines end at its border and not at that of its box.
    pub ellipses: Vec<bool>,
    pub lines: Vec<WantedLine>,
    /// How many layers all lines together pass between their ends.
    pub layers_passed: usize,
}

/// The way of one edge: corners from border to border, and the middle of its label.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Line {
    pub corners: Vec<Point>,
    pub label_at: Option<Point>,
}

/// Where everything lies. The top left of the whole is (0, 0).
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub boxes: Vec<Bounds>,
    pub lines: Vec<Line>,
    /// Strips between neighbouring layers, as start and end along the axis that data flows on, in rising order.
    pub gaps: Vec<(f64, f64)>,
    pub width: f64,
    pub height: f64,
}

/// Places boxes so that lines flow in one direction.
pub(crate) fn place(wanted: &Wanted, rankdir: Rankdir) -> Result<Placed, Error> {
    let refused = |error: graphlay::LayoutError| Error::Layout { reason: error.to_string() };
    let mut builder = GraphBuilder::new();
    let mut ids: Vec<NodeId> = Vec::with_capacity(wanted.boxes.len());
    for (index, &(width, height)) in wanted.boxes.iter().enumerate() {
        let ellipse = wanted.ellipses.get(index).copied().unwrap_or(false);
        let shape = if ellipse { Shape::Ellipse } else { Shape::Box };
        let size = match rankdir.is_horizontal() {
            true => Size::new(width, height + 2.0 * CLEARANCE),
            false => Size::new(width + 2.0 * CLEARANCE, height),
        };
        ids.push(builder.add_node(Node { size, shape, ..Node::default() }));
    }
    let mut outgoing = vec![0usize; wanted.boxes.len()];
    for &(from, _, _) in &wanted.lines {
        outgoing[from] += 1;
    }
    let sides = if rankdir.is_horizontal() { (Side::Right, Side::Left) } else { (Side::Bottom, Side::Top) };
    for &(from, to, label) in &wanted.lines {
        let label_size = label.map(|(width, height)| Size::new(width, height));
        // All lines leave and enter a box in the middle of a side: many arrow heads in one place read as one.
        builder.add_edge(Edge {
            label_size,
            thickness: 1.0,
            // The only way on from a node is drawn as straight as can be.
            weight: if outgoing[from] == 1 { 3.0 } else { 1.0 },
            source_port: Some(PortHint::Offset { side: sides.0, t: 0.0 }),
            target_port: Some(PortHint::Offset { side: sides.1, t: 0.0 }),
            ..Edge::new(ids[from], ids[to])
        });
    }
    let options = layout_options(wanted, rankdir);
    let layout = graphlay::layout(&builder.build(), &options).map_err(refused)?;

    let flip = Flip::new(&layout, rankdir);
    let boxes = layout.nodes.iter().zip(&wanted.boxes).map(|(node, &size)| flip.bounds(node, size)).collect();
    let lines = layout.edges.iter().map(|edge| Line {
        corners: edge.points.iter().map(|&point| flip.point(point)).collect(),
        label_at: edge.label_anchor.map(|point| flip.point(point)),
    });
    let mut placed = Placed { boxes, lines: lines.collect(), gaps: Vec::new(), width: flip.width, height: flip.height };
    placed.gaps = gaps(&placed.boxes, &layout, rankdir);
    let layers: Vec<Option<i32>> = layout.nodes.iter().map(|node| node.rank).collect();
    centre(&mut placed, wanted, &layers, rankdir.is_horizontal());
    Ok(placed)
}

fn layout_options(wanted: &Wanted, rankdir: Rankdir) -> LayoutOptions {
    let mut options = LayoutOptions::layered_default();
    options.direction = if rankdir.is_horizontal() { Direction::LeftRight } else { Direction::TopBottom };
    options.spacing.layer_gap = 44.0;
    options.spacing.node_gap = if rankdir.is_horizontal() { 4.0 } else { 12.0 };
    options.spacing.dummy_gap = 12.0;
    options.spacing.port_gap = 7.0;
    options.spacing.port_stroke_clear = 3.0;
    options.spacing.stub = 8.0;
    options.spacing.isolated_gap = 20.0;
    // Every line changes height only between layers, where the curves are.
    options.routing.port_sides = PortSides::FacingOnly;
    options.routing.centre_ports = PortCentring::Off;
    // A task graph has no main path: parents belong in the middle of their children.
    options.coords.branch_style = BranchStyle::Free;
    options.coords.branch_bands = false;
    options.tuning.coords.main_path_room = 0;
    // Or long lines from one box would be moved onto each other, and leave each other in zigzags.
    options.tuning.routing.step_flatten = 0.0;
    // The repairs are for cornered lines; here curves share ports and strips, and repairing that takes very long.
    options.tuning.routing.overlap_repair_rounds = 0;
    options.tuning.routing.overlap_repair_step = 0.0;
    options.tuning.routing.port_relax_rounds = 0;
    options.tuning.routing.endpoint_snap = 0.0;
    // Curves share a strip, so they need hardly any lane of their own; but steep ones look better in a wide strip.
    options.routing.lane_gap = (WIDEST_STRIP / (wanted.lines.len() as f64 + 1.0)).min(2.0);
    let items = wanted.boxes.len() + wanted.lines.len() + wanted.layers_passed;
    if items > THOROUGH_LIMIT {
        options.effort = Effort::Fast;
    }
    if items > FAST_LIMIT {
        let once = EffortBudget { order_seeds: 2, order_sweeps: 6, sifting_rounds: 0, ..EffortBudget::default() };
        options.effort = Effort::Custom(once);
        options.coords.placement = CrossPlacement::BrandesKoepf;
        options.tuning.coords.flatten_room = 0;
    }
    options
}

/// Moves the layout to (0, 0) and mirrors it for the two directions that the library does not draw.
struct Flip {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    mirror_x: bool,
    mirror_y: bool,
}

impl Flip {
    fn new(layout: &graphlay::Layout, rankdir: Rankdir) -> Self {
        let bounds = &layout.bounds;
        Self {
            left: bounds.min.x,
            top: bounds.min.y,
            width: bounds.max.x - bounds.min.x,
            height: bounds.max.y - bounds.min.y,
            mirror_x: rankdir == Rankdir::RightLeft,
            mirror_y: rankdir == Rankdir::BottomTop,
        }
    }

    fn point(&self, point: graphlay::Point) -> Point {
        let (x, y) = (point.x - self.left, point.y - self.top);
        Point::new(if self.mirror_x { self.width - x } else { x }, if self.mirror_y { self.height - y } else { y })
    }

    fn bounds(&self, node: &graphlay::Placement, (width, height): (f64, f64)) -> Bounds {
        let center = self.point(node.center);
        Bounds { x: center.x - width / 2.0, y: center.y - height / 2.0, width, height }
    }
}

/// The strips between layers that no box reaches into.
fn gaps(boxes: &[Bounds], layout: &graphlay::Layout, rankdir: Rankdir) -> Vec<(f64, f64)> {
    let mut layers: Vec<(i32, f64, f64)> = Vec::new();
    for (bounds, node) in boxes.iter().zip(&layout.nodes) {
        let Some(rank) = node.rank else { continue };
        let (start, end) = if rankdir.is_horizontal() {
            (bounds.x, bounds.x + bounds.width)
        } else {
            (bounds.y, bounds.y + bounds.height)
        };
        layers.push((rank, start, end));
    }
    layers.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut strips = Vec::new();
    let mut reach = f64::NEG_INFINITY;
    for (_, start, end) in layers {
        if reach.is_finite() && start > reach {
            strips.push((reach, start));
        }
        reach = reach.max(end);
    }
    strips
}
