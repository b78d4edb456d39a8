//! Lazy frames: columns, rows, partitions, and what runs them. Groups, joins and windows have files of their own.

use blockfold::{ByteSize, LazyFrame, SortKey, Stage, asc, desc};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::arguments::{parquet_options, stage};
use crate::callback;
use crate::capsule;
use crate::dtype::name_of;
use crate::error::{Answer, argument};
use crate::expr::{PyExpr, exprs};
use crate::run::{run, run_under};
use crate::scalar::{scalar_of, to_python};
use crate::session::PySession;
use crate::table::{PyBatches, PyTable, summary};

/// A description of a frame that nobody has computed yet.
#[pyclass(name = "LazyFrame", module = "blockfold._blockfold", frozen, dict)]
pub struct PyLazyFrame(pub LazyFrame);

/// The frame, when nothing is wrong with it: in Python an error is raised where it is made.
pub fn checked(frame: LazyFrame) -> Answer<PyLazyFrame> {
    frame.schema()?;
    Ok(PyLazyFrame(frame))
}

/// Sort keys: expressions, whether each descends, whether its nulls come first.
pub type Keys<'py> = Vec<(Bound<'py, PyExpr>, bool, bool)>;

/// Keys as the engine takes them.
pub fn sort_keys(keys: &Keys<'_>) -> Vec<SortKey> {
    let key = |(expr, descends, nulls_first): &(Bound<'_, PyExpr>, bool, bool)| {
        let key = if *descends { desc(&expr.get().0) } else { asc(&expr.get().0) };
        if *nulls_first { key.nulls_first() } else { key }
    };
    keys.iter().map(key).collect()
}

#[pymethods]
impl PyLazyFrame {
    // ---- columns

    fn select(&self, columns: Vec<Bound<'_, PyExpr>>) -> Answer<Self> {
        checked(self.0.select(exprs(&columns)))
    }

    fn with_columns(&self, columns: Vec<Bound<'_, PyExpr>>) -> Answer<Self> {
        checked(self.0.with_columns(exprs(&columns)))
    }

    fn drop(&self, names: Vec<String>) -> Answer<Self> {
        checked(self.0.drop(names))
    }

    fn rename(&self, names: Vec<(String, String)>) -> Answer<Self> {
        checked(self.0.rename(names))
    }

    // ---- rows

    fn filter(&self, predicate: &PyExpr) -> Answer<Self> {
        checked(self.0.filter(&predicate.0))
    }

    fn head(&self, n: u64) -> Answer<Self> {
        checked(self.0.head(n))
    }

    fn tail(&self, n: u64) -> Answer<Self> {
        checked(self.0.tail(n))
    }

    fn slice(&self, offset: i64, length: u64) -> Answer<Self> {
        checked(self.0.slice(offset, length))
    }

    fn sort(&self, keys: Keys<'_>) -> Answer<Self> {
        checked(self.0.sort(sort_keys(&keys)))
    }

    fn top_k(&self, n: u64, keys: Keys<'_>) -> Answer<Self> {
        checked(self.0.top_k(n, sort_keys(&keys)))
    }

    fn distinct(&self) -> Answer<Self> {
        checked(self.0.distinct())
    }

    fn distinct_by(&self, columns: Vec<String>) -> Answer<Self> {
        checked(self.0.distinct_by(columns))
    }

    fn explode(&self, column: &str) -> Answer<Self> {
        checked(self.0.explode(column))
    }

    fn shuffle(&self, seed: u64) -> Answer<Self> {
        checked(self.0.shuffle(seed))
    }

    fn sample(&self, fraction: f64, seed: u64) -> Answer<Self> {
        checked(self.0.sample(fraction, seed))
    }

    fn sample_n(&self, n: u64, seed: u64) -> Answer<Self> {
        checked(self.0.sample_n(n, seed))
    }

    fn value_counts(&self, column: &str) -> Answer<Self> {
        checked(self.0.value_counts(column))
    }

    fn describe(&self) -> Answer<Self> {
        checked(self.0.describe())
    }

    fn map_partitions(&self, function: Py<PyAny>) -> Answer<Self> {
        checked(self.0.map_partitions(callback::of_batches(function)))
    }

    // ---- partitions

    fn coalesce(&self, partitions: usize) -> Answer<Self> {
        checked(self.0.coalesce(partitions))
    }

    fn repartition(&self, partitions: usize) -> Answer<Self> {
        checked(self.0.repartition(partitions))
    }

    fn repartition_bytes(&self, py: Python<'_>, bytes: u64) -> Answer<Self> {
        checked(run(py, &self.0, move |own| Ok(own.repartition_bytes(ByteSize(bytes))))?)
    }

    fn repartition_divisions(&self, divisions: Vec<Bound<'_, PyAny>>) -> Answer<Self> {
        let bounds = divisions.iter().map(scalar_of).collect::<PyResult<Vec<_>>>()?;
        checked(self.0.repartition_divisions(bounds))
    }

