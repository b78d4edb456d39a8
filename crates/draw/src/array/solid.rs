//! Draws one bar, grid or cube of an array: its visible faces, the lines where chunks meet, and the length of each
//! side. A cube is seen from its left and above, its first axis running away from the reader, as in Dask's pictures.

use super::axis::Axis;
use crate::amount::count_text;
use crate::color::{QUIET, Rgb};
use crate::svg::{Anchor, Canvas, Point, TextStyle, polygon};
use crate::text;

const FRONT: Rgb = Rgb(0xbf, 0xd9, 0xf2);
const TOP: Rgb = Rgb(0xd9, 0xe8, 0xf7);
const SIDE: Rgb = Rgb(0x9d, 0xc2, 0xe6);
/// Mixed into the faces of an array with more chunks than lines.
const DENSE: Rgb = Rgb(0x4a, 0x7f, 0xb5);
const CUT: Rgb = Rgb(0x3f, 0x6d, 0x9c);
const BORDER: Rgb = Rgb(0x27, 0x4b, 0x73);
const BAR_HEIGHT: f64 = 28.0;
const SCALAR_SIDE: f64 = 28.0;
const SIZE: f64 = 11.0;
/// Space between a face and the length written beside it.
const APART: f64 = 6.0;
const BELOW: f64 = 18.0;
/// Drawn depth of a cube, along each axis of the picture, for each pixel of its first side.
const SLANT: f64 = 0.42;

/// One to three axes drawn as one body.
pub(super) enum Solid<'a> {
    /// An array without axes: one element.
    Scalar,
    /// One axis, from left to right.
    Bar(&'a Axis),
    /// Rows from top to bottom, columns from left to right.
    Grid(&'a Axis, &'a Axis),
    /// Depth, rows and columns.
    Cube(&'a Axis, &'a Axis, &'a Axis),
}

impl Solid<'_> {
    /// Width and height with all texts.
    pub(super) fn size(&self) -> (f64, f64) {
        match self {
            Self::Scalar => (SCALAR_SIDE.max(text::width("scalar", SIZE)), SCALAR_SIDE + BELOW),
            Self::Bar(columns) => (columns.side.max(length_width(columns)), BAR_HEIGHT + BELOW),
            Self::Grid(rows, columns) => {
                let below = length_width(columns).max(columns.side);
                (below.max(columns.side + APART + length_width(rows)), rows.side + BELOW)
            }
            Self::Cube(depth, rows, columns) => {
                let slant = depth.side * SLANT;
                let beside = columns.side + APART + length_width(rows);
                (left_margin(depth) + slant + beside.max(length_width(columns)), rows.side + slant + BELOW)
            }
        }
    }

    /// Draws it with its top left at a point.
    pub(super) fn draw(&self, canvas: &mut Canvas, at: Point) {
        canvas.open("array", "");
        match self {
            Self::Scalar => {
                let sides = [Point::new(SCALAR_SIDE, 0.0), Point::new(0.0, SCALAR_SIDE)];
                Face { origin: at, sides, cuts: [&[], &[]], fill: FRONT }.draw(canvas);
                write(canvas, Point::new(at.x, at.y + SCALAR_SIDE + BELOW - 4.0), "scalar", Anchor::Start);
            }
            Self::Bar(columns) => {
                let sides = [Point::new(columns.side, 0.0), Point::new(0.0, BAR_HEIGHT)];
                let fill = shade(FRONT, &[columns]);
                Face { origin: at, sides, cuts: [&columns.cuts, &[]], fill }.draw(canvas);
                write_below(canvas, at, BAR_HEIGHT, columns);
            }
            Self::Grid(rows, columns) => draw_grid(canvas, at, rows, columns, FRONT),
            Self::Cube(depth, rows, columns) => draw_cube(canvas, at, [depth, rows, columns]),
        }
        canvas.close();
    }
}

