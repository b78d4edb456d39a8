//! Decompositions of matrices in memory, by faer on one thread.

use blockfold_core::tensor::Tensor;
use blockfold_core::{DType, Error, Result};
use faer::linalg::solvers::{Llt, PartialPivLu, Qr, Solve, Svd};
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::{Mat, MatRef, Par, Side};

use crate::reduce::floats;

/// A matrix of doubles.
fn matrix(op: &str, values: &Tensor) -> Result<Mat<f64>> {
    let [rows, columns] = values.shape() else {
        let what = format!("an array of shape {:?}; it takes a matrix", values.shape());
        return Err(Error::argument(op, what));
    };
    let elements = floats(values)?;
    if elements.iter().any(|x| !x.is_finite()) {
        return Err(Error::argument(op, "the matrix has elements that are infinite or NaN"));
    }
    Ok(MatRef::from_row_major_slice(&elements, *rows, *columns).to_owned())
}

fn tensor(values: MatRef<'_, f64>) -> Result<Tensor> {
    let elements: Vec<f64> =
        (0..values.nrows()).flat_map(|row| (0..values.ncols()).map(move |column| values[(row, column)])).collect();
    Tensor::from_vec(DType::Float64, vec![values.nrows(), values.ncols()], elements)
}

/// # Errors
/// A matrix that is not square.
fn square(op: &str, values: &Tensor) -> Result<Mat<f64>> {
    let matrix = matrix(op, values)?;
    if matrix.nrows() != matrix.ncols() {
        return Err(Error::argument(op, format!("a matrix of shape {:?}; it takes a square one", values.shape())));
    }
    Ok(matrix)
}

/// The lower triangle `L` of `L L^T`, which a symmetric positive definite matrix is; its lower triangle is read.
///
/// # Errors
/// A matrix that is not square, or not positive definite.
pub fn cholesky(values: &Tensor) -> Result<Tensor> {
    let matrix = square("cholesky", values)?;
    let found = Llt::new(matrix.as_ref(), Side::Lower);
    let found = found.map_err(|_| Error::argument("cholesky", "the matrix is not positive definite"))?;
    tensor(found.L())
}

/// The solution `x` of `a x = b`, by LU with partial pivoting.
///
/// # Errors
/// Shapes that do not fit, or a singular matrix.
pub fn solve(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (matrix_a, mut right) = (square("solve", a)?, matrix("solve", b)?);
    if matrix_a.nrows() != right.nrows() {
        let (left, right) = (format!("{:?}", a.shape()), format!("{:?}", b.shape()));
        return Err(Error::Shape { op: "solve".into(), left, right });
    }
    let lu = PartialPivLu::new(matrix_a.as_ref());
    check_pivots("solve", lu.U())?;
    lu.solve_in_place(right.as_mut());
    tensor(right.as_ref())
}

/// The permutation, as a matrix, and the triangles `P`, `L` and `U` of `P L U`, which a square matrix is.
///
/// # Errors
/// A matrix that is not square.
pub fn lu(values: &Tensor) -> Result<[Tensor; 3]> {
    let matrix = square("lu", values)?;
    let lu = PartialPivLu::new(matrix.as_ref());
    let n = matrix.nrows();
    let (forward, _) = lu.P().arrays();
    // Row `i` of `L U` is row `forward[i]` of the matrix.
    let mut permutation = Mat::<f64>::zeros(n, n);
    for (row, from) in forward.iter().enumerate() {
        permutation[(*from, row)] = 1.0;
    }
    Ok([tensor(permutation.as_ref())?, tensor(lu.L())?, tensor(lu.U())?])
}

/// The first columns of `L`, given those of the matrix from the diagonal on, to which earlier columns were applied: the
/// triangle on top, the rest below it.
///
/// # Errors
/// More columns than rows, or a triangle that is not positive definite.
pub fn cholesky_panel(values: &Tensor) -> Result<Tensor> {
    let mut panel = matrix("cholesky", values)?;
    let (rows, columns) = (panel.nrows(), panel.ncols());
    if rows < columns {
        return Err(Error::internal(format!("a panel of shape {:?}", values.shape())));
    }
    let found = Llt::new(panel.as_ref().subrows(0, columns), Side::Lower);
    let found = found.map_err(|_| Error::argument("cholesky", "the matrix is not positive definite"))?;
    let triangle = found.L();
    // X L^T = B is L X^T = B^T.
    let below = panel.as_mut().subrows_mut(columns, rows - columns);
    solve_lower_triangular_in_place(triangle, below.transpose_mut(), Par::Seq);
    panel.as_mut().subrows_mut(0, columns).copy_from(triangle);
    tensor(panel.as_ref())
}

