//! Decompositions, traces and sums over indices.

use blockfold_core::{DType, Error, Permit, Result, Tensor};
use blockfold_dense::decompose;
use blockfold_ops::array::{TallTriangle, create};

use super::{Array, Chunking};

impl Array {
    /// The sum of the elements on the main diagonal.
    pub fn trace(&self) -> Array {
        self.diag().sum(())
    }

    /// The main diagonal of a matrix, or the matrix whose main diagonal is a vector.
    pub fn diag(&self) -> Array {
        self.then(|_| match self.shape()?.as_slice() {
            [length] => {
                let eye = self.session.eye(*length, *length, 0, ()).astype(&self.dtype()?);
                (&eye * &self.reshape([-1, 1])).plan()
            }
            [rows, columns] => {
                let (side, step) = (*rows.min(columns), i64::try_from(*columns + 1).unwrap_or(i64::MAX));
                let flat = self.slice_axis(0, None, Some(side.cast_signed()), 1).ravel();
                let end = side.cast_signed().saturating_sub(1).saturating_mul(step).saturating_add(1);
                flat.slice_axis(0, None, Some(end.max(0)), step).plan()
            }
            shape => {
                Err(Error::argument("diag", format!("an array of shape {shape:?}; it takes a vector or a matrix")))
            }
        })
    }

    /// The matrix in memory, with room for its decomposition.
    fn held(&self, op: &str) -> Result<(Tensor, Permit)> {
        let bytes = self.size()?.saturating_mul(8 * WORK);
        let remedy = "raise the memory budget; a decomposition of a general matrix works in memory";
        let permit = self.session.executor().budget().permit(op, bytes, remedy)?;
        let values = self.astype(&DType::Float64).compute()?.tensor().clone();
        Ok((values, permit))
    }

    /// Whether a decomposition in memory would take more than half of the budget.
    fn is_beyond_memory(&self) -> Result<bool> {
        Ok(self.size()?.saturating_mul(8 * WORK) > self.session.memory_budget().0 / 2)
    }

    pub(super) fn permit(&self, op: &str, bytes: u64) -> Result<Permit> {
        self.session.executor().budget().permit(op, bytes, "raise the memory budget")
    }

    /// A result in memory, as an array.
    pub(super) fn of_result(&self, values: Tensor) -> Result<Array> {
        let shape: Vec<u64> = values.shape().iter().map(|length| *length as u64).collect();
        let permit = self.permit("a decomposition", values.bytes())?;
        let chunks = Chunking::Auto.of(&self.session, &shape, &DType::Float64)?;
        Ok(Array::new(&self.session, create::memory_of(values, chunks, Some(permit))))
    }

    /// The lower triangle `L` of `L L^T`, which a symmetric positive definite matrix is.
    ///
    /// Works at once. The lower triangle of the matrix is read.
    ///
    /// # Memory
    /// Three times the matrix, when that is no more than half of the budget. A larger one is decomposed panel by panel, and
    /// the result kept in scratch: then 16 columns have to fit twelve times.
    ///
    /// # Errors
    /// A matrix that is not square or not positive definite, or too large for the budget.
    pub fn cholesky(&self) -> Result<Array> {
        if self.is_beyond_memory()? {
            return self.astype(&DType::Float64).cholesky_by_panels();
        }
        let (values, _permit) = self.held("cholesky")?;
        self.of_result(decompose::cholesky(&values)?)
    }

    /// The permutation, the lower and the upper triangle of `P L U`, which a square matrix is.
    ///
    /// # Memory
    /// As [`Array::cholesky`].
    ///
    /// # Errors
    /// As [`Array::cholesky`].
    pub fn lu(&self) -> Result<[Array; 3]> {
        if self.is_beyond_memory()? {
            let (order, factors) = self.astype(&DType::Float64).lu_by_panels()?;
            return factors.triangles(&order);
        }
        let (values, _permit) = self.held("lu")?;
        let [p, l, u] = decompose::lu(&values)?;
        Ok([self.of_result(p)?, self.of_result(l)?, self.of_result(u)?])
    }

    /// The solution `x` of `self x = right`, for a vector or the columns of a matrix.
    ///
    /// # Memory
    /// As [`Array::cholesky`]; the right side has to fit in memory.
    ///
    /// # Errors
    /// Shapes that do not fit, a singular matrix, or one too large for the budget.
    pub fn solve(&self, right: &Array) -> Result<Array> {
        let is_vector = right.ndim()? == 1;
        if self.is_beyond_memory()? {
            let columns = if is_vector { right.reshape([-1, 1]) } else { right.clone() };
            let solved = self.astype(&DType::Float64).solve_by_panels(&columns)?;
            return Ok(if is_vector { solved.ravel() } else { solved });
        }
        let (values, _permit) = self.held("solve")?;
        let (right, _of_right) = if is_vector { right.reshape([-1, 1]).held("solve")? } else { right.held("solve")? };
        let solved = self.of_result(decompose::solve(&values, &right)?)?;
        Ok(if is_vector { solved.ravel() } else { solved })
    }

