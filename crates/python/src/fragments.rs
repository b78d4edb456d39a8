//! Plans in fragments, and what fragments hand to each other, for clusters that Python packages run.

use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::Buffer;
use blockfold::{
    Array, Cut, DType, Divisions, Error, Fragments, Grid, LazyFrame, Parcel, Read, Region, Scalar, Stage, Tile,
};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::array::PyArray;
use crate::buffer::{PyNdArray, foreign, tensor_of};
use crate::capsule;
use crate::dtype::dtype_of;
use crate::error::{Answer, Raised};
use crate::frame::{PyLazyFrame, checked};
use crate::run::run;
use crate::scalar::scalar_of;
use crate::session::PySession;
use crate::table::PyTable;

/// A plan in fragments.
#[pyclass(name = "Fragments", module = "blockfold._blockfold", frozen)]
pub struct PyFragments {
    fragments: Arc<Fragments>,
    /// What the plan does, step by step: equal plans are cut the same way.
    text: String,
}

/// What a fragment is handed: a kind, the fragment or source that it comes from, and the part or block of it.
type Handed = (&'static str, String, usize);

#[pymethods]
impl PyFragments {
    /// What each fragment does, and what it is handed.
    fn list(&self) -> Vec<(String, Vec<Handed>)> {
        let handed = |read: &Read| match read {
            Read::Result(of) => ("result", of.to_string(), 0),
            Read::Part { of, part } => ("part", of.to_string(), *part),
            Read::Given { source, block } => ("given", source.clone(), *block),
        };
        let list = self.fragments.list().iter();
        list.map(|one| (one.label().to_string(), one.reads().iter().map(handed).collect())).collect()
    }

    /// Fragments whose results are the answer, in order, and how many blocks each of them makes.
    fn answer(&self) -> Vec<(usize, usize)> {
        self.fragments.answer().iter().map(|at| (*at, self.fragments.list()[*at].blocks())).collect()
    }

    /// A number that differs once a file that the plan reads was written anew.
    #[getter]
    fn content(&self) -> u64 {
        self.fragments.graph().content()
    }

    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// Does a fragment in the memory of a session, without the GIL.
    fn run(
        &self,
        py: Python<'_>,
        session: &PySession,
        at: usize,
        inputs: Vec<Bound<'_, PyParcel>>,
    ) -> Answer<PyParcel> {
        let inputs: Vec<Arc<Parcel>> = inputs.iter().map(|input| input.get().0.clone()).collect();
        let (fragments, session) = (self.fragments.clone(), session.0.clone());
        let made = run(py, &session, move |own| own.run_fragment(&fragments, at, &inputs))?;
        Ok(PyParcel(Arc::new(made)))
    }
}

/// A plan cut by `of`, which also tells what it does.
fn cut<H: Clone + Send + 'static>(
    py: Python<'_>,
    handle: &H,
    of: impl FnOnce(&H) -> blockfold::Result<(Fragments, String)> + Send + 'static,
) -> Answer<PyFragments> {
    let (fragments, text) = run(py, handle, of)?;
    Ok(PyFragments { fragments: Arc::new(fragments), text })
}

#[pymethods]
impl PyLazyFrame {
    fn fragments(&self, py: Python<'_>, budget_bytes: u64, fragment_bytes: u64, least: usize) -> Answer<PyFragments> {
        let how = Cut { budget_bytes, fragment_bytes, least };
        cut(py, &self.0, move |own: &LazyFrame| Ok((own.fragments(how)?, own.explain(Stage::Optimized)?)))
    }

    /// The answer that fragments made, block after block.
    fn table_of(&self, parcels: Vec<Bound<'_, PyParcel>>) -> Answer<PyTable> {
        let rows = parcels.iter().flat_map(|parcel| parcel.get().0.rows().iter().flatten().cloned());
        Ok(PyTable::of_batches(self.0.schema()?, rows.collect()))
    }
}

#[pymethods]
impl PyArray {
    fn fragments(&self, py: Python<'_>, budget_bytes: u64, fragment_bytes: u64, least: usize) -> Answer<PyFragments> {
        let how = Cut { budget_bytes, fragment_bytes, least };
        cut(py, &self.0, move |own: &Array| Ok((own.fragments(how)?, own.explain(Stage::Optimized)?)))
    }
}

