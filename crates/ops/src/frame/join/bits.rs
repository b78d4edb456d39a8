//! A set of whole numbers as bits: which rows of the probe side can have a partner.

use arrow::array::{Array, AsArray, BooleanArray, Int64Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};
use blockfold_core::cast::cast;
use blockfold_core::expr::plain_type;
use blockfold_core::{ArrayRef, DType, Expr, RecordBatch, Result};
use blockfold_kernels::evaluate::evaluate;
use blockfold_plan::RowFilter;

/// A set takes no more than this share of the budget, nor more bits than this.
const BITS_SHARE: u64 = 256;
const MOST_BITS: u64 = 1 << 26;

/// A set is worth its time when it leaves out at least all but one of so many values of its range.
const SPARSE: u64 = 4;

/// Rows whose key is in a set.
#[derive(Debug)]
pub(super) struct KeyBits {
    key: Expr,
    first: i64,
    length: u64,
    bits: Vec<u64>,
    null_passes: bool,
}

impl KeyBits {
    /// The set of a build side's values of a key; `None` when they are too many, too far apart, or of no whole numbers.
    pub(super) fn of(key: &Expr, values: &ArrayRef, null_passes: bool, budget_bytes: u64) -> Result<Option<Self>> {
        if !is_whole(values.data_type()) {
            return Ok(None);
        }
        let values = cast(values, &DType::Int64, false)?;
        let values: &Int64Array = values.as_primitive();
        let (Some(first), Some(last)) = (arrow::compute::min(values), arrow::compute::max(values)) else {
            return Ok(None);
        };
        let length = last.abs_diff(first).saturating_add(1);
        let most = MOST_BITS.min(budget_bytes / BITS_SHARE * 8);
        if length > most || values.len() as u64 > length / SPARSE {
            return Ok(None);
        }
        let words = usize::try_from(length.div_ceil(64)).unwrap_or(0);
        let mut set = KeyBits { key: key.clone(), first, length, bits: vec![0; words], null_passes };
        for value in values.iter().flatten() {
            let (word, bit) = set.place(value);
            set.bits[word] |= 1 << bit;
        }
        Ok(Some(set))
    }

    /// Word and bit of a value in the range.
    fn place(&self, value: i64) -> (usize, u32) {
        let at = value.abs_diff(self.first);
        // The range has no more bits than can be addressed.
        #[allow(clippy::cast_possible_truncation)]
        ((at / 64) as usize, (at % 64) as u32)
    }

    #[inline]
    fn has(&self, value: i64) -> bool {
        let at = value.wrapping_sub(self.first).cast_unsigned();
        // As in `place`.
        #[allow(clippy::cast_possible_truncation)]
        let word = self.bits.get((at / 64) as usize).copied().unwrap_or(0);
        at < self.length && word >> (at % 64) & 1 == 1
    }
}

/// Types whose values are whole numbers that all fit 64 bits with a sign.
fn is_whole(dtype: &DType) -> bool {
    let dtype = plain_type(dtype);
    (dtype.is_integer() && dtype != DType::UInt64) || matches!(dtype, DType::Date32 | DType::Timestamp(..))
}

impl RowFilter for KeyBits {
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        let keys = evaluate(&self.key, rows)?;
        let found = match keys.data_type() {
            DType::Int64 => {
                BooleanBuffer::from_iter(keys.as_primitive::<Int64Type>().values().iter().map(|value| self.has(*value)))
            }
            DType::Int32 => BooleanBuffer::from_iter(
                keys.as_primitive::<Int32Type>().values().iter().map(|value| self.has(i64::from(*value))),
            ),
            DType::Date32 => BooleanBuffer::from_iter(
                keys.as_primitive::<Date32Type>().values().iter().map(|value| self.has(i64::from(*value))),
            ),
            _ => {
                let wide = cast(&keys, &DType::Int64, false)?;
                BooleanBuffer::from_iter(wide.as_primitive::<Int64Type>().values().iter().map(|value| self.has(*value)))
            }
        };
        let found = match keys.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) if self.null_passes => &found | &!nulls.inner(),
            Some(nulls) => &found & nulls.inner(),
            None => found,
        };
        Ok(BooleanArray::new(found, None))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use blockfold_core::col;

    use super::*;

    #[test]
    fn rows_pass_whose_key_is_there() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![5, 105, -3]));
        let keys: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![
            Some(5),
            None,
            Some(6),
            Some(-3),
            Some(i32::MAX),
            Some(i32::MIN),
        ]));
        let rows = RecordBatch::try_from_iter([("k", keys)]).unwrap();
        for null_passes in [false, true] {
            let set = KeyBits::of(&col("k"), &values, null_passes, 1 << 20).unwrap().unwrap();
            let mask = set.mask(&rows).unwrap();
            assert_eq!(
                mask.iter().map(Option::unwrap).collect::<Vec<_>>(),
                [true, null_passes, false, true, false, false]
            );
        }
    }

    #[test]
    fn dense_or_wide_sets_are_left_out() {
        let of = |values: Vec<i64>, budget: u64| {
            let values: ArrayRef = Arc::new(Int64Array::from(values));
            KeyBits::of(&col("k"), &values, false, budget).unwrap().is_some()
        };
        assert!(!of((0..100).collect(), 1 << 30));
        assert!(!of(vec![0, i64::MAX], 1 << 40) && !of(vec![i64::MIN, i64::MAX], 1 << 40) && !of(vec![], 1 << 30));
        assert!(!of(vec![0, 1 << 20], 1 << 20) && of(vec![0, 1 << 20], 1 << 30));
        let texts: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["a"]));
        assert!(KeyBits::of(&col("k"), &texts, false, 1 << 30).unwrap().is_none());
    }
}
