//! Products of matrices, a box at a time, by faer's kernels on one thread.

use blockfold_core::tensor::{Tensor, TensorMut};
use blockfold_core::{DType, Error, Result};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Shapes of a product: `rows x inner` times `inner x columns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Rows of the result.
    pub rows: usize,
    /// Elements that are summed.
    pub inner: usize,
    /// Columns of the result.
    pub columns: usize,
}

/// Adds the product of two matrices to a third.
///
/// `right_is_transposed` says that the right matrix comes with a row for each column of the result. Integers wrap.
///
/// # Errors
/// Matrices of other shapes or types.
pub fn add_product(
    result: &mut TensorMut,
    left: &Tensor,
    right: &Tensor,
    extent: Extent,
    right_is_transposed: bool,
) -> Result<()> {
    let Extent { rows, inner, columns } = extent;
    if left.elements() != rows * inner || right.elements() != inner * columns || left.dtype() != right.dtype() {
        return Err(Error::internal(format!("{left:?} times {right:?} as {extent:?}")));
    }
    match left.dtype() {
        DType::Float64 => floats::<f64>(result, left, right, extent, right_is_transposed),
        DType::Float32 => floats::<f32>(result, left, right, extent, right_is_transposed),
        DType::Int64 => integers::<i64>(result, left, right, extent, right_is_transposed, |a, b, c| {
            a.wrapping_add(b.wrapping_mul(c))
        }),
        DType::UInt64 => integers::<u64>(result, left, right, extent, right_is_transposed, |a, b, c| {
            a.wrapping_add(b.wrapping_mul(c))
        }),
        other => Err(Error::internal(format!("a product of {other}"))),
    }
}

fn floats<T: faer::traits::ComplexField + arrow::datatypes::ArrowNativeType>(
    result: &mut TensorMut,
    left: &Tensor,
    right: &Tensor,
    Extent { rows, inner, columns }: Extent,
    right_is_transposed: bool,
) -> Result<()> {
    let left = MatRef::from_row_major_slice(left.values::<T>()?, rows, inner);
    let right = match right_is_transposed {
        true => MatRef::from_column_major_slice(right.values::<T>()?, inner, columns),
        false => MatRef::from_row_major_slice(right.values::<T>()?, inner, columns),
    };
    let result = MatMut::from_row_major_slice_mut(result.values_mut::<T>()?, rows, columns);
    matmul(result, Accum::Add, left, right, T::one_impl(), Par::Seq);
    Ok(())
}

fn integers<T: arrow::datatypes::ArrowNativeType>(
    result: &mut TensorMut,
    left: &Tensor,
    right: &Tensor,
    Extent { rows, inner, columns }: Extent,
    right_is_transposed: bool,
    add: impl Fn(T, T, T) -> T,
) -> Result<()> {
    let (left, right, result) = (left.values::<T>()?, right.values::<T>()?, result.values_mut::<T>()?);
    for row in 0..rows {
        let result = &mut result[row * columns..][..columns];
        let left = &left[row * inner..][..inner];
        if right_is_transposed {
            for (column, sum) in result.iter_mut().enumerate() {
                *sum = left.iter().zip(&right[column * inner..][..inner]).fold(*sum, |sum, (a, b)| add(sum, *a, *b));
            }
        } else {
            for (at, a) in left.iter().enumerate() {
                let right = &right[at * columns..][..columns];
                result.iter_mut().zip(right).for_each(|(sum, b)| *sum = add(*sum, *a, *b));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use blockfold_core::tensor::Tensor;

    use super::*;

    #[test]
    fn products_of_both_forms_agree() {
        let extent = Extent { rows: 5, inner: 7, columns: 3 };
        let left: Vec<f64> = (0..35).map(|i| f64::from(i % 11) - 5.0).collect();
        let right: Vec<f64> = (0..21).map(|i| f64::from(i % 5) - 2.0).collect();
        let turned: Vec<f64> = (0..21).map(|i| right[i % 7 * 3 + i / 7]).collect();
        let tensor = |shape: [usize; 2], values: &[f64]| {
            Tensor::from_vec(DType::Float64, shape.to_vec(), values.to_vec()).unwrap()
        };
        let expected: Vec<f64> =
            (0..15).map(|i| (0..7).map(|k| left[i / 3 * 7 + k] * right[k * 3 + i % 3]).sum()).collect();
        for (is_turned, right) in [(false, tensor([7, 3], &right)), (true, tensor([3, 7], &turned))] {
            let mut result = TensorMut::zeros(DType::Float64, vec![5, 3]).unwrap();
            add_product(&mut result, &tensor([5, 7], &left), &right, extent, is_turned).unwrap();
            assert_eq!(result.freeze().values::<f64>().unwrap(), expected);
        }
    }
}