    /// `Q` and `R` of `Q R`, which a matrix of at least as many rows as columns is: the columns of `Q` are orthonormal, `R` is
    /// an upper triangle. `Q` is lazy, as tall as the matrix.
    ///
    /// Triangles of chunks are stacked and made one again (TSQR); `Q` comes of solving with `R`, twice, so that its columns
    /// are orthogonal to rounding.
    ///
    /// # Memory
    /// A few squares of the number of columns.
    ///
    /// # Errors
    /// Another shape, columns that depend on each other; whatever the run finds.
    pub fn qr(&self) -> Result<(Array, Array)> {
        let wide = self.astype(&DType::Float64);
        let (first, inverse) = wide.triangle()?;
        let near = wide.dot(&self.of_result(inverse)?);
        let (second, inverse) = near.triangle()?;
        let q = near.dot(&self.of_result(inverse)?);
        let r = self.of_result(second)?.dot(&self.of_result(first)?);
        let (r, _permit) = r.held("qr")?;
        Ok((q, self.of_result(r)?))
    }

    /// The triangle of a tall matrix, and its inverse.
    fn triangle(&self) -> Result<(Tensor, Tensor)> {
        let triangle = self.then(TallTriangle::plan).compute()?.tensor().clone();
        let inverse = decompose::inverse_of_triangle(&triangle)?;
        Ok((triangle, inverse))
    }

    /// `U`, the singular values, largest first, and `V^T` of `U S V^T`, which a matrix is. A tall one is made a triangle
    /// first, so that `U` is lazy and only squares of the number of columns are in memory.
    ///
    /// # Errors
    /// An array that is no matrix, or too large for the budget; whatever the run finds.
    pub fn svd(&self) -> Result<(Array, Array, Array)> {
        let shape = self.shape()?;
        if shape.len() == 2
            && shape[0] >= 2 * shape[1]
            && let Ok((q, r)) = self.qr()
        {
            let (r, _permit) = r.held("svd")?;
            let [u, s, v] = decompose::svd(&r)?;
            return Ok((q.dot(&self.of_result(u)?), self.of_result(s)?, self.of_result(v)?));
        }
        let (values, _permit) = self.held("svd")?;
        let [u, s, v] = decompose::svd(&values)?;
        Ok((self.of_result(u)?, self.of_result(s)?, self.of_result(v)?))
    }

    /// The first `k` singular values and vectors, approximately, by random projection with `power` iterations (Halko,
    /// Martinsson and Tropp, "Finding structure with randomness", 2011).
    ///
    /// # Memory
    /// The matrix is read `power + 2` times and more; in memory are matrices of its sides by `k` and some.
    ///
    /// # Errors
    /// An array that is no matrix, more values than its shorter side has; whatever the run finds.
    pub fn svd_compressed(&self, k: u64, power: u32, seed: u64) -> Result<(Array, Array, Array)> {
        let shape = self.shape()?;
        let [rows, columns] = shape[..] else {
            return Err(Error::argument("svd_compressed", format!("an array of shape {shape:?}; it takes a matrix")));
        };
        if k == 0 || k > rows.min(columns) {
            let what = format!("{k} singular values of a matrix of shape {shape:?}");
            return Err(Error::argument("svd_compressed", what));
        }
        let width = (k + OVERSAMPLED).min(rows.min(columns));
        let random = self.session.random(seed).normal(0.0, 1.0, [columns, width], ());
        let wide = self.astype(&DType::Float64);
        let mut sample = wide.dot(&random).persist()?;
        for _ in 0..power {
            let q = sample.basis()?;
            let q = wide.t().dot(&q).persist()?.basis()?;
            sample = wide.dot(&q).persist()?;
        }
        let q = sample.basis()?.persist()?;
        let small = q.t().dot(&wide).persist()?;
        let (values, _permit) = small.held("svd_compressed")?;
        let [u, s, v] = decompose::svd(&values)?;
        // No more than the rank is there.
        let k = k.cast_signed();
        let first = |array: Array, axis: i64| array.slice_axis(axis, None, Some(k), 1);
        Ok((q.dot(&first(self.of_result(u)?, 1)), first(self.of_result(s)?, 0), first(self.of_result(v)?, 0)))
    }

    /// Orthonormal columns that span those of a tall matrix, whose columns may depend on each other.
    fn basis(&self) -> Result<Array> {
        let triangle = self.then(TallTriangle::plan).compute()?.tensor().clone();
        let [_, singular, right] = decompose::svd(&triangle)?;
        let singular = singular.values::<f64>()?.to_vec();
        let largest = singular.first().copied().unwrap_or(0.0);
        let rank = singular.iter().filter(|value| **value > largest * RANK).count().max(1);
        let rank_end = i64::try_from(rank).unwrap_or(i64::MAX);
        let turned = self.of_result(right)?.slice_axis(0, None, Some(rank_end), 1).t();
        let scales: Vec<f64> = singular.iter().take(rank).map(|value| 1.0 / value.max(f64::MIN_POSITIVE)).collect();
        let scaled = &turned * &self.session.from_vec(scales, [1, rank], ());
        self.dot(&scaled.persist()?).qr().map(|(q, _)| q)
    }

    /// Sums of products over indices, in Einstein's notation: `Array::einsum("ij,jk->ik", &[a, b])`.
    ///
    /// Indices that two arrays share and the result has not are summed by a product of matrices; with more than two arrays,
    /// from the left on.
    pub fn einsum(spec: &str, arrays: &[Array]) -> Result<Array> {
        super::einsum::einsum(spec, arrays)
    }
}

/// How many times the matrix a decomposition takes in memory.
const WORK: u64 = 3;

/// Singular values below this share of the largest one are rounding.
const RANK: f64 = 1e-13;

/// Columns that a random projection has beyond those asked for.
const OVERSAMPLED: u64 = 10;
