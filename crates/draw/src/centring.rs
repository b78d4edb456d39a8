//! Moves nodes a little after the layout, so that what is joined lies in the middle of what it joins: the layout
//! library puts such a node level with one of its inputs. Only a node whose inputs go nowhere else moves, with the
//! chain after it; the order in a layer, the layers and all other nodes stay, so no crossing is added.

use crate::layout::{Bounds, Placed, Wanted};
use crate::svg::Point;

/// Least distance between two boxes of a layer, and between a box and a line that passes it.
const APART: f64 = 10.0;
/// Shifts below this are nothing.
const TINY: f64 = 0.3;

/// Centres joins and ties the lines to the middles of the boxes again. `layers` has the layer of each node.
pub(crate) fn centre(placed: &mut Placed, wanted: &Wanted, layers: &[Option<i32>], horizontal: bool) {
    let ends = Ends::of(wanted);
    let mut order: Vec<usize> = (0..placed.boxes.len()).filter(|&node| layers[node].is_some()).collect();
    order.sort_by_key(|&node| layers[node]);
    let mut rows = Rows::of(placed, wanted, layers, horizontal);
    for node in order {
        let Some(goal) = ends.goal(node, placed, wanted, &rows, horizontal) else { continue };
        let (middle, half) = extent(&placed.boxes[node], horizontal);
        let (low, high) = rows.room(node, middle, half);
        let moved = if low <= high { goal.clamp(low, high) } else { middle };
        if (moved - middle).abs() > TINY {
            rows.shift(node, moved - middle);
            if horizontal {
                placed.boxes[node].y += moved - middle;
            } else {
                placed.boxes[node].x += moved - middle;
            }
        }
    }
    for (line, &(from, to, _)) in placed.lines.iter_mut().zip(&wanted.lines) {
        let [source, target] = [from, to].map(|node| across(placed.boxes[node].center(), horizontal));
        tie_end(&mut line.corners, target, &placed.gaps, horizontal);
        line.corners.reverse();
        tie_end(&mut line.corners, source, &placed.gaps, horizontal);
        line.corners.reverse();
        if let Some(label) = &mut line.label_at
            && let Some(level) = passing(&line.corners, across(*label, !horizontal), horizontal)
        {
            *label = if horizontal { Point::new(label.x, level) } else { Point::new(level, label.y) };
        }
    }
}

fn across(point: Point, horizontal: bool) -> f64 {
    if horizontal { point.y } else { point.x }
}

/// Middle and half of a box's extent across the flow.
fn extent(bounds: &Bounds, horizontal: bool) -> (f64, f64) {
    let half = if horizontal { bounds.height } else { bounds.width } / 2.0;
    (across(bounds.center(), horizontal), half)
}

/// The lines into each node, and how many lead out of it.
struct Ends {
    into: Vec<Vec<usize>>,
    out: Vec<usize>,
}

impl Ends {
    fn of(wanted: &Wanted) -> Self {
        let nodes = wanted.boxes.len();
        let mut ends = Self { into: vec![Vec::new(); nodes], out: vec![0; nodes] };
        for (index, &(from, to, _)) in wanted.lines.iter().enumerate() {
            ends.into[to].push(index);
            ends.out[from] += 1;
        }
        ends
    }

    /// The middle of a node's inputs, if all lie in the layer before and none is also the input of another node.
    fn goal(&self, node: usize, placed: &Placed, wanted: &Wanted, rows: &Rows, horizontal: bool) -> Option<f64> {
        let mut reach = (f64::INFINITY, f64::NEG_INFINITY);
        for &line in &self.into[node] {
            let from = wanted.lines[line].0;
            if self.out[from] != 1 || rows.row_of[from] + 1 != rows.row_of[node] {
                return None;
            }
            let at = across(placed.boxes[from].center(), horizontal);
            reach = (reach.0.min(at), reach.1.max(at));
        }
        (reach.0 <= reach.1).then(|| f64::midpoint(reach.0, reach.1))
    }
}

/// What lies in each layer, from first to last across the flow.
struct Rows {
    /// Layer of each node, as a position in `items`.
    row_of: Vec<usize>,
    items: Vec<Vec<Item>>,
}

