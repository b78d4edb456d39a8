//! Pictures of plans, calls and arrays.

use blockfold::visualize::{Background, Format, Options, View, Visualize};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::PyArray;
use crate::error::{Answer, argument};
use crate::frame::PyLazyFrame;

/// How a picture is drawn.
pub struct Look {
    view: View,
    format: Format,
    options: Options,
}

impl Look {
    /// What a dictionary of options asks for.
    ///
    /// # Errors
    /// A name that stands for nothing.
    pub fn of(options: &Bound<'_, PyDict>) -> Answer<Look> {
        let text = |name: &str| -> PyResult<Option<String>> {
            options.get_item(name)?.filter(|value| !value.is_none()).map(|value| value.extract()).transpose()
        };
        let wrong = |error: String| argument(options.py(), "visualize", error);
        let mut look = Look { view: View::default(), format: Format::default(), options: Options::default() };
        if let Some(view) = text("view")? {
            look.view = view.parse()?;
        }
        if let Some(format) = text("format")? {
            look.format = format.parse::<Format>().map_err(|error| wrong(error.to_string()))?;
        }
        if let Some(rankdir) = text("rankdir")? {
            look.options.rankdir =
                rankdir.parse().map_err(|error: blockfold::visualize::DrawError| wrong(error.to_string()))?;
        }
        if let Some(color) = text("color")? {
            look.options.color_by =
                color.parse().map_err(|error: blockfold::visualize::DrawError| wrong(error.to_string()))?;
        }
        if look.format == Format::Png {
            look.options.background = Background::White;
        }
        look.options.title = text("title")?;
        Ok(look)
    }
}

/// The bytes of a picture, and what to know beside it.
pub fn drawn(what: &impl Visualize, look: &Look) -> Answer<(Vec<u8>, Option<String>)> {
    let picture = what.picture(look.view, look.format, &look.options)?;
    Ok((picture.bytes, picture.note))
}

#[pymethods]
impl PyLazyFrame {
    fn picture(&self, look: &Bound<'_, PyDict>) -> Answer<(Vec<u8>, Option<String>)> {
        drawn(&self.0, &Look::of(look)?)
    }
}

#[pymethods]
impl PyArray {
    fn picture(&self, look: &Bound<'_, PyDict>) -> Answer<(Vec<u8>, Option<String>)> {
        drawn(&self.0, &Look::of(look)?)
    }

    fn picture_of_chunks(&self, look: &Bound<'_, PyDict>) -> Answer<(Vec<u8>, Option<String>)> {
        let look = Look::of(look)?;
        let picture = self.0.picture_of_chunks(look.format, &look.options)?;
        Ok((picture.bytes, picture.note))
    }
}
