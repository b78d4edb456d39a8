//! What a window reads ahead of its rows: the same rows in the same order, some rows before they are due.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::compute::{concat, nullif};
use blockfold_core::{DType, Expr, RecordBatch, Result};
use blockfold_kernels::window::{Runs, fill_backward};
use blockfold_plan::BlockStream;

use super::pass::{evaluated, numbered, plain_values};

/// Values of an expression with the number of their group.
type Values = (ArrayRef, Vec<u64>);

/// Another reading of the rows of a window.
pub(super) struct Ahead {
    stream: Box<dyn BlockStream>,
    keys: Vec<Expr>,
    input: Expr,
    dtype: DType,
    runs: Runs,
    group: u64,
}

impl Ahead {
    pub(super) fn new(stream: Box<dyn BlockStream>, keys: Vec<Expr>, input: Expr, dtype: DType) -> Self {
        Ahead { stream, keys, input, dtype, runs: Runs::default(), group: 0 }
    }

    fn next(&mut self) -> Result<Option<Values>> {
        let Some(block) = self.stream.next()? else { return Ok(None) };
        let batch = block.frame()?;
        let starts = self.runs.starts(&evaluated(&self.keys, batch)?, batch.num_rows())?;
        Ok(Some((plain_values(&self.input, batch, &self.dtype)?, numbered(&starts, &mut self.group))))
    }
}

/// Values of rows a number of rows before or after.
pub(super) struct Shifted {
    ahead: Ahead,
    /// Rows to be passed over before the first one is due.
    skipped: u64,
    /// Rows that are due before the first one.
    padded: u64,
    held: VecDeque<Values>,
}

impl Shifted {
    pub(super) fn new(ahead: Ahead, by: i64) -> Self {
        let rows = by.unsigned_abs();
        let (skipped, padded) = if by < 0 { (rows, 0) } else { (0, rows) };
        Shifted { ahead, skipped, padded, held: VecDeque::new() }
    }

    /// The values for rows of these groups, null where the other row is of another group or there is none.
    pub(super) fn next(&mut self, groups: &[u64]) -> Result<ArrayRef> {
        let (mut arrays, mut theirs) = (Vec::new(), Vec::with_capacity(groups.len()));
        let padding = usize::try_from(self.padded).unwrap_or(usize::MAX).min(groups.len());
        self.padded -= padding as u64;
        self.pad(padding, &mut arrays, &mut theirs);
        while theirs.len() < groups.len() {
            match self.take(groups.len() - theirs.len())? {
                Some((values, numbers)) => {
                    arrays.push(values);
                    theirs.extend(numbers);
                }
                None => self.pad(groups.len() - theirs.len(), &mut arrays, &mut theirs),
            }
        }
        let arrays: Vec<&dyn Array> = arrays.iter().map(|array| array.as_ref()).collect();
        let is_other: BooleanArray = groups.iter().zip(&theirs).map(|(mine, theirs)| Some(mine != theirs)).collect();
        Ok(nullif(&concat(&arrays)?, &is_other)?)
    }

    fn pad(&self, rows: usize, arrays: &mut Vec<ArrayRef>, groups: &mut Vec<u64>) {
        arrays.push(new_null_array(&self.ahead.dtype, rows));
        groups.resize(groups.len() + rows, u64::MAX);
    }

    /// The next rows, at most so many.
    fn take(&mut self, most: usize) -> Result<Option<Values>> {
        loop {
            let Some((values, mut groups)) = self.held.pop_front() else {
                let Some(next) = self.ahead.next()? else { return Ok(None) };
                self.held.push_back(next);
                continue;
            };
            let skipped = usize::try_from(self.skipped).unwrap_or(usize::MAX).min(groups.len());
            self.skipped -= skipped as u64;
            let len = most.min(groups.len() - skipped);
            let rest = groups.split_off(skipped + len);
            if !rest.is_empty() {
                self.held.push_front((values.slice(skipped + len, rest.len()), rest));
            }
            if len > 0 {
                return Ok(Some((values.slice(skipped, len), groups.split_off(skipped))));
            }
        }
    }
}

