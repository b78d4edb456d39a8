//! Sessions, and where frames come from.

use blockfold::datasets::{self, ColumnKind};
use blockfold::delayed::Settings;
use blockfold::{ByteSize, Error, RecordBatch, Session};
use pyo3::prelude::*;

use crate::capsule;
use crate::error::{Answer, argument};
use crate::frame::{PyLazyFrame, checked};
use crate::run::run;

/// The least number of delayed calls that may sleep at once.
const LEAST_CALLS: usize = 8;

/// A memory budget with threads.
#[pyclass(name = "Session", module = "blockfold._blockfold", frozen)]
pub struct PySession(pub Session);

#[pymethods]
impl PySession {
    #[new]
    fn new(
        memory_budget: Option<&Bound<'_, PyAny>>,
        threads: Option<usize>,
        scratch: Option<std::path::PathBuf>,
        scratch_limit: Option<&Bound<'_, PyAny>>,
    ) -> Answer<Self> {
        let mut builder = Session::builder();
        if let Some(budget) = memory_budget {
            builder = builder.memory_budget(bytes(budget)?);
        }
        if let Some(threads) = threads {
            builder = builder.threads(threads);
        }
        if let Some(folder) = scratch {
            builder = builder.scratch(folder);
        }
        if let Some(limit) = scratch_limit {
            builder = builder.scratch_limit(bytes(limit)?);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let call_threads = threads.unwrap_or(cores).max(LEAST_CALLS);
        let calls = move |settings: Settings| {
            settings.threads(call_threads).inside(|work: &mut dyn FnMut()| Python::attach(|_| work()))
        };
        Ok(PySession(builder.call_settings(calls).build()?))
    }

    #[getter]
    fn memory_budget_bytes(&self) -> u64 {
        self.0.memory_budget().0
    }

    #[getter]
    fn memory_budget(&self) -> String {
        self.0.memory_budget().to_string()
    }

    #[getter]
    fn promised_bytes(&self) -> u64 {
        self.0.promised_bytes()
    }

    #[getter]
    fn scratch_bytes(&self) -> u64 {
        self.0.scratch_bytes()
    }

    #[getter]
    fn threads(&self) -> usize {
        self.0.threads()
    }

    #[getter]
    fn scratch(&self) -> std::path::PathBuf {
        self.0.scratch().to_path_buf()
    }

    /// A frame of Parquet files, and the names of the columns that are its index.
    fn read_parquet(&self, py: Python<'_>, paths: Vec<std::path::PathBuf>) -> Answer<(PyLazyFrame, Vec<String>)> {
        let (frame, index) = run(py, &self.0, move |own| own.read_parquet_and_index(paths))?;
        Ok((checked(frame)?, index))
    }

    fn read_ipc(&self, py: Python<'_>, paths: Vec<std::path::PathBuf>) -> Answer<PyLazyFrame> {
        checked(run(py, &self.0, move |own| own.read_ipc(paths))?)
    }

    /// A frame over the memory of an object with `__arrow_c_stream__`: its batches as partitions, or so many of even size.
    fn share_stream(&self, object: &Bound<'_, PyAny>, npartitions: Option<usize>) -> Answer<PyLazyFrame> {
        let (schema, mut batches) = capsule::import(object)?;
        batches.retain(|batch| batch.num_rows() > 0);
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(schema.clone()));
        }
        if let Some(partitions) = npartitions {
            if partitions == 0 {
                return Err(argument(object.py(), "npartitions", "a frame has at least one partition").into());
            }
            let one = arrow::compute::concat_batches(&batches[0].schema(), &batches).map_err(Error::from)?;
            let step = one.num_rows().div_ceil(partitions).max(1);
            batches = (0..one.num_rows().max(1))
                .step_by(step)
                .map(|at| one.slice(at, step.min(one.num_rows() - at)))
                .collect();
        }
        checked(self.0.from_batches(batches)?)
    }

    /// Random measurements over time.
    #[expect(clippy::too_many_arguments, reason = "as many as the data set of this name has in Dask")]
    fn timeseries(
        &self,
        start: &str,
        end: &str,
        freq: &str,
        partition_freq: &str,
        columns: Option<Vec<(String, String)>>,
        arguments: Vec<(String, f64)>,
        seed: u64,
    ) -> Answer<PyLazyFrame> {
        let mut options =
            datasets::options().start(start).end(end).freq(freq).partition_freq(partition_freq).seed(seed);
        if let Some(columns) = columns {
            let kind = |(name, kind): (String, String)| match kind.parse::<ColumnKind>() {
                Ok(kind) => Ok((name, kind)),
                Err(error) => Err(Error::argument("timeseries", error)),
            };
            options = options.columns(columns.into_iter().map(kind).collect::<Result<Vec<_>, _>>()?);
        }
        for (name, value) in arguments {
            options = options.argument(name, value);
        }
        checked(datasets::timeseries(&self.0, options)?)
    }
}

/// A number of bytes, or a text as "256MiB".
fn bytes(value: &Bound<'_, PyAny>) -> Answer<ByteSize> {
    match value.extract::<u64>() {
        Ok(bytes) => Ok(ByteSize(bytes)),
        Err(_) => Ok(value.extract::<String>()?.parse()?),
    }
}
