//! Elements in memory, shared with NumPy both ways without a copy.

use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::Buffer;
use blockfold::{DType, NdArray, Tensor, complex_part};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::dtype::{dtype_of, name_of};
use crate::table;

/// An array in memory, which `numpy.asarray` reads where it is.
#[pyclass(name = "NdArray", module = "blockfold._blockfold", frozen)]
pub struct PyNdArray {
    tensor: Tensor,
    /// The answer of a run, which counts against its session's budget as long as it is held.
    answer: Option<NdArray>,
}

impl PyNdArray {
    /// The answer of a run.
    pub fn of_answer(answer: NdArray) -> Self {
        PyNdArray { tensor: answer.tensor().clone(), answer: Some(answer) }
    }

    /// Elements that others read, too.
    pub fn of_tensor(tensor: Tensor) -> Self {
        PyNdArray { tensor, answer: None }
    }
}

#[pymethods]
impl PyNdArray {
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("version", 3)?;
        dict.set_item("shape", PyTuple::new(py, self.tensor.shape())?)?;
        dict.set_item("typestr", typestr(self.tensor.dtype()))?;
        // An answer was written for its caller alone, who may write on; other elements are read by the engine, too.
        let is_read_only = self.answer.is_none();
        dict.set_item("data", (self.tensor.data().as_ptr().addr(), is_read_only))?;
        Ok(dict)
    }

    #[getter]
    fn dtype(&self) -> String {
        name_of(self.tensor.dtype())
    }

    #[getter]
    fn shape(&self) -> Vec<usize> {
        self.tensor.shape().to_vec()
    }

    /// What the run needed.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.answer.as_ref().map(|answer| table::report(py, answer.report())).transpose()
    }

    fn __repr__(&self) -> String {
        match &self.answer {
            Some(answer) => answer.to_string(),
            None => format!("elements of {}, shape {:?}", name_of(self.tensor.dtype()), self.tensor.shape()),
        }
    }
}

/// NumPy's way to write a type of elements.
fn typestr(dtype: &DType) -> &'static str {
    match dtype {
        DType::Boolean => "|b1",
        DType::Int8 => "|i1",
        DType::Int16 => "<i2",
        DType::Int32 => "<i4",
        DType::Int64 => "<i8",
        DType::UInt8 => "|u1",
        DType::UInt16 => "<u2",
        DType::UInt32 => "<u4",
        DType::UInt64 => "<u8",
        DType::Float32 => "<f4",
        DType::Float64 => "<f8",
        other if complex_part(other) == Some(&DType::Float32) => "<c8",
        _ => "<c16",
    }
}

/// Memory of Python that a buffer of ours keeps alive.
struct Held(#[expect(dead_code, reason = "held, not read")] PyUntypedBuffer);

/// The elements of a NumPy array that lies row by row, where they are.
///
/// # Errors
/// An object that is no such array, or of a type that arrays do not have.
pub fn tensor_of(values: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let py = values.py();
    let name: String = values.getattr("dtype")?.getattr("name")?.extract()?;
    let dtype = dtype_of(py, &name)?;
    let shape: Vec<usize> = values.getattr("shape")?.extract()?;
    // A buffer without axes says nothing of its shape.
    let buffer = match shape.len() {
        0 => PyUntypedBuffer::get(&values.call_method1("reshape", (1,))?)?,
        _ => PyUntypedBuffer::get(values)?,
    };
    if !buffer.is_c_contiguous() {
        return Err(PyValueError::new_err("the array does not lie row by row; pass numpy.ascontiguousarray of it"));
    }
    let (bytes, item) = (buffer.len_bytes(), buffer.item_size());
    let start = NonNull::new(buffer.buf_ptr().cast::<u8>());
    let align = if complex_part(&dtype).is_some() { item / 2 } else { item };
    let data = match start {
        Some(start) if bytes > 0 => {
            if start.addr().get() % align.max(1) != 0 {
                return Err(PyValueError::new_err("the array's elements are not aligned; pass a copy of it"));
            }
            foreign(start, bytes, buffer)
        }
        _ => Buffer::from_vec(Vec::<u8>::new()),
    };
    Tensor::new(dtype, shape, data).map_err(|error| PyTypeError::new_err(error.to_string()))
}

/// A buffer over Python's memory.
#[expect(unsafe_code, reason = "the memory is Python's")]
pub fn foreign(start: NonNull<u8>, bytes: usize, held: PyUntypedBuffer) -> Buffer {
    // SAFETY: the buffer protocol keeps `bytes` bytes at `start` in place until `held` is released, which the returned
    // buffer does when it is dropped. We never write there; that Python does not either while a plan reads, as NumPy's
    // own views expect, is up to the caller.
    unsafe { Buffer::from_custom_allocation(start, bytes, Arc::new(Held(held))) }
}