/// Values that are null filled with the next one of the group.
pub(super) struct FilledBack {
    ahead: Ahead,
    /// Rows read ahead, and the number of the first of them.
    current: Option<(Values, u64)>,
    /// Number of the row to be looked at next.
    row: u64,
    /// The last value found, with the number of its row and group.
    found: Option<(u64, u64, ArrayRef)>,
}

impl FilledBack {
    pub(super) fn new(ahead: Ahead) -> Self {
        FilledBack { ahead, current: None, row: 0, found: None }
    }

    /// The values of a batch whose last row is of group `group`, with `end` rows up to its end.
    pub(super) fn next(&mut self, values: &ArrayRef, starts: &[bool], group: u64, end: u64) -> Result<ArrayRef> {
        let after = self.after(end, group)?;
        fill_backward(values, starts, after.as_ref())
    }

    /// The first value from row `end` on, when it is of this group.
    fn after(&mut self, end: u64, group: u64) -> Result<Option<ArrayRef>> {
        if self.found.as_ref().is_none_or(|(row, ..)| *row < end) {
            self.found = None;
            self.row = self.row.max(end);
            self.find(group)?;
        }
        Ok(self.found.as_ref().filter(|(_, of, _)| *of == group).map(|(.., value)| value.clone()))
    }

    /// Looks for the next value, no further than to the end of the group.
    fn find(&mut self, group: u64) -> Result<()> {
        loop {
            if let Some(((values, groups), first)) = &self.current {
                let nulls = values.logical_nulls();
                let skipped = usize::try_from(self.row.saturating_sub(*first)).unwrap_or(usize::MAX);
                for (at, of) in groups.iter().enumerate().skip(skipped) {
                    if *of > group {
                        return Ok(());
                    }
                    self.row = first + at as u64 + 1;
                    if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at)) {
                        self.found = Some((first + at as u64, *of, values.slice(at, 1)));
                        return Ok(());
                    }
                }
            }
            let first = self.current.as_ref().map_or(0, |((_, groups), first)| first + groups.len() as u64);
            let Some(next) = self.ahead.next()? else { return Ok(()) };
            self.current = Some((next, first));
        }
    }
}

/// Lengths of ties, one after the other.
pub(super) struct TieLengths {
    stream: Box<dyn BlockStream>,
    keys: Vec<Expr>,
    runs: Runs,
    /// Lengths of ties whose end was seen.
    ended: VecDeque<u64>,
    /// Rows of the last one so far.
    open: u64,
}

impl TieLengths {
    /// Ties are rows of equal `keys`.
    pub(super) fn new(stream: Box<dyn BlockStream>, keys: Vec<Expr>) -> Self {
        TieLengths { stream, keys, runs: Runs::default(), ended: VecDeque::new(), open: 0 }
    }

    /// The lengths of the ties that start in a batch, at their first rows.
    pub(super) fn next(&mut self, starts: &[bool]) -> Result<Vec<u64>> {
        starts.iter().map(|start| if *start { self.length() } else { Ok(0) }).collect()
    }

    fn length(&mut self) -> Result<u64> {
        loop {
            if let Some(length) = self.ended.pop_front() {
                return Ok(length);
            }
            let Some(block) = self.stream.next()? else { return Ok(std::mem::take(&mut self.open)) };
            self.count(block.frame()?)?;
        }
    }

    fn count(&mut self, batch: &RecordBatch) -> Result<()> {
        for start in self.runs.starts(&evaluated(&self.keys, batch)?, batch.num_rows())? {
            if start && self.open > 0 {
                self.ended.push_back(std::mem::take(&mut self.open));
            }
            self.open += 1;
        }
        Ok(())
    }
}
