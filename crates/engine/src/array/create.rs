//! Arrays made from nothing, from memory, from functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::buffer::Buffer;
use blockfold_core::{DType, Error, Region, Result, Scalar, Tensor};
use blockfold_dense::random::Distribution;
use blockfold_io::npy::NpySource;
use blockfold_ops::array::{Permute, create};
use blockfold_ops::frame::Read;
use blockfold_plan::Plan;

use super::{Array, Chunking, Element};
use crate::session::Session;

impl Session {
    fn made(
        &self,
        shape: &[u64],
        dtype: &DType,
        chunks: impl Into<Chunking>,
        make: impl FnOnce(blockfold_core::Chunks) -> Result<Plan>,
    ) -> Array {
        let chunks = chunks.into().of(self, shape, dtype);
        Array::new(self, chunks.and_then(make))
    }

    /// An array of one value.
    pub fn full(
        &self,
        shape: impl AsRef<[u64]>,
        value: impl Into<Scalar>,
        dtype: &DType,
        chunks: impl Into<Chunking>,
    ) -> Array {
        let value = value.into();
        self.made(shape.as_ref(), dtype, chunks, |chunks| create::full(&value, dtype, chunks))
    }

    /// Zeros of f64.
    pub fn zeros(&self, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.full(shape, 0.0, &DType::Float64, chunks)
    }

    /// Ones of f64.
    pub fn ones(&self, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.full(shape, 1.0, &DType::Float64, chunks)
    }

    /// The whole numbers from `start` up to `stop`, which is left out, `step` apart.
    pub fn arange(&self, start: i64, stop: i64, step: i64, chunks: impl Into<Chunking>) -> Array {
        if step == 0 {
            return Array::new(self, Err(Error::argument("arange", "a step of 0; take any other")));
        }
        let span = i128::from(stop) - i128::from(start);
        let count = (span + i128::from(step) - i128::from(step.signum())) / i128::from(step);
        let length = u64::try_from(count.max(0)).unwrap_or(0);
        self.made(&[length], &DType::Int64, chunks, |chunks| create::integers(start, step, &DType::Int64, chunks))
    }

    /// `num` numbers from `start` to `stop`, both among them, evenly apart.
    pub fn linspace(&self, start: f64, stop: f64, num: u64, chunks: impl Into<Chunking>) -> Array {
        let step = if num > 1 { (stop - start) / (num - 1) as f64 } else { 0.0 };
        let array = self.made(&[num], &DType::Float64, chunks, |chunks| {
            create::sequence("linspace", start, step, &DType::Float64, chunks)
        });
        // Steps may not add up to the end exactly, which NumPy gives as it is.
        if num < 2 {
            return array;
        }
        let end = self.full([1], stop, &DType::Float64, 1);
        let (own, chunks) = (array.slice_axis(0, None, Some(-1), 1), array.chunks());
        let joined = Array::concatenate(&[own, end], 0);
        match chunks {
            Ok(chunks) => joined.then(|plan| blockfold_ops::array::Rechunk::plan(plan, chunks)),
            Err(_) => joined,
        }
    }

    /// A matrix of ones on a diagonal, `offset` columns right of the main one, and zeros elsewhere.
    pub fn eye(&self, rows: u64, columns: u64, offset: i64, chunks: impl Into<Chunking>) -> Array {
        let dtype = DType::Float64;
        self.made(&[rows, columns], &dtype, chunks, |chunks| create::eye(offset, &dtype, chunks))
    }

    /// An array in memory, whose elements stay where they are when they lie row by row.
    ///
    /// # Memory
    /// Does not count against the budget: it is the caller's.
    pub fn from_ndarray<T: Element, D: ndarray::Dimension>(
        &self,
        values: &ndarray::Array<T, D>,
        chunks: impl Into<Chunking>,
    ) -> Array {
        let shape: Vec<usize> = values.shape().to_vec();
        let elements: Vec<T> = values.iter().copied().collect();
        self.of_tensor(Tensor::new(T::DTYPE, shape, Buffer::from_vec(elements)), chunks)
    }

