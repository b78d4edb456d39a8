//! `top_k` and `bottom_k`.

use arrow::array::ArrayRef;
use arrow::datatypes::ArrowPrimitiveType;
use blockfold_core::{DType, Result};

use super::by_group::{list_type, lists};
use super::extreme::primitive;
use super::{Accumulator, Batch, States, carrier, required, same_kind};
use crate::group::fixed::FixedBits;
use crate::group::pairs::for_each_run;

/// The greatest or least values of each group.
pub(super) struct TopK<T: ArrowPrimitiveType> {
    k: usize,
    rank: Rank,
    dtype: DType,
    /// Ranks of each group's values, the best first.
    best: Best,
    values: std::marker::PhantomData<fn() -> T>,
}

/// Up to so many values a group have their place beside those of other groups.
const MOST_SLOTS: usize = 8;

/// Numbers of groups, no more than `k` each, the greatest first.
enum Best {
    /// `k` slots a group, one group after the other, and how many of its slots are taken.
    Slots { ranks: Vec<u64>, taken: Vec<u8> },
    /// A vector a group, and what all of them have room for: with a large `k` few groups may have so many values.
    Vectors { ranks: Vec<Vec<u64>>, room: usize },
}

impl Best {
    fn new(k: usize) -> Self {
        match k {
            ..=MOST_SLOTS => Best::Slots { ranks: Vec::new(), taken: Vec::new() },
            _ => Best::Vectors { ranks: Vec::new(), room: 0 },
        }
    }

    fn resize(&mut self, k: usize, groups: usize) {
        match self {
            Best::Slots { ranks, taken } => {
                ranks.resize(groups * k, 0);
                taken.resize(groups, 0);
            }
            Best::Vectors { ranks, .. } => ranks.resize(groups, Vec::new()),
        }
    }

    fn of(&self, k: usize, group: usize) -> &[u64] {
        let found = match self {
            Best::Slots { ranks, taken } => {
                taken.get(group).and_then(|taken| ranks.get(group * k..group * k + usize::from(*taken)))
            }
            Best::Vectors { ranks, .. } => ranks.get(group).map(Vec::as_slice),
        };
        found.unwrap_or_default()
    }

    /// Takes ranks of groups in.
    #[inline]
    fn add(&mut self, k: usize, of_groups: impl Iterator<Item = (u32, u64)>) {
        match (self, k) {
            // The usual few as constants, so that their slots are a handful of instructions.
            (Best::Slots { ranks, taken }, 1) => add_to_slots::<1>(ranks, taken, of_groups),
            (Best::Slots { ranks, taken }, 2) => add_to_slots::<2>(ranks, taken, of_groups),
            (Best::Slots { ranks, taken }, 3) => add_to_slots::<3>(ranks, taken, of_groups),
            (Best::Slots { ranks, taken }, _) => {
                for (group, rank) in of_groups {
                    let group = group as usize;
                    let slots = ranks.get_mut(group * k..(group + 1) * k);
                    if let (Some(slots), Some(taken)) = (slots, taken.get_mut(group)) {
                        put(slots, taken, rank);
                    }
                }
            }
            (Best::Vectors { ranks, room }, _) => {
                for (group, rank) in of_groups {
                    let Some(best) = ranks.get_mut(group as usize) else { continue };
                    if best.len() >= k && best.last().is_none_or(|worst| *worst >= rank) {
                        continue;
                    }
                    let before = best.capacity();
                    best.truncate(k.saturating_sub(1));
                    best.insert(best.partition_point(|better| *better >= rank), rank);
                    *room += best.capacity() - before;
                }
            }
        }
    }

    fn bytes(&self) -> u64 {
        let bytes = match self {
            Best::Slots { ranks, taken } => ranks.capacity() * size_of::<u64>() + taken.capacity(),
            Best::Vectors { ranks, room } => ranks.capacity() * size_of::<Vec<u64>>() + room * size_of::<u64>(),
        };
        bytes as u64
    }
}

fn add_to_slots<const K: usize>(ranks: &mut [u64], taken: &mut [u8], of_groups: impl Iterator<Item = (u32, u64)>) {
    let (slots, _) = ranks.as_chunks_mut::<K>();
    for (group, rank) in of_groups {
        if let (Some(slots), Some(taken)) = (slots.get_mut(group as usize), taken.get_mut(group as usize)) {
            put(slots, taken, rank);
        }
    }
}

/// Puts a rank in its place among the slots of a group, the worst of which falls out when all are taken. A slot that
/// is free holds 0, which no rank is below. Nothing branches on a rank: where groups have few rows, whether a rank is
/// among the best is anybody's guess.
#[inline]
fn put(slots: &mut [u64], taken: &mut u8, rank: u64) {
    *taken += u8::from(usize::from(*taken) < slots.len());
    let mut falling = rank;
    for slot in slots {
        let best = falling.max(*slot);
        falling = falling.min(*slot);
        *slot = best;
    }
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
        TopK { k, rank: Rank { descending, nan }, dtype, best: Best::new(k), values: std::marker::PhantomData }
    }

    fn add_all(&mut self, input: &ArrayRef, rows: &[u32], groups: usize) -> Result<()> {
        let (k, rank, best) = (self.k, self.rank, &mut self.best);
        best.resize(k, groups);
        for_each_run::<T>(input, rows, |rows, values| {
            best.add(k, rows.iter().copied().zip(values.iter().map(|value| rank.of(value.to_bits()))));
        })
    }

    fn lists(&self, order: impl Iterator<Item = usize> + Clone, dtype: &DType) -> Result<ArrayRef> {
        let best = order.map(|group| self.best.of(self.k, group));
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

    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        let later = same_kind::<Self>(later)?;
        self.best.resize(self.k, groups);
        let ranks = |(theirs, ours): (usize, &u32)| {
            let ours = *ours;
            later.best.of(later.k, theirs).iter().map(move |rank| (ours, *rank))
        };
        self.best.add(self.k, mapping.iter().enumerate().flat_map(ranks));
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.best.bytes()
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        self.lists(order.iter().map(|group| *group as usize), &self.dtype)
    }
}
