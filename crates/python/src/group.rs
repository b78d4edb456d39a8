//! Groups, and the divisions of an index.

use blockfold::SetIndexOptions;
use pyo3::prelude::*;

use crate::error::Answer;
use crate::expr::{PyExpr, exprs};
use crate::frame::{Keys, PyLazyFrame, checked, sort_keys};
use crate::run::run;
use crate::scalar::scalar_of;

#[pymethods]
impl PyLazyFrame {
    /// One row for each group, its keys first.
    fn group_agg(&self, keys: Vec<Bound<'_, PyExpr>>, aggs: Vec<Bound<'_, PyExpr>>) -> Answer<Self> {
        checked(self.0.group_by(exprs(&keys)).agg(exprs(&aggs)))
    }

    /// All rows, with aggregates of their groups beside them.
    fn group_transform(&self, keys: Vec<Bound<'_, PyExpr>>, columns: Vec<Bound<'_, PyExpr>>) -> Answer<Self> {
        checked(self.0.group_by(exprs(&keys)).transform(exprs(&columns)))
    }

    /// The first rows of each group, in the order of sort keys where there are some.
    fn group_top(&self, keys: Vec<Bound<'_, PyExpr>>, n: u64, order: Keys<'_>) -> Answer<Self> {
        checked(self.0.group_by(exprs(&keys)).top_rows(n, sort_keys(&order)))
    }

    /// The frame sorted by a column, in partitions whose bounds are known.
    fn set_index(
        &self,
        py: Python<'_>,
        column: String,
        npartitions: Option<usize>,
        divisions: Option<Vec<Bound<'_, PyAny>>>,
        sorted: bool,
    ) -> Answer<Self> {
        let mut options = SetIndexOptions::new().sorted(sorted);
        if let Some(partitions) = npartitions {
            options = options.npartitions(partitions);
        }
        if let Some(divisions) = divisions {
            options = options.divisions(divisions.iter().map(scalar_of).collect::<PyResult<Vec<_>>>()?);
        }
        checked(run(py, &self.0, move |own| Ok(own.set_index_with(&column, options)))?)
    }
}
