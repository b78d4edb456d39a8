//! The Arrow PyCapsule interface: streams of batches and schemas to and from other libraries, without a copy.

use std::ffi::CStr;

use arrow::array::{ArrayRef, RecordBatchIterator, RecordBatchReader};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ffi::FFI_ArrowSchema;
use arrow::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use blockfold::{RecordBatch, SchemaRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";

/// Batches as a capsule that any Arrow library takes.
pub fn stream<'py>(py: Python<'py>, batches: Vec<RecordBatch>, schema: SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    reader(py, Box::new(RecordBatchIterator::new(batches.into_iter().map(Ok), schema)))
}

/// A reader of batches as a capsule; batches are made as they are asked for.
pub fn reader(py: Python<'_>, reader: Box<dyn RecordBatchReader + Send>) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
}

/// A schema as a capsule.
pub fn schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(refused)?;
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

fn refused(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The batches of an object that has the method `__arrow_c_stream__`, in memory that it shares.
///
/// # Errors
/// An object without that method, or a stream of something other than rows.
pub fn import(object: &Bound<'_, PyAny>) -> PyResult<(SchemaRef, Vec<RecordBatch>)> {
    let Some(method) = object.getattr_opt("__arrow_c_stream__")? else {
        let type_name = object.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "{type_name} has no __arrow_c_stream__; give a frame of pandas, polars, pyarrow, duckdb or another Arrow library"
        )));
    };
    let capsule = method.call0()?.cast_into::<PyCapsule>()?;
    let reader = take(&capsule)?;
    let schema = reader.schema();
    let batches = reader.map(|batch| batch.map(aligned)).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    Ok((schema, batches))
}

/// The stream of a capsule, which is empty afterwards, as the interface demands.
#[expect(unsafe_code, reason = "the interface hands over a pointer")]
fn take(capsule: &Bound<'_, PyCapsule>) -> PyResult<RecordBatchStreamReader> {
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds an ArrowArrayStream. Its content is moved out and replaced by a released one, so
    // that the capsule's own destructor frees nothing; the GIL is held, so that nobody else moves it meanwhile.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
    RecordBatchStreamReader::try_new(stream).map_err(refused)
}

/// The batch with buffers that are aligned for their types: other libraries may share what came in from a socket.
fn aligned(batch: RecordBatch) -> RecordBatch {
    let (schema, columns, rows) = (batch.schema(), batch.columns().to_vec(), batch.num_rows());
    let columns: Vec<ArrayRef> = columns
        .into_iter()
        .map(|column| {
            let mut data = column.to_data();
            data.align_buffers();
            arrow::array::make_array(data)
        })
        .collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, columns, &options).unwrap_or(batch)
}

/// One batch of an object with `__arrow_c_stream__`, its batches put together.
pub fn import_one(object: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    let (schema, batches) = import(object)?;
    arrow::compute::concat_batches(&schema, &batches).map_err(refused)
}
