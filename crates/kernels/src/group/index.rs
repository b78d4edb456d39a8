//! The groups of rows, numbered by first appearance.

mod find;

use arrow::array::ArrayRef;
use blockfold_core::Result;

pub(super) use find::Finder;

use super::intern::Column;
use super::several::Tuples;
use super::spec::{GroupSpec, KeySpec};

/// The share of rows that are new keys when nearly all are.
const NEARLY: (usize, usize) = (9, 10);

/// Maps keys to groups.
#[derive(Debug)]
pub(super) enum GroupIndex {
    /// No keys: all rows are one group.
    Whole,
    /// One key, whose codes are the groups.
    One(Box<Column>),
    /// Several keys.
    Several(Box<Several>),
}

/// Several key columns and the tuples of their codes.
#[derive(Debug)]
pub(super) struct Several {
    columns: Vec<Column>,
    tuples: Tuples,
    /// Codes of a batch, column by column.
    codes: Vec<Vec<u32>>,
}

/// How codes of a column become an array.
type Values = fn(&Column, &[u32]) -> Result<ArrayRef>;

impl GroupIndex {
    pub(super) fn new(spec: &GroupSpec) -> Result<Self> {
        let column = |key: &KeySpec| Column::new(&key.name, &key.dtype, key.range);
        Ok(Self::of(spec.keys.iter().map(column).collect::<Result<_>>()?, usize::MAX))
    }

    /// An index of empty columns that will see `most` groups at most.
    pub(super) fn of(mut columns: Vec<Column>, most: usize) -> Self {
        match (columns.len(), columns.pop()) {
            (1, Some(column)) => GroupIndex::One(Box::new(column)),
            (width, Some(last)) => {
                columns.push(last);
                let (tuples, codes) = (Tuples::new(width, most), vec![Vec::new(); width]);
                GroupIndex::Several(Box::new(Several { columns, tuples, codes }))
            }
            (_, None) => GroupIndex::Whole,
        }
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        match self {
            GroupIndex::Whole => 1,
            GroupIndex::One(column) => column.len(),
            GroupIndex::Several(several) => several.tuples.len(),
        }
    }

    /// Makes room where nearly each of `seen` rows had a key of its own and `total` rows are to come in all.
    pub(super) fn expect(&mut self, seen: usize, total: usize) {
        let is_new = |len: usize| len.saturating_mul(NEARLY.1) >= seen.saturating_mul(NEARLY.0);
        let columns = match self {
            GroupIndex::Whole => &mut [],
            GroupIndex::One(column) => std::slice::from_mut(column.as_mut()),
            GroupIndex::Several(several) => {
                if is_new(several.tuples.len()) {
                    several.tuples.reserve(total);
                }
                several.columns.as_mut_slice()
            }
        };
        columns.iter_mut().filter(|column| is_new(column.len())).for_each(|column| column.reserve(total));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            GroupIndex::Whole => 0,
            GroupIndex::One(column) => column.bytes(),
            GroupIndex::Several(several) => several.bytes(),
        }
    }

    /// Makes `groups` the group of each row.
    pub(super) fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        groups.resize(rows, 0);
        match (self, keys) {
            (GroupIndex::One(column), [key]) => column.intern(key, groups),
            (GroupIndex::Several(several), keys) => several.assign(keys, groups),
            _ => Ok(()),
        }
    }

    /// Takes the groups of another index in; returns our group for each of its groups.
    pub(super) fn absorb(&mut self, other: &GroupIndex) -> Result<Vec<u32>> {
        match (self, other) {
            (GroupIndex::One(ours), GroupIndex::One(theirs)) => ours.absorb(theirs),
            (GroupIndex::Several(ours), GroupIndex::Several(theirs)) => ours.absorb(theirs),
            _ => Ok(vec![0]),
        }
    }

    /// Groups sorted by their keys, nulls last.
    pub(super) fn order(&self) -> Vec<u32> {
        match self {
            GroupIndex::Whole => vec![0],
            GroupIndex::One(column) => column.order(),
            GroupIndex::Several(several) => several.order(),
        }
    }

    /// The keys of groups.
    pub(super) fn keys(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        self.keys_by(groups, Column::values)
    }

    /// The keys of groups in the types in which they travel between states.
    pub(super) fn state_keys(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        self.keys_by(groups, Column::state_values)
    }

    fn keys_by(&self, groups: &[u32], values: Values) -> Result<Vec<ArrayRef>> {
        match self {
            GroupIndex::Whole => Ok(Vec::new()),
            GroupIndex::One(column) => Ok(vec![values(column, groups)?]),
            GroupIndex::Several(several) => several.keys(groups, values),
        }
    }
}

impl Several {
    fn bytes(&self) -> u64 {
        let scratch = self.codes.iter().map(|codes| codes.capacity() * size_of::<u32>()).sum::<usize>();
        self.tuples.bytes() + self.columns.iter().map(Column::bytes).sum::<u64>() + scratch as u64
    }

    fn assign(&mut self, keys: &[ArrayRef], groups: &mut [u32]) -> Result<()> {
        for ((column, key), codes) in self.columns.iter_mut().zip(keys).zip(&mut self.codes) {
            codes.resize(groups.len(), 0);
            column.intern(key, codes)?;
        }
        self.combine(groups);
        Ok(())
    }

    /// The groups of the codes in `self.codes`.
    fn combine(&mut self, groups: &mut [u32]) {
        let codes: Vec<&[u32]> = self.codes.iter().map(Vec::as_slice).collect();
        let distinct: Vec<usize> = self.columns.iter().map(Column::len).collect();
        self.tuples.intern(&codes, &distinct, groups);
    }

    fn absorb(&mut self, other: &Several) -> Result<Vec<u32>> {
        for (at, (ours, theirs)) in self.columns.iter_mut().zip(&other.columns).enumerate() {
            let mapping = ours.absorb(theirs)?;
            let codes = &mut self.codes[at];
            codes.clear();
            codes.extend(other.tuples.column(at).map(|code| mapping[code as usize]));
        }
        let mut groups = vec![0; other.tuples.len()];
        self.combine(&mut groups);
        Ok(groups)
    }

    /// Sorts by each column's ranks, last column first: counting sorts that keep the order of equals.
    fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..super::intern::code_after(self.tuples.len())).collect();
        for (at, column) in self.columns.iter().enumerate().rev() {
            let mut starts = vec![0u32; column.len() + 1];
            let mut ranks = vec![0u32; column.len()];
            for (rank, code) in (0u32..).zip(column.order()) {
                ranks[code as usize] = rank;
            }
            let ranks: Vec<u32> = self.tuples.column(at).map(|code| ranks[code as usize]).collect();
            ranks.iter().for_each(|rank| starts[*rank as usize + 1] += 1);
            for at in 1..starts.len() {
                starts[at] += starts[at - 1];
            }
            let mut sorted = vec![0u32; order.len()];
            for group in order {
                let place = &mut starts[ranks[group as usize] as usize];
                sorted[*place as usize] = group;
                *place += 1;
            }
            order = sorted;
        }
        order
    }

    fn keys(&self, groups: &[u32], values: Values) -> Result<Vec<ArrayRef>> {
        let keys = self.columns.iter().enumerate().map(|(at, column)| {
            let codes: Vec<u32> = self.tuples.column(at).collect();
            let codes: Vec<u32> = groups.iter().map(|group| codes[*group as usize]).collect();
            values(column, &codes)
        });
        keys.collect()
    }
}
