//! Runs inside of calls, answered by Python.

use std::sync::Arc;

use blockfold::{InnerAnswer, InnerRun, InnerRuns, RecordBatch, answered_by};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::array::PyArray;
use crate::buffer::{PyNdArray, tensor_of};
use crate::callback::external;
use crate::capsule;
use crate::frame::PyLazyFrame;
use crate::table::PyTable;

/// Bytes of an answer that is kept beside the call, so that the run is not done again where the call is made again.
const KEPT_BYTES: usize = 1 << 20;

/// An object with the methods `answer(call, lazy)`, which gives None for runs to be done here, and `done(answer)`, which is
/// given None for answers that are too large to be kept.
struct PyInnerRuns(Py<PyAny>);

impl InnerRuns for PyInnerRuns {
    fn answer(&self, run: InnerRun) -> blockfold::Result<Option<InnerAnswer>> {
        let call = |py: Python<'_>| {
            let (is_kept, call, lazy) = match run {
                InnerRun::Rows(frame) => (false, "collect", Bound::new(py, PyLazyFrame(frame))?.into_any()),
                InnerRun::Elements(array) => (false, "compute", Bound::new(py, PyArray(array))?.into_any()),
                InnerRun::KeptFrame(frame) => (true, "persist", Bound::new(py, PyLazyFrame(frame))?.into_any()),
                InnerRun::KeptArray(array) => (true, "persist", Bound::new(py, PyArray(array))?.into_any()),
            };
            let answer = self.0.bind(py).call_method1("answer", (call, lazy))?;
            if answer.is_none() {
                return Ok(None);
            }
            Ok(Some(match is_kept {
                true => match answer.cast::<PyArray>() {
                    Ok(kept) => InnerAnswer::Array(kept.get().0.clone()),
                    Err(_) => InnerAnswer::Frame(answer.cast::<PyLazyFrame>()?.get().0.clone()),
                },
                false if answer.hasattr("__arrow_c_stream__")? => {
                    let (schema, batches) = capsule::import(&answer)?;
                    InnerAnswer::Rows(schema, batches)
                }
                false => InnerAnswer::Elements(tensor_of(&answer)?),
            }))
        };
        Python::attach(call).map_err(external)
    }

    fn done(&self, answer: &InnerAnswer) {
        Python::attach(|py| {
            let value = match answer {
                InnerAnswer::Rows(schema, batches)
                    if batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>() <= KEPT_BYTES =>
                {
                    Py::new(py, PyTable::of_batches(schema.clone(), batches.clone())).map(Py::into_any)
                }
                InnerAnswer::Elements(values) if values.bytes() <= KEPT_BYTES as u64 => {
                    Py::new(py, PyNdArray::of_tensor(values.clone())).map(Py::into_any)
                }
                _ => Ok(py.None()),
            };
            // What is not noted is run again.
            let _ = self.0.bind(py).call_method1("done", (value.unwrap_or_else(|_| py.None()),));
        });
    }
}

/// What a function returns, with `inner` answering the runs inside of calls of the native layer.
#[pyfunction]
pub fn answered<'py>(
    inner: Py<PyAny>,
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    answered_by(Some(Arc::new(PyInnerRuns(inner))), || function.call(args, Some(kwargs)))
}
