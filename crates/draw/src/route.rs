//! Turns the cornered way of an edge into a smooth curve with an arrow head. A step across a whole strip between two
//! layers becomes one S-shaped curve; any other corner is rounded. It moves no end of an edge and never leaves the
//! strip, so a curve passes no box that the cornered way did not pass.

use std::fmt::Write as _;

use crate::svg::{Point, number};

/// Length of an arrow head.
const ARROW_LENGTH: f64 = 7.0;
const ARROW_HALF_WIDTH: f64 = 3.2;
/// Straight end of a line before its arrow head.
const STRAIGHT_END: f64 = 9.0;
const CORNER_RADIUS: f64 = 8.0;
/// Lengths below this are nothing.
const TINY: f64 = 0.5;

/// A drawn edge: data of its line, and of its arrow head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Curve {
    pub line: String,
    pub arrow: String,
}

/// One piece of a curve, in flow coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    Corner(Flow),
    /// An S from one point to the other.
    Step(Flow, Flow),
}

/// A point by how far along the flow and how far across it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Flow {
    along: f64,
    across: f64,
}

impl Flow {
    fn of(point: Point, horizontal: bool) -> Self {
        if horizontal { Self { along: point.x, across: point.y } } else { Self { along: point.y, across: point.x } }
    }

    fn point(self, horizontal: bool) -> Point {
        if horizontal { Point::new(self.along, self.across) } else { Point::new(self.across, self.along) }
    }
}

/// Draws an edge through its corners. `gaps` are the strips between layers along the flow.
pub(crate) fn curve(corners: &[Point], gaps: &[(f64, f64)], horizontal: bool) -> Curve {
    let [first, .., last] = corners else { return Curve::default() };
    let flow: Vec<Flow> = corners.iter().map(|&corner| Flow::of(corner, horizontal)).collect();
    let flow = one_step_a_gap(flow, gaps);
    let pieces = pieces(&flow, gaps);
    let (arrow, line_end) = arrow(&flow, *last, horizontal);
    let mut data = format!("M{} {}", number(first.x), number(first.y));
    let mut at = flow[0];
    for (index, &piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Step(from, to) => {
                write_line(&mut data, at, from, horizontal);
                write_step(&mut data, from, to, horizontal);
                at = to;
            }
            Piece::Corner(corner) => {
                let next = match pieces.get(index + 1) {
                    Some(Piece::Corner(flow) | Piece::Step(flow, _)) => *flow,
                    None => flow[flow.len() - 1],
                };
                at = write_corner(&mut data, at, corner, next, horizontal);
            }
        }
    }
    write_line(&mut data, at, Flow::of(line_end, horizontal), horizontal);
    Curve { line: data, arrow }
}

/// Makes one step of two in the same strip: a curve needs the whole strip.
fn one_step_a_gap(mut flow: Vec<Flow>, gaps: &[(f64, f64)]) -> Vec<Flow> {
    let gap_of = |a: &Flow, b: &Flow| {
        let place = gaps.partition_point(|gap| gap.1 < a.along);
        let inside = gaps.get(place).is_some_and(|gap| gap.0 <= a.along);
        ((a.along - b.along).abs() < TINY && inside).then_some(place)
    };
    let mut index = 1;
    while index + 4 < flow.len() {
        let (first, second) = (gap_of(&flow[index], &flow[index + 1]), gap_of(&flow[index + 2], &flow[index + 3]));
        if first.is_some() && first == second {
            flow[index + 3].along = flow[index].along;
            flow.drain(index + 1..index + 3);
        } else {
            index += 1;
        }
    }
    flow
}

