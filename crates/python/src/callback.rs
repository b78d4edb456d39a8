//! Functions of Python that the engine calls, from its threads and with the GIL held only meanwhile.

use arrow::array::ArrayRef;
use blockfold::{DType, Error, RecordBatch, Region, Tensor, Tile};
use pyo3::prelude::*;

use crate::buffer::{PyNdArray, tensor_of};
use crate::capsule;
use crate::error::raised;
use crate::table::PyTable;

/// A function of a table that returns one.
pub fn of_batches(
    function: Py<PyAny>,
) -> impl Fn(RecordBatch) -> blockfold::Result<RecordBatch> + Send + Sync + 'static {
    move |batch| {
        let call = |py: Python<'_>| {
            let result = function.bind(py).call1((PyTable::of_batch(batch),))?;
            capsule::import_one(&result)
        };
        Python::attach(call).map_err(external)
    }
}

/// A function of a table, whose columns are called 0, 1 and so on, that returns a table of one column of a type.
pub fn of_columns(
    function: Py<PyAny>,
    dtype: DType,
) -> impl Fn(&[ArrayRef]) -> blockfold::Result<ArrayRef> + Send + Sync + 'static {
    move |columns| {
        let named = columns.iter().enumerate().map(|(at, column)| (at.to_string(), column.clone()));
        let batch = RecordBatch::try_from_iter_with_nullable(named.map(|(name, column)| (name, column, true)))?;
        let call = |py: Python<'_>| capsule::import_one(&function.bind(py).call1((PyTable::of_batch(batch),))?);
        let made = Python::attach(call).map_err(external)?;
        match made.columns() {
            [values] => Ok(arrow::compute::cast(values, &dtype)?),
            other => Err(Error::argument("function of columns", format!("{} columns returned, not one", other.len()))),
        }
    }
}

/// A function of a chunk and its place that returns elements of a type, in a shape that is checked by the engine.
pub fn of_tiles(
    function: Py<PyAny>,
    dtype: DType,
) -> impl Fn(&Tile) -> blockfold::Result<Tensor> + Send + Sync + 'static {
    move |tile| {
        let call = |py: Python<'_>| {
            let values = PyNdArray::of_tensor(tile.values.clone());
            let result = function.bind(py).call1((values, tile.region.start.clone()))?;
            let tensor = tensor_of(&result)?;
            if *tensor.dtype() != dtype || tensor.shape() != tile.values.shape() {
                let what = format!(
                    "map_blocks: the function gave {} of shape {:?} for a chunk of shape {:?}; it was said to keep the shape and give {}",
                    crate::dtype::name_of(tensor.dtype()),
                    tensor.shape(),
                    tile.values.shape(),
                    crate::dtype::name_of(&dtype),
                );
                return Err(raised(py, "ShapeError", what));
            }
            Ok(tensor)
        };
        Python::attach(call).map_err(external)
    }
}

/// A function of a box, where it starts and its shape, that returns its elements.
pub fn of_regions(
    function: Py<PyAny>,
    dtype: DType,
) -> impl Fn(&Region) -> blockfold::Result<Tensor> + Send + Sync + 'static {
    move |region| {
        let call = |py: Python<'_>| {
            let result = function.bind(py).call1((region.start.clone(), region.shape.clone()))?;
            let tensor = tensor_of(&result)?;
            if *tensor.dtype() != dtype || tensor.shape() != region.shape {
                let (got, shape) = (crate::dtype::name_of(tensor.dtype()), tensor.shape());
                let what = format!("from_array: {got} of shape {shape:?} for a box of shape {:?}", region.shape);
                return Err(raised(py, "ShapeError", what));
            }
            Ok(tensor)
        };
        Python::attach(call).map_err(external)
    }
}

/// What a function raised, as it goes through the engine and comes back.
pub fn external(error: PyErr) -> Error {
    Error::External(Box::new(error))
}