    fn repartition_frequency(&self, window: &str) -> Answer<Self> {
        checked(self.0.repartition_frequency(window))
    }

    /// Rows between two values of the divisions' column, both included; `None` is an open end.
    fn loc(&self, low: Option<&Bound<'_, PyAny>>, high: Option<&Bound<'_, PyAny>>) -> Answer<Self> {
        use std::ops::Bound::{Included, Unbounded};
        let low = low.map(scalar_of).transpose()?.map_or(Unbounded, Included);
        let high = high.map(scalar_of).transpose()?.map_or(Unbounded, Included);
        checked(self.0.loc((low, high)))
    }

    fn partitions(&self, start: usize, stop: usize) -> Answer<Self> {
        checked(self.0.partitions(start..stop))
    }

    fn npartitions(&self, py: Python<'_>) -> Answer<usize> {
        run(py, &self.0, move |own| own.npartitions())
    }

    /// The name of the divisions' column and its bounds, when they are known.
    fn divisions<'py>(&self, py: Python<'py>) -> Answer<Option<(String, Vec<Bound<'py, PyAny>>)>> {
        let Some(known) = self.0.divisions()? else { return Ok(None) };
        let bounds = known.bounds.iter().map(|bound| to_python(py, bound)).collect::<PyResult<_>>()?;
        Ok(Some((known.column, bounds)))
    }

    // ---- to look

    #[getter]
    fn session(&self) -> PySession {
        PySession(self.0.session().clone())
    }

    /// Names of columns with their types.
    fn schema(&self) -> Answer<Vec<(String, String)>> {
        let schema = self.0.schema()?;
        Ok(schema.fields().iter().map(|field| (field.name().clone(), name_of(field.data_type()))).collect())
    }

    fn arrow_schema<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyCapsule>> {
        let schema = self.0.schema()?;
        Ok(capsule::schema(py, &schema)?)
    }

    fn explain(&self, py: Python<'_>, at: &str) -> Answer<String> {
        let stage: Stage = stage(py, at)?;
        run(py, &self.0, move |own| own.explain(stage))
    }

    fn estimate(&self, py: Python<'_>) -> Answer<String> {
        run(py, &self.0, move |own| Ok(own.estimate()?.to_string()))
    }

    fn analyze(&self, py: Python<'_>) -> Answer<String> {
        run(py, &self.0, move |own| Ok(own.analyze()?.to_string()))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }

    // ---- runs

    fn len(&self, py: Python<'_>) -> Answer<u64> {
        run(py, &self.0, move |own| own.len())
    }

    fn collect(&self, py: Python<'_>) -> Answer<PyTable> {
        Ok(PyTable::of_frame(run(py, &self.0, move |own| own.collect())?))
    }

    /// The answer batch by batch.
    fn batches(&self, py: Python<'_>) -> Answer<PyBatches> {
        let cancel = blockfold::Cancel::default();
        let batches = run_under(py, &cancel, &self.0, |own| own.collect_partitions())?;
        Ok(PyBatches::new(batches, cancel))
    }

    fn persist(&self, py: Python<'_>) -> Answer<Self> {
        Ok(PyLazyFrame(run(py, &self.0, move |own| own.persist())?))
    }

    fn write_parquet<'py>(
        &self,
        py: Python<'py>,
        folder: std::path::PathBuf,
        options: &Bound<'py, PyDict>,
    ) -> Answer<Bound<'py, PyDict>> {
        let options = parquet_options(options)?;
        let written = run(py, &self.0, move |own| own.write_parquet(&folder, options))?;
        Ok(summary(py, &written)?)
    }

    fn write_ipc<'py>(
        &self,
        py: Python<'py>,
        folder: std::path::PathBuf,
        compression: Option<&str>,
        overwrite: bool,
    ) -> Answer<Bound<'py, PyDict>> {
        let options = blockfold::IpcWriteOptions::default().overwrite(overwrite);
        let options = match compression {
            None => options,
            Some("lz4") => options.compression(blockfold::IpcCompression::Lz4),
            Some("zstd") => options.compression(blockfold::IpcCompression::Zstd),
            Some(other) => {
                let what = format!("no compression is called '{other}'; there are lz4, zstd and None");
                return Err(argument(py, "to_ipc", what).into());
            }
        };
        let written = run(py, &self.0, move |own| own.write_ipc(&folder, options))?;
        Ok(summary(py, &written)?)
    }
}

/// Frames one after the other.
#[pyfunction]
pub fn concat(frames: Vec<Bound<'_, PyLazyFrame>>) -> Answer<PyLazyFrame> {
    checked(blockfold::concat(frames.iter().map(|frame| frame.get().0.clone()))?)
}
