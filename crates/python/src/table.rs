//! Answers that are frames: tables in memory, batches one by one, summaries of what was written.

use std::sync::{Arc, Mutex};

use blockfold::{BatchIter, Cancel, Error, Frame, RecordBatch, RunReport, SchemaRef, WriteSummary};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::capsule;
use crate::dtype::name_of;
use crate::error::{Answer, raised};
use crate::run::run_under;
use crate::scalar::to_python;

/// Rows in memory, which other libraries read without a copy.
#[pyclass(name = "Table", module = "blockfold._blockfold", frozen)]
pub struct PyTable {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// The answer of a run, which counts against its session's budget as long as it is held.
    frame: Option<Frame>,
}

impl PyTable {
    /// The answer of a run.
    pub fn of_frame(frame: Frame) -> Self {
        PyTable { schema: frame.schema(), batches: frame.batches().to_vec(), frame: Some(frame) }
    }

    /// Batches of a schema.
    pub fn of_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        PyTable { schema, batches, frame: None }
    }

    /// One batch.
    pub fn of_batch(batch: RecordBatch) -> Self {
        PyTable { schema: batch.schema(), batches: vec![batch], frame: None }
    }
}

#[pymethods]
impl PyTable {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A request is a wish: the interface allows to answer with what there is.
        let _ = requested_schema;
        // A run says what its columns are called and typed in the batches themselves.
        let schema = self.batches.first().map_or_else(|| self.schema.clone(), RecordBatch::schema);
        capsule::stream(py, self.batches.clone(), schema)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, &self.schema)
    }

    fn schema(&self) -> Vec<(String, String)> {
        self.schema.fields().iter().map(|field| (field.name().clone(), name_of(field.data_type()))).collect()
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The values of a column as Python's own.
    fn to_list<'py>(&self, py: Python<'py>, column: &str) -> Answer<Vec<Bound<'py, PyAny>>> {
        let mut values = Vec::new();
        for batch in &self.batches {
            let found = batch.column_by_name(column).ok_or_else(|| Error::ColumnNotFound {
                name: column.to_string(),
                have: self.schema.fields().iter().map(|field| field.name().clone()).collect(),
            })?;
            for row in 0..batch.num_rows() {
                values.push(to_python(py, &blockfold::Scalar::from_array(found.as_ref(), row)?)?);
            }
        }
        Ok(values)
    }

    fn to_text(&self, max_rows: usize) -> Answer<String> {
        match &self.frame {
            Some(frame) => Ok(frame.to_table(max_rows)?),
            None => Ok(format!("{} rows", self.__len__())),
        }
    }

    /// What the run needed.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.frame.as_ref().map(|frame| report(py, frame.report())).transpose()
    }

    /// What the run was estimated to need, against what it needed.
    fn comparison(&self) -> Option<String> {
        self.frame.as_ref().map(|frame| frame.comparison().to_string())
    }
}

/// Batches of an answer that is computed a little ahead of who takes them.
#[pyclass(name = "Batches", module = "blockfold._blockfold", frozen)]
pub struct PyBatches {
    batches: Arc<Mutex<Option<BatchIter>>>,
    cancel: Cancel,
}

impl PyBatches {
    /// An answer that `cancel` stops.
    pub fn new(batches: BatchIter, cancel: Cancel) -> Self {
        PyBatches { batches: Arc::new(Mutex::new(Some(batches))), cancel }
    }
}

#[pymethods]
impl PyBatches {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Answer<Option<PyTable>> {
        let next = run_under(py, &self.cancel, &self.batches, |batches| {
            let mut batches = batches.lock().map_err(|_| Error::internal("a run that panicked"))?;
            batches.as_mut().and_then(Iterator::next).transpose()
        })?;
        Ok(next.map(PyTable::of_batch))
    }

    /// The batches as a stream that any Arrow library takes; it can be taken once.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> Answer<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let taken = self.batches.lock().ok().and_then(|mut batches| batches.take());
        let batches =
            taken.ok_or_else(|| raised(py, "ArgumentError", "the stream was taken already; make another one"))?;
        let schema = batches.schema();
        let failed = |error: Error| arrow::error::ArrowError::ExternalError(Box::new(error));
        let reader = arrow::array::RecordBatchIterator::new(batches.map(move |batch| batch.map_err(failed)), schema);
        Ok(capsule::reader(py, Box::new(reader))?)
    }
}

/// What a run needed.
pub fn report<'py>(py: Python<'py>, report: &RunReport) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("rows_read", report.rows_read)?;
    dict.set_item("bytes_read", report.bytes_read)?;
    dict.set_item("rows_written", report.rows_written)?;
    dict.set_item("bytes_written", report.bytes_written)?;
    dict.set_item("spilled_bytes", report.spilled_bytes)?;
    dict.set_item("unspilled_bytes", report.unspilled_bytes)?;
    dict.set_item("peak_bytes", report.peak_bytes)?;
    dict.set_item("elapsed_s", report.elapsed.as_secs_f64())?;
    Ok(dict)
}

/// What was written.
pub fn summary<'py>(py: Python<'py>, written: &WriteSummary) -> PyResult<Bound<'py, PyDict>> {
    let dict = report(py, &written.report)?;
    dict.set_item("files", written.files)?;
    Ok(dict)
}
