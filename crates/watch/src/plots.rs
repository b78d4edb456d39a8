//! Profiles as SVG plots: tasks over time by worker, resources, and the block store.

use std::fmt::Write as _;

use blockfold_core::ByteSize;

use crate::causes::time;
use crate::view::{Series, Watched};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 28.0;
const LANE: f64 = 22.0;
const PANEL: f64 = 140.0;
const GAP: f64 = 34.0;

/// Rectangles a lane, and points a line: what the width can show.
const PIXELS: usize = 850;

/// Colours of chains and lines, told apart by people who see few colours (Okabe and Ito, 2008).
const COLORS: [&str; 8] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c00", "#555555"];

/// The tasks of a run by worker; `None` for a run that is not there.
pub fn task_plot(watched: &dyn Watched, run: u64) -> Option<String> {
    let lanes = watched.lanes(run, 0, None, PIXELS)?;
    let plan = watched.plan(run)?;
    let height = lanes.lanes.len() as f64 * LANE;
    let legend = plan.chains.iter().take(40);
    let mut svg = Svg::new(TOP + height + GAP + 16.0 * legend.len() as f64);
    svg.text(LEFT, 16.0, "start", "Tasks by worker");
    let scale = (WIDTH - LEFT - RIGHT) / lanes.to_us.max(1) as f64;
    for (index, lane) in lanes.lanes.iter().enumerate() {
        let y = TOP + index as f64 * LANE;
        svg.text(LEFT - 6.0, y + 14.0, "end", &lane.name);
        for rect in &lane.rects {
            let width = rect.end_us.saturating_sub(rect.start_us) as f64 * scale;
            let color = if rect.failed > 0 { "#c00000" } else { color(rect.chain as usize) };
            let busy = rect.busy_us as f64 / rect.end_us.saturating_sub(rect.start_us).max(1) as f64;
            let title = format!("{} tasks, {}", rect.tasks, time(rect.busy_us));
            svg.rect((LEFT + rect.start_us as f64 * scale, y + 2.0), (width.max(0.5), LANE - 4.0), color, busy, &title);
        }
    }
    svg.time_axis(TOP + height, lanes.to_us);
    for (index, chain) in legend.enumerate() {
        let y = TOP + height + GAP + 16.0 * index as f64;
        svg.rect((LEFT, y - 9.0), (10.0, 10.0), color(chain.chain), 1.0, "");
        svg.text(LEFT + 16.0, y, "start", &format!("{} ({} of {} tasks)", chain.label, chain.tasks_done, chain.tasks));
    }
    Some(svg.end())
}

/// Processor, memory and disk of a run over time; `None` for a run that is not there.
pub fn resource_plot(watched: &dyn Watched, run: u64) -> Option<String> {
    let series = watched.series(run, 0, None, PIXELS)?;
    let panels: [(&str, Unit, &[&str]); 3] = [
        ("Share of cores and of workers", Unit::Share, &["cpu", "occupancy"]),
        ("Memory", Unit::Bytes, &["budget", "promised", "used", "resident"]),
        ("Disk, a second", Unit::Bytes, &["disk_read", "disk_written", "spill_rate"]),
    ];
    Some(plot(&series, &panels))
}

/// What waits in the block store for later chains, in memory and in scratch; `None` for a run that is not there.
pub fn cache_plot(watched: &dyn Watched, run: u64) -> Option<String> {
    let series = watched.series(run, 0, None, PIXELS)?;
    let panels: [(&str, Unit, &[&str]); 2] = [
        ("Rows that wait for later chains", Unit::Bytes, &["stored", "spilled"]),
        ("Written to scratch, a second", Unit::Bytes, &["spill_rate"]),
    ];
    Some(plot(&series, &panels))
}

#[derive(Clone, Copy)]
enum Unit {
    Bytes,
    Share,
}

fn plot(series: &Series, panels: &[(&str, Unit, &[&str])]) -> String {
    let mut svg = Svg::new(TOP + (PANEL + GAP) * panels.len() as f64 + GAP);
    for (index, (title, unit, names)) in panels.iter().enumerate() {
        let top = TOP + (PANEL + GAP) * index as f64;
        svg.text(LEFT, top - 10.0, "start", title);
        svg.panel(series, names, *unit, top);
    }
    svg.end()
}

fn color(index: usize) -> &'static str {
    COLORS.get(index % COLORS.len()).copied().unwrap_or("#555555")
}

struct Svg(String);