#[pymethods]
impl PySession {
    /// A frame whose partitions fragments are handed, of the columns of an object with `__arrow_c_stream__`; with the rows of
    /// each, and a column with its bounds, if they are known.
    #[pyo3(signature = (name, columns, npartitions, lengths = None, divisions = None))]
    fn given_frame(
        &self,
        name: &str,
        columns: &Bound<'_, PyAny>,
        npartitions: usize,
        lengths: Option<Vec<u64>>,
        divisions: Option<(String, Vec<Bound<'_, PyAny>>)>,
    ) -> Answer<PyLazyFrame> {
        let (schema, _) = capsule::import(columns)?;
        let grid = lengths.map_or_else(|| Grid::unknown(npartitions), Grid::known);
        let divisions = divisions.map(|(column, bounds)| {
            let dtype = schema.field_with_name(&column).map_err(Error::from)?.data_type();
            let bounds = bounds.iter().map(|bound| typed(scalar_of(bound)?, dtype)).collect::<Answer<_>>()?;
            Ok::<_, Raised>(Divisions { column, bounds })
        });
        let grid = grid.with_divisions(divisions.transpose()?);
        checked(self.0.given_frame(name, schema, grid)?)
    }

    /// An array whose chunks fragments are handed, given their lengths along each axis.
    fn given_array(&self, py: Python<'_>, name: &str, dtype: &str, chunks: Vec<Vec<u64>>) -> Answer<PyArray> {
        let chunks = blockfold::Chunks::of_lengths(&chunks)?;
        crate::array::whole(self.0.given_array(name, &dtype_of(py, dtype)?, chunks))
    }
}

/// A bound in the unit of its column: Python's are in its own.
fn typed(bound: Scalar, dtype: &DType) -> Answer<Scalar> {
    match (&bound, dtype) {
        (Scalar::Timestamp(..), DType::Timestamp(..)) | (Scalar::Duration(..), DType::Duration(_)) => {
            let own = bound.to_array(&bound.dtype())?;
            let cast = arrow::compute::cast(&own, dtype).map_err(Error::from)?;
            Ok(Scalar::from_array(&cast, 0)?)
        }
        _ => Ok(bound),
    }
}

/// What a fragment made: rows in parts, blocks of an answer, or a partial.
#[pyclass(name = "Parcel", module = "blockfold._blockfold", frozen)]
pub struct PyParcel(Arc<Parcel>);

#[pymethods]
impl PyParcel {
    /// A block of rows, over the memory of an object with `__arrow_c_stream__`.
    #[staticmethod]
    fn of_stream(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(PyParcel(Arc::new(Parcel::of_rows(capsule::import(object)?.1))))
    }

    /// A block of an array whose first element is at these places, over the memory of a NumPy array.
    #[staticmethod]
    fn of_buffer(values: &Bound<'_, PyAny>, start: Vec<u64>) -> PyResult<Self> {
        let values = tensor_of(values)?;
        let region = Region::new(start, values.shape().to_vec());
        Ok(PyParcel(Arc::new(Parcel::of_tile(Tile { region, values }))))
    }

    fn part(&self, part: usize) -> Self {
        PyParcel(Arc::new(self.0.part(part)))
    }

    fn block(&self, block: usize) -> Self {
        PyParcel(Arc::new(self.0.block(block)))
    }

    #[getter]
    fn nbytes(&self) -> u64 {
        self.0.bytes()
    }

    fn __sizeof__(&self) -> u64 {
        self.0.bytes() + 64
    }

    /// Batches of each block of an answer.
    fn tables(&self) -> Vec<Vec<PyTable>> {
        let tables = |block: &Vec<_>| block.iter().cloned().map(PyTable::of_batch).collect();
        self.0.rows().iter().map(tables).collect()
    }

    /// Blocks of an array with the places of their first elements.
    fn arrays(&self) -> Vec<(Vec<u64>, PyNdArray)> {
        let array = |tile: &Tile| (tile.region.start.to_vec(), PyNdArray::of_tensor(tile.values.clone()));
        self.0.tiles().iter().map(array).collect()
    }

    /// Buffers go along out of band where the protocol has that.
    fn __reduce_ex__<'py>(&self, py: Python<'py>, protocol: u8) -> Answer<Bound<'py, PyTuple>> {
        let (numbers, buffers) = run(py, &self.0, |own| own.to_buffers())?;
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let list = PyList::empty(py);
        let out_of_band = if protocol >= 5 { Some(py.import("pickle")?.getattr("PickleBuffer")?) } else { None };
        for buffer in buffers {
            match &out_of_band {
                Some(wrap) => list.append(wrap.call1((Py::new(py, PyOwned(buffer))?,))?)?,
                None => list.append(PyBytes::new(py, &buffer))?,
            }
        }
        let from = py.get_type::<PyParcel>().getattr("from_buffers")?;
        Ok((from, (PyBytes::new(py, &numbers), list)).into_pyobject(py)?)
    }

    /// The parcel that was pickled.
    #[staticmethod]
    fn from_buffers(py: Python<'_>, numbers: &[u8], buffers: Vec<Bound<'_, PyAny>>) -> Answer<Self> {
        let numbers: Vec<u64> = numbers.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let buffers = buffers.iter().map(buffer_of).collect::<PyResult<Vec<_>>>()?;
        let parcel = run(py, &(), move |()| Parcel::from_buffers(&numbers, buffers))?;
        Ok(PyParcel(Arc::new(parcel)))
    }
}

/// The bytes of an object, where they are.
fn buffer_of(object: &Bound<'_, PyAny>) -> PyResult<Buffer> {
    let held = PyUntypedBuffer::get(object)?;
    match NonNull::new(held.buf_ptr().cast::<u8>()) {
        Some(start) if held.len_bytes() > 0 => Ok(foreign(start, held.len_bytes(), held)),
        _ => Ok(Buffer::from_vec(Vec::<u8>::new())),
    }
}

/// Bytes of ours that Python reads where they are.
#[pyclass(module = "blockfold._blockfold", frozen)]
struct PyOwned(Buffer);

#[pymethods]
impl PyOwned {
    #[expect(unsafe_code, reason = "the buffer protocol hands out pointers")]
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut pyo3::ffi::Py_buffer,
        flags: std::ffi::c_int,
    ) -> PyResult<()> {
        let bytes = slf.get().0.as_slice();
        let length = isize::try_from(bytes.len()).map_err(|_| Error::internal("a buffer beyond memory")).unwrap_or(0);
        // SAFETY: `view` is the interpreter's to be filled; the bytes live as long as `slf`, of which the view holds a
        // reference, and nobody writes to them.
        let filled = unsafe {
            pyo3::ffi::PyBuffer_FillInfo(view, slf.as_ptr(), bytes.as_ptr().cast_mut().cast(), length, 1, flags)
        };
        if filled == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}
