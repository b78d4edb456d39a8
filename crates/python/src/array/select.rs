//! Parts of arrays, and what is found among their elements.

use pyo3::prelude::*;

use super::{PyArray, whole};
use crate::arguments::{indices, operand};
use crate::error::Answer;
use crate::run::run;

#[pymethods]
impl PyArray {
    /// What NumPy's square brackets give; arrays among the indices are computed at once.
    fn index(&self, py: Python<'_>, list: Vec<Bound<'_, PyAny>>) -> Answer<Self> {
        let list = indices(&list)?;
        whole(run(py, &self.0, move |own| Ok(own.index(list)))?)
    }

    /// The elements where a mask of the same shape is true.
    fn mask(&self, py: Python<'_>, mask: &PyArray) -> Answer<Self> {
        let mask = mask.0.clone();
        whole(run(py, &self.0, move |own| own.mask(&mask))?)
    }

    fn assign(&self, py: Python<'_>, list: Vec<Bound<'_, PyAny>>, values: &Bound<'_, PyAny>) -> Answer<Self> {
        let (list, values) = (indices(&list)?, operand(&self.0, values)?);
        whole(run(py, &self.0, move |own| Ok(own.assign(list, values)))?)
    }

    fn take(&self, places: Vec<i64>, axis: i64) -> Answer<Self> {
        whole(self.0.take(&places, axis))
    }

    fn take_along_axis(&self, places: &PyArray, axis: i64) -> Answer<Self> {
        whole(self.0.take_along_axis(&places.0, axis))
    }

    fn flatnonzero(&self, py: Python<'_>) -> Answer<Self> {
        whole(run(py, &self.0, move |own| own.flatnonzero())?)
    }

    fn digitize(&self, bounds: Vec<f64>) -> Answer<Self> {
        whole(self.0.digitize(&bounds))
    }

    fn searchsorted_in(&self, sorted: Vec<f64>) -> Answer<Self> {
        whole(self.0.searchsorted_in(&sorted))
    }

    fn histogram(&self, py: Python<'_>, bins: usize, low: f64, high: f64) -> Answer<(Vec<u64>, Vec<f64>)> {
        run(py, &self.0, move |own| own.histogram(bins, low, high))
    }

    fn bincount(&self, py: Python<'_>) -> Answer<Self> {
        whole(run(py, &self.0, move |own| own.bincount())?)
    }

    fn sort_values(&self, py: Python<'_>) -> Answer<Self> {
        whole(run(py, &self.0, move |own| own.sort_values())?)
    }

    /// Each value once, in ascending order, and how often it occurs.
    fn unique_counts(&self, py: Python<'_>) -> Answer<(Self, Self)> {
        let (values, counts) = run(py, &self.0, move |own| own.unique_counts())?;
        Ok((PyArray(values), PyArray(counts)))
    }
}