impl Svg {
    fn new(height: f64) -> Svg {
        let mut svg = Svg(String::new());
        svg.push(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\" \
             font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
        ));
        svg
    }

    fn push(&mut self, piece: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(piece);
        self.0.push('\n');
    }

    fn end(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        self.push(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escaped(text)));
    }

    fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), color: &str, opacity: f64, title: &str) {
        self.push(format_args!(
            "<rect x=\"{x:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height}\" fill=\"{color}\" \
             fill-opacity=\"{:.2}\"><title>{}</title></rect>",
            opacity.clamp(0.15, 1.0),
            escaped(title)
        ));
    }

    fn time_axis(&mut self, y: f64, end_us: u64) {
        for quarter in 0..=4u64 {
            let x = LEFT + (WIDTH - LEFT - RIGHT) * quarter as f64 / 4.0;
            self.push(format_args!("<path d=\"M{x:.1} {y:.1}v4\" stroke=\"#888\"/>"));
            let anchor = if quarter == 4 { "end" } else { "middle" };
            self.text(x, y + 16.0, anchor, &time(end_us / 4 * quarter));
        }
    }

    /// Some columns as lines over time, from 0 to their largest value.
    fn panel(&mut self, series: &Series, names: &[&str], unit: Unit, top: f64) {
        let columns: Vec<(&str, &Vec<Option<f64>>)> = names
            .iter()
            .filter_map(|name| Some((*name, series.columns.get(*name)?)))
            .filter(|(_, column)| column.iter().any(Option::is_some))
            .collect();
        let largest = columns.iter().flat_map(|(_, column)| column.iter().flatten()).fold(0.0f64, |a, b| a.max(*b));
        let (most, label) = match unit {
            Unit::Share => (1.0, "100 %".to_string()),
            Unit::Bytes => (largest.max(1.0), ByteSize(largest as u64).to_string()),
        };
        let (width, bottom) = (WIDTH - LEFT - RIGHT, top + PANEL);
        self.push(format_args!(
            "<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{PANEL}\" fill=\"none\" stroke=\"#ccc\"/>"
        ));
        self.text(LEFT - 6.0, top + 10.0, "end", &label);
        self.text(LEFT - 6.0, bottom, "end", "0");
        let points = columns.iter().map(|(_, column)| column.len()).max().unwrap_or(0);
        for (index, (name, column)) in columns.iter().enumerate() {
            let x = |point: usize| LEFT + width * (point as f64 + 0.5) / points.max(1) as f64;
            let seen = column.iter().enumerate().filter_map(|(point, value)| Some((point, (*value)?)));
            let path: Vec<String> =
                seen.map(|(point, value)| format!("{:.1},{:.1}", x(point), bottom - PANEL * (value / most).clamp(0.0, 1.0))).collect();
            self.push(format_args!(
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"{}\"/>",
                color(index),
                path.join(" ")
            ));
            let x = LEFT + 260.0 + 110.0 * index as f64;
            self.rect((x, top - 19.0), (10.0, 10.0), color(index), 1.0, "");
            self.text(x + 14.0, top - 10.0, "start", name);
        }
        self.time_axis(bottom, series.step_us.saturating_mul(points as u64));
    }
}

/// Text as it may stand in XML, without characters that may not.
fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Bar;
    use crate::log::{ChainLog, RunLog};
    use crate::recording::Recording;
    use crate::series::Sample;

    fn recording() -> Recording {
        let mut log = RunLog::default();
        (log.summary.id, log.summary.elapsed_us) = (1, 1_000_000);
        let mut chain = ChainLog::default();
        chain.view.label = "read > filter <&>".to_string();
        log.chains.push(chain);
        log.tracks.name(0, "blockfold-0".to_string());
        for task in 0..3u64 {
            let start_ns = task * 300_000_000;
            log.tracks.push(0, Bar { start_ns, end_ns: start_ns + 200_000_000, busy_ns: 1, tasks: 1, ..Bar::default() });
        }
        for i in 0..20u64 {
            let cpu_us = Some(i * 40_000);
            log.samples.push(Sample { at_us: i * 50_000, promised_bytes: i << 20, cpu_us, ..Sample::default() });
        }
        Recording { runs: vec![log], ..Recording::default() }
    }

    fn count(svg: &str, what: &str) -> usize {
        let document = roxmltree::Document::parse(svg).unwrap();
        document.descendants().filter(|node| node.has_tag_name(what)).count()
    }

    #[test]
    fn each_task_is_a_rectangle() {
        let svg = task_plot(&recording(), 1).unwrap();
        assert_eq!(count(&svg, "title"), 3 + 1, "three tasks and the legend's mark");
        assert!(svg.contains("read &gt; filter &lt;&amp;&gt;"));
        assert!(task_plot(&recording(), 2).is_none());
    }

    #[test]
    fn each_measure_that_there_is_is_a_line() {
        assert_eq!(count(&resource_plot(&recording(), 1).unwrap(), "polyline"), 2 + 2 + 1, "without what nobody told");
        assert_eq!(count(&cache_plot(&recording(), 1).unwrap(), "polyline"), 2 + 1);
    }
}