/// A box or a passing line: its middle and half of its extent.
struct Item {
    node: Option<usize>,
    middle: f64,
    half: f64,
}

impl Rows {
    fn of(placed: &Placed, wanted: &Wanted, layers: &[Option<i32>], horizontal: bool) -> Self {
        let mut numbers: Vec<i32> = layers.iter().flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let row = |layer: Option<i32>| layer.map_or(0, |layer| numbers.partition_point(|&number| number < layer));
        let row_of: Vec<usize> = layers.iter().map(|&layer| row(layer)).collect();
        let mut items: Vec<Vec<Item>> = numbers.iter().map(|_| Vec::new()).collect();
        let mut along = vec![0.0; numbers.len()];
        for (node, bounds) in placed.boxes.iter().enumerate() {
            let (middle, half) = extent(bounds, horizontal);
            if layers[node].is_some() {
                items[row_of[node]].push(Item { node: Some(node), middle, half });
                along[row_of[node]] = across(bounds.center(), !horizontal);
            }
        }
        for (line, &(from, to, _)) in placed.lines.iter().zip(&wanted.lines) {
            for passed in row_of[from] + 1..row_of[to] {
                if let Some(middle) = passing(&line.corners, along[passed], horizontal) {
                    items[passed].push(Item { node: None, middle, half: 0.0 });
                }
            }
        }
        for row in &mut items {
            row.sort_by(|a, b| a.middle.total_cmp(&b.middle));
        }
        Self { row_of, items }
    }

    fn position(&self, node: usize) -> Option<usize> {
        self.items.get(self.row_of[node])?.iter().position(|item| item.node == Some(node))
    }

    /// Between which places the middle of a node may lie.
    fn room(&self, node: usize, middle: f64, half: f64) -> (f64, f64) {
        let Some(at) = self.position(node) else { return (middle, middle) };
        let row = &self.items[self.row_of[node]];
        let before = at.checked_sub(1).and_then(|before| row.get(before));
        let low = before.map_or(f64::NEG_INFINITY, |item| item.middle + item.half + APART + half);
        let high = row.get(at + 1).map_or(f64::INFINITY, |item| item.middle - item.half - APART - half);
        (low, high)
    }

    fn shift(&mut self, node: usize, by: f64) {
        if let Some(at) = self.position(node) {
            self.items[self.row_of[node]][at].middle += by;
        }
    }
}

/// Where a line passes a layer, across the flow.
fn passing(corners: &[Point], along: f64, horizontal: bool) -> Option<f64> {
    let pair = corners.windows(2).find(|pair| {
        let (a, b) = (across(pair[0], !horizontal), across(pair[1], !horizontal));
        a.min(b) <= along && along <= a.max(b)
    })?;
    Some(across(pair[1], horizontal))
}

/// Moves the last end of a line level with the middle of its box. A last run that passes other layers stays where it
/// is, and the line turns in the strip before its box.
fn tie_end(corners: &mut Vec<Point>, to: f64, gaps: &[(f64, f64)], horizontal: bool) {
    let [.., before, last] = corners.as_mut_slice() else { return };
    let old = across(*last, horizontal);
    if (to - old).abs() <= TINY {
        return;
    }
    let set = |point: &mut Point, to: f64| if horizontal { point.y = to } else { point.x = to };
    let (turn, end) = (across(*before, !horizontal), across(*last, !horizontal));
    let strip = if turn < end {
        gaps[..gaps.partition_point(|gap| gap.1 <= end + TINY)].last()
    } else {
        gaps.get(gaps.partition_point(|gap| gap.0 < end - TINY))
    };
    let (low, high) = strip.copied().unwrap_or((turn.min(end), turn.max(end)));
    set(last, to);
    if (low - TINY..=high + TINY).contains(&turn) && corners.len() > 2 {
        let place = corners.len() - 2;
        set(&mut corners[place], to);
        return;
    }
    let middle = f64::midpoint(low, high);
    let corner = |to: f64| if horizontal { Point::new(middle, to) } else { Point::new(to, middle) };
    let place = corners.len() - 1;
    corners.splice(place..place, [corner(old), corner(to)]);
}
