//! Folders that others fill, which appear whole or not at all.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use blockfold::OutputFolder;
use pyo3::prelude::*;

use crate::error::Answer;
use crate::run::run;

/// A folder of files that appears whole or not at all.
#[pyclass(name = "Output", module = "blockfold._blockfold", frozen)]
pub struct PyOutput(Arc<OutputFolder>);

#[pymethods]
impl PyOutput {
    #[new]
    fn new(path: PathBuf, overwrite: bool) -> Self {
        PyOutput(Arc::new(OutputFolder::new(path, overwrite)))
    }

    /// Makes a hidden folder beside the path, to be filled.
    fn begin(&self, py: Python<'_>) -> Answer<PathBuf> {
        run(py, &self.0, |output| {
            output.begin()?;
            output.file("")
        })
    }

    /// Makes the folder appear with these files, of these sizes, and no others.
    fn commit(&self, py: Python<'_>, files: HashMap<String, u64>) -> Answer<()> {
        run(py, &self.0, move |output| {
            output.keep_only(&files)?;
            output.commit()
        })
    }

    /// Removes whatever was written.
    fn abort(&self) {
        self.0.abort();
    }
}
