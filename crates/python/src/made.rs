//! Frames and arrays of which delayed calls make the partitions and chunks.

use blockfold::delayed::{Delayed, try_delayed};
use blockfold::{ByteSize, RecordBatch, Tensor};
use pyo3::prelude::*;

use crate::arguments::chunking;
use crate::array::{PyArray, whole};
use crate::buffer::tensor_of;
use crate::capsule;
use crate::delayed::{Object, PyDelayed, describe_objects};
use crate::dtype::dtype_of;
use crate::error::Answer;
use crate::frame::{PyLazyFrame, checked};
use crate::session::PySession;

/// The calls with what they return handed to `convert`.
fn converted<T: Send + Sync + 'static>(
    calls: &[Bound<'_, PyDelayed>],
    name: &str,
    convert: impl Fn(Python<'_>, &Object) -> PyResult<T> + Send + Sync + 'static,
) -> Vec<Delayed<T>> {
    describe_objects();
    let convert = try_delayed(move |object: &Object| Python::attach(|py| convert(py, object))).named(name);
    calls.iter().map(|call| convert.call(&call.get().0)).collect()
}

#[pymethods]
impl PySession {
    /// A frame of one partition a call; `table_of` makes of what a call returns what can be read as Arrow, with the columns
    /// of `example`.
    fn frame_of_calls(
        &self,
        calls: Vec<Bound<'_, PyDelayed>>,
        table_of: Py<PyAny>,
        example: &Bound<'_, PyAny>,
        partition_bytes: Option<u64>,
    ) -> Answer<PyLazyFrame> {
        let (schema, _) = capsule::import(example)?;
        let parts = converted(&calls, "partition", move |py, object| -> PyResult<Vec<RecordBatch>> {
            Ok(capsule::import(&table_of.bind(py).call1((object.value(py),))?)?.1)
        });
        checked(self.0.from_delayed(parts, schema, partition_bytes.map(ByteSize))?)
    }

    /// An array of one chunk a call; `values_of` makes of what a call returns elements that lie row by row.
    fn array_of_calls(
        &self,
        py: Python<'_>,
        calls: Vec<Bound<'_, PyDelayed>>,
        values_of: Py<PyAny>,
        shape: Vec<u64>,
        dtype: &str,
        chunks: &Bound<'_, PyAny>,
    ) -> Answer<PyArray> {
        let parts = converted(&calls, "chunk", move |py, object| -> PyResult<Tensor> {
            tensor_of(&values_of.bind(py).call1((object.value(py),))?)
        });
        whole(self.0.array_from_delayed(parts, shape, chunking(chunks)?, &dtype_of(py, dtype)?)?)
    }
}