/// A tall panel's rows in the order in which partial pivoting takes them, and its triangles in that order: below the diagonal
/// `L`, whose diagonal is 1, on and above it `U`.
///
/// # Errors
/// More columns than rows, elements that are not finite.
pub fn lu_panel(values: &Tensor) -> Result<(Vec<usize>, Tensor)> {
    let panel = matrix("lu", values)?;
    let columns = panel.ncols();
    if panel.nrows() < columns {
        return Err(Error::internal(format!("a panel of shape {:?}", values.shape())));
    }
    let lu = PartialPivLu::new(panel.as_ref());
    let (order, _) = lu.P().arrays();
    let (lower, upper) = (lu.L(), lu.U());
    let both =
        Mat::from_fn(
            panel.nrows(),
            columns,
            |row, column| {
                if row > column { lower[(row, column)] } else { upper[(row, column)] }
            },
        );
    Ok((order.to_vec(), tensor(both.as_ref())?))
}

/// Which triangle of a matrix is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// The lower one, its diagonal 1 whatever is there.
    UnitLower,
    /// The lower one.
    Lower,
    /// The upper one.
    Upper,
}

/// The solution `x` of `t x = b`, for a triangle `t` of a square matrix; the rest of the matrix is not looked at.
///
/// # Errors
/// Shapes that do not fit.
pub fn solve_triangle(values: &Tensor, triangle: Triangle, b: &Tensor) -> Result<Tensor> {
    let (square, mut right) = (square("solve", values)?, matrix("solve", b)?);
    if square.nrows() != right.nrows() {
        let (left, right) = (format!("{:?}", values.shape()), format!("{:?}", b.shape()));
        return Err(Error::Shape { op: "solve".into(), left, right });
    }
    let (square, into) = (square.as_ref(), right.as_mut());
    match triangle {
        Triangle::UnitLower => solve_unit_lower_triangular_in_place(square, into, Par::Seq),
        Triangle::Lower => solve_lower_triangular_in_place(square, into, Par::Seq),
        Triangle::Upper => solve_upper_triangular_in_place(square, into, Par::Seq),
    }
    tensor(right.as_ref())
}

/// # Errors
/// Pivots of which one is as good as zero beside the largest one.
pub fn check_diagonal(op: &str, pivots: &[f64]) -> Result<()> {
    let largest = pivots.iter().fold(0.0, |most: f64, pivot| most.max(pivot.abs()));
    let least = pivots.iter().fold(f64::INFINITY, |least: f64, pivot| least.min(pivot.abs()));
    if least <= largest * f64::EPSILON * 0.5 {
        return Err(Error::argument(op, "the matrix is singular"));
    }
    Ok(())
}

/// # Errors
/// A pivot that is as good as zero beside the largest one.
fn check_pivots(op: &str, triangle: MatRef<'_, f64>) -> Result<()> {
    let n = triangle.nrows().min(triangle.ncols());
    let pivots: Vec<f64> = (0..n).map(|i| triangle[(i, i)]).collect();
    check_diagonal(op, &pivots)
}

/// The triangle `R` of `Q R`, which a matrix is, its diagonal not negative; as many rows as the matrix has, at most as
/// columns.
///
/// # Errors
/// An array that is no matrix.
pub fn triangle(values: &Tensor) -> Result<Tensor> {
    let matrix = matrix("qr", values)?;
    let mut triangle = Qr::new(matrix.as_ref()).thin_R().to_owned();
    // Below the diagonal nothing is said; the diagonal's signs are free.
    for row in 0..triangle.nrows() {
        let sign = if triangle[(row, row)] < 0.0 { -1.0 } else { 1.0 };
        for column in 0..triangle.ncols() {
            let value = triangle[(row, column)] * sign;
            triangle[(row, column)] = if column < row { 0.0 } else { value };
        }
    }
    tensor(triangle.as_ref())
}

