//! Codes of dictionary arrays, through a translation made once for each dictionary.

use std::sync::Arc;

use arrow::array::{AnyDictionaryArray, Array, ArrayRef, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, DataType};
use blockfold_core::{Error, Result};

use super::{Distinct, lookup};
use crate::group::hash::{CHUNK, MISSING};

/// Dictionaries remembered: the row groups of a few files that are read in turn.
const REMEMBERED: usize = 4;

/// Translations of the last dictionaries.
#[derive(Debug, Default)]
pub(super) struct Translations {
    known: Vec<Translation>,
    /// Which one makes room for the next.
    oldest: usize,
}

/// Codes of one dictionary's values.
#[derive(Debug)]
struct Translation {
    /// Held so that no other dictionary can come to lie at the same address.
    values: ArrayRef,
    /// Our code plus one by theirs; 0 for values that no row had so far, which are no groups yet.
    codes: Vec<u32>,
}

impl Translations {
    pub(super) fn bytes(&self) -> u64 {
        self.known.iter().map(|known| (known.codes.capacity() * size_of::<u32>()) as u64).sum()
    }

    /// Writes the code of each row's value.
    pub(super) fn intern(
        &mut self,
        distinct: &mut Distinct,
        array: &dyn AnyDictionaryArray,
        codes: &mut [u32],
    ) -> Result<()> {
        let translation = self.of(array.values());
        with_keys!(array.keys(), keys => translation.intern(distinct, keys, codes))
    }

    /// The translation of a dictionary, a new one in the oldest one's place when it is not known.
    fn of(&mut self, values: &ArrayRef) -> &mut Translation {
        let known = self.known.iter().position(|known| known.is_of(values));
        let place = known.unwrap_or_else(|| {
            let new = Translation { values: Arc::clone(values), codes: vec![0; values.len()] };
            if self.known.len() < REMEMBERED {
                self.known.push(new);
                return self.known.len() - 1;
            }
            let place = self.oldest;
            self.oldest = (self.oldest + 1) % REMEMBERED;
            self.known[place] = new;
            place
        });
        &mut self.known[place]
    }
}

/// Whether two arrays are one in memory.
pub(super) fn is_same(a: &ArrayRef, b: &ArrayRef) -> bool {
    Arc::ptr_eq(a, b) || (a.len() == b.len() && a.to_data().ptr_eq(&b.to_data()))
}

impl Translation {
    fn is_of(&self, values: &ArrayRef) -> bool {
        is_same(&self.values, values)
    }

    fn intern<K: ArrowDictionaryKeyType>(
        &mut self,
        distinct: &mut Distinct,
        keys: &PrimitiveArray<K>,
        codes: &mut [u32],
    ) -> Result<()> {
        let nulls = keys.nulls().filter(|nulls| nulls.null_count() > 0);
        let mut start = 0;
        let is_i32 = K::DATA_TYPE == DataType::Int32;
        let all_i32: &[i32] = if is_i32 { keys.values().inner().typed_data() } else { &[] };
        for (keys, codes) in keys.values().chunks(CHUNK).zip(codes.chunks_mut(CHUNK)) {
            let all_found = match all_i32.get(start..start + keys.len()) {
                Some(keys) if is_i32 => lookup::find_i32(&self.codes, keys, codes),
                _ => lookup::find(&self.codes, keys.iter().map(|key| key.as_usize()), codes),
            };
            if !all_found || nulls.is_some() {
                self.resolve::<K>(distinct, start, keys, nulls, codes)?;
            }
            start += keys.len();
        }
        Ok(())
    }

    #[cold]
    fn resolve<K: ArrowDictionaryKeyType>(
        &mut self,
        distinct: &mut Distinct,
        start: usize,
        keys: &[K::Native],
        nulls: Option<&NullBuffer>,
        codes: &mut [u32],
    ) -> Result<()> {
        for (row, (key, code)) in keys.iter().zip(codes).enumerate() {
            if nulls.is_some_and(|nulls| nulls.is_null(start + row)) {
                *code = distinct.null_code();
            } else if *code == MISSING {
                *code = self.translate(distinct, key.as_usize())?;
            }
        }
        Ok(())
    }

    fn translate(&mut self, distinct: &mut Distinct, key: usize) -> Result<u32> {
        let entry = self.codes.get_mut(key).ok_or_else(|| Error::internal("a dictionary key beyond its values"))?;
        if *entry == 0 {
            *entry = distinct.code_at(&self.values, key)?.wrapping_add(1);
        }
        Ok(entry.wrapping_sub(1))
    }
}

/// Evaluates an expression with the keys of a dictionary array as an array of their type.
macro_rules! with_keys {
    ($array:expr, $keys:ident => $body:expr) => {{
        use arrow::array::AsArray;
        use arrow::datatypes::*;
        let array: &dyn arrow::array::Array = $array;
        match array.data_type() {
            DataType::Int8 => {
                let $keys = array.as_primitive::<Int8Type>();
                $body
            }
            DataType::Int16 => {
                let $keys = array.as_primitive::<Int16Type>();
                $body
            }
            DataType::Int64 => {
                let $keys = array.as_primitive::<Int64Type>();
                $body
            }
            DataType::UInt8 => {
                let $keys = array.as_primitive::<UInt8Type>();
                $body
            }
            DataType::UInt16 => {
                let $keys = array.as_primitive::<UInt16Type>();
                $body
            }
            DataType::UInt32 => {
                let $keys = array.as_primitive::<UInt32Type>();
                $body
            }
            DataType::UInt64 => {
                let $keys = array.as_primitive::<UInt64Type>();
                $body
            }
            _ => {
                let $keys = array.as_primitive::<Int32Type>();
                $body
            }
        }
    }};
}
pub(in crate::group) use with_keys;
