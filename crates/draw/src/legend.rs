//! Draws what the colours mean, under the graph. It takes the meaning as it comes and makes up no colours, except that
//! it shows the whole of a scale.

use crate::color::{NO_VALUE, QUIET, Rgb, scale};
use crate::paint::Legend;
use crate::svg::{Anchor, Canvas, Point, TextStyle, number};
use crate::text;

const SIZE: f64 = 10.0;
const ROW_HEIGHT: f64 = 17.0;
const SWATCH: f64 = 10.0;
/// Space between the graph and the legend.
const ABOVE: f64 = 14.0;
const NAME_LIMIT: f64 = 150.0;
/// A legend may be this wide under a graph that is narrower.
const LEAST_WIDTH: f64 = 320.0;
const BAR_WIDTH: f64 = 120.0;
const BAR_STEPS: u32 = 24;

/// Width and height that the legend takes under a graph of some width, in CSS pixels; both 0 if there is none.
pub(crate) fn size(legend: &Legend, graph_width: f64) -> (f64, f64) {
    match legend {
        Legend::None => (0.0, 0.0),
        Legend::Names(names) => {
            let entries = entries(names, graph_width);
            let rows = entries.last().map_or(1.0, |entry| entry.at.y / ROW_HEIGHT + 1.0);
            let width = entries.iter().map(|entry| entry.at.x + entry.width).fold(0.0, f64::max);
            (width, ABOVE + rows * ROW_HEIGHT)
        }
        Legend::Scale { title, low, high, some_absent } => {
            let texts: f64 = [title, low.as_str(), high.as_str()].iter().map(|t| text::width(t, SIZE)).sum();
            let absent = if *some_absent { 24.0 + SWATCH + text::width("no value", SIZE) } else { 0.0 };
            (texts + BAR_WIDTH + 24.0 + absent, ABOVE + ROW_HEIGHT)
        }
    }
}

/// Draws the legend with its top left at a point.
pub(crate) fn draw(canvas: &mut Canvas, legend: &Legend, at: Point, graph_width: f64) {
    match legend {
        Legend::None => {}
        Legend::Names(names) => {
            canvas.open("legend", "");
            for entry in entries(names, graph_width) {
                let place = Point::new(at.x + entry.at.x, at.y + ABOVE + entry.at.y);
                draw_name(canvas, place, entry.color, &entry.name);
            }
            canvas.close();
        }
        Legend::Scale { title, low, high, some_absent } => {
            canvas.open("legend", "");
            draw_scale(canvas, Point::new(at.x, at.y + ABOVE), [title, low, high], *some_absent);
            canvas.close();
        }
    }
}

/// One name of the legend; `at` counts from its top left.
struct Entry {
    at: Point,
    width: f64,
    color: Option<Rgb>,
    name: String,
}

/// Lays the names out in rows.
fn entries(names: &[(Option<Rgb>, String)], graph_width: f64) -> Vec<Entry> {
    let limit = graph_width.max(LEAST_WIDTH);
    let mut at = Point::default();
    let mut entries = Vec::with_capacity(names.len());
    for (color, name) in names {
        let name = text::fitted_lines(name, SIZE, NAME_LIMIT).into_iter().next().unwrap_or_default();
        let width = text::width(&name, SIZE) + if color.is_some() { SWATCH + 5.0 } else { 0.0 };
        if at.x > 0.0 && at.x + width > limit {
            at = Point::new(0.0, at.y + ROW_HEIGHT);
        }
        entries.push(Entry { at, width, color: *color, name });
        at.x += width + 14.0;
    }
    entries
}

fn swatch(canvas: &mut Canvas, at: Point, width: f64, color: Rgb, outlined: bool) {
    let [x, y, width, height] = [at.x, at.y, width, SWATCH].map(number);
    let fill = color.hex();
    let line = if outlined { format!(" rx=\"2.5\" stroke=\"{}\"", color.outline().hex()) } else { String::new() };
    canvas.raw(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{line}/>"));
}

fn draw_name(canvas: &mut Canvas, at: Point, color: Option<Rgb>, name: &str) {
    let style = TextStyle { size: SIZE, color: QUIET, anchor: Anchor::Start };
    let mut x = at.x;
    if let Some(color) = color {
        swatch(canvas, at, SWATCH, color, true);
        x += SWATCH + 5.0;
    }
    canvas.text(Point::new(x, at.y + 8.8), name, style);
}

fn draw_scale(canvas: &mut Canvas, at: Point, [title, low, high]: [&str; 3], some_absent: bool) {
    let style = TextStyle { size: SIZE, color: QUIET, anchor: Anchor::Start };
    let mut x = at.x;
    let baseline = at.y + 8.8;
    for (line, space) in [(title, 10.0), (low, 5.0)] {
        canvas.text(Point::new(x, baseline), line, style);
        x += text::width(line, SIZE) + space;
    }
    let step_width = BAR_WIDTH / f64::from(BAR_STEPS);
    for step in 0..BAR_STEPS {
        // Each strip reaches a little under the next one, or pixels of the page would show between them.
        let reach = if step + 1 < BAR_STEPS { 0.5 } else { 0.0 };
        let share = f64::from(step) / f64::from(BAR_STEPS - 1);
        swatch(canvas, Point::new(x, at.y), step_width + reach, scale(share), false);
        x += step_width;
    }
    x += 5.0;
    canvas.text(Point::new(x, baseline), high, style);
    x += text::width(high, SIZE) + 18.0;
    if some_absent {
        draw_name(canvas, Point::new(x, at.y), Some(NO_VALUE), "no value");
    }
}
