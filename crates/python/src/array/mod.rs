//! Lazy arrays: what they are, and what computes or writes them. Operations have files of their own.

mod elementwise;
mod linalg;
mod reduce;
mod select;
mod shape;

pub use shape::{concatenate, einsum, stack};

use blockfold::Array;
use blockfold::array::ZarrFormat;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{boundary, chunking, stage};
use crate::buffer::PyNdArray;
use crate::callback;
use crate::dtype::{dtype_of, name_of};
use crate::error::{Answer, argument};
use crate::frame::{PyLazyFrame, checked};
use crate::run::run;
use crate::session::PySession;
use crate::table::summary;

/// A description of an array that nobody has computed yet.
#[pyclass(name = "Array", module = "blockfold._blockfold", frozen, dict)]
pub struct PyArray(pub Array);

/// The array, when nothing is wrong with it: in Python an error is raised where it is made.
pub fn whole(array: Array) -> Answer<PyArray> {
    array.dtype()?;
    Ok(PyArray(array))
}

/// Arrays of a list.
pub fn arrays(list: &[Bound<'_, PyArray>]) -> Vec<Array> {
    list.iter().map(|array| array.get().0.clone()).collect()
}

#[pymethods]
impl PyArray {
    #[getter]
    fn session(&self) -> PySession {
        PySession(self.0.session().clone())
    }

    #[getter]
    fn shape(&self) -> Answer<Vec<u64>> {
        Ok(self.0.shape()?)
    }

    #[getter]
    fn dtype(&self) -> Answer<String> {
        Ok(name_of(&self.0.dtype()?))
    }

    #[getter]
    fn nbytes(&self) -> Answer<u64> {
        Ok(self.0.nbytes()?)
    }

    /// Lengths of chunks along each axis.
    #[getter]
    fn chunks(&self) -> Answer<Vec<Vec<u64>>> {
        Ok(self.0.chunks()?.lengths())
    }

    fn rechunk(&self, chunks: &Bound<'_, PyAny>) -> Answer<Self> {
        whole(self.0.rechunk(chunking(chunks)?))
    }

    fn explain(&self, py: Python<'_>, at: &str) -> Answer<String> {
        let stage = stage(py, at)?;
        run(py, &self.0, move |own| own.explain(stage))
    }

    fn estimate(&self, py: Python<'_>) -> Answer<String> {
        run(py, &self.0, move |own| Ok(own.estimate()?.to_string()))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }

    // ---- runs

    fn compute(&self, py: Python<'_>) -> Answer<PyNdArray> {
        Ok(PyNdArray::of_answer(run(py, &self.0, move |own| own.compute())?))
    }

    fn persist(&self, py: Python<'_>) -> Answer<Self> {
        Ok(PyArray(run(py, &self.0, move |own| own.persist())?))
    }

    fn to_npy<'py>(&self, py: Python<'py>, path: std::path::PathBuf, overwrite: bool) -> Answer<Bound<'py, PyDict>> {
        let written = run(py, &self.0, move |own| own.to_npy(&path, overwrite))?;
        Ok(summary(py, &written)?)
    }

    fn to_zarr<'py>(
        &self,
        py: Python<'py>,
        path: std::path::PathBuf,
        format: u32,
        overwrite: bool,
    ) -> Answer<Bound<'py, PyDict>> {
        let format = match format {
            2 => ZarrFormat::V2,
            3 => ZarrFormat::V3,
            other => return Err(argument(py, "to_zarr", format!("format {other}; there are 2 and 3")).into()),
        };
        let written = run(py, &self.0, move |own| own.to_zarr(&path, format, overwrite))?;
        Ok(summary(py, &written)?)
    }

    fn to_frame(&self, names: Vec<String>) -> Answer<PyLazyFrame> {
        checked(self.0.to_frame(names))
    }

    // ---- blocks

    /// A function of each chunk and where it starts.
    fn map_blocks(&self, py: Python<'_>, function: Py<PyAny>, dtype: &str) -> Answer<Self> {
        let dtype = dtype_of(py, dtype)?;
        whole(self.0.map_blocks(&dtype, callback::of_tiles(function, dtype.clone())))
    }

    /// A function of boxes with neighbours on each side.
    fn map_overlap(
        &self,
        py: Python<'_>,
        function: Py<PyAny>,
        depth: Vec<u64>,
        mode: &str,
        constant: f64,
        dtype: &str,
    ) -> Answer<Self> {
        let (dtype, beyond) = (dtype_of(py, dtype)?, boundary(py, mode, constant)?);
        whole(self.0.map_overlap(&depth, beyond, &dtype, callback::of_tiles(function, dtype.clone())))
    }

    fn pad(&self, py: Python<'_>, axis: i64, before: u64, after: u64, mode: &str, constant: f64) -> Answer<Self> {
        whole(self.0.pad(axis, before, after, boundary(py, mode, constant)?))
    }

    fn block(&self, position: Vec<usize>) -> Answer<Self> {
        whole(self.0.block(&position))
    }
}

#[pymethods]
impl PyLazyFrame {
    /// The columns as a matrix. Partitions of unknown length are counted first.
    fn to_array(&self, py: Python<'_>) -> Answer<PyArray> {
        whole(run(py, &self.0, move |own| own.to_array())?)
    }
}
