//! One thread's part in probing a table.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use blockfold_core::{Error, Result};

use super::options::Emits;
use super::probe::Chosen;
use super::rows::ALONE;
use super::{JoinTable, Matched, Probe, SeenRows};
use crate::group::{KeyFinder, KeyIndex};

/// Probes a table with one batch after the other; one for each thread.
#[derive(Debug)]
pub struct Prober {
    table: Arc<JoinTable>,
    finder: KeyFinder,
    /// Key number of each row of the batch.
    numbers: Vec<u32>,
    matched: Matched,
}

impl Prober {
    pub(super) fn new(table: Arc<JoinTable>) -> Self {
        let matched = table.unmatched();
        Prober { table, finder: KeyFinder::default(), numbers: Vec::new(), matched }
    }

    /// The output rows of a batch. Keys are all looked up now, output is made as it is asked for.
    ///
    /// # Errors
    /// [`Error::Argument`] when batch and keys do not fit together, [`Error::Type`] when a key is not of the build
    /// side's type.
    pub fn probe(&mut self, batch: &RecordBatch, keys: &[ArrayRef]) -> Result<Probe> {
        self.probe_pass(batch, keys, Pass { seen: None, is_last: true })
    }

    /// The output rows of a batch for one piece of the build side. `seen` is the batch's, carried from piece to
    /// piece; rows without a pair in any piece come with the last one, and no row of a semi join comes twice.
    ///
    /// # Errors
    /// As [`Prober::probe`], and [`Error::Argument`] when `seen` is of another number of rows.
    pub fn probe_piece(
        &mut self,
        batch: &RecordBatch,
        keys: &[ArrayRef],
        seen: &mut SeenRows,
        is_last: bool,
    ) -> Result<Probe> {
        if seen.rows() != batch.num_rows() {
            return Err(Error::argument("join", "a batch was given the seen rows of another one"));
        }
        self.probe_pass(batch, keys, Pass { seen: Some(seen), is_last })
    }

    /// The build rows found so far.
    pub fn matched(&self) -> &Matched {
        &self.matched
    }

    /// The build rows found, when probing is over.
    pub fn into_matched(self) -> Matched {
        self.matched
    }

    /// Bytes held beside the table.
    pub fn bytes(&self) -> u64 {
        self.matched.bytes() + self.finder.bytes() + (self.numbers.capacity() * size_of::<u32>()) as u64
    }

    fn probe_pass(&mut self, batch: &RecordBatch, keys: &[ArrayRef], mut pass: Pass<'_>) -> Result<Probe> {
        self.table.find(batch, keys, &mut self.finder, &mut self.numbers)?;
        self.matched.set(&self.numbers);
        let chosen = match self.table.options.emits() {
            Emits::Nothing => Chosen::Rows(Vec::new()),
            Emits::Rows { matched } => Chosen::Rows(pass.choose(&self.numbers, matched)),
            Emits::Pairs { keeps_probe: false } => Chosen::Pairs(std::mem::take(&mut self.numbers)),
            Emits::Pairs { keeps_probe: true } => {
                pass.mark_alone(&mut self.numbers);
                Chosen::Pairs(std::mem::take(&mut self.numbers))
            }
        };
        Probe::new(self.table.clone(), batch.clone(), chosen)
    }
}

/// One of the passes over a batch's rows.
struct Pass<'a> {
    seen: Option<&'a mut SeenRows>,
    is_last: bool,
}

impl Pass<'_> {
    /// The rows to output of those that have, or have not, a pair.
    fn choose(&mut self, numbers: &[u32], matched: bool) -> Vec<u32> {
        let rows = (0u32..).zip(numbers).filter(|(row, number)| {
            let is_found = **number != KeyIndex::MISSING;
            let was_seen = self.look(*row, is_found);
            !was_seen && is_found == matched && (matched || self.is_last)
        });
        rows.map(|(row, _)| row).collect()
    }

    /// Marks the rows to output without a pair.
    fn mark_alone(&mut self, numbers: &mut [u32]) {
        for (row, number) in (0u32..).zip(numbers) {
            let is_found = *number != KeyIndex::MISSING;
            let was_seen = self.look(row, is_found);
            if !is_found && !was_seen && self.is_last {
                *number = ALONE;
            }
        }
    }

    /// Whether a row had a pair in an earlier piece; notes whether it has one now.
    #[inline]
    fn look(&mut self, row: u32, is_found: bool) -> bool {
        let Some(seen) = self.seen.as_mut() else { return false };
        let was_seen = seen.has(row as usize);
        if is_found {
            seen.set(row as usize);
        }
        was_seen
    }
}
