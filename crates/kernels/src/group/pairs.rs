//! The values of an input that are not null, each with the group of its row.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, ArrowPrimitiveType};
use blockfold_core::{Error, Result};

use super::intern::with_keys;

/// Rows that one word of a validity bitmap speaks of.
const WORD: usize = 64;

/// Whether an input has a null, as a key or as a dictionary's value.
pub(super) fn has_nulls(array: &ArrayRef) -> bool {
    let inner = array.as_any_dictionary_opt().is_some_and(|dictionary| dictionary.values().logical_null_count() > 0);
    inner || array.logical_null_count() > 0
}

/// Calls `visit` with runs of groups and of their values, without the rows whose value is null.
///
/// # Errors
/// [`Error::Type`] when the array is neither of `T` nor a dictionary of `T`.
pub(super) fn for_each_run<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    groups: &[u32],
    mut visit: impl FnMut(&[u32], &[T::Native]),
) -> Result<()> {
    if let Some(plain) = array.as_primitive_opt::<T>() {
        match plain.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => visit(groups, plain.values()),
            Some(nulls) => valid_runs(plain.values(), nulls, groups, visit),
        }
        return Ok(());
    }
    let mismatch = || Error::Type {
        op: "an aggregate".into(),
        expected: T::DATA_TYPE.to_string(),
        got: array.data_type().to_string(),
    };
    let dictionary = array.as_any_dictionary_opt().ok_or_else(mismatch)?;
    let values = dictionary.values().as_primitive_opt::<T>().ok_or_else(mismatch)?;
    let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    with_keys!(dictionary.keys(), keys => decoded_runs(keys, values, nulls.as_ref(), groups, &mut visit));
    Ok(())
}

/// Runs of a plain array with nulls: 64 rows at a time, copied together unless all of them are valid.
fn valid_runs<N: Copy + Default>(
    values: &[N],
    nulls: &NullBuffer,
    groups: &[u32],
    mut visit: impl FnMut(&[u32], &[N]),
) {
    let mut kept = Kept::default();
    let words = nulls.inner().bit_chunks();
    for ((values, groups), word) in values.chunks(WORD).zip(groups.chunks(WORD)).zip(words.iter_padded()) {
        if word == u64::MAX {
            visit(groups, values);
        } else {
            kept.keep(word, groups, values.iter().copied());
            visit(kept.groups(), kept.values());
        }
    }
}

/// Runs of a dictionary array, decoded 64 rows at a time.
fn decoded_runs<K: ArrowDictionaryKeyType, T: ArrowPrimitiveType>(
    keys: &PrimitiveArray<K>,
    values: &PrimitiveArray<T>,
    nulls: Option<&NullBuffer>,
    groups: &[u32],
    visit: &mut impl FnMut(&[u32], &[T::Native]),
) {
    let mut kept = Kept::default();
    let values = values.values();
    let words = nulls.map(|nulls| nulls.inner().bit_chunks());
    let mut words = words.as_ref().map(|words| words.iter_padded());
    for (keys, groups) in keys.values().chunks(WORD).zip(groups.chunks(WORD)) {
        let word = words.as_mut().map_or(u64::MAX, |words| words.next().unwrap_or(0));
        let decoded = keys.iter().map(|key| values.get(key.as_usize()).copied().unwrap_or_default());
        kept.keep(word, groups, decoded);
        visit(kept.groups(), kept.values());
    }
}

/// Up to 64 values with their groups.
struct Kept<N> {
    groups: [u32; WORD],
    values: [N; WORD],
    len: usize,
}

impl<N: Copy + Default> Default for Kept<N> {
    fn default() -> Self {
        Kept { groups: [0; WORD], values: [N::default(); WORD], len: 0 }
    }
}

impl<N: Copy> Kept<N> {
    /// Keeps the rows whose bit is set. Every row is written, only those kept move the end.
    #[inline]
    fn keep(&mut self, word: u64, groups: &[u32], values: impl Iterator<Item = N>) {
        let mut len = 0;
        let mut bits = word;
        for (group, value) in groups.iter().zip(values) {
            self.groups[len % WORD] = *group;
            self.values[len % WORD] = value;
            len += usize::from(bits & 1 == 1);
            bits >>= 1;
        }
        self.len = len.min(WORD);
    }

    fn groups(&self) -> &[u32] {
        &self.groups[..self.len]
    }

    fn values(&self) -> &[N] {
        &self.values[..self.len]
    }
}
