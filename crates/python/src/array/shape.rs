//! Arrays in other shapes.

use blockfold::Array;
use pyo3::prelude::*;

use super::{PyArray, arrays, whole};
use crate::error::Answer;

#[pymethods]
impl PyArray {
    fn transpose(&self, order: Option<Vec<i64>>) -> Answer<Self> {
        whole(order.map_or_else(|| self.0.t(), |order| self.0.transpose(&order)))
    }

    fn reshape(&self, shape: Vec<i64>) -> Answer<Self> {
        whole(self.0.reshape(shape))
    }

    fn ravel(&self) -> Answer<Self> {
        whole(self.0.ravel())
    }

    fn broadcast_to(&self, shape: Vec<u64>) -> Answer<Self> {
        whole(self.0.broadcast_to(shape))
    }

    fn roll(&self, shift: i64, axis: i64) -> Answer<Self> {
        whole(self.0.roll(shift, axis))
    }

    fn tile(&self, repeats: Vec<u64>) -> Answer<Self> {
        whole(self.0.tile(&repeats))
    }

    fn repeat(&self, repeats: u64, axis: i64) -> Answer<Self> {
        whole(self.0.repeat(repeats, axis))
    }
}

/// Arrays one after the other along an axis.
#[pyfunction]
pub fn concatenate(list: Vec<Bound<'_, PyArray>>, axis: i64) -> Answer<PyArray> {
    whole(Array::concatenate(&arrays(&list), axis))
}

/// Arrays of one shape beside each other along a new axis.
#[pyfunction]
pub fn stack(list: Vec<Bound<'_, PyArray>>, axis: i64) -> Answer<PyArray> {
    whole(Array::stack(&arrays(&list), axis))
}

/// Sums of products in Einstein's notation.
#[pyfunction]
pub fn einsum(spec: &str, list: Vec<Bound<'_, PyArray>>) -> Answer<PyArray> {
    whole(Array::einsum(spec, &arrays(&list))?)
}
