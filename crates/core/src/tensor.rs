//! Elements of an array in memory.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayData};
use arrow::array::{ArrayRef, AsArray, BooleanArray, make_array};
use arrow::buffer::{BooleanBuffer, Buffer, MutableBuffer};
use arrow::datatypes::{ArrowNativeType, DataType as DType, Field};

use crate::error::{Error, Result};
use crate::region::Region;

/// A dense array in memory, row by row, without gaps and without nulls. A Boolean takes a byte.
///
/// The buffer may be shared, or be a memory map; it is never written to.
#[derive(Clone)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<usize>,
    data: Buffer,
}

/// Bytes of an element.
///
/// # Errors
/// Types that arrays do not have.
pub fn width(dtype: &DType) -> Result<usize> {
    match dtype {
        DType::Boolean => Ok(1),
        dtype if dtype.is_integer() || matches!(dtype, DType::Float32 | DType::Float64) => {
            Ok(dtype.primitive_width().unwrap_or(8))
        }
        other => match complex_part(other) {
            Some(DType::Float32) => Ok(8),
            Some(_) => Ok(16),
            None => Err(Error::Type {
                op: "array".into(),
                expected: "bool, integers of 8 to 64 bits, float32, float64, complex64 and complex128".into(),
                got: other.to_string(),
            }),
        },
    }
}

/// Complex numbers, of two floats each: the real and the imaginary part, in Arrow a list of two.
pub fn complex(part: &DType) -> DType {
    DType::FixedSizeList(Arc::new(Field::new("part", part.clone(), false)), 2)
}

/// The type of the parts of complex numbers; `None` for other types.
pub fn complex_part(dtype: &DType) -> Option<&DType> {
    match dtype {
        DType::FixedSizeList(part, 2) if matches!(part.data_type(), DType::Float32 | DType::Float64) => {
            Some(part.data_type())
        }
        _ => None,
    }
}

/// NumPy's name of a type of elements.
pub fn type_name(dtype: &DType) -> String {
    match (dtype, complex_part(dtype)) {
        (DType::Boolean, _) => "bool".into(),
        (_, Some(DType::Float32)) => "complex64".into(),
        (_, Some(_)) => "complex128".into(),
        (dtype, None) => dtype.to_string().to_lowercase(),
    }
}

impl Tensor {
    /// Elements of a buffer, row by row.
    ///
    /// # Errors
    /// A type that arrays do not have, or a buffer of another length.
    pub fn new(dtype: DType, shape: Vec<usize>, data: Buffer) -> Result<Self> {
        let bytes = width(&dtype)? * shape.iter().product::<usize>();
        if data.len() != bytes {
            return Err(Error::internal(format!("{} bytes for {shape:?} of {dtype}", data.len())));
        }
        Ok(Tensor { dtype, shape, data })
    }

    /// The elements of a vector, row by row.
    ///
    /// # Errors
    /// Another number of elements than the shape has.
    pub fn from_vec<T: ArrowNativeType>(dtype: DType, shape: Vec<usize>, values: Vec<T>) -> Result<Self> {
        Tensor::new(dtype, shape, Buffer::from_vec(values))
    }

    /// The elements of a column, row by row.
    ///
    /// # Errors
    /// Nulls, a type that arrays do not have, or another number of elements than the shape has.
    pub fn from_column(shape: Vec<usize>, column: &ArrayRef) -> Result<Self> {
        if column.null_count() > 0 {
            return Err(Error::internal("a column with nulls as an array"));
        }
        let dtype = column.data_type().clone();
        let width = width(&dtype)?;
        if let Some(flags) = column.as_boolean_opt() {
            let bytes: Vec<u8> = flags.values().iter().map(u8::from).collect();
            return Tensor::new(dtype, shape, Buffer::from_vec(bytes));
        }
        if complex_part(&dtype).is_some() {
            let parts = column.as_fixed_size_list();
            let (first, count) = (if parts.is_empty() { 0 } else { parts.value_offset_at(0) }, parts.len() * 2);
            let flat = Tensor::from_column(vec![count], &parts.values().slice(first, count))?;
            return Tensor::new(dtype, shape, flat.data);
        }
        let data = column.to_data();
        let buffer = data.buffers().first().ok_or_else(|| Error::internal("a column without values"))?;
        let values = buffer.slice_with_length(data.offset() * width, data.len() * width);
        Tensor::new(dtype, shape, values)
    }

    /// Type of the elements.
    pub fn dtype(&self) -> &DType {
        &self.dtype
    }

    /// Length along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The bytes of the elements.
    pub fn data(&self) -> &Buffer {
        &self.data
    }

    /// Bytes of the elements.
    pub fn bytes(&self) -> u64 {
        self.data.len() as u64
    }

    /// The elements, row by row.
    ///
    /// # Errors
    /// A type of another width.
    pub fn values<T: ArrowNativeType>(&self) -> Result<&[T]> {
        if width(&self.dtype)? != size_of::<T>() {
            return Err(Error::internal(format!("elements of {} read as {} bytes", self.dtype, size_of::<T>())));
        }
        Ok(self.data.typed_data())
    }