    /// The elements of a vector, row by row.
    pub fn from_vec<T: Element>(
        &self,
        values: Vec<T>,
        shape: impl AsRef<[usize]>,
        chunks: impl Into<Chunking>,
    ) -> Array {
        let (shape, count) = (shape.as_ref().to_vec(), values.len());
        let tensor = Tensor::new(T::DTYPE, shape.clone(), Buffer::from_vec(values));
        let tensor = tensor.map_err(|_| Error::argument("from_vec", format!("{count} elements for shape {shape:?}")));
        self.of_tensor(tensor, chunks)
    }

    /// The elements of a buffer, which stay where they are.
    ///
    /// # Memory
    /// Does not count against the budget: it is the caller's.
    pub fn from_tensor(&self, tensor: Tensor, chunks: impl Into<Chunking>) -> Array {
        self.of_tensor(Ok(tensor), chunks)
    }

    fn of_tensor(&self, tensor: Result<Tensor>, chunks: impl Into<Chunking>) -> Array {
        match tensor {
            Ok(tensor) => {
                let shape: Vec<u64> = tensor.shape().iter().map(|length| *length as u64).collect();
                let dtype = tensor.dtype().clone();
                self.made(&shape, &dtype, chunks, |chunks| create::memory(tensor, chunks))
            }
            Err(error) => Array::new(self, Err(error)),
        }
    }

    /// An array whose boxes a function gives: it is asked for any box, as often as one is needed, from any thread.
    pub fn from_fn(
        &self,
        shape: impl AsRef<[u64]>,
        dtype: &DType,
        chunks: impl Into<Chunking>,
        fill: impl Fn(&Region) -> Result<Tensor> + Send + Sync + 'static,
    ) -> Array {
        self.made(shape.as_ref(), dtype, chunks, |chunks| create::from_fn(dtype, chunks, Arc::new(fill)))
    }

    /// The array of an `.npy` file, mapped into memory and read box by box; opening it reads its header alone.
    ///
    /// Automatic chunks are whole rows, so that a chunk lies in the file in one piece.
    ///
    /// # Errors
    /// When the array is computed: no such file, a damaged header, a file shorter than it says, elements that are objects.
    pub fn open_npy(&self, path: impl AsRef<std::path::Path>, chunks: impl Into<Chunking>) -> Array {
        let chunks = chunks.into();
        let plan = NpySource::open(path.as_ref()).and_then(|source| {
            let (mut shape, dtype) = (source.shape().to_vec(), source.dtype().clone());
            let is_fortran = source.is_fortran();
            let order: Vec<usize> = (0..shape.len()).rev().collect();
            if is_fortran {
                shape.reverse();
            }
            let own = match &chunks {
                Chunking::Auto | Chunking::Bytes(_) => chunks.whole_rows(self, source.shape(), &dtype)?,
                other => {
                    let chunks = other.of(self, &shape, &dtype)?;
                    if is_fortran { chunks.of_axes(&order) } else { chunks }
                }
            };
            let plan = Read::plan(Arc::new(source.with_chunks(own)))?;
            if is_fortran { Permute::plan(plan, order) } else { Ok(plan) }
        });
        Array::new(self, plan)
    }

    /// The array in Zarr's format, version 2 or 3, in a folder; opening it reads its metadata alone. Its chunks are those in
    /// which it is stored, unless others are given: then pieces are sent to them, once, where chunks lie across each other.
    ///
    /// # Errors
    /// When the array is computed: no such array, damaged metadata or chunks, codecs and types that are not known.
    #[cfg(feature = "zarr")]
    pub fn open_zarr(&self, path: impl AsRef<std::path::Path>, chunks: impl Into<Chunking>) -> Array {
        let chunks = chunks.into();
        let plan = blockfold_io::zarr::ZarrSource::open(path.as_ref()).and_then(|source| Read::plan(Arc::new(source)));
        let array = Array::new(self, plan);
        if chunks == Chunking::Auto { array } else { array.rechunk(chunks) }
    }

