//! `top_k` and `bottom_k`.

use arrow::array::ArrayRef;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Result};

use super::by_group::{list_type, lists};
use super::extreme::primitive;
use super::{Accumulator, Batch, States, carrier, required};
use crate::group::fixed::FixedBits;
use crate::group::pairs::for_each_run;

/// The greatest or least values of each group.
pub(super) struct TopK<T: ArrowPrimitiveType> {
    k: usize,
    rank: Rank,
    dtype: DType,
    /// Ranks of each group's values, the best first.
    best: Vec<Vec<u64>>,
    /// Ranks that there is room for.
    room: usize,
    values: std::marker::PhantomData<fn() -> T>,
}

/// Values as numbers of which the greatest is the best, NaN below all others.
#[derive(Clone, Copy)]
struct Rank {
    descending: bool,
    /// The bits of NaN where there may be one.
    nan: Option<u64>,
}

impl Rank {
    fn of(self, bits: u64) -> u64 {
        match self.descending {
            true if Some(bits) == self.nan => 0,
            true => bits,
            false => !bits,
        }
    }

    fn bits(self, rank: u64) -> u64 {
        match (self.descending, rank, self.nan) {
            (true, 0, Some(nan)) => nan,
            (true, ..) => rank,
            (false, ..) => !rank,
        }
    }
}

impl<T: ArrowPrimitiveType> TopK<T>
where
    T::Native: FixedBits,
{
    pub(super) fn new(k: usize, descending: bool, dtype: DType) -> Self {
        let nan = dtype.is_floating().then(|| FixedBits::to_bits(f64::NAN));
        let values = std::marker::PhantomData;
        TopK { k, rank: Rank { descending, nan }, dtype, best: Vec::new(), room: 0, values }
    }

    fn add(&mut self, group: u32, rank: u64) {
        let Some(best) = self.best.get_mut(group as usize) else { return };
        if best.len() >= self.k && best.last().is_none_or(|worst| *worst >= rank) {
            return;
        }
        let before = best.capacity();
        best.truncate(self.k.saturating_sub(1));
        best.insert(best.partition_point(|better| *better >= rank), rank);
        self.room += best.capacity() - before;
    }

    fn add_all(&mut self, input: &ArrayRef, rows: &[u32], groups: usize) -> Result<()> {
        self.best.resize(groups, Vec::new());
        let rank = self.rank;
        for_each_run::<T>(input, rows, |rows, values| {
            rows.iter().zip(values).for_each(|(group, value)| self.add(*group, rank.of(value.to_bits())));
        })
    }

    fn lists(&self, order: impl Iterator<Item = usize> + Clone, dtype: &DType) -> Result<ArrayRef> {
        let best = order.map(|group| self.best.get(group).map_or(&[][..], Vec::as_slice));
        let values = best.clone().flatten().map(|rank| T::Native::from_bits(self.rank.bits(*rank)));
        lists(primitive::<T>(values.collect(), None, dtype)?, best.map(<[u64]>::len))
    }
}

impl<T: ArrowPrimitiveType> Accumulator for TopK<T>
where
    T::Native: FixedBits,
{
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        self.add_all(required(inputs)?, batch.rows, batch.groups)
    }

    fn state_types(&self) -> Vec<DType> {
        vec![list_type(carrier(&self.dtype))]
    }

    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.lists(0..groups, &carrier(&self.dtype))?])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.add_all(&states.elements(0)?, &states.element_rows(0)?, states.groups)
    }

    fn bytes(&self) -> u64 {
        (self.best.capacity() * size_of::<Vec<u64>>() + self.room * size_of::<u64>()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        self.lists(order.iter().map(|group| *group as usize), &self.dtype)
    }
}
