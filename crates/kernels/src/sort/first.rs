//! First keys as words that compare across batches.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{BinaryType, DataType, Decimal128Type, LargeBinaryType, LargeUtf8Type, Utf8Type};
use blockfold_core::Result;

use super::order::SortOrder;
use super::packed::is_packed;
use super::text::{TextOf, common_len, is_last, null_word, word_of};
use crate::group::fixed::{FixedBits, with_fixed};

/// The word of texts that come before those with the common start, and with all bits flipped that of those after.
const BEFORE: u64 = 1;

/// The bounds' first key column as words that sort like it, which settle most rows.
#[derive(Debug)]
pub(super) struct FirstWords {
    words: Vec<u64>,
    order: SortOrder,
    /// What all texts among the bounds start with; words hold what follows.
    common: Vec<u8>,
    /// Whether there is one key column, so that equal words may mean equal keys.
    is_only: bool,
}

impl FirstWords {
    pub(super) fn new(keys: &[ArrayRef], orders: &[SortOrder]) -> Self {
        let order = orders.first().copied().unwrap_or_default();
        let common = keys.first().map(common_start).unwrap_or_default();
        let mut first = FirstWords { words: Vec::new(), order, common, is_only: keys.len() == 1 };
        first.words = keys.first().map(|key| first.words_of(key)).unwrap_or_default();
        first
    }

    /// Writes the part of each row by its first key; returns the rows that need their whole key compared.
    pub(super) fn parts_of(&self, key: &[ArrayRef], part_of_row: &mut Vec<u32>) -> Result<Vec<u32>> {
        let mut undecided = Vec::new();
        let Some(key) = key.first() else { return Ok(undecided) };
        let is_exact = |word| self.is_only && self.is_exact(word, key.data_type());
        for (row, word) in (0u32..).zip(self.words_of(key)) {
            let part = self.words.partition_point(|bound| *bound <= word);
            let meets_bound = part.checked_sub(1).and_then(|before| self.words.get(before)) == Some(&word);
            if meets_bound && !is_exact(word) {
                undecided.push(row);
            }
            part_of_row.push(u32::try_from(part).unwrap_or(u32::MAX));
        }
        Ok(undecided)
    }

    /// Whether keys of a word are equal.
    fn is_exact(&self, word: u64, dtype: &DataType) -> bool {
        match dtype {
            _ if word == 0 || word == u64::MAX => true,
            dtype if text_of(dtype) => is_last(word ^ self.flip()),
            dtype => is_packed(dtype) && is_inner(word),
        }
    }

    fn flip(&self) -> u64 {
        if self.order.descending { u64::MAX } else { 0 }
    }

    fn words_of(&self, key: &ArrayRef) -> Vec<u64> {
        with_fixed!(
            key.data_type(),
            T => {
                let is_narrow = size_of::<<T as ArrowPrimitiveType>::Native>() < size_of::<u64>();
                let values = key.as_primitive::<T>().values().iter().map(|value| FixedBits::to_bits(*value));
                self.fixed(values.map(|bits| inner(bits, is_narrow)), key.nulls())
            },
            _ => self.other_words(key)
        )
    }

    fn other_words(&self, key: &ArrayRef) -> Vec<u64> {
        match key.data_type() {
            DataType::Boolean => {
                let bits = key.as_boolean().values().iter().map(u64::from);
                self.fixed(bits.map(|bits| inner(bits, true)), key.nulls())
            }
            DataType::Decimal128(..) => {
                let values = key.as_primitive::<Decimal128Type>().values().iter();
                self.fixed(values.map(|value| inner(FixedBits::to_bits(clamped(*value)), false)), key.nulls())
            }
            DataType::Utf8 => self.texts(key.as_bytes::<Utf8Type>(), key.len()),
            DataType::LargeUtf8 => self.texts(key.as_bytes::<LargeUtf8Type>(), key.len()),
            DataType::Binary => self.texts(key.as_bytes::<BinaryType>(), key.len()),
            DataType::LargeBinary => self.texts(key.as_bytes::<LargeBinaryType>(), key.len()),
            DataType::Utf8View => self.texts(key.as_string_view(), key.len()),
            DataType::BinaryView => self.texts(key.as_binary_view(), key.len()),
            // One word for all: each row is compared.
            _ => vec![BEFORE; key.len()],
        }
    }

    fn fixed(&self, words: impl Iterator<Item = u64>, nulls: Option<&NullBuffer>) -> Vec<u64> {
        let (flip, null) = (self.flip(), null_word(self.order));
        match nulls.filter(|nulls| nulls.null_count() > 0) {
            None => words.map(|word| word ^ flip).collect(),
            Some(nulls) => {
                words.zip(nulls.iter()).map(|(word, is_valid)| if is_valid { word ^ flip } else { null }).collect()
            }
        }
    }

    fn texts(&self, texts: &impl TextOf, rows: usize) -> Vec<u64> {
        let (flip, null) = (self.flip(), null_word(self.order));
        (0..rows).map(|row| texts.text(row).map_or(null, |text| self.text_word(text) ^ flip)).collect()
    }

    fn text_word(&self, text: &[u8]) -> u64 {
        match text.strip_prefix(self.common.as_slice()) {
            Some(_) => word_of(text, self.common.len()),
            None if text < self.common.as_slice() => BEFORE,
            None => !BEFORE,
        }
    }
}

/// Bits moved away from the words of null, exactly where there is room.
#[inline]
fn inner(bits: u64, is_narrow: bool) -> u64 {
    if is_narrow { bits + 2 } else { bits.clamp(1, u64::MAX - 1) }
}

/// The nearest 64-bit integer: no word of one value when it is not the same.
fn clamped(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Whether a word is that of one value only.
fn is_inner(word: u64) -> bool {
    (2..u64::MAX - 1).contains(&word)
}

fn text_of(dtype: &DataType) -> bool {
    dtype.is_string() || matches!(dtype, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

/// The longest start that all texts of a column have in common; nothing for other types.
fn common_start(key: &ArrayRef) -> Vec<u8> {
    match key.data_type() {
        DataType::Utf8 => common_of(key.as_bytes::<Utf8Type>(), key.len()),
        DataType::LargeUtf8 => common_of(key.as_bytes::<LargeUtf8Type>(), key.len()),
        DataType::Binary => common_of(key.as_bytes::<BinaryType>(), key.len()),
        DataType::LargeBinary => common_of(key.as_bytes::<LargeBinaryType>(), key.len()),
        DataType::Utf8View => common_of(key.as_string_view(), key.len()),
        DataType::BinaryView => common_of(key.as_binary_view(), key.len()),
        _ => Vec::new(),
    }
}

fn common_of(texts: &impl TextOf, rows: usize) -> Vec<u8> {
    let texts = (0..rows).filter_map(|row| texts.text(row));
    let shared = |a: &'_ [u8], b: &[u8]| common_len(a, b, a.len());
    let mut common: Option<Vec<u8>> = None;
    for text in texts {
        match &mut common {
            None => common = Some(text.to_vec()),
            Some(common) => common.truncate(shared(common, text)),
        }
    }
    common.unwrap_or_default()
}
