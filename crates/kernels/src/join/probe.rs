//! The output of one probe batch, as an iterator.

mod many;
mod unique;

use std::sync::Arc;

use arrow::array::RecordBatch;
use blockfold_core::Result;

use super::JoinTable;
use super::gather::{Pairs, ProbeRows};
use super::options::OutputColumn;
use super::rows::Rows;

/// Output batches of one probe batch.
#[derive(Debug)]
pub struct Probe {
    table: Arc<JoinTable>,
    batch: RecordBatch,
    chosen: Chosen,
    /// The probe row, or chosen row, to go on with.
    next: usize,
    /// Pairs of that row that have been given.
    given: usize,
}

/// What a probe batch gives.
#[derive(Debug)]
pub(super) enum Chosen {
    /// Probe rows.
    Rows(Vec<u32>),
    /// Pairs, by the key number of each row.
    Pairs(Vec<u32>),
}

impl Probe {
    pub(super) fn new(table: Arc<JoinTable>, batch: RecordBatch, chosen: Chosen) -> Result<Self> {
        let is_beyond = |column: &OutputColumn| match column {
            OutputColumn::Probe(probe) | OutputColumn::Key { probe, .. } => *probe >= batch.num_columns(),
            OutputColumn::Build(_) => false,
        };
        if table.options.columns.iter().any(is_beyond) {
            let what = "an output column comes from a probe column that does not exist";
            return Err(blockfold_core::Error::argument("join", what));
        }
        Ok(Probe { table, batch, chosen, next: 0, given: 0 })
    }

    fn next_pairs(&mut self) -> Pairs {
        let max_rows = self.table.options.max_rows;
        match (&self.chosen, &self.table.rows) {
            (Chosen::Rows(rows), _) => {
                let rows: Vec<u32> = rows.iter().skip(self.next).take(max_rows).copied().collect();
                self.next += rows.len();
                Pairs { probe: ProbeRows::Rows(rows), build: Vec::new(), has_alone: false }
            }
            (Chosen::Pairs(numbers), Rows::Many { starts, rows }) => {
                let mut walk = many::Walk { numbers, starts, rows, next: self.next, given: self.given };
                let pairs = walk.take(max_rows);
                (self.next, self.given) = (walk.next, walk.given);
                pairs
            }
            (Chosen::Pairs(numbers), Rows::Unique(_) | Rows::Unneeded(_)) => {
                unique::take(numbers, &mut self.next, max_rows)
            }
        }
    }
}

impl Iterator for Probe {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let pairs = self.next_pairs();
        if pairs.len() == 0 {
            return None;
        }
        Some(self.table.output(&self.batch, pairs))
    }
}
