//! Pictures of chunked arrays, like those that Dask shows: a bar, a grid or a cube with lines where the chunks meet,
//! and a table of sizes beside it for notebooks. It sees only lengths: it reads no array and knows no element type
//! beyond its name and size.

mod axis;
mod html;
mod solid;

pub use html::array_html;

use crate::amount::count_text;
use crate::color::QUIET;
use crate::options::{Format, Options};
use crate::picture::{Picture, encode};
use crate::scene::{Drawing, PADDING};
use crate::svg::{Anchor, Canvas, Point, TextStyle};
use crate::{Error, text};
use axis::Axis;
use solid::Solid;

/// Space between the solids that an array of more than three axes is drawn as.
const BETWEEN: f64 = 30.0;
const TITLE_HEIGHT: f64 = 24.0;
/// Solids in one row; an array of very many axes goes on below.
const ROW_LENGTH: usize = 4;

/// Draws an array as SVG or PNG. `shape` has the length of each axis, in elements, and `chunks` the lengths of the
/// chunks along each axis, so that `chunks[i]` adds up to `shape[i]`. One axis is drawn as a bar, two as a grid, three
/// as a cube; of more, the leading ones come as a bar or grid before the cubes. Sides are proportional to lengths
/// unless one is more than about three times as long as another. At most 40 cuts are drawn along an axis, which the
/// note tells. Of the options, the title, background and pixel ratio count.
///
/// ```
/// use blockfold_draw::{Format, Options, array_picture};
///
/// let chunks = [vec![5, 5, 5], vec![5, 5, 5]];
/// let picture = array_picture(&[15, 15], &chunks, "float64", 8, Format::Svg, &Options::default())?;
/// assert!(picture.text().is_some_and(|svg| svg.starts_with("<svg")));
/// # Ok::<(), blockfold_draw::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Chunks`] when the chunks do not fit the shape, [`Error::UnsupportedFormat`] for anything but SVG and PNG,
/// [`Error::PngNotBuilt`] and [`Error::Raster`] as for [`draw`](crate::draw).
pub fn array_picture(
    shape: &[u64],
    chunks: &[Vec<u64>],
    dtype: &str,
    itemsize: u64,
    format: Format,
    options: &Options,
) -> Result<Picture, Error> {
    if !matches!(format, Format::Svg | Format::Png) {
        return Err(Error::UnsupportedFormat { what: "an array", format: format.name() });
    }
    let (drawing, note) = draw_array(shape, chunks, options, &spoken(shape, chunks, dtype, itemsize))?;
    encode(drawing, format, options, note)
}

/// What is read out to people who cannot see the picture.
fn spoken(shape: &[u64], chunks: &[Vec<u64>], dtype: &str, itemsize: u64) -> String {
    let facts = html::Facts::of(shape, chunks, itemsize);
    format!("array of {dtype}, shape {}, {}, {}", facts.shape, facts.bytes, facts.count)
}

fn draw_array(
    shape: &[u64],
    chunks: &[Vec<u64>],
    options: &Options,
    label: &str,
) -> Result<(Drawing, Option<String>), Error> {
    check(shape, chunks)?;
    let axes = axis::axes(shape, chunks);
    let solids = solids(&axes);
    let title_width = options.title.as_ref().map_or(0.0, |title| text::width(title, 14.0));
    let title_height = if options.title.is_some() { TITLE_HEIGHT } else { 0.0 };
    let mut canvas = Canvas::default();
    if let Some(title) = &options.title {
        let style = TextStyle { size: 14.0, color: QUIET, anchor: Anchor::Start };
        canvas.text(Point::new(PADDING, PADDING + 12.0), title, style);
    }
    let mut reach = Point::new(title_width, PADDING + title_height);
    for row in solids.chunks(ROW_LENGTH) {
        let mut at = Point::new(PADDING, reach.y);
        for solid in row {
            solid.draw(&mut canvas, at);
            let (width, height) = solid.size();
            reach = Point::new(reach.x.max(at.x + width - PADDING), reach.y.max(at.y + height + PADDING));
            at.x += width + BETWEEN;
        }
    }
    let (width, height) = (reach.x + 2.0 * PADDING, reach.y);
    let svg = canvas.finish(width, height, options.background, label);
    Ok((Drawing { svg, width, height }, note(&axes)))
}

/// The leading axes make a bar or grid if the rest is to be cubes.
fn solids(axes: &[Axis]) -> Vec<Solid<'_>> {
    if axes.is_empty() {
        return vec![Solid::Scalar];
    }
    let (leading, cubes) = axes.split_at(axes.len() % 3);
    let first = match leading {
        [] => None,
        [columns] => Some(Solid::Bar(columns)),
        [rows, columns, ..] => Some(Solid::Grid(rows, columns)),
    };
    let cubes = cubes.as_chunks::<3>().0.iter().map(|[depth, rows, columns]| Solid::Cube(depth, rows, columns));
    first.into_iter().chain(cubes).collect()
}

/// Which cuts are left out, and whether the array has no elements.
fn note(axes: &[Axis]) -> Option<String> {
    let mut notes = Vec::new();
    if axes.iter().any(|axis| axis.length == 0) {
        notes.push("the array has no elements".to_owned());
    }
    for (index, axis) in axes.iter().enumerate().filter(|(_, axis)| axis.is_thinned()) {
        let chunks = count_text(u64::try_from(axis.chunks).unwrap_or(u64::MAX));
        notes.push(format!("axis {index} has {chunks} chunks, of which {} cuts are drawn", axis.cuts.len()));
    }
    if notes.is_empty() { None } else { Some(notes.join("; ")) }
}

fn check(shape: &[u64], chunks: &[Vec<u64>]) -> Result<(), Error> {
    if shape.len() != chunks.len() {
        let reason = format!("{} axes, but chunk lengths for {}", shape.len(), chunks.len());
        return Err(Error::Chunks { reason });
    }
    for (index, (&length, lengths)) in shape.iter().zip(chunks).enumerate() {
        let sum: u128 = lengths.iter().map(|&chunk| u128::from(chunk)).sum();
        if sum != u128::from(length) {
            let reason = format!("along axis {index} they add up to {sum}, not {length}");
            return Err(Error::Chunks { reason });
        }
    }
    Ok(())
}
