//! Build rows that are due after probing.

use std::sync::Arc;

use arrow::array::{BooleanBufferBuilder, RecordBatch};
use arrow::buffer::BooleanBuffer;
use blockfold_core::{Error, Result};

use super::options::Owes;
use super::{JoinTable, Matched};

/// Batches of the build rows that are due after probing, in order.
#[derive(Debug)]
pub struct Remaining {
    table: Arc<JoinTable>,
    is_due: BooleanBuffer,
    /// The row to go on with.
    next: usize,
}

impl Remaining {
    pub(super) fn new(table: Arc<JoinTable>, matched: &Matched) -> Result<Self> {
        if !matched.is_as_long_as(&table.unmatched()) {
            return Err(Error::internal("matches of another table"));
        }
        let is_due = match table.options.owes() {
            None => BooleanBuffer::new_unset(0),
            Some(owes) => table.due(matched, owes),
        };
        Ok(Remaining { table, is_due, next: 0 })
    }
}

impl JoinTable {
    /// Whether each build row is due.
    fn due(&self, matched: &Matched, owes: Owes) -> BooleanBuffer {
        let mut is_due = BooleanBufferBuilder::new(self.len());
        is_due.append_n(self.len(), false);
        let numbers = (0u32..).take(self.numbers()).filter(|number| matched.has(*number) == (owes == Owes::Matched));
        numbers.for_each(|number| self.rows.for_each(number, |row| is_due.set_bit(row as usize, true)));
        is_due.finish()
    }
}

impl Iterator for Remaining {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.is_due.len().saturating_sub(self.next);
        let rest = self.is_due.slice(self.next, rest);
        let rows: Vec<usize> = rest.set_indices().take(self.table.options.max_rows).collect();
        let start = self.next;
        self.next += rows.last()? + 1;
        let rows = rows.into_iter().map(|row| u32::try_from(start + row).unwrap_or(u32::MAX));
        Some(self.table.output_build(rows.collect()))
    }
}
