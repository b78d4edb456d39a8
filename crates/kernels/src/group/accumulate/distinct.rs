//! `n_unique`.

use std::any::Any;

use arrow::array::ArrayRef;
use blockfold_core::{DType, Result};

use super::{Accumulator, Batch, entry, required, same_kind};
use crate::group::intern::Column;
use crate::group::several::Tuples;

/// Different values of each group: the different pairs of a group and the code of a value.
#[derive(Debug)]
pub(super) struct NUnique {
    values: Column,
    /// Pairs with null among them.
    pairs: Tuples,
    /// Codes of a batch, and the numbers of its pairs.
    codes: Vec<u32>,
    ids: Vec<u32>,
}

impl NUnique {
    pub(super) fn new(name: &str, dtype: &DType) -> Result<Self> {
        // Booleans arrive as bytes.
        let dtype = if *dtype == DType::Boolean { &DType::UInt8 } else { dtype };
        let values = Column::new(name, dtype, None)?;
        Ok(NUnique { values, pairs: Tuples::new(2), codes: Vec::new(), ids: Vec::new() })
    }

    fn add(&mut self, rows: &[u32], codes: &[u32], groups: usize) {
        self.ids.resize(rows.len(), 0);
        self.pairs.intern(&[rows, codes], &[groups, self.values.len()], &mut self.ids);
    }
}

impl Accumulator for NUnique {
    fn update(&mut self, batch: &Batch<'_>, input: Option<&ArrayRef>) -> Result<()> {
        let mut codes = std::mem::take(&mut self.codes);
        codes.resize(batch.rows.len(), 0);
        self.values.intern(required(input)?, &mut codes)?;
        self.add(batch.rows, &codes, batch.groups);
        self.codes = codes;
        Ok(())
    }

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        let later = same_kind::<Self>(later)?;
        let codes = self.values.absorb(&later.values)?;
        let rows: Vec<u32> = later.pairs.column(0).map(|group| entry(mapping, group)).collect();
        let codes: Vec<u32> = later.pairs.column(1).map(|code| entry(&codes, code)).collect();
        self.add(&rows, &codes, groups);
        Ok(())
    }

    fn bytes(&self) -> u64 {
        let scratch = (self.codes.capacity() + self.ids.capacity()) * size_of::<u32>();
        self.values.bytes() + self.pairs.bytes() + scratch as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let groups = order.iter().max().map_or(0, |last| *last as usize + 1);
        let mut counts = vec![0u64; groups];
        for (group, code) in self.pairs.column(0).zip(self.pairs.column(1)) {
            if let Some(count) = counts.get_mut(group as usize)
                && Some(code) != self.values.null()
            {
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