    /// Random arrays under a seed. An element depends on the seed, on how many arrays were made before, and on its place:
    /// not on chunks, threads or the order of the work, so that it can be made again instead of stored.
    pub fn random(&self, seed: u64) -> RandomArrays {
        RandomArrays { session: self.clone(), seed, arrays: AtomicU64::new(0) }
    }
}

/// Makes random arrays, each different from the others.
pub struct RandomArrays {
    session: Session,
    seed: u64,
    arrays: AtomicU64,
}

impl RandomArrays {
    fn of(&self, distribution: &Distribution, shape: &[u64], chunks: impl Into<Chunking>) -> Array {
        let array = self.arrays.fetch_add(1, Ordering::Relaxed);
        let make = |chunks| create::random(self.seed, array, distribution, chunks);
        self.session.made(shape, &distribution.dtype(), chunks, make)
    }

    /// Uniform doubles in `[0, 1)`.
    pub fn random(&self, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.uniform(0.0, 1.0, shape, chunks)
    }

    /// Uniform doubles in `[low, high)`.
    pub fn uniform(&self, low: f64, high: f64, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.of(&Distribution::Uniform { low, high }, shape.as_ref(), chunks)
    }

    /// Normally distributed doubles.
    pub fn normal(&self, mean: f64, std: f64, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.of(&Distribution::Normal { mean, std }, shape.as_ref(), chunks)
    }

    /// Exponentially distributed doubles of a mean.
    pub fn exponential(&self, scale: f64, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.of(&Distribution::Exponential { scale }, shape.as_ref(), chunks)
    }

    /// Whole numbers in `[low, high)`, all equally likely.
    pub fn integers(&self, low: i64, high: i64, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.of(&Distribution::Integers { low, high }, shape.as_ref(), chunks)
    }

    /// Counts of events of a mean.
    pub fn poisson(&self, mean: f64, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        self.of(&Distribution::Poisson { mean }, shape.as_ref(), chunks)
    }

    /// The numbers from 0 to `n - 1` in random order.
    pub fn permutation(&self, n: u64, chunks: impl Into<Chunking>) -> Array {
        self.of(&Distribution::Permutation, &[n], chunks)
    }

    /// Random places from 0 to `n - 1`, all equally likely: with replacement any of them again, without it each at most once.
    ///
    /// # Errors
    /// More places than `n` without replacement, when the array is computed.
    pub fn choice(&self, n: u64, replace: bool, shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        let shape = shape.as_ref();
        if replace {
            return self.integers(0, n.cast_signed(), shape, chunks);
        }
        let count = shape.iter().product::<u64>();
        if count > n {
            let what = format!("{count} different places among {n}; draw with replacement");
            return Array::new(&self.session, Err(Error::argument("choice", what)));
        }
        let some = self.permutation(n, ()).slice_axis(0, None, Some(count.cast_signed()), 1);
        some.reshape(shape.iter().map(|length| length.cast_signed()).collect::<Vec<i64>>()).rechunk(chunks)
    }

    /// Random places from 0 on, place `i` with probability `p[i]`.
    ///
    /// # Errors
    /// Probabilities that are negative or do not add up to 1, when the array is computed.
    pub fn choice_weighted(&self, p: &[f64], shape: impl AsRef<[u64]>, chunks: impl Into<Chunking>) -> Array {
        let total: f64 = p.iter().sum();
        if p.is_empty() || p.iter().any(|p| p.is_nan() || *p < 0.0) || (total - 1.0).abs() > 1e-8 {
            let what = format!("{} probabilities that add up to {total}, or negative ones", p.len());
            return Array::new(&self.session, Err(Error::argument("choice", what)));
        }
        let bounds = p.iter().scan(0.0, |sum, p| {
            *sum += p / total;
            Some(*sum)
        });
        let mut bounds: Vec<f64> = bounds.collect();
        // No number lies beyond the last one.
        bounds.pop();
        self.random(shape, chunks).digitize(&bounds)
    }
}
