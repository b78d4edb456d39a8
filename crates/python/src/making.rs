//! Where arrays come from.

use blockfold::Array;
use pyo3::prelude::*;

use crate::arguments::chunking;
use crate::array::{PyArray, whole};
use crate::buffer::tensor_of;
use crate::callback;
use crate::dtype::dtype_of;
use crate::error::{Answer, argument};
use crate::run::run;
use crate::scalar::scalar_of;
use crate::session::PySession;

#[pymethods]
impl PySession {
    fn full(
        &self,
        py: Python<'_>,
        shape: Vec<u64>,
        value: &Bound<'_, PyAny>,
        dtype: &str,
        chunks: &Bound<'_, PyAny>,
    ) -> Answer<PyArray> {
        whole(self.0.full(shape, scalar_of(value)?, &dtype_of(py, dtype)?, chunking(chunks)?))
    }

    fn arange(&self, start: i64, stop: i64, step: i64, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.arange(start, stop, step, chunking(chunks)?))
    }

    fn linspace(&self, start: f64, stop: f64, num: u64, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.linspace(start, stop, num, chunking(chunks)?))
    }

    fn eye(&self, rows: u64, columns: u64, offset: i64, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.eye(rows, columns, offset, chunking(chunks)?))
    }

    /// An array over the memory of a NumPy array, which lies row by row.
    fn share_buffer(&self, values: &Bound<'_, PyAny>, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.from_tensor(tensor_of(values)?, chunking(chunks)?))
    }

    /// An array whose boxes a function reads: it is asked for any box, as often as one is needed, from any thread.
    fn boxes_of(
        &self,
        py: Python<'_>,
        function: Py<PyAny>,
        shape: Vec<u64>,
        dtype: &str,
        chunks: &Bound<'_, PyAny>,
    ) -> Answer<PyArray> {
        let dtype = dtype_of(py, dtype)?;
        let read = callback::of_regions(function, dtype.clone());
        whole(self.0.from_fn(shape, &dtype, chunking(chunks)?, read))
    }

    fn open_npy(&self, path: std::path::PathBuf, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.open_npy(path, chunking(chunks)?))
    }

    fn open_zarr(&self, path: std::path::PathBuf, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.open_zarr(path, chunking(chunks)?))
    }

    fn fftfreq(&self, length: u64, step: f64) -> Answer<PyArray> {
        whole(self.0.fftfreq(length, step))
    }

    /// A random array of a named distribution, the same for a seed.
    fn random(
        &self,
        py: Python<'_>,
        distribution: &str,
        parameters: Vec<f64>,
        seed: u64,
        shape: Vec<u64>,
        chunks: &Bound<'_, PyAny>,
    ) -> Answer<PyArray> {
        let (random, chunks) = (self.0.random(seed), chunking(chunks)?);
        let array: Array = match (distribution, parameters.as_slice()) {
            ("uniform", [low, high]) => random.uniform(*low, *high, shape, chunks),
            ("normal", [mean, std]) => random.normal(*mean, *std, shape, chunks),
            ("exponential", [scale]) => random.exponential(*scale, shape, chunks),
            ("poisson", [mean]) => random.poisson(*mean, shape, chunks),
            (other, _) => return Err(argument(py, other, "no such distribution").into()),
        };
        whole(array)
    }

    fn random_integers(
        &self,
        low: i64,
        high: i64,
        seed: u64,
        shape: Vec<u64>,
        chunks: &Bound<'_, PyAny>,
    ) -> Answer<PyArray> {
        whole(self.0.random(seed).integers(low, high, shape, chunking(chunks)?))
    }

    fn permutation(&self, n: u64, seed: u64, chunks: &Bound<'_, PyAny>) -> Answer<PyArray> {
        whole(self.0.random(seed).permutation(n, chunking(chunks)?))
    }

    /// Places from 0 to `n`, all equally likely, or each with a probability.
    #[expect(clippy::too_many_arguments, reason = "as many as NumPy's")]
    fn choice(
        &self,
        py: Python<'_>,
        n: u64,
        replace: bool,
        p: Option<Vec<f64>>,
        seed: u64,
        shape: Vec<u64>,
        chunks: &Bound<'_, PyAny>,
    ) -> Answer<PyArray> {
        let (random, chunks) = (self.0.random(seed), chunking(chunks)?);
        match p {
            None => whole(random.choice(n, replace, shape, chunks)),
            Some(p) if replace => whole(random.choice_weighted(&p, shape, chunks)),
            Some(_) => {
                let what = "places with probabilities are drawn with replacement; leave replace=False or p out";
                Err(argument(py, "choice", what).into())
            }
        }
    }

    /// Several arrays in one run, so that what they share is computed once.
    fn compute_all(&self, py: Python<'_>, arrays: Vec<Bound<'_, PyArray>>) -> Answer<Vec<crate::buffer::PyNdArray>> {
        let arrays: Vec<Array> = arrays.iter().map(|array| array.get().0.clone()).collect();
        let computed = run(py, &self.0, move |own| own.compute_all(&arrays))?;
        Ok(computed.into_iter().map(crate::buffer::PyNdArray::of_answer).collect())
    }
}
