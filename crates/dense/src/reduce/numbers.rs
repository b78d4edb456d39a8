//! Elements as numbers of 64 bits, and back.

use std::borrow::Cow::{self, Borrowed, Owned};

use blockfold_core::tensor::Tensor;
use blockfold_core::{DType, Error, Result};

/// The elements as doubles.
pub fn floats(tile: &Tensor) -> Result<Cow<'_, [f64]>> {
    Ok(match tile.dtype() {
        DType::Float64 => Borrowed(tile.values::<f64>()?),
        DType::Float32 => Owned(tile.values::<f32>()?.iter().map(|x| f64::from(*x)).collect()),
        dtype if dtype.is_unsigned_integer() => Owned(naturals(tile)?.iter().map(|x| *x as f64).collect()),
        _ => Owned(integers(tile)?.iter().map(|x| *x as f64).collect()),
    })
}

pub(super) fn integers(tile: &Tensor) -> Result<Cow<'_, [i64]>> {
    Ok(match tile.dtype() {
        DType::Int64 => Borrowed(tile.values::<i64>()?),
        DType::Int32 => Owned(tile.values::<i32>()?.iter().map(|x| i64::from(*x)).collect()),
        DType::Int16 => Owned(tile.values::<i16>()?.iter().map(|x| i64::from(*x)).collect()),
        DType::Int8 => Owned(tile.values::<i8>()?.iter().map(|x| i64::from(*x)).collect()),
        DType::Boolean => Owned(tile.values::<u8>()?.iter().map(|x| i64::from(*x)).collect()),
        other => return Err(Error::internal(format!("{other} as signed integers"))),
    })
}

pub(super) fn naturals(tile: &Tensor) -> Result<Cow<'_, [u64]>> {
    Ok(match tile.dtype() {
        DType::UInt64 => Borrowed(tile.values::<u64>()?),
        DType::UInt32 => Owned(tile.values::<u32>()?.iter().map(|x| u64::from(*x)).collect()),
        DType::UInt16 => Owned(tile.values::<u16>()?.iter().map(|x| u64::from(*x)).collect()),
        DType::UInt8 => Owned(tile.values::<u8>()?.iter().map(|x| u64::from(*x)).collect()),
        other => return Err(Error::internal(format!("{other} as unsigned integers"))),
    })
}

/// Whether each element is not zero; NaN is not.
pub(super) fn nonzero(tile: &Tensor) -> Result<Vec<bool>> {
    Ok(match tile.dtype() {
        DType::Float32 | DType::Float64 => floats(tile)?.iter().map(|x| *x != 0.0).collect(),
        dtype if dtype.is_unsigned_integer() => naturals(tile)?.iter().map(|x| *x != 0).collect(),
        _ => integers(tile)?.iter().map(|x| *x != 0).collect(),
    })
}

pub(super) fn of_floats(dtype: DType, shape: Vec<usize>, values: Vec<f64>) -> Result<Tensor> {
    match dtype {
        DType::Float32 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as f32).collect::<Vec<f32>>()),
        _ => Tensor::from_vec(dtype, shape, values),
    }
}

#[allow(clippy::cast_possible_truncation)] // values of a narrower type come back to it
pub(super) fn of_integers(dtype: DType, shape: Vec<usize>, values: Vec<i64>) -> Result<Tensor> {
    match dtype {
        DType::Int8 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as i8).collect::<Vec<i8>>()),
        DType::Int16 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as i16).collect::<Vec<i16>>()),
        DType::Int32 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as i32).collect::<Vec<i32>>()),
        DType::Boolean => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as u8).collect::<Vec<u8>>()),
        _ => Tensor::from_vec(dtype, shape, values),
    }
}

#[allow(clippy::cast_possible_truncation)] // values of a narrower type come back to it
pub(super) fn of_naturals(dtype: DType, shape: Vec<usize>, values: Vec<u64>) -> Result<Tensor> {
    match dtype {
        DType::UInt8 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as u8).collect::<Vec<u8>>()),
        DType::UInt16 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as u16).collect::<Vec<u16>>()),
        DType::UInt32 => Tensor::from_vec(dtype, shape, values.into_iter().map(|x| x as u32).collect::<Vec<u32>>()),
        _ => Tensor::from_vec(dtype, shape, values),
    }
}
