//! The way from a graph to a finished file in memory: check, collapse, draw, encode. It writes no file: where the bytes
//! go is the caller's business.

use std::borrow::Cow;

use crate::collapse::{is_small, merged_by_best_rule};
use crate::options::{Format, Options};
use crate::scene::{Drawing, draw_graph};
use crate::{Error, Graph, dot, mermaid};

/// A finished picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The file: UTF-8 text, or PNG.
    pub bytes: Vec<u8>,
    /// What the bytes are.
    pub format: Format,
    /// Width and height in CSS pixels; both 0 for source text that another program lays out. A PNG has
    /// [`Options::pixel_ratio`] times as many pixels.
    pub size_px: (f64, f64),
    /// What a reader should know beside the picture: how the graph was collapsed, or that it is empty.
    pub note: Option<String>,
}

impl Picture {
    /// The text of the file, or `None` for a PNG.
    pub fn text(&self) -> Option<&str> {
        match self.format {
            Format::Png => None,
            _ => std::str::from_utf8(&self.bytes).ok(),
        }
    }
}

/// Draws a graph. One with more nodes than [`Options::max_nodes`], or far more edges than can be followed, is
/// [collapsed](crate::collapse) first, which the note tells.
/// The same graph and options give the same bytes.
///
/// ```
/// use blockfold_draw::{Edge, Format, Graph, Node, Options, Shape, draw};
///
/// let graph = Graph {
///     nodes: vec![Node::new("x.parquet", "read").with_shape(Shape::Cylinder), Node::new("sum", "sum")],
///     edges: vec![Edge::new(0, 1)],
/// };
/// let picture = draw(&graph, Format::Svg, &Options::default())?;
/// assert!(picture.text().is_some_and(|svg| svg.contains("x.parquet")));
/// assert_eq!(picture.note, None);
/// # Ok::<(), blockfold_draw::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::EdgeOutOfRange`] and [`Error::Cycle`] for a graph that is none; [`Error::PngNotBuilt`] without the feature
/// `png`; [`Error::Layout`] and [`Error::Raster`] when the libraries refuse.
pub fn draw(graph: &Graph, format: Format, options: &Options) -> Result<Picture, Error> {
    let depths = graph.depths()?;
    let (graph, mut note) = if is_small(graph, &depths, options.max_nodes) {
        (Cow::Borrowed(graph), None)
    } else {
        let collapsed = merged_by_best_rule(graph, &depths, options.max_nodes.max(1));
        (Cow::Owned(collapsed.graph), collapsed.note)
    };
    if graph.nodes.is_empty() {
        note = Some("the graph is empty".to_owned());
    }
    let text = |text: String| Picture { bytes: text.into_bytes(), format, size_px: (0.0, 0.0), note: note.clone() };
    match format {
        Format::Dot => Ok(text(dot::write(&graph, options))),
        Format::Mermaid => Ok(text(mermaid::write(&graph, options))),
        Format::Markdown => Ok(text(mermaid::write_fenced(&graph, options))),
        Format::Svg | Format::Png => encode(draw_graph(&graph, options)?, format, options, note),
    }
}

/// Wraps a drawing up as SVG or PNG.
pub(crate) fn encode(
    drawing: Drawing,
    format: Format,
    options: &Options,
    note: Option<String>,
) -> Result<Picture, Error> {
    let size_px = (drawing.width, drawing.height);
    match format {
        Format::Png => {
            let (bytes, smaller) = rasterise(&drawing, options)?;
            let notes = [note, smaller].into_iter().flatten().collect::<Vec<_>>();
            let note = if notes.is_empty() { None } else { Some(notes.join("; ")) };
            Ok(Picture { bytes, format, size_px, note })
        }
        _ => Ok(Picture { bytes: drawing.svg.into_bytes(), format: Format::Svg, size_px, note }),
    }
}

#[cfg(feature = "png")]
fn rasterise(drawing: &Drawing, options: &Options) -> Result<(Vec<u8>, Option<String>), Error> {
    crate::raster::rasterise(drawing, options.pixel_ratio)
}

#[cfg(not(feature = "png"))]
fn rasterise(_drawing: &Drawing, _options: &Options) -> Result<(Vec<u8>, Option<String>), Error> {
    Err(Error::PngNotBuilt)
}
