//! `n_unique`.

use std::any::Any;

use arrow::array::ArrayRef;
use blockfold_core::{DType, Result};

use super::{Accumulator, Batch, entry, required, same_kind};
use crate::group::fixed::Bits;
use crate::group::intern::{Column, Numbers};

/// Different values of each group: the different pairs of a group and the code of a value.
#[derive(Debug)]
pub(super) struct NUnique {
    values: Column,
    pairs: Numbers,
    /// Codes of a batch.
    codes: Vec<u32>,
}

impl NUnique {
    pub(super) fn new(name: &str, dtype: &DType) -> Result<Self> {
        // Booleans arrive as bytes.
        let dtype = if *dtype == DType::Boolean { &DType::UInt8 } else { dtype };
        Ok(NUnique { values: Column::new(name, dtype, None)?, pairs: Numbers::hashed(), codes: Vec::new() })
    }

    fn add(&mut self, rows: &[u32], codes: &[u32]) {
        let null = self.values.null();
        let pairs = rows.iter().zip(codes).filter(|(_, code)| Some(**code) != null);
        let pairs: Vec<Bits> = pairs.map(|(group, code)| pair(*group, *code)).collect();
        let mut ids = vec![0; pairs.len()];
        self.pairs.intern(&pairs, None, &mut ids);
    }
}

impl Accumulator for NUnique {
    fn update(&mut self, batch: &Batch<'_>, input: Option<&ArrayRef>) -> Result<()> {
        let mut codes = std::mem::take(&mut self.codes);
        codes.resize(batch.rows.len(), 0);
        self.values.intern(required(input)?, &mut codes)?;
        self.add(batch.rows, &codes);
        self.codes = codes;
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], _: usize) -> Result<()> {
        let later = same_kind::<Self>(later)?;
        let codes = self.values.absorb(&later.values)?;
        let pairs = later.pairs.values().iter().map(|bits| split(*bits));
        let (rows, codes): (Vec<u32>, Vec<u32>) =
            pairs.map(|(group, code)| (entry(mapping, group), entry(&codes, code))).unzip();
        self.add(&rows, &codes);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.values.bytes() + self.pairs.bytes() + (self.codes.capacity() * size_of::<u32>()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let groups = order.iter().max().map_or(0, |last| *last as usize + 1);
        let mut counts = vec![0u64; groups];
        for bits in self.pairs.values() {
            if let Some(count) = counts.get_mut(split(*bits).0 as usize) {
                *count += 1;
            }
        }
        let counts = order.iter().map(|group| entry(&counts, *group));
        Ok(std::sync::Arc::new(arrow::array::UInt64Array::from_iter_values(counts)))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

fn pair(group: u32, code: u32) -> Bits {
    Bits(u64::from(group) << 32 | u64::from(code))
}

#[allow(clippy::cast_possible_truncation)] // two halves of 32 bits
fn split(bits: u64) -> (u32, u32) {
    ((bits >> 32) as u32, bits as u32)
}
