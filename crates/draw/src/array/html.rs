//! The table that a notebook shows for an array: bytes, shape, chunks and element type, with the picture beside it.
//! Styles are inline, since a notebook may drop a style sheet.

use super::{draw_array, spoken};
use crate::Error;
use crate::amount::{bytes_text, count_text};
use crate::options::Options;
use crate::svg::escaped;
use crate::text::shown;

/// What the table says about an array, as text.
pub(super) struct Facts {
    pub bytes: String,
    pub chunk_bytes: String,
    pub shape: String,
    pub chunk_shape: String,
    pub count: String,
}

impl Facts {
    /// The facts of an array; a chunk is described by the longest along each axis.
    pub(super) fn of(shape: &[u64], chunks: &[Vec<u64>], itemsize: u64) -> Self {
        let longest: Vec<u64> = chunks.iter().map(|lengths| lengths.iter().copied().max().unwrap_or(0)).collect();
        let bytes = |lengths: &[u64]| {
            bytes_text(lengths.iter().fold(u128::from(itemsize), |all, &n| all.saturating_mul(u128::from(n))))
        };
        let count = chunks
            .iter()
            .fold(1u64, |all, lengths| all.saturating_mul(u64::try_from(lengths.len()).unwrap_or(u64::MAX)));
        let count = if count == 1 { "1 chunk".to_owned() } else { format!("{} chunks", count_text(count)) };
        Self {
            bytes: bytes(shape),
            chunk_bytes: bytes(&longest),
            shape: tuple(shape),
            chunk_shape: tuple(&longest),
            count,
        }
    }
}

/// Lengths as Python writes a tuple.
fn tuple(lengths: &[u64]) -> String {
    match lengths {
        [only] => format!("({only},)"),
        _ => format!("({})", lengths.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The HTML that a notebook shows for an array: a table of its bytes, shape and chunks, the largest chunk's likewise,
/// the number of chunks and the element type, beside the picture of [`array_picture`](crate::array_picture). Lengths
/// are in elements, `itemsize` is in bytes.
///
/// ```
/// let html = blockfold_draw::array_html(&[15, 15], &[vec![5; 3], vec![5; 3]], "float64", 8)?;
/// assert!(html.contains("1.76 KiB") && html.contains("(5, 5)") && html.contains("9 chunks"));
/// # Ok::<(), blockfold_draw::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Chunks`] when the chunks do not fit the shape.
pub fn array_html(shape: &[u64], chunks: &[Vec<u64>], dtype: &str, itemsize: u64) -> Result<String, Error> {
    let label = spoken(shape, chunks, dtype, itemsize);
    let (drawing, _) = draw_array(shape, chunks, &Options::default(), &label)?;
    let facts = Facts::of(shape, chunks, itemsize);
    let mut rows = String::new();
    for (name, array, chunk) in
        [("Bytes", &facts.bytes, &facts.chunk_bytes), ("Shape", &facts.shape, &facts.chunk_shape)]
    {
        rows.push_str(&format!("<tr><th>{name}</th><td>{array}</td><td>{chunk}</td></tr>\n"));
    }
    for (name, value) in [("Count", &facts.count), ("Data type", &dtype.to_owned())] {
        let value = escaped(&shown(value));
        rows.push_str(&format!("<tr><th>{name}</th><td colspan=\"2\">{value}</td></tr>\n"));
    }
    Ok(format!(
        "<table>\n<tr>\n<td>\n<table style=\"border-collapse: collapse;\">\n\
         <thead><tr><td></td><th>Array</th><th>Chunk</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</td>\n\
         <td>\n{}</td>\n</tr>\n</table>\n",
        drawing.svg
    ))
}
