//! The build side of a join.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use blockfold_core::{Error, Result, Scalar};

use super::build::JoinBuilder;
use super::options::{Emits, JoinKind, JoinOptions};
use super::rows::Rows;
use super::{Matched, Prober, Remaining};
use crate::group::{KeyFinder, KeyIndex, key_range};

/// The build side of a join: its rows by key.
///
/// Probing leaves it as it is, so that threads may share it.
#[derive(Debug)]
pub struct JoinTable {
    pub(super) options: JoinOptions,
    /// The columns to output.
    pub(super) build: RecordBatch,
    pub(super) rows: Rows,
    index: KeyIndex,
    ranges: Vec<Option<(Scalar, Scalar)>>,
}

impl JoinTable {
    /// A table of one batch, whose columns are those that the output names.
    ///
    /// # Memory
    /// See [`estimate_bytes`].
    ///
    /// # Errors
    /// [`Error::Argument`] when options, rows and keys do not fit together, [`Error::Unsupported`] for keys of types
    /// that cannot be compared.
    pub fn new(rows: RecordBatch, keys: &[ArrayRef], options: JoinOptions) -> Result<Self> {
        let mut builder = JoinBuilder::new(rows.schema(), options);
        builder.push(rows, keys)?;
        builder.finish()
    }

    pub(super) fn of(
        build: RecordBatch,
        keys: &[Vec<ArrayRef>],
        part_rows: &[usize],
        options: JoinOptions,
    ) -> Result<Self> {
        let ranges = if options.ranges { keys.iter().map(|parts| key_range(parts)).collect() } else { Vec::new() };
        let (index, numbers) = KeyIndex::of(keys, part_rows)?;
        let is_unneeded = matches!(options.emits(), Emits::Rows { .. });
        let rows = if is_unneeded { Rows::Unneeded(numbers.len()) } else { Rows::of(&numbers, index.len()) };
        Ok(JoinTable { options, build, rows, index, ranges })
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.build.get_array_memory_size() as u64 + self.rows.bytes() + self.index.bytes()
    }

    /// Number of build rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no build rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no two build rows have equal keys.
    pub fn is_unique(&self) -> bool {
        self.index.len() == self.len()
    }

    /// The distinct key rows, column by column, when there are no more than `most`.
    ///
    /// # Errors
    /// Those of putting the columns together.
    pub fn distinct_keys(&self, most: usize) -> Result<Option<Vec<ArrayRef>>> {
        if self.index.len() > most { Ok(None) } else { self.index.values().map(Some) }
    }

    /// Least and greatest value of a key column, null and NaN aside; `None` when it has no others, is of a nested type,
    /// or when ranges were not asked for.
    ///
    /// A probe row outside of it has no pair, unless its key is null or NaN.
    pub fn key_range(&self, key: usize) -> Option<&(Scalar, Scalar)> {
        self.ranges.get(key)?.as_ref()
    }

    /// A prober that has found nothing yet.
    pub fn prober(self: &Arc<Self>) -> Prober {
        Prober::new(Arc::clone(self))
    }

    /// The build rows that are due after all probing, in order: those of an outer join without a pair, those of a
    /// semi or anti join that keeps the build side; none for other joins.
    ///
    /// # Errors
    /// [`Error::Internal`] when the matches are not of this table.
    pub fn remaining(self: &Arc<Self>, matched: &Matched) -> Result<Remaining> {
        Remaining::new(Arc::clone(self), matched)
    }

    /// How many key numbers there are.
    pub(super) fn numbers(&self) -> usize {
        self.index.len()
    }

    /// Matches of no row; of nothing when nobody is going to ask.
    pub(super) fn unmatched(&self) -> Matched {
        Matched::none(if self.options.owes().is_some() { self.index.len() } else { 0 })
    }

    /// Makes `numbers` the key number of each probe row, [`KeyIndex::MISSING`] where no build row matches.
    pub(super) fn find(
        &self,
        batch: &RecordBatch,
        keys: &[ArrayRef],
        finder: &mut KeyFinder,
        numbers: &mut Vec<u32>,
    ) -> Result<()> {
        if self.is_empty() {
            numbers.clear();
            numbers.resize(batch.num_rows(), KeyIndex::MISSING);
            return Ok(());
        }
        check_keys(batch, keys, self.index.width())?;
        self.index.find(keys, batch.num_rows(), finder, numbers)?;
        if !self.options.null_equals_null && self.options.kind != JoinKind::Cross {
            keys.iter().for_each(|key| drop_nulls(key, numbers));
        }
        Ok(())
    }
}

/// Bytes that a table of `rows` rows of `bytes` bytes, keys among them, takes at most while it is made.
///
/// Rows are held twice while batches are put together, keys once more; a number, its entry and its value cost up to
/// 96 bytes a key column, and several columns the tuples of their numbers on top.
pub fn estimate_bytes(rows: u64, bytes: u64, keys: usize) -> u64 {
    const FIXED: u64 = 1 << 19;
    let columns = keys as u64;
    let numbering = columns.saturating_mul(rows.saturating_mul(96).saturating_add(FIXED));
    let tuples = if keys > 1 { rows.saturating_mul(64 + 8 * columns) } else { 0 };
    let sorted = rows.saturating_mul(12);
    bytes.saturating_mul(4).saturating_add(numbering).saturating_add(tuples).saturating_add(sorted)
}

/// Null keys match nothing.
fn drop_nulls(key: &ArrayRef, numbers: &mut [u32]) {
    let Some(nulls) = key.logical_nulls().filter(|nulls| nulls.null_count() > 0) else { return };
    for (number, is_valid) in numbers.iter_mut().zip(&nulls) {
        *number = if is_valid { *number } else { KeyIndex::MISSING };
    }
}

/// # Errors
/// [`Error::Argument`] unless there are `width` keys as long as the batch.
pub(super) fn check_keys(batch: &RecordBatch, keys: &[ArrayRef], width: usize) -> Result<()> {
    if keys.len() != width {
        return Err(Error::argument("join", format!("{} keys on one side, {width} on the other", keys.len())));
    }
    if keys.iter().any(|key| key.len() != batch.num_rows()) {
        return Err(Error::argument("join", "a key column is not as long as the rows"));
    }
    Ok(())
}