    /// The elements as a column.
    ///
    /// # Errors
    /// A buffer that does not fit its type.
    pub fn to_column(&self) -> Result<ArrayRef> {
        if self.dtype == DType::Boolean {
            let flags = self.data.iter().map(|byte| *byte != 0);
            return Ok(std::sync::Arc::new(BooleanArray::new(BooleanBuffer::from_iter(flags), None)));
        }
        let data = ArrayData::builder(self.dtype.clone()).len(self.elements());
        let data = match complex_part(&self.dtype) {
            Some(_) => data.add_child_data(self.parts()?.to_column()?.to_data()),
            None => data.add_buffer(self.data.clone()),
        };
        Ok(make_array(data.build()?))
    }

    /// The parts of complex numbers as floats, twice as many, along one axis.
    ///
    /// # Errors
    /// Elements that are not complex.
    pub fn parts(&self) -> Result<Tensor> {
        let part = complex_part(&self.dtype).ok_or_else(|| Error::internal(format!("parts of {}", self.dtype)))?;
        Tensor::new(part.clone(), vec![self.elements() * 2], self.data.clone())
    }

    /// The same elements in another shape.
    ///
    /// # Errors
    /// A shape of another number of elements.
    pub fn reshaped(self, shape: Vec<usize>) -> Result<Self> {
        Tensor::new(self.dtype, shape, self.data)
    }

    /// A box of the elements; without a copy when they stand side by side.
    ///
    /// # Errors
    /// A box that is not inside.
    pub fn part(&self, start: &[usize], shape: &[usize]) -> Result<Self> {
        let fits = start.len() == self.shape.len()
            && shape.len() == self.shape.len()
            && start.iter().zip(shape).zip(&self.shape).all(|((start, length), all)| start + length <= *all);
        if !fits {
            return Err(Error::internal(format!("{start:?} + {shape:?} of an array of {:?}", self.shape)));
        }
        let width = width(&self.dtype)?;
        // Side by side when only the first axes are cut: behind the first one that is longer than 1 all are whole.
        let first = shape.iter().position(|length| *length != 1).unwrap_or(shape.len());
        let is_dense = (first + 1..shape.len()).all(|axis| shape[axis] == self.shape[axis]);
        let elements: usize = shape.iter().product();
        if is_dense && elements > 0 {
            let at = start.iter().zip(&self.shape).fold(0, |at, (start, all)| at * all + start);
            return Tensor::new(
                self.dtype.clone(),
                shape.to_vec(),
                self.data.slice_with_length(at * width, elements * width),
            );
        }
        let mut part = TensorMut::zeros(self.dtype.clone(), shape.to_vec())?;
        let none = vec![0; shape.len()];
        copy_box(part.data.as_slice_mut(), (shape, &none), &self.data, (&self.shape, start), shape, width);
        Ok(part.freeze())
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of shape {:?}", type_name(&self.dtype), self.shape)
    }
}

/// An array in the making.
#[derive(Debug)]
pub struct TensorMut {
    dtype: DType,
    shape: Vec<usize>,
    data: MutableBuffer,
}

impl TensorMut {
    /// An array of zeros.
    ///
    /// # Errors
    /// A type that arrays do not have.
    pub fn zeros(dtype: DType, shape: Vec<usize>) -> Result<Self> {
        let bytes = width(&dtype)? * shape.iter().product::<usize>();
        Ok(TensorMut { dtype, shape, data: MutableBuffer::from_len_zeroed(bytes) })
    }

    /// Writes a box of elements, `start` elements from the front along each axis.
    ///
    /// # Errors
    /// A box that is not inside, or is of another type.
    pub fn paste(&mut self, start: &[usize], part: &Tensor) -> Result<()> {
        let none = vec![0; start.len()];
        self.paste_part(start, part, &none, part.shape())
    }

    /// Writes a box of a box of elements.
    ///
    /// # Errors
    /// Boxes that are not inside, or are of another type.
    pub fn paste_part(&mut self, start: &[usize], part: &Tensor, from: &[usize], shape: &[usize]) -> Result<()> {
        let inside = |start: &[usize], all: &[usize]| {
            start.len() == all.len()
                && start.iter().zip(shape).zip(all).all(|((start, length), all)| start + length <= *all)
        };
        if part.dtype != self.dtype || !inside(start, &self.shape) || !inside(from, part.shape()) {
            return Err(Error::internal(format!("{part:?} at {start:?} into {} of {:?}", self.dtype, self.shape)));
        }
        let width = width(&self.dtype)?;
        copy_box(self.data.as_slice_mut(), (&self.shape, start), &part.data, (&part.shape, from), shape, width);
        Ok(())
    }

