//! The join to the nearest key: for each left row one right row that is not later, not earlier, or nearest.
//!
//! The right side is kept as lists of on-keys, one for each combination of `by` columns, and each left row searches the
//! list of its own. Lists are sorted, which is checked; left rows come in any order.

mod ordered;
mod search;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::datatypes::SchemaRef;
use blockfold_core::{DType, Error, Result};

use super::OutputColumn;
use super::gather::Picker;
use super::rows::{ALONE, Rows, bounds};
use super::table::check_keys;
use crate::group::{KeyFinder, KeyIndex};
use ordered::Ordered;
use search::Search;

/// Which right row a left row is joined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AsofDirection {
    /// The last one whose key is not greater.
    Backward,
    /// The first one whose key is not less.
    Forward,
    /// The nearer of these two, the former when they are equally near.
    Nearest,
}

/// The greatest difference of two on-keys that are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Of integers, dates, times, timestamps and durations, in the unit of their type.
    Units(u64),
    /// Of floats.
    Float(f64),
}

/// What an asof join is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsofOptions {
    /// Which right row a left row is joined to.
    pub direction: AsofDirection,
    /// The greatest difference of on-keys; `None` for any.
    pub tolerance: Option<Tolerance>,
    /// Whether rows of equal on-keys are joined.
    pub allow_exact_matches: bool,
}

impl Default for AsofOptions {
    /// Backward, at any distance, equal keys included.
    fn default() -> Self {
        AsofOptions { direction: AsofDirection::Backward, tolerance: None, allow_exact_matches: true }
    }
}

/// The right side of an asof join.
#[derive(Debug)]
pub struct AsofTable {
    right: RecordBatch,
    options: AsofOptions,
    on: DType,
    /// Numbers of `by` rows; of a single one when there are no `by` columns.
    by: KeyIndex,
    /// Where the list of each number starts.
    starts: Vec<u32>,
    /// On-keys and rows of the lists, one list after the other.
    keys: Vec<u64>,
    rows: Vec<u32>,
}

impl AsofTable {
    /// The right side with its on-key, and the columns that must be equal; rows of equal `by` columns are in the order of
    /// their on-key.
    ///
    /// # Nulls
    /// Rows whose on-key is null or NaN are joined to nothing; null equals null in `by` columns.
    ///
    /// # Errors
    /// [`Error::Argument`] when the on-key is not sorted, when its type has no differences, when the tolerance is not
    /// of its kind, and when columns do not fit together.
    pub fn new(right: RecordBatch, on: &ArrayRef, by: &[ArrayRef], options: AsofOptions) -> Result<Self> {
        check_keys(&right, std::slice::from_ref(on), 1)?;
        check_keys(&right, by, by.len())?;
        let ordered = Ordered::of(on, "right")?;
        ordered.check_tolerance(options.tolerance)?;
        let columns: Vec<Vec<ArrayRef>> = by.iter().map(|column| vec![ArrayRef::clone(column)]).collect();
        let (index, numbers) = KeyIndex::of(&columns, &[right.num_rows()])?;
        let (starts, rows) = Rows::lists(&numbers, index.len());
        let mut table = AsofTable {
            right,
            options,
            on: on.data_type().clone(),
            by: index,
            starts,
            keys: Vec::new(),
            rows: Vec::new(),
        };
        table.keep_present(&ordered, &rows)?;
        Ok(table)
    }

    /// Keeps the rows of the lists that have an on-key.
    fn keep_present(&mut self, ordered: &Ordered, rows: &[u32]) -> Result<()> {
        let mut start = 0;
        for end in self.starts.iter_mut().skip(1) {
            let list = rows.get(start as usize..*end as usize).unwrap_or_default();
            start = *end;
            let first = self.keys.len();
            for (row, key) in list.iter().filter_map(|row| Some((*row, ordered.get(*row as usize)?))) {
                self.rows.push(row);
                self.keys.push(key);
            }
            if !self.keys.get(first..).unwrap_or_default().is_sorted() {
                let what = "the right side must be sorted by its on-key within equal 'by' columns; sort it first";
                return Err(Error::argument("join_asof", what));
            }
            *end = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        let lists = (self.starts.capacity() + self.rows.capacity()) * size_of::<u32>();
        let keys = self.keys.capacity() * size_of::<u64>();
        self.right.get_array_memory_size() as u64 + self.by.bytes() + (lists + keys) as u64
    }

    /// The right row of each left row, null where there is none.
    ///
    /// # Errors
    /// [`Error::Argument`] when columns do not fit together; [`Error::Type`] when one is not of the right side's type.
    pub fn rows(&self, on: &ArrayRef, by: &[ArrayRef]) -> Result<UInt32Array> {
        Ok(self.find(on, by)?.into_iter().map(|row| (row != ALONE).then_some(row)).collect())
    }

    /// A left batch with the right rows beside it: [`OutputColumn::Probe`] is a column of the left side and
    /// [`OutputColumn::Build`] one of the right.
    ///
    /// # Errors
    /// As [`AsofTable::rows`], and [`Error::Argument`] when the output names a column that does not exist.
    pub fn join(
        &self,
        left: &RecordBatch,
        on: &ArrayRef,
        by: &[ArrayRef],
        schema: &SchemaRef,
        columns: &[OutputColumn],
    ) -> Result<RecordBatch> {
        check_keys(left, std::slice::from_ref(on), 1)?;
        let right = Picker::of_build(self.find(on, by)?, true);
        let columns = columns.iter().map(|column| match column {
            OutputColumn::Probe(at) | OutputColumn::Key { probe: at, .. } => column_of(left, *at).cloned(),
            OutputColumn::Build(at) => right.pick_or_null(column_of(&self.right, *at)?),
        });
        super::gather::batch_of(schema, columns.collect::<Result<_>>()?, left.num_rows())
    }

    /// The right row of each left row, [`ALONE`] where there is none.
    fn find(&self, on: &ArrayRef, by: &[ArrayRef]) -> Result<Vec<u32>> {
        let ordered = Ordered::of(on, "left")?;
        if *on.data_type() != self.on {
            let (expected, got) = (self.on.to_string(), on.data_type().to_string());
            return Err(Error::Type { op: "the on-key of an asof join".into(), expected, got });
        }
        if by.len() != self.by.width() || by.iter().any(|column| column.len() != on.len()) {
            return Err(Error::argument("join_asof", "the left side's 'by' columns do not fit the right side's"));
        }
        let mut numbers = Vec::new();
        self.by.find(by, on.len(), &mut KeyFinder::default(), &mut numbers)?;
        let mut search = Search::new(self.options, ordered.is_floating());
        let rows = numbers.iter().enumerate().map(|(row, number)| {
            let (start, end) = bounds(&self.starts, *number);
            let list = self.keys.get(start as usize..end as usize).unwrap_or_default();
            let place = ordered.get(row).and_then(|key| search.find(key, start as usize, list));
            place.and_then(|place| self.rows.get(start as usize + place)).copied().unwrap_or(ALONE)
        });
        Ok(rows.collect())
    }
}

fn column_of(batch: &RecordBatch, at: usize) -> Result<&ArrayRef> {
    let missing = || Error::argument("join_asof", "an output column comes from a column that does not exist");
    batch.columns().get(at).ok_or_else(missing)
}
