//! An array as a picture of its chunks.

use std::path::Path;

use blockfold_core::Result;
use blockfold_core::tensor::{type_name, width};
use blockfold_draw::{Format, Options, Picture, array_html, array_picture};

use super::{undrawn, write};
use crate::array::Array;

impl Array {
    /// A picture of the array and of how chunks tile it: a bar, a grid or a cube, or several for more than three axes,
    /// with the lengths of its axes, its bytes, its chunks and its type.
    ///
    /// # Errors
    /// What was wrong with the array; a format other than SVG and PNG.
    pub fn picture_of_chunks(&self, format: Format, options: &Options) -> Result<Picture> {
        let (shape, chunks, dtype) = (self.shape()?, self.chunks()?.lengths(), self.dtype()?);
        array_picture(&shape, &chunks, &type_name(&dtype), width(&dtype)? as u64, format, options).map_err(undrawn)
    }

    /// Writes the picture of the array's chunks to a file, `svg` or `png`, which appears whole or not at all; an existing
    /// file is replaced.
    ///
    /// # Errors
    /// As [`Array::picture_of_chunks`]; a file that cannot be written.
    pub fn visualize_chunks(&self, path: impl AsRef<Path>, options: &Options) -> Result<Option<String>> {
        let path = path.as_ref();
        let picture = self.picture_of_chunks(Format::from_path(path).map_err(undrawn)?, options)?;
        write(path, &picture)?;
        Ok(picture.note)
    }

    /// A table of the array's bytes, shape, chunks and type beside the picture of its chunks, as HTML for a notebook.
    ///
    /// # Errors
    /// What was wrong with the array.
    pub fn to_html(&self) -> Result<String> {
        let (shape, chunks, dtype) = (self.shape()?, self.chunks()?.lengths(), self.dtype()?);
        array_html(&shape, &chunks, &type_name(&dtype), width(&dtype)? as u64).map_err(undrawn)
    }
}
