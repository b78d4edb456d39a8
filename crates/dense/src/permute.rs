//! The axes of a box in another order.

use blockfold_core::tensor::{Tensor, TensorMut, width};
use blockfold_core::{Error, Result};

use crate::index::advance;

/// Elements of a square that is moved at a time: its rows and columns stay in the nearest cache.
const SQUARE: usize = 16;

/// The tensor whose axis `a` is axis `order[a]` of the input.
///
/// # Errors
/// An order that is not one of the axes.
pub fn permute(input: &Tensor, order: &[usize]) -> Result<Tensor> {
    let ndim = input.shape().len();
    let mut seen = vec![false; ndim];
    order.iter().for_each(|axis| seen.get_mut(*axis).into_iter().for_each(|seen| *seen = true));
    if order.len() != ndim || seen.contains(&false) {
        return Err(Error::internal(format!("axes {order:?} of an array of {ndim}")));
    }
    let shape: Vec<usize> = order.iter().map(|axis| input.shape()[*axis]).collect();
    if order.is_sorted() || moves_only_ones(input.shape(), order) {
        return input.clone().reshaped(shape);
    }
    let mut output = TensorMut::zeros(input.dtype().clone(), shape.clone())?;
    match width(input.dtype())? {
        1 => run::<u8>(input.values()?, output.values_mut()?, input.shape(), order),
        2 => run::<u16>(input.values()?, output.values_mut()?, input.shape(), order),
        4 => run::<u32>(input.values()?, output.values_mut()?, input.shape(), order),
        16 => run::<i128>(input.values()?, output.values_mut()?, input.shape(), order),
        _ => run::<u64>(input.values()?, output.values_mut()?, input.shape(), order),
    }
    Ok(output.freeze())
}

/// Whether the axes that are longer than 1 keep their order.
fn moves_only_ones(shape: &[usize], order: &[usize]) -> bool {
    order.iter().filter(|axis| shape[**axis] != 1).is_sorted()
}

fn run<T: Copy>(from: &[T], to: &mut [T], from_shape: &[usize], order: &[usize]) {
    if from.is_empty() {
        return;
    }
    let ndim = order.len();
    let mut from_strides = vec![1; ndim];
    for axis in (0..ndim - 1).rev() {
        from_strides[axis] = from_strides[axis + 1] * from_shape[axis + 1];
    }
    let shape: Vec<usize> = order.iter().map(|axis| from_shape[*axis]).collect();
    let strides: Vec<usize> = order.iter().map(|axis| from_strides[*axis]).collect();
    let mut to_strides = vec![1; ndim];
    for axis in (0..ndim - 1).rev() {
        to_strides[axis] = to_strides[axis + 1] * shape[axis + 1];
    }
    // The axis of the output along which the input's elements stand side by side.
    let near = order.iter().position(|axis| *axis == ndim - 1).unwrap_or(ndim - 1);
    let last = ndim - 1;
    let outer: Vec<usize> = (0..ndim).filter(|axis| *axis != last && *axis != near).collect();
    let mut index = vec![0; outer.len()];
    loop {
        let at = |strides: &[usize]| outer.iter().zip(&index).map(|(axis, at)| strides[*axis] * at).sum::<usize>();
        let (from_at, to_at) = (at(&strides), at(&to_strides));
        if near == last {
            to[to_at..to_at + shape[last]].copy_from_slice(&from[from_at..from_at + shape[last]]);
        } else {
            let (rows, columns) = (shape[near], shape[last]);
            squares(&from[from_at..], &mut to[to_at..], (rows, columns), strides[last], to_strides[near]);
        }
        if !advance(&mut index, |axis| shape[outer[axis]]) {
            return;
        }
    }
}

/// `to[r * to_stride + c] = from[c * from_stride + r]`, square by square.
fn squares<T: Copy>(from: &[T], to: &mut [T], (rows, columns): (usize, usize), from_stride: usize, to_stride: usize) {
    for row in (0..rows).step_by(SQUARE) {
        let row_end = rows.min(row + SQUARE);
        for column in (0..columns).step_by(SQUARE) {
            let column_end = columns.min(column + SQUARE);
            for r in row..row_end {
                let to = &mut to[r * to_stride + column..r * to_stride + column_end];
                let from = &from[column * from_stride + r..];
                for (c, to) in to.iter_mut().enumerate() {
                    *to = from[c * from_stride];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use blockfold_core::DType;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn elements_move_with_their_axes(
            shape in prop::collection::vec(1usize..40, 1..4),
            seed in any::<u64>(),
        ) {
            let ndim = shape.len();
            let mut order: Vec<usize> = (0..ndim).collect();
            order.rotate_left(seed as usize % ndim);
            if seed % 3 == 0 {
                order.reverse();
            }
            let values: Vec<i32> = (0..shape.iter().product::<usize>() as i32).collect();
            let input = Tensor::from_vec(DType::Int32, shape.clone(), values).unwrap();
            let output = permute(&input, &order).unwrap();
            let at = |index: &[usize], shape: &[usize]| index.iter().zip(shape).fold(0, |at, (i, n)| at * n + i);
            let to_shape: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
            prop_assert_eq!(output.shape(), &to_shape);
            let output = output.values::<i32>().unwrap();
            for (flat, got) in output.iter().enumerate() {
                let (mut rest, mut index) = (flat, vec![0; ndim]);
                for axis in (0..ndim).rev() {
                    index[axis] = rest % to_shape[axis];
                    rest /= to_shape[axis];
                }
                let mut from = vec![0; ndim];
                order.iter().zip(&index).for_each(|(axis, i)| from[*axis] = *i);
                prop_assert_eq!(*got, at(&from, &shape) as i32);
            }
        }
    }
}
