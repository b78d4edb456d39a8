//! Elements of a box by step, by list, and one element for many.

use blockfold_core::tensor::{Tensor, TensorMut, width};
use blockfold_core::{Error, Result};

use crate::index::advance;

/// The elements of an axis at some places, in their order; a place may be asked for more than once.
///
/// # Errors
/// A place outside of the axis.
pub fn take(input: &Tensor, axis: usize, places: &[usize]) -> Result<Tensor> {
    let all = input.shape();
    let Some(length) = all.get(axis).copied() else { return Err(Error::internal("no such axis")) };
    if places.iter().any(|place| *place >= length) {
        return Err(Error::internal(format!("place of {places:?} in an axis of {length}")));
    }
    let mut shape = all.to_vec();
    shape[axis] = places.len();
    let mut output = TensorMut::zeros(input.dtype().clone(), shape)?;
    let inner: usize = all[axis + 1..].iter().product();
    let outer: usize = all[..axis].iter().product();
    match width(input.dtype())? {
        1 => gather::<u8>(input.values()?, output.values_mut()?, (outer, length, inner), places),
        2 => gather::<u16>(input.values()?, output.values_mut()?, (outer, length, inner), places),
        4 => gather::<u32>(input.values()?, output.values_mut()?, (outer, length, inner), places),
        16 => gather::<i128>(input.values()?, output.values_mut()?, (outer, length, inner), places),
        _ => gather::<u64>(input.values()?, output.values_mut()?, (outer, length, inner), places),
    }
    Ok(output.freeze())
}

fn gather<T: Copy>(from: &[T], to: &mut [T], (outer, length, inner): (usize, usize, usize), places: &[usize]) {
    if inner == 1 {
        for row in 0..outer {
            let (from, to) = (&from[row * length..][..length], &mut to[row * places.len()..][..places.len()]);
            for (to, place) in to.iter_mut().zip(places) {
                *to = from[*place];
            }
        }
        return;
    }
    for row in 0..outer {
        for (i, place) in places.iter().enumerate() {
            let to = &mut to[(row * places.len() + i) * inner..][..inner];
            to.copy_from_slice(&from[(row * length + place) * inner..][..inner]);
        }
    }
}

/// The elements of a box repeated along the axes where it has length 1, to fill a larger shape.
///
/// # Errors
/// A shape that the box does not broadcast to.
pub fn broadcast(input: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if input.shape() == shape {
        return Ok(input.clone());
    }
    let fits = input.shape().len() == shape.len() && input.shape().iter().zip(shape).all(|(a, b)| a == b || *a == 1);
    if !fits {
        return Err(Error::Shape {
            op: "broadcast".into(),
            left: format!("{:?}", input.shape()),
            right: format!("{shape:?}"),
        });
    }
    let mut output = TensorMut::zeros(input.dtype().clone(), shape.to_vec())?;
    match width(input.dtype())? {
        1 => spread::<u8>(input.values()?, output.values_mut()?, input.shape(), shape),
        2 => spread::<u16>(input.values()?, output.values_mut()?, input.shape(), shape),
        4 => spread::<u32>(input.values()?, output.values_mut()?, input.shape(), shape),
        16 => spread::<i128>(input.values()?, output.values_mut()?, input.shape(), shape),
        _ => spread::<u64>(input.values()?, output.values_mut()?, input.shape(), shape),
    }
    Ok(output.freeze())
}

fn spread<T: Copy>(from: &[T], to: &mut [T], from_shape: &[usize], shape: &[usize]) {
    if to.is_empty() {
        return;
    }
    if let [one] = from {
        to.fill(*one);
        return;
    }
    let last = shape.len() - 1;
    let mut strides = vec![0; shape.len()];
    let mut stride = 1;
    for axis in (0..shape.len()).rev() {
        strides[axis] = if from_shape[axis] == 1 { 0 } else { stride };
        stride *= from_shape[axis];
    }
    let mut index = vec![0; last];
    for row in to.chunks_exact_mut(shape[last]) {
        let at: usize = index.iter().zip(&strides).map(|(at, stride)| at * stride).sum();
        if strides[last] == 0 {
            row.fill(from[at]);
        } else {
            row.copy_from_slice(&from[at..at + shape[last]]);
        }
        advance(&mut index, |axis| shape[axis]);
    }
}

/// The elements of each lane along an axis at the places that another box gives for the lane; negative ones count from
/// the end.
///
/// # Errors
/// A place outside of the axis, boxes that do not fit.
pub fn take_along(values: &Tensor, places: &Tensor, axis: usize) -> Result<Tensor> {
    let (from, to) = (values.shape(), places.shape());
    let (length, count) = (from[axis], to[axis]);
    let outer: usize = to[..axis].iter().product();
    let inner: usize = to[axis + 1..].iter().product();
    if from.len() != to.len() || values.elements() != outer * length * inner {
        return Err(Error::internal(format!("places of {to:?} in {from:?}")));
    }
    let mut at = Vec::with_capacity(places.elements());
    for (i, place) in places.values::<i64>()?.iter().enumerate() {
        let counted = if *place < 0 { place.saturating_add(length as i64) } else { *place };
        let found = usize::try_from(counted).ok().filter(|place| *place < length).ok_or_else(|| {
            let what = format!("index {place} is out of range for axis {axis}, which has {length} elements");
            Error::argument("take_along_axis", what)
        })?;
        let (row, column) = (i / (count * inner).max(1), i % inner.max(1));
        at.push((row * length + found) * inner + column);
    }
    let flat = values.clone().reshaped(vec![values.elements()])?;
    take(&flat, 0, &at)?.reshaped(to.to_vec())
}

#[cfg(test)]
mod tests {
    use blockfold_core::DType;

    use super::*;

    #[test]
    fn takes_and_broadcasts() {
        let input = Tensor::from_vec(DType::Int16, vec![2, 3], vec![1i16, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(take(&input, 1, &[2, 0, 2]).unwrap().values::<i16>().unwrap(), [3, 1, 3, 6, 4, 6]);
        assert_eq!(take(&input, 0, &[1]).unwrap().values::<i16>().unwrap(), [4, 5, 6]);
        assert!(take(&input, 0, &[2]).is_err());
        let row = Tensor::from_vec(DType::Int16, vec![1, 3], vec![1i16, 2, 3]).unwrap();
        assert_eq!(broadcast(&row, &[2, 3]).unwrap().values::<i16>().unwrap(), [1, 2, 3, 1, 2, 3]);
        let column = Tensor::from_vec(DType::Int16, vec![2, 1], vec![1i16, 2]).unwrap();
        assert_eq!(broadcast(&column, &[2, 3]).unwrap().values::<i16>().unwrap(), [1, 1, 1, 2, 2, 2]);
        assert!(broadcast(&column, &[3, 3]).is_err());
    }
}