fn draw_grid(canvas: &mut Canvas, at: Point, rows: &Axis, columns: &Axis, fill: Rgb) {
    let sides = [Point::new(columns.side, 0.0), Point::new(0.0, rows.side)];
    let fill = shade(fill, &[rows, columns]);
    Face { origin: at, sides, cuts: [&columns.cuts, &rows.cuts], fill }.draw(canvas);
    write_below(canvas, at, rows.side, columns);
    let beside = Point::new(at.x + columns.side + APART, at.y + rows.side / 2.0 + SIZE * 0.36);
    write(canvas, beside, &count_text(rows.length), Anchor::Start);
}

fn draw_cube(canvas: &mut Canvas, at: Point, [depth, rows, columns]: [&Axis; 3]) {
    let slant = depth.side * SLANT;
    let origin = Point::new(at.x + left_margin(depth), at.y);
    let away = Point::new(slant, slant);
    let (across, down) = (Point::new(columns.side, 0.0), Point::new(0.0, rows.side));
    let fill = shade(TOP, &[depth, columns]);
    Face { origin, sides: [across, away], cuts: [&columns.cuts, &depth.cuts], fill }.draw(canvas);
    let fill = shade(SIDE, &[depth, rows]);
    Face { origin, sides: [down, away], cuts: [&rows.cuts, &depth.cuts], fill }.draw(canvas);
    draw_grid(canvas, Point::new(origin.x + slant, origin.y + slant), rows, columns, FRONT);
    let middle = Point::new(origin.x + slant / 2.0 - APART, origin.y + rows.side + slant / 2.0 + SIZE);
    write(canvas, middle, &count_text(depth.length), Anchor::End);
}

/// Space at the left of a cube for the length of its slanted side.
fn left_margin(depth: &Axis) -> f64 {
    (length_width(depth) + APART - depth.side * SLANT / 2.0).max(0.0)
}

/// One face: a parallelogram with lines across both its sides.
struct Face<'a> {
    origin: Point,
    sides: [Point; 2],
    /// Where each side is cut, as shares of it.
    cuts: [&'a [f64]; 2],
    fill: Rgb,
}

impl Face<'_> {
    fn draw(&self, canvas: &mut Canvas) {
        let [u, v] = self.sides;
        let at = |a: f64, b: f64| Point::new(self.origin.x + u.x * a + v.x * b, self.origin.y + u.y * a + v.y * b);
        let outline = polygon(&[at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0)], true);
        canvas.path(&outline, Some(self.fill), None);
        let mut lines = String::new();
        for &cut in self.cuts[0] {
            lines.push_str(&polygon(&[at(cut, 0.0), at(cut, 1.0)], false));
        }
        for &cut in self.cuts[1] {
            lines.push_str(&polygon(&[at(0.0, cut), at(1.0, cut)], false));
        }
        if !lines.is_empty() {
            canvas.path(&lines, None, Some((CUT, 0.7)));
        }
        canvas.path(&outline, None, Some((BORDER, 1.4)));
    }
}

/// The colour of a face, darker when it has more chunks than lines.
fn shade(fill: Rgb, axes: &[&Axis]) -> Rgb {
    if axes.iter().any(|axis| axis.is_thinned()) { fill.mixed(DENSE, 0.45) } else { fill }
}

fn length_width(axis: &Axis) -> f64 {
    text::width(&count_text(axis.length), SIZE)
}

fn write_below(canvas: &mut Canvas, at: Point, height: f64, columns: &Axis) {
    let label = count_text(columns.length);
    // A number wider than the side starts at its left, where nothing else stands.
    let half = (text::width(&label, SIZE) / 2.0).max(columns.side / 2.0);
    write(canvas, Point::new(at.x + half, at.y + height + BELOW - 4.0), &label, Anchor::Middle);
}

fn write(canvas: &mut Canvas, at: Point, line: &str, anchor: Anchor) {
    canvas.text(at, line, TextStyle { size: SIZE, color: QUIET, anchor });
}
