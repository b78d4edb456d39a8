//! Products, decompositions and transforms.

use pyo3::prelude::*;

use super::{PyArray, whole};
use crate::error::Answer;
use crate::run::run;

#[pymethods]
impl PyArray {
    fn dot(&self, other: &PyArray) -> Answer<Self> {
        whole(self.0.dot(&other.0))
    }

    fn tensordot(&self, other: &PyArray, left: Vec<i64>, right: Vec<i64>) -> Answer<Self> {
        whole(self.0.tensordot(&other.0, (&left, &right)))
    }

    fn outer(&self, other: &PyArray) -> Answer<Self> {
        whole(self.0.outer(&other.0))
    }

    fn trace(&self) -> Answer<Self> {
        whole(self.0.trace())
    }

    fn diag(&self) -> Answer<Self> {
        whole(self.0.diag())
    }

    fn cholesky(&self, py: Python<'_>) -> Answer<Self> {
        whole(run(py, &self.0, move |own| own.cholesky())?)
    }

    fn lu(&self, py: Python<'_>) -> Answer<Vec<Self>> {
        Ok(run(py, &self.0, move |own| own.lu())?.into_iter().map(PyArray).collect())
    }

    fn solve(&self, py: Python<'_>, right: &PyArray) -> Answer<Self> {
        let right = right.0.clone();
        whole(run(py, &self.0, move |own| own.solve(&right))?)
    }

    fn qr(&self, py: Python<'_>) -> Answer<(Self, Self)> {
        let (q, r) = run(py, &self.0, move |own| own.qr())?;
        Ok((PyArray(q), PyArray(r)))
    }

    fn svd(&self, py: Python<'_>) -> Answer<(Self, Self, Self)> {
        let (u, s, v) = run(py, &self.0, move |own| own.svd())?;
        Ok((PyArray(u), PyArray(s), PyArray(v)))
    }

    fn svd_compressed(&self, py: Python<'_>, k: u64, power: u32, seed: u64) -> Answer<(Self, Self, Self)> {
        let (u, s, v) = run(py, &self.0, move |own| own.svd_compressed(k, power, seed))?;
        Ok((PyArray(u), PyArray(s), PyArray(v)))
    }

    fn irfft(&self, length: u64, axis: i64) -> Answer<Self> {
        whole(self.0.irfft(length, axis))
    }

    fn fftn(&self, axes: Vec<i64>) -> Answer<Self> {
        whole(self.0.fftn(&axes))
    }

    fn ifftn(&self, axes: Vec<i64>) -> Answer<Self> {
        whole(self.0.ifftn(&axes))
    }

    /// An axis cut or filled with zeros at its end.
    fn resized(&self, length: u64, axis: i64) -> Answer<Self> {
        whole(self.0.resized(length, axis))
    }
}