    /// The bytes of the elements.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.data.as_slice_mut()
    }

    /// The elements, row by row.
    ///
    /// # Errors
    /// A type of another width.
    pub fn values_mut<T: ArrowNativeType>(&mut self) -> Result<&mut [T]> {
        if width(&self.dtype)? != size_of::<T>() {
            return Err(Error::internal(format!("elements of {} written as {} bytes", self.dtype, size_of::<T>())));
        }
        Ok(self.data.typed_data_mut())
    }

    /// The floats that the elements are, or are made of when they are complex.
    pub fn floats_mut<T: ArrowNativeType>(&mut self) -> &mut [T] {
        self.data.typed_data_mut()
    }

    /// The array.
    pub fn freeze(self) -> Tensor {
        Tensor { dtype: self.dtype, shape: self.shape, data: self.data.into() }
    }
}

/// Copies a box between two arrays that are row by row, each given by its shape and where the box starts in it.
fn copy_box(
    to: &mut [u8],
    (to_shape, to_start): (&[usize], &[usize]),
    from: &[u8],
    (from_shape, from_start): (&[usize], &[usize]),
    shape: &[usize],
    width: usize,
) {
    if shape.contains(&0) {
        return;
    }
    let Some(last) = shape.len().checked_sub(1) else {
        to[..width].copy_from_slice(&from[..width]);
        return;
    };
    let strides = |all: &[usize]| {
        let mut strides = vec![width; all.len()];
        for axis in (0..all.len().saturating_sub(1)).rev() {
            strides[axis] = strides[axis + 1] * all[axis + 1];
        }
        strides
    };
    let (to_strides, from_strides) = (strides(to_shape), strides(from_shape));
    let at = |start: &[usize], strides: &[usize]| start.iter().zip(strides).map(|(start, stride)| start * stride).sum();
    let (mut to_at, mut from_at): (usize, usize) = (at(to_start, &to_strides), at(from_start, &from_strides));
    let run = shape[last] * width;
    let mut index = vec![0; last];
    loop {
        to[to_at..to_at + run].copy_from_slice(&from[from_at..from_at + run]);
        let mut axis = last;
        loop {
            let Some(next) = axis.checked_sub(1) else { return };
            axis = next;
            index[axis] += 1;
            to_at += to_strides[axis];
            from_at += from_strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            to_at -= to_strides[axis] * shape[axis];
            from_at -= from_strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
}

/// Elements of an array with their place in it.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Where they are.
    pub region: Region,
    /// What they are.
    pub values: Tensor,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: Vec<usize>) -> Tensor {
        let values: Vec<i64> = (0..shape.iter().product::<usize>() as i64).collect();
        Tensor::from_vec(DType::Int64, shape, values).unwrap()
    }

    #[test]
    fn parts_are_boxes() {
        let tensor = counted(vec![4, 5]);
        assert_eq!(tensor.part(&[1, 2], &[2, 3]).unwrap().values::<i64>().unwrap(), [7, 8, 9, 12, 13, 14]);
        let rows = tensor.part(&[2, 0], &[1, 5]).unwrap();
        assert_eq!(rows.values::<i64>().unwrap(), [10, 11, 12, 13, 14]);
        assert_eq!(rows.data().as_ptr(), tensor.data().as_ptr().wrapping_add(80), "rows side by side are not copied");
        assert!(tensor.part(&[3, 0], &[2, 5]).is_err());
        assert_eq!(tensor.part(&[4, 0], &[0, 5]).unwrap().elements(), 0);
        let one = counted(vec![]);
        assert_eq!(one.part(&[], &[]).unwrap().values::<i64>().unwrap(), [0]);
    }

    #[test]
    fn what_is_pasted_is_read_back() {
        let tensor = counted(vec![2, 3, 4]);
        let mut all = TensorMut::zeros(DType::Int64, vec![2, 3, 4]).unwrap();
        for tile in Region::new([0, 0, 0], [2, 3, 4]).boxes_of(vec![2, 2, 3]) {
            let start: Vec<usize> = tile.start.iter().map(|start| *start as usize).collect();
            all.paste(&start, &tensor.part(&start, &tile.shape).unwrap()).unwrap();
        }
        assert_eq!(all.freeze().values::<i64>().unwrap(), tensor.values::<i64>().unwrap());
    }

    #[test]
    fn booleans_take_a_byte() {
        let flags = Tensor::from_vec(DType::Boolean, vec![3], vec![1u8, 0, 1]).unwrap();
        let column = flags.to_column().unwrap();
        assert_eq!(column.as_boolean().values().iter().collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(Tensor::from_column(vec![3], &column).unwrap().data(), flags.data());
    }

    #[test]
    fn complex_numbers_are_pairs() {
        let dtype = complex(&DType::Float64);
        assert_eq!((width(&dtype).unwrap(), type_name(&dtype).as_str()), (16, "complex128"));
        let values = Tensor::from_vec(dtype, vec![3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let column = values.to_column().unwrap();
        let back = Tensor::from_column(vec![2], &column.slice(1, 2)).unwrap();
        assert_eq!(back.parts().unwrap().values::<f64>().unwrap(), [3.0, 4.0, 5.0, 6.0]);
        let last = values.part(&[2], &[1]).unwrap();
        assert_eq!(last.parts().unwrap().values::<f64>().unwrap(), [5.0, 6.0]);
    }
}