/// The inverse of an upper triangle.
///
/// # Errors
/// A triangle that is singular: columns of the matrix that it was made of depend on each other.
pub fn inverse_of_triangle(triangle: &Tensor) -> Result<Tensor> {
    let matrix = square("qr", triangle)?;
    check_pivots("qr", matrix.as_ref())
        .map_err(|_| Error::argument("qr", "columns of the matrix depend on each other; take svd"))?;
    let mut inverse = Mat::<f64>::identity(matrix.nrows(), matrix.nrows());
    matrix.as_ref().solve_upper_triangular_in_place(inverse.as_mut());
    tensor(inverse.as_ref())
}

/// `U`, the singular values, largest first, and `V^T` of `U S V^T`, which a matrix is; as many as its shorter side has.
///
/// # Errors
/// An array that is no matrix, or a decomposition that does not converge.
pub fn svd(values: &Tensor) -> Result<[Tensor; 3]> {
    let matrix = matrix("svd", values)?;
    let found = Svd::new_thin(matrix.as_ref()).map_err(|_| Error::argument("svd", "it does not converge"))?;
    let diagonal = found.S().column_vector();
    let singular: Vec<f64> = (0..diagonal.nrows()).map(|i| diagonal[i]).collect();
    let singular = Tensor::from_vec(DType::Float64, vec![singular.len()], singular)?;
    Ok([tensor(found.U())?, singular, tensor(found.V().transpose())?])
}

#[cfg(test)]
mod tests {
    use blockfold_core::tensor::TensorMut;

    use super::*;
    use crate::product::{Extent, add_product};

    fn of(shape: [usize; 2], values: &[f64]) -> Tensor {
        Tensor::from_vec(DType::Float64, shape.to_vec(), values.to_vec()).unwrap()
    }

    fn times(a: &Tensor, b: &Tensor) -> Tensor {
        let extent = Extent { rows: a.shape()[0], inner: a.shape()[1], columns: b.shape()[1] };
        let mut result = TensorMut::zeros(DType::Float64, vec![extent.rows, extent.columns]).unwrap();
        add_product(&mut result, a, b, extent, false).unwrap();
        result.freeze()
    }

    fn close(a: &Tensor, b: &Tensor) {
        assert_eq!(a.shape(), b.shape());
        let (a, b) = (floats(a).unwrap(), floats(b).unwrap());
        assert!(a.iter().zip(b.iter()).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
    }

    fn turned(a: &Tensor) -> Tensor {
        crate::permute::permute(a, &[1, 0]).unwrap()
    }

    #[test]
    fn factors_multiply_to_the_matrix() {
        let a = of([3, 3], &[4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 5.0]);
        let lower = cholesky(&a).unwrap();
        close(&times(&lower, &turned(&lower)), &a);
        let b = of([3, 2], &[1.0, 2.0, -1.0, 0.0, 3.0, 4.0]);
        close(&times(&a, &solve(&a, &b).unwrap()), &b);
        let general = of([3, 3], &[0.0, 2.0, 1.0, 1.0, 0.0, 3.0, 4.0, -1.0, 0.0]);
        let [p, l, u] = lu(&general).unwrap();
        close(&times(&p, &times(&l, &u)), &general);
        let tall = of([4, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0]);
        let r = triangle(&tall).unwrap();
        close(&times(&turned(&r), &r), &times(&turned(&tall), &tall));
        close(&times(&r, &inverse_of_triangle(&r).unwrap()), &of([2, 2], &[1.0, 0.0, 0.0, 1.0]));
        let [left, singular, right] = svd(&tall).unwrap();
        let singular = floats(&singular).unwrap().to_vec();
        let scaled = times(&left, &of([2, 2], &[singular[0], 0.0, 0.0, singular[1]]));
        close(&times(&scaled, &right), &tall);
    }

    #[test]
    fn what_has_no_factors_is_refused() {
        let singular = of([2, 2], &[1.0, 2.0, 2.0, 4.0]);
        assert!(cholesky(&of([2, 2], &[-1.0, 0.0, 0.0, 1.0])).is_err());
        assert!(solve(&singular, &of([2, 1], &[1.0, 1.0])).is_err());
        assert!(solve(&singular, &of([3, 1], &[1.0, 1.0, 1.0])).is_err());
        assert!(inverse_of_triangle(&triangle(&singular).unwrap()).is_err());
        assert!(cholesky(&of([1, 2], &[1.0, 2.0])).is_err());
        assert!(svd(&of([1, 2], &[f64::NAN, 2.0])).is_err());
    }
}
