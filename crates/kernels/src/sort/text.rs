//! Strings of bytes as words of seven bytes each.

use arrow::array::{Array, FixedSizeBinaryArray, GenericByteArray, GenericByteViewArray};
use arrow::datatypes::{ByteArrayType, ByteViewType};
use arrow::row::Rows;

use super::key::Part;
use super::order::SortOrder;
use super::radix::Keyed;

/// Bytes of a text in one word.
const STRIDE: usize = 7;

/// The lowest byte of a word that ends its text says how many of the word's bytes it has, from this on up.
const ENDED: u64 = 2;
/// The lowest byte when the text goes on after the word.
const GOES_ON: u64 = ENDED + STRIDE as u64 + 1;

/// The next seven bytes of a text, from `offset` on, and how many there are: words sort like texts, and lie between 2
/// and `u64::MAX - 2`, also when all their bits are flipped.
#[inline]
pub(super) fn word_of(text: &[u8], offset: usize) -> u64 {
    let rest = text.get(offset..).unwrap_or_default();
    if let Some(first) = rest.first_chunk::<8>() {
        return (u64::from_be_bytes(*first) & !0xff) | GOES_ON;
    }
    let gone = 8 * (8 - rest.len() as u32);
    let bytes = match text.last_chunk::<8>() {
        Some(last) => u64::from_be_bytes(*last).checked_shl(gone).unwrap_or(0),
        None => rest.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)).checked_shl(gone).unwrap_or(0),
    };
    bytes | (ENDED + rest.len() as u64)
}

/// Whether texts of the same word end in it.
pub(super) fn is_last(word: u64) -> bool {
    word & 0xff < GOES_ON
}

/// The number of bytes, at most `limit`, that two texts have in common.
pub(super) fn common_len(a: &[u8], b: &[u8], limit: usize) -> usize {
    a.iter().zip(b).take(limit).take_while(|(a, b)| a == b).count()
}

/// An array of strings of bytes.
pub(super) trait TextOf {
    /// The bytes of a row below the array's length.
    fn text(&self, row: usize) -> Option<&[u8]>;
}

impl<T: ByteArrayType> TextOf for GenericByteArray<T> {
    #[inline]
    fn text(&self, row: usize) -> Option<&[u8]> {
        self.is_valid(row).then(|| self.value(row).as_ref())
    }
}

impl<T: ByteViewType + ?Sized> TextOf for GenericByteViewArray<T> {
    #[inline]
    fn text(&self, row: usize) -> Option<&[u8]> {
        self.is_valid(row).then(|| self.value(row).as_ref())
    }
}

impl TextOf for FixedSizeBinaryArray {
    fn text(&self, row: usize) -> Option<&[u8]> {
        self.is_valid(row).then(|| self.value(row))
    }
}

impl TextOf for Rows {
    fn text(&self, row: usize) -> Option<&[u8]> {
        Some(self.row(row).data())
    }
}

/// A column of texts.
pub(super) struct Text<T> {
    texts: T,
    /// All ones when the greatest come first.
    flip: u64,
    null: u64,
}

impl<T: TextOf> Text<T> {
    pub(super) fn new(texts: T, order: SortOrder) -> Self {
        let flip = if order.descending { u64::MAX } else { 0 };
        Text { texts, flip, null: null_word(order) }
    }

    /// The first byte from `offset` on in which two of the items differ, or where one of them ends.
    fn skip_common(&self, offset: usize, items: &[Keyed]) -> usize {
        let mut texts = items.iter().filter_map(|item| self.texts.text(item.1 as usize));
        let mut rest = texts.next().and_then(|first| first.get(offset..)).unwrap_or_default();
        for text in texts {
            let other = text.get(offset..).unwrap_or_default();
            rest = rest.get(..common_len(rest, other, rest.len())).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
        }
        offset + rest.len()
    }
}

/// The word of null, which no text has.
pub(super) fn null_word(order: SortOrder) -> u64 {
    if order.nulls_last { u64::MAX } else { 0 }
}

impl<T: TextOf> Part for Text<T> {
    fn words(&self, offset: usize, items: &mut [Keyed]) -> usize {
        let offset = self.skip_common(offset, items);
        for (word, row) in items {
            *word = self.texts.text(*row as usize).map_or(self.null, |text| word_of(text, offset) ^ self.flip);
        }
        offset
    }

    fn after(&self, offset: usize, word: u64) -> Option<usize> {
        (word != self.null && !is_last(word ^ self.flip)).then_some(offset + STRIDE)
    }
}
