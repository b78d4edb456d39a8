//! Bloom filters: read when a partition is opened, for filters that look for single values.

use std::cell::RefCell;
use std::collections::BTreeMap;

use blockfold_core::{DType, Scalar};
use parquet::basic::Type;
use parquet::bloom_filter::Sbbf;

use super::interval::Interval;
use super::test::{Facts, Test};
use crate::parquet::columns::{ColumnSource, Result};
use crate::parquet::ranges::group_interval;

/// Bytes beyond which a bloom filter is not worth reading.
const MAX_BYTES: i32 = 16 << 20;

/// Whether a row group may hold rows for which the test is true, by statistics and bloom filters.
pub(in crate::parquet) fn may_match(test: &Test, source: &ColumnSource) -> bool {
    let blooms = GroupBlooms { source, read: RefCell::default() };
    !test.looks_for_values() || test.outcomes(&blooms).may_be_true
}

struct GroupBlooms<'a> {
    source: &'a ColumnSource,
    read: RefCell<BTreeMap<usize, Option<(Sbbf, Type)>>>,
}

impl GroupBlooms<'_> {
    /// A column's filter; what cannot be read rules nothing out.
    fn filter(&self, column: usize) -> Result<Option<(Sbbf, Type)>> {
        let Some((leaf, descriptor)) = self.source.layout.flat(column) else { return Ok(None) };
        let chunk = self.source.data.chunk(&self.source.group, leaf);
        let extras = chunk.and_then(|chunk| chunk.extras.as_ref());
        let length = extras.and_then(|extras| extras.bloom).map(|(_, length)| length.unwrap_or(0));
        let Some(chunk) = chunk.filter(|_| length.is_some_and(|length| length <= MAX_BYTES)) else { return Ok(None) };
        let meta = chunk.to_parquet(descriptor.clone())?;
        let filter = Sbbf::read_from_column_chunk(&meta, self.source.file.as_ref())?;
        Ok(filter.filter(|filter| filter.num_blocks() > 0).map(|filter| (filter, descriptor.physical_type())))
    }
}

impl Facts for GroupBlooms<'_> {
    fn interval(&self, column: usize) -> Interval {
        group_interval(&self.source.data, &self.source.group, column)
    }

    fn may_hold(&self, column: usize, value: &Scalar) -> bool {
        let mut read = self.read.borrow_mut();
        let filter = read.entry(column).or_insert_with(|| self.filter(column).unwrap_or(None));
        let Some((filter, physical)) = filter else { return true };
        let dtype = self.source.data.schema.field(column).data_type();
        check(filter, *physical, dtype, value).unwrap_or(true)
    }
}

/// Whether the filter may hold a value, `None` when it cannot be said how the value is stored.
fn check(filter: &Sbbf, physical: Type, dtype: &DType, value: &Scalar) -> Option<bool> {
    let number: i64 = match value {
        Scalar::Utf8(text) if physical == Type::BYTE_ARRAY && *dtype == DType::Utf8 => {
            return Some(filter.check(text.as_ref()));
        }
        Scalar::Int(value) if dtype.is_signed_integer() => *value,
        Scalar::UInt(value) if dtype.is_unsigned_integer() => value.cast_signed(),
        Scalar::Date(days) if *dtype == DType::Date32 => i64::from(*days),
        Scalar::Timestamp(value, unit, _) if matches!(dtype, DType::Timestamp(own, _) if own == unit) => *value,
        Scalar::Duration(value, unit) if *dtype == DType::Duration(*unit) => *value,
        _ => return None,
    };
    match physical {
        Type::INT64 => Some(filter.check(&number)),
        Type::INT32 if dtype.is_unsigned_integer() => Some(filter.check(&u32::try_from(number).ok()?.cast_signed())),
        Type::INT32 => Some(filter.check(&i32::try_from(number).ok()?)),
        _ => None,
    }
}
