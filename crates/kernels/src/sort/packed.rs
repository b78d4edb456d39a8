//! Columns of fixed width, as many of them in a word as their ranges allow.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowNativeType, DataType, Decimal128Type};

use super::key::Part;
use super::order::SortOrder;
use super::radix::Keyed;
use crate::group::fixed::{FixedBits, is_fixed, with_fixed};

/// Whether a type is packed into words.
pub(super) fn is_packed(dtype: &DataType) -> bool {
    is_fixed(dtype) || matches!(dtype, DataType::Decimal128(..) | DataType::Null)
}

/// Part of a word: some bits of each row.
trait Field {
    /// Adds the bits of each item's row to its word, `shift` bits up.
    fn add(&self, shift: u32, items: &mut [Keyed]);
}

/// Fields side by side in one word.
#[derive(Default)]
pub(super) struct Packed {
    /// The bits below each field, were it the last; the first field is highest.
    fields: Vec<(Box<dyn Field>, u32)>,
    bits: u32,
}

impl Packed {
    /// Adds a column's fields, and hands over the word when it is full.
    pub(super) fn push(&mut self, array: &ArrayRef, order: SortOrder, parts: &mut Vec<Box<dyn Part>>) {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        if let Some(nulls) = &nulls {
            let null_bit = u64::from(order.nulls_last);
            self.add(1, Box::new(NullFlag { nulls: nulls.clone(), null_bit }), parts);
        }
        let descending = order.descending;
        with_fixed!(
            array.data_type(),
            T => self.add_values(array.as_primitive::<T>().values(), nulls, descending, parts),
            _ => match array.data_type() {
                DataType::Boolean => {
                    let bytes: ScalarBuffer<u8> = array.as_boolean().values().iter().map(u8::from).collect();
                    self.add_values(&bytes, nulls, descending, parts);
                }
                DataType::Decimal128(..) => self.add_decimals(array, nulls, descending, parts),
                _ => (),
            }
        );
    }

    /// The word of the fields so far, if there are any.
    pub(super) fn close(self, parts: &mut Vec<Box<dyn Part>>) {
        if !self.fields.is_empty() {
            parts.push(Box::new(self));
        }
    }

    fn add(&mut self, bits: u32, field: Box<dyn Field>, parts: &mut Vec<Box<dyn Part>>) {
        if self.bits + bits > u64::BITS {
            std::mem::take(self).close(parts);
        }
        self.fields.iter_mut().for_each(|(_, shift)| *shift += bits);
        self.fields.push((field, 0));
        self.bits += bits;
    }

    fn add_values<V: FixedBits + ArrowNativeType>(
        &mut self,
        values: &ScalarBuffer<V>,
        nulls: Option<NullBuffer>,
        descending: bool,
        parts: &mut Vec<Box<dyn Part>>,
    ) {
        let bits = values.iter().map(|value| FixedBits::to_bits(*value));
        if let Some((least, greatest)) = range(bits, nulls.as_ref()).filter(|(least, greatest)| least < greatest) {
            let origin = if descending { greatest } else { least };
            let field = Values { values: values.clone(), nulls, origin, descending };
            self.add(width(greatest - least), Box::new(field), parts);
        }
    }

    fn add_decimals(
        &mut self,
        array: &ArrayRef,
        nulls: Option<NullBuffer>,
        descending: bool,
        parts: &mut Vec<Box<dyn Part>>,
    ) {
        let values = array.as_primitive::<Decimal128Type>().values();
        let Some((least, greatest)) = range(values.iter().copied(), nulls.as_ref()) else { return };
        let origin = if descending { greatest } else { least };
        let distance = greatest.abs_diff(least);
        let high = width(low(distance >> 64));
        let halves = [(64, high), (0, if high > 0 { u64::BITS } else { width(low(distance)) })];
        for (half, bits) in halves.into_iter().filter(|(_, bits)| *bits > 0) {
            let field = Wide { values: values.clone(), nulls: nulls.clone(), origin, half };
            self.add(bits, Box::new(field), parts);
        }
    }
}

impl Part for Packed {
    fn words(&self, _: usize, items: &mut [Keyed]) -> usize {
        items.iter_mut().for_each(|item| item.0 = 0);
        self.fields.iter().for_each(|(field, shift)| field.add(*shift, items));
        0
    }

    fn after(&self, _: usize, _: u64) -> Option<usize> {
        None
    }
}

/// Least and greatest of the values that are not null.
fn range<V: Ord + Copy>(mut values: impl Iterator<Item = V>, nulls: Option<&NullBuffer>) -> Option<(V, V)> {
    let widen = |range: Option<(V, V)>, value: V| {
        Some(range.map_or((value, value), |(least, greatest)| (least.min(value), greatest.max(value))))
    };
    match nulls {
        None => {
            let first = values.next()?;
            Some(values.fold((first, first), |(least, greatest), value| (least.min(value), greatest.max(value))))
        }
        Some(nulls) => {
            values.zip(nulls.iter()).filter(|(_, is_valid)| *is_valid).map(|(value, _)| value).fold(None, widen)
        }
    }
}

fn width(distance: u64) -> u32 {
    u64::BITS - distance.leading_zeros()
}

#[allow(clippy::cast_possible_truncation)] // taking the low half is what it is for
fn low(wide: u128) -> u64 {
    wide as u64
}

struct NullFlag {
    nulls: NullBuffer,
    null_bit: u64,
}

impl Field for NullFlag {
    fn add(&self, shift: u32, items: &mut [Keyed]) {
        for (word, row) in items {
            *word |= (self.null_bit ^ u64::from(self.nulls.is_valid(*row as usize))) << shift;
        }
    }
}

/// Values as distances from the one that comes first; that of null is 0.
struct Values<V: FixedBits + ArrowNativeType> {
    values: ScalarBuffer<V>,
    nulls: Option<NullBuffer>,
    origin: u64,
    descending: bool,
}

impl<V: FixedBits + ArrowNativeType> Field for Values<V> {
    fn add(&self, shift: u32, items: &mut [Keyed]) {
        for (word, row) in items {
            let row = *row as usize;
            let bits = self.values.get(row).map_or(0, |value| FixedBits::to_bits(*value));
            let distance =
                if self.descending { self.origin.wrapping_sub(bits) } else { bits.wrapping_sub(self.origin) };
            if self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                *word |= distance << shift;
            }
        }
    }
}

/// One half of distances of up to 128 bits.
struct Wide {
    values: ScalarBuffer<i128>,
    nulls: Option<NullBuffer>,
    origin: i128,
    half: u32,
}

impl Field for Wide {
    fn add(&self, shift: u32, items: &mut [Keyed]) {
        for (word, row) in items {
            let row = *row as usize;
            let distance = self.values.get(row).map_or(0, |value| value.abs_diff(self.origin));
            if self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                *word |= low(distance >> self.half) << shift;
            }
        }
    }
}
