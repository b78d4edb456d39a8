//! Functions whose result is the value of another row: running extremes, fills, shifts.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, make_comparator};
use arrow::compute::{SortOptions, concat, take};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use blockfold_core::{Error, Result};

use super::{Marks, Running};
use crate::route::compacted;
use crate::sort::plain;

/// Rows of a batch behind rows that were kept of the batches before it.
struct Joined {
    all: ArrayRef,
    /// Number of rows kept.
    kept: usize,
}

impl Joined {
    fn new(kept: Option<&ArrayRef>, values: &ArrayRef) -> Result<Self> {
        match kept {
            Some(kept) if !kept.is_empty() => {
                Ok(Joined { all: concat(&[kept.as_ref(), values.as_ref()])?, kept: kept.len() })
            }
            _ => Ok(Joined { all: Arc::clone(values), kept: 0 }),
        }
    }

    fn pick(&self, rows: &[Option<usize>]) -> Result<ArrayRef> {
        Ok(take(&self.all, &indices(rows)?, None)?)
    }

    /// A copy of one row, that does not keep the others alive.
    fn keep(&self, row: Option<usize>) -> Result<Option<ArrayRef>> {
        row.map(|row| compacted(&self.pick(&[Some(row)])?)).transpose()
    }
}

fn indices(rows: &[Option<usize>]) -> Result<UInt32Array> {
    let too_many = |_| Error::internal("more than 2^32 rows in a batch");
    rows.iter().map(|row| row.map(u32::try_from).transpose().map_err(too_many)).collect()
}

/// Least or greatest value of the group so far, NaN only when there is nothing else; null where the value is null.
#[derive(Debug)]
pub struct CumExtreme {
    is_max: bool,
    /// The best value of the group under way.
    best: Option<ArrayRef>,
}

impl CumExtreme {
    /// The running maximum, or minimum.
    pub fn new(is_max: bool) -> Self {
        CumExtreme { is_max, best: None }
    }
}

impl Running for CumExtreme {
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        if *values.data_type() == DataType::Null {
            return Ok(Arc::clone(values));
        }
        let joined = Joined::new(self.best.as_ref(), values)?;
        let wanted = if self.is_max { Ordering::Greater } else { Ordering::Less };
        let compared = plain::canonical(&joined.all)?;
        let compare = make_comparator(compared.as_ref(), compared.as_ref(), SortOptions::default())?;
        let nan = is_nan(&compared);
        let is_nan = |row: usize| nan.as_ref().is_some_and(|nan| nan.value(row));
        let beats = |row: usize, best: usize| !is_nan(row) && (is_nan(best) || compare(row, best) == wanted);
        let nulls = joined.all.logical_nulls();
        let mut best = (joined.kept > 0).then_some(0);
        let mut picked = Vec::with_capacity(values.len());
        for (row, start) in marks.groups.iter().enumerate() {
            let row = row + joined.kept;
            best = best.filter(|_| !*start);
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                picked.push(None);
                continue;
            }
            best = best.filter(|best| !beats(row, *best)).or(Some(row));
            picked.push(best);
        }
        self.best = joined.keep(best)?;
        joined.pick(&picked)
    }
}

/// Which values are NaN, `None` for types without it.
fn is_nan(array: &ArrayRef) -> Option<BooleanArray> {
    match array.data_type() {
        DataType::Float32 => Some(BooleanArray::from_unary(array.as_primitive::<Float32Type>(), f32::is_nan)),
        DataType::Float64 => Some(BooleanArray::from_unary(array.as_primitive::<Float64Type>(), f64::is_nan)),
        _ => None,
    }
}

/// The value, or where it is null the last one of the group before it that is not.
#[derive(Debug, Default)]
pub struct FillForward {
    last: Option<ArrayRef>,
}

impl Running for FillForward {
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        let joined = Joined::new(self.last.as_ref(), values)?;
        let nulls = joined.all.logical_nulls();
        let mut last = (joined.kept > 0).then_some(0);
        let mut picked = Vec::with_capacity(values.len());
        for (row, start) in marks.groups.iter().enumerate() {
            let row = row + joined.kept;
            last = last.filter(|_| !*start);
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                last = Some(row);
            }
            picked.push(last);
        }
        self.last = joined.keep(last)?;
        joined.pick(&picked)
    }
}

/// The value, or where it is null the next one of the group that is not. `after` is that value, in an array of one row,
/// for the rows at the end of the batch whose group goes on.
///
/// # Errors
/// Arrays of two types.
pub fn fill_backward(values: &ArrayRef, groups: &[bool], after: Option<&ArrayRef>) -> Result<ArrayRef> {
    let all = match after {
        Some(after) => concat(&[values.as_ref(), after.as_ref()])?,
        None => Arc::clone(values),
    };
    let nulls = all.logical_nulls();
    let mut next = after.map(|_| values.len());
    let mut picked = vec![None; values.len()];
    for (row, (pick, start)) in picked.iter_mut().zip(groups).enumerate().rev() {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            next = Some(row);
        }
        *pick = next;
        next = next.filter(|_| !*start);
    }
    Ok(take(&all, &indices(&picked)?, None)?)
}

/// The value of the `n`-th row of the group before each row; null where there is none.
#[derive(Debug)]
pub struct Lag {
    n: usize,
    /// The last `n` values.
    last: Option<ArrayRef>,
    /// Rows of the group so far, up to `n` of them.
    seen: usize,
}

impl Lag {
    /// The value `n` rows before; `n` values are held.
    pub fn new(n: usize) -> Self {
        Lag { n, last: None, seen: 0 }
    }
}

impl Running for Lag {
    fn next(&mut self, values: &ArrayRef, marks: &Marks) -> Result<ArrayRef> {
        let joined = Joined::new(self.last.as_ref(), values)?;
        let picked: Vec<Option<usize>> = (joined.kept..)
            .zip(&marks.groups)
            .map(|(row, start)| {
                self.seen = if *start { 0 } else { self.seen };
                let has_row = self.seen >= self.n;
                self.seen = self.n.min(self.seen + 1);
                row.checked_sub(self.n).filter(|_| has_row)
            })
            .collect();
        let shifted = joined.pick(&picked)?;
        let kept = self.n.min(joined.all.len());
        let last: Vec<Option<usize>> = (joined.all.len() - kept..joined.all.len()).map(Some).collect();
        self.last = Some(compacted(&joined.pick(&last)?)?);
        Ok(shifted)
    }
}
