//! Codes of a dictionary: checked once, while they are unpacked, and not again when an array is made of them.
//!
//! One of the crate's modules with unsafe code, for which nothing but this module makes a [`Keys`].

#![allow(unsafe_code)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::compute::{concat, take};
use arrow::datatypes::Int32Type;
use parquet::errors::ParquetError;

use super::Result;
use super::fixed::spread;
use super::hybrid::{Hybrid, Stretch};

/// Codes, each of which is in the dictionary.
pub(super) struct Keys {
    /// Each key that is not null is at least zero and less than the dictionary's length.
    keys: Int32Array,
    dictionary: ArrayRef,
}

impl Keys {
    /// The next `count` codes as `rows` rows, moved to their rows where there are nulls.
    pub(super) fn decode(
        codes: &mut Hybrid,
        count: usize,
        rows: usize,
        nulls: Option<NullBuffer>,
        dictionary: ArrayRef,
    ) -> Result<Self> {
        let last = dictionary.len().checked_sub(1).and_then(|last| i32::try_from(last).ok());
        let Some(last) = last.map(i32::cast_unsigned).or((count == 0).then_some(0)) else {
            return Err(outside());
        };
        let mut dense: Vec<i32> = Vec::with_capacity(count);
        // The top bit of a code that is none, or of its distance to the last one, is set: no branch, and no
        // maximum, for which the smallest set of vector instructions has none.
        let mut bits = 0u32;
        codes.decode(count, |stretch| match stretch {
            Stretch::Same(code, count) => {
                bits |= code | last.wrapping_sub(code);
                dense.extend(std::iter::repeat_n(code.cast_signed(), count));
            }
            Stretch::Numbers(codes) => {
                bits |= codes.iter().fold(0, |bits, code| bits | code | last.wrapping_sub(*code));
                dense.extend(codes.iter().map(|code| code.cast_signed()));
            }
        })?;
        if bits.cast_signed() < 0 {
            return Err(outside());
        }
        let values = match &nulls {
            None => Buffer::from_vec(dense),
            Some(nulls) => spread(&dense, nulls),
        };
        let keys = Int32Array::try_new(ScalarBuffer::new(values, 0, rows), nulls)?;
        Ok(Keys { keys, dictionary })
    }

    /// Rows.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Several of one dictionary as one, `None` when they are of several.
    pub(super) fn join(all: &[&Keys]) -> Result<Option<Self>> {
        let Some(first) = all.first() else { return Ok(None) };
        if !all.iter().all(|keys| Arc::ptr_eq(&keys.dictionary, &first.dictionary)) {
            return Ok(None);
        }
        let keys = concat(&all.iter().map(|keys| &keys.keys as &dyn Array).collect::<Vec<_>>())?;
        Ok(Some(Keys { keys: keys.as_primitive::<Int32Type>().clone(), dictionary: first.dictionary.clone() }))
    }

    /// As an array of codes.
    pub(super) fn into_codes(self) -> ArrayRef {
        // SAFETY: every key that is not null lies inside of the dictionary: `decode` looked at each, `join` puts
        // together only keys of the same dictionary, and the fields are private to this module.
        Arc::new(unsafe { DictionaryArray::<Int32Type>::new_unchecked(self.keys, self.dictionary) })
    }

    /// The values that are meant.
    pub(super) fn into_values(self) -> Result<ArrayRef> {
        Ok(take(&self.dictionary, &self.keys, None)?)
    }
}

fn outside() -> ParquetError {
    ParquetError::General("a code lies outside of its dictionary".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;

    #[test]
    fn codes_outside_of_the_dictionary_are_errors() {
        let decode = |data: &'static [u8], width, count, values: Vec<i64>| {
            let dictionary: ArrayRef = Arc::new(Int64Array::from(values));
            Keys::decode(&mut Hybrid::new(data.into(), width)?, count, count, None, dictionary)
        };
        assert!(decode(&[8, 2], 2, 4, vec![5, 6]).is_err());
        assert!(decode(&[8, 0xff, 0xff, 0xff, 0xff], 32, 4, vec![5, 6]).is_err());
        assert!(decode(&[3, 0b0000_0001, 0b1000_0000], 2, 8, vec![5, 6]).is_err());
        assert!(decode(&[8, 0], 1, 4, vec![]).is_err());
        assert_eq!(decode(&[], 0, 0, vec![]).unwrap().len(), 0);
        let codes = decode(&[8, 1], 1, 4, vec![5, 6]).unwrap();
        assert!(codes.into_codes().to_data().validate_full().is_ok());
    }

    #[test]
    fn codes_of_two_dictionaries_are_not_joined() {
        let dictionary = || -> ArrayRef { Arc::new(Int64Array::from(vec![5, 6])) };
        let keys = |dictionary: &ArrayRef| {
            Keys::decode(&mut Hybrid::new([8, 1].as_slice().into(), 1).unwrap(), 4, 4, None, dictionary.clone())
        };
        let (one, two) = (dictionary(), dictionary());
        let parts = [keys(&one).unwrap(), keys(&one).unwrap(), keys(&two).unwrap()];
        assert_eq!(Keys::join(&[&parts[0], &parts[1]]).unwrap().unwrap().len(), 8);
        assert!(Keys::join(&[&parts[0], &parts[2]]).unwrap().is_none());
    }
}