/// Splits the way between its two ends into steps and corners.
fn pieces(flow: &[Flow], gaps: &[(f64, f64)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut index = 1;
    while index + 1 < flow.len() {
        match flow.get(index - 1..index + 3).and_then(|four| step(four, gaps)) {
            Some(step) => {
                pieces.push(step);
                index += 2;
            }
            None => {
                pieces.push(Piece::Corner(flow[index]));
                index += 1;
            }
        }
    }
    pieces
}

/// The S in place of a riser, when the runs on both its sides cross the rest of the strip.
fn step(four: &[Flow], gaps: &[(f64, f64)]) -> Option<Piece> {
    let [before, start, end, after] = four else { return None };
    if (start.along - end.along).abs() > TINY {
        return None;
    }
    let place = gaps.partition_point(|gap| gap.1 < start.along);
    let &(low, high) = gaps.get(place).filter(|gap| gap.0 <= start.along)?;
    let forward = before.along <= low + TINY && after.along >= high - TINY;
    let backward = before.along >= high - TINY && after.along <= low + TINY;
    let straight = (before.across - start.across).abs() < TINY && (end.across - after.across).abs() < TINY;
    // The arrow head needs a straight end, also where the curve ends at the border of a box.
    let tail = STRAIGHT_END.min((high - low) / 3.0);
    match (straight, forward, backward) {
        (true, true, _) => Some(Piece::Step(Flow { along: low, ..*start }, Flow { along: high - tail, ..*end })),
        (true, _, true) => Some(Piece::Step(Flow { along: high, ..*start }, Flow { along: low + tail, ..*end })),
        _ => None,
    }
}

fn write_line(data: &mut String, from: Flow, to: Flow, horizontal: bool) {
    if (from.along - to.along).abs() + (from.across - to.across).abs() > 0.05 {
        let point = to.point(horizontal);
        let _ = write!(data, "L{} {}", number(point.x), number(point.y));
    }
}

fn write_step(data: &mut String, from: Flow, to: Flow, horizontal: bool) {
    let middle = f64::midpoint(from.along, to.along);
    let one = Flow { along: middle, ..from }.point(horizontal);
    let two = Flow { along: middle, ..to }.point(horizontal);
    let end = to.point(horizontal);
    let [a, b, c, d, e, f] = [one.x, one.y, two.x, two.y, end.x, end.y].map(number);
    let _ = write!(data, "C{a} {b} {c} {d} {e} {f}");
}

/// Rounds one corner and returns where the rounding ends.
fn write_corner(data: &mut String, from: Flow, corner: Flow, to: Flow, horizontal: bool) -> Flow {
    let toward = |other: Flow| {
        let (along, across) = (other.along - corner.along, other.across - corner.across);
        let length = along.hypot(across);
        let radius = CORNER_RADIUS.min(length / 2.0);
        let share = if length > 0.0 { radius / length } else { 0.0 };
        Flow { along: corner.along + along * share, across: corner.across + across * share }
    };
    let (start, end) = (toward(from), toward(to));
    write_line(data, from, start, horizontal);
    let (c, e) = (corner.point(horizontal), end.point(horizontal));
    let [a, b, x, y] = [c.x, c.y, e.x, e.y].map(number);
    let _ = write!(data, "Q{a} {b} {x} {y}");
    end
}

/// The arrow head, and where the line ends under it.
fn arrow(flow: &[Flow], tip: Point, horizontal: bool) -> (String, Point) {
    let before = flow[flow.len() - 2].point(horizontal);
    let (x, y) = (tip.x - before.x, tip.y - before.y);
    let length = x.hypot(y).max(0.001);
    let (x, y) = (x / length, y / length);
    let base = Point::new(tip.x - x * ARROW_LENGTH, tip.y - y * ARROW_LENGTH);
    let (side_x, side_y) = (-y * ARROW_HALF_WIDTH, x * ARROW_HALF_WIDTH);
    let corners = [tip, Point::new(base.x + side_x, base.y + side_y), Point::new(base.x - side_x, base.y - side_y)];
    (
        crate::svg::polygon(&corners, true),
        Point::new(tip.x - x * (ARROW_LENGTH - 1.0), tip.y - y * (ARROW_LENGTH - 1.0)),
    )
}
