//! Codes back to arrays of values.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BinaryViewBuilder, BooleanArray, LargeBinaryBuilder, NullArray, PrimitiveArray,
    UInt64Array, new_null_array,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::{cast, concat, take};
use arrow::row::RowConverter;
use blockfold_core::{DType, Error, Result};

use super::Texts;
use crate::group::fixed::{FixedBits, with_fixed};

/// The values of codes of numbers.
pub(super) fn numbers(dtype: &DType, values: &[u64], codes: &[u32], null: Option<u32>) -> Result<ArrayRef> {
    let bits = codes.iter().map(|code| values.get(*code as usize).copied().unwrap_or(0));
    let nulls = null.map(|null| codes.iter().map(|code| *code != null).collect::<NullBuffer>());
    Ok(with_fixed!(dtype, T => {
        let natives: ScalarBuffer<<T as ArrowPrimitiveType>::Native> = bits.map(FixedBits::from_bits).collect();
        Arc::new(PrimitiveArray::<T>::new(natives, nulls).with_data_type(dtype.clone())) as ArrayRef
    }, _ => match dtype {
        DType::Null => Arc::new(NullArray::new(codes.len())),
        _ => Arc::new(BooleanArray::new(bits.map(|bits| bits != 0).collect(), nulls)),
    }))
}

/// The values of codes of strings of bytes.
pub(super) fn texts(name: &str, dtype: &DType, texts: &Texts, codes: &[u32]) -> Result<ArrayRef> {
    let values = codes.iter().map(|code| (Some(*code) != texts.null()).then(|| texts.value(*code)));
    bytes_array(name, dtype, values)
}

/// An array of strings of bytes of one of their types.
///
/// # Errors
/// [`Error::Unsupported`] when there is more text than the type can address.
pub(in crate::group) fn bytes_array<'a>(
    name: &str,
    dtype: &DType,
    values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
) -> Result<ArrayRef> {
    let total: usize = values.clone().flatten().map(<[u8]>::len).sum();
    let rows = values.size_hint().0;
    let binary: ArrayRef = match dtype {
        DType::LargeUtf8 | DType::LargeBinary => {
            let mut builder = LargeBinaryBuilder::with_capacity(rows, total);
            values.for_each(|value| builder.append_option(value));
            Arc::new(builder.finish())
        }
        DType::Utf8View | DType::BinaryView => {
            let mut builder = BinaryViewBuilder::with_capacity(rows);
            values.for_each(|value| builder.append_option(value));
            Arc::new(builder.finish())
        }
        _ if i32::try_from(total).is_err() => {
            return Err(Error::Unsupported {
                what: format!("more than 2 GiB of text in column '{name}' of {dtype}"),
                instead: "cast the column to LargeUtf8".into(),
            });
        }
        _ => {
            let mut builder = BinaryBuilder::with_capacity(rows, total);
            values.for_each(|value| builder.append_option(value));
            Arc::new(builder.finish())
        }
    };
    Ok(cast(&binary, dtype)?)
}

/// The values of codes of rows.
pub(super) fn rows(converter: &RowConverter, dtype: &DType, texts: &Texts, codes: &[u32]) -> Result<ArrayRef> {
    let parser = converter.parser();
    let valid = codes.iter().filter(|code| Some(**code) != texts.null());
    let values = converter.convert_rows(valid.clone().map(|code| parser.parse(texts.value(*code))))?;
    let values = values.into_iter().next().ok_or_else(|| Error::internal("rows of no column"))?;
    let last = values.len() as u64;
    let mut next = 0;
    let places = codes.iter().map(|code| {
        let is_null = Some(*code) == texts.null();
        let place = if is_null { last } else { next };
        next += u64::from(!is_null);
        place
    });
    let places = UInt64Array::from_iter_values(places);
    let with_null = concat(&[values.as_ref(), new_null_array(dtype, 1).as_ref()])?;
    Ok(take(&with_null, &places, None)?)
}
