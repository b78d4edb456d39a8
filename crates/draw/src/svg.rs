//! Writes SVG text: numbers, escaping and the few elements that the pictures are made of. Styles are attributes, not
//! CSS, so that several pictures on one page cannot restyle each other. It decides no places and no colours.

use std::fmt::Write as _;

use crate::color::Rgb;
use crate::options::Background;
use crate::text;

/// A point of the picture, in its own units (CSS pixels).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    pub(crate) fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// Which end of a text lies at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text and how it looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextStyle {
    pub size: f64,
    pub color: Rgb,
    pub anchor: Anchor,
}

/// The elements of a picture so far.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    body: String,
}

impl Canvas {
    /// Adds markup that is already escaped.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Opens a group whose class says what it shows, with a tooltip unless that is empty.
    pub(crate) fn open(&mut self, class: &str, tooltip: &str) {
        let _ = write!(self.body, "<g class=\"{class}\">");
        if !tooltip.is_empty() {
            let _ = write!(self.body, "<title>{}</title>", escaped_lines(tooltip));
        }
    }

    /// Closes the innermost group.
    pub(crate) fn close(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// Adds one line of text; `at` is on its baseline.
    pub(crate) fn text(&mut self, at: Point, line: &str, style: TextStyle) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, size, color) = (number(at.x), number(at.y), number(style.size), style.color.hex());
        let line = escaped(&text::shown(line));
        let _ = write!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{color}\" text-anchor=\"{anchor}\">{line}</text>"
        );
    }

    /// Adds a path; `stroke` is its colour and width.
    pub(crate) fn path(&mut self, data: &str, fill: Option<Rgb>, stroke: Option<(Rgb, f64)>) {
        let fill = fill.map_or_else(|| "none".to_owned(), Rgb::hex);
        let _ = write!(self.body, "<path d=\"{data}\" fill=\"{fill}\"");
        if let Some((color, width)) = stroke {
            let _ = write!(self.body, " stroke=\"{}\" stroke-width=\"{}\"", color.hex(), number(width));
        }
        self.body.push_str("/>");
    }

    /// The whole file. `label` is read out to people who cannot see the picture.
    pub(crate) fn finish(self, width: f64, height: f64, background: Background, label: &str) -> String {
        let (w, h) = (number(width), number(height));
        let back = match background {
            Background::Transparent => String::new(),
            Background::White => format!("<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n"),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" aria-label=\"{}\" font-family=\"{}\">\n{back}{}</svg>\n",
            escaped(&text::shown(label)),
            text::FONT_FAMILY,
            self.body
        )
    }
}

/// A coordinate with at most one decimal: 12, 3.5, -0.1; never "-0".
pub(crate) fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if !rounded.is_finite() || rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

/// The path of straight lines through points, closed or open.
pub(crate) fn polygon(points: &[Point], closed: bool) -> String {
    let mut data = String::new();
    for (index, point) in points.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(data, "{command}{} {}", number(point.x), number(point.y));
    }
    if closed {
        data.push('Z');
    }
    data
}

/// Text as it stands in an element or an attribute. Characters that XML forbids must be gone already.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Text of several lines, escaped, the breaks kept.
fn escaped_lines(text: &str) -> String {
    text.lines().map(|line| escaped(&text::shown(line))).collect::<Vec<_>>().join("\n")
}
