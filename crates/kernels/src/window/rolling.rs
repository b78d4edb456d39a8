//! Rolling windows: a statistic of the last rows of a group, so many of them or those within a span of time.
//!
//! Values leave a window in the order in which they came, and no statistic can be taken off another without loss of
//! accuracy. So the window is kept as two stacks: the older values with the statistic from each of them to the end of their
//! stack, the newer ones with the statistic of all. Whatever the length of the window, a row costs two merges of
//! statistics on average, and nothing drifts.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{Float64Type, Int64Type};
use blockfold_core::cast::cast;
use blockfold_core::{DType, Error, Result, TimeUnit};

use super::Marks;

/// Rows that a window holds at most.
pub const MOST_ROLLING_ROWS: usize = 1 << 18;

/// Bytes held for each row of a window.
const ROW_BYTES: u64 = 80;

/// What is computed of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Sum of the values.
    Sum,
    /// Mean of the values.
    Mean,
    /// Least value, NaN only when there is nothing else.
    Min,
    /// Greatest value, NaN only when there is nothing else.
    Max,
    /// Number of the values.
    Count,
    /// Variance, with so many degrees of freedom less.
    Var(u8),
    /// Standard deviation, with so many degrees of freedom less.
    Std(u8),
}

/// How far a window reaches back from a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// So many rows, the row among them.
    Rows(usize),
    /// Rows less than so many nanoseconds before.
    Nanoseconds(i64),
}

/// A statistic of the last rows; null where fewer than `least` of them have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RollingSpec {
    /// What is computed.
    pub statistic: Statistic,
    /// Of which rows.
    pub reach: Reach,
    /// Values that it takes at least.
    pub least: usize,
}

impl RollingSpec {
    /// Bytes that a window may hold.
    pub fn held_bytes(&self) -> u64 {
        let rows = match self.reach {
            Reach::Rows(rows) => rows.min(MOST_ROLLING_ROWS),
            Reach::Nanoseconds(_) => MOST_ROLLING_ROWS,
        };
        rows as u64 * ROW_BYTES
    }
}

/// Statistics of some values, which can be merged.
#[derive(Clone, Copy, Debug)]
struct Moments {
    count: u64,
    sum: f64,
    /// Sum of squares of distances from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

const EMPTY: Moments = Moments { count: 0, sum: 0.0, squares: 0.0, min: f64::NAN, max: f64::NAN };

impl Moments {
    fn of(value: Option<f64>) -> Self {
        value.map_or(EMPTY, |value| Moments { count: 1, sum: value, squares: 0.0, min: value, max: value })
    }

    fn merged(&self, other: &Moments) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { *other } else { *self };
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let apart = other.sum / b - self.sum / a;
        Moments {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares + apart * apart * (a * b / (a + b)),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    fn value(&self, spec: &RollingSpec) -> Option<f64> {
        let variance = |ddof: u8| {
            let free = self.count.checked_sub(u64::from(ddof)).filter(|free| *free > 0)?;
            Some(self.squares / free as f64)
        };
        if self.count < spec.least as u64 {
            return None;
        }
        match spec.statistic {
            Statistic::Sum => Some(self.sum),
            Statistic::Mean => (self.count > 0).then(|| self.sum / self.count as f64),
            Statistic::Min => (self.count > 0).then_some(self.min),
            Statistic::Max => (self.count > 0).then_some(self.max),
            Statistic::Count => Some(self.count as f64),
            Statistic::Var(ddof) => variance(ddof),
            Statistic::Std(ddof) => variance(ddof).map(f64::sqrt),
        }
    }
}

/// The values of a window, the oldest of which can be taken away.
#[derive(Debug)]
struct Queue {
    /// Of the older values, the oldest last: the statistics from each of them to the newest of the older ones.
    older: Vec<Moments>,
    newer: Vec<Option<f64>>,
    of_newer: Moments,
}

impl Queue {
    fn new() -> Self {
        Queue { older: Vec::new(), newer: Vec::new(), of_newer: EMPTY }
    }

    fn len(&self) -> usize {
        self.older.len() + self.newer.len()
    }

    fn push(&mut self, value: Option<f64>) {
        self.of_newer = self.of_newer.merged(&Moments::of(value));
        self.newer.push(value);
    }

    fn pop_oldest(&mut self) {
        if self.older.is_empty() {
            let mut all = EMPTY;
            while let Some(value) = self.newer.pop() {
                all = Moments::of(value).merged(&all);
                self.older.push(all);
            }
            self.of_newer = EMPTY;
        }
        self.older.pop();
    }

    fn clear(&mut self) {
        *self = Queue::new();
    }

    fn moments(&self) -> Moments {
        self.older.last().map_or(self.of_newer, |older| older.merged(&self.of_newer))
    }
}

/// A statistic of the last rows of the group, for each row.
#[derive(Debug)]
pub struct Rolling {
    spec: RollingSpec,
    queue: Queue,
    /// When the rows of the window are, in nanoseconds; of a window of so many rows none.
    times: VecDeque<i128>,
}

impl Rolling {
    /// A window before its first row.
    pub fn new(spec: RollingSpec) -> Self {
        Rolling { spec, queue: Queue::new(), times: VecDeque::new() }
    }

    /// The statistics for the rows right after those seen so far; `times` are theirs where the window is a span of time.
    ///
    /// # Errors
    /// Times that are missing, are none, or go back within a group; a span with more rows than a window may hold.
    pub fn next(&mut self, values: &ArrayRef, times: Option<&ArrayRef>, marks: &Marks) -> Result<ArrayRef> {
        let values = cast(values, &DType::Float64, true)?;
        let values = values.as_primitive::<Float64Type>();
        let times = times.map(nanoseconds).transpose()?;
        let mut made = Vec::with_capacity(values.len());
        for (row, starts) in marks.groups.iter().enumerate().take(values.len()) {
            if *starts {
                self.queue.clear();
                self.times.clear();
            }
            if let Some(times) = &times {
                self.drop_before(times.get(row).copied().unwrap_or_default())?;
            }
            self.queue.push(values.is_valid(row).then(|| values.value(row)));
            if matches!(self.spec.reach, Reach::Rows(rows) if self.queue.len() > rows) {
                self.queue.pop_oldest();
            }
            made.push(self.queue.moments().value(&self.spec));
        }
        Ok(Arc::new(Float64Array::from(made)))
    }

    /// Takes away what a row at `now` does not reach, and notes it.
    fn drop_before(&mut self, now: i128) -> Result<()> {
        let Reach::Nanoseconds(span) = self.spec.reach else { return Ok(()) };
        if self.times.back().is_some_and(|last| *last > now) {
            return Err(Error::argument("rolling", "rows are not in the order of time; sort them, or call set_index"));
        }
        while self.times.front().is_some_and(|first| now - first >= i128::from(span)) {
            self.times.pop_front();
            self.queue.pop_oldest();
        }
        if self.times.len() >= MOST_ROLLING_ROWS {
            let what = format!("more than {MOST_ROLLING_ROWS} rows lie within the span; take a shorter one");
            return Err(Error::argument("rolling", what));
        }
        self.times.push_back(now);
        Ok(())
    }
}

/// Points in time as nanoseconds.
fn nanoseconds(times: &ArrayRef) -> Result<Vec<i128>> {
    let unit: i128 = match times.data_type() {
        DType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        DType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        DType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        DType::Timestamp(TimeUnit::Nanosecond, _) => 1,
        DType::Date32 => 86_400_000_000_000,
        other => {
            return Err(Error::argument("rolling", format!("a span of time needs points in time, not {other}")));
        }
    };
    if times.null_count() > 0 {
        return Err(Error::argument("rolling", "a row has no time; drop the rows where it is null"));
    }
    let narrow = if *times.data_type() == DType::Date32 { cast(times, &DType::Int32, true)? } else { times.clone() };
    let ticks = cast(&narrow, &DType::Int64, true)?;
    Ok(ticks.as_primitive::<Int64Type>().values().iter().map(|tick| i128::from(*tick) * unit).collect())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, TimestampSecondArray};

    use super::*;

    fn check(spec: RollingSpec, values: &[Option<i64>], seconds: Option<&[i64]>, expected: &[Option<f64>]) {
        let values: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        let times = seconds.map(|seconds| Arc::new(TimestampSecondArray::from(seconds.to_vec())) as ArrayRef);
        for len in 1..=values.len() {
            let mut rolling = Rolling::new(spec);
            let mut got = Vec::new();
            for start in (0..values.len()).step_by(len) {
                let rows = len.min(values.len() - start);
                let mut groups = vec![false; rows];
                groups[0] = start == 0;
                let marks = Marks { groups, ..Marks::default() };
                let times = times.as_ref().map(|times| times.slice(start, rows));
                let made = rolling.next(&values.slice(start, rows), times.as_ref(), &marks).unwrap();
                got.extend(made.as_primitive::<Float64Type>().iter());
            }
            assert_eq!(got, expected, "{spec:?} in batches of {len}");
        }
    }

    #[test]
    fn windows_of_rows_count_nulls_as_rows() {
        let values = [Some(1), None, Some(4), Some(5), Some(9)];
        let of = |statistic, least| RollingSpec { statistic, reach: Reach::Rows(3), least };
        check(of(Statistic::Sum, 2), &values, None, &[None, None, Some(5.0), Some(9.0), Some(18.0)]);
        check(of(Statistic::Mean, 1), &values, None, &[Some(1.0), Some(1.0), Some(2.5), Some(4.5), Some(6.0)]);
        check(of(Statistic::Max, 1), &values, None, &[Some(1.0), Some(1.0), Some(4.0), Some(5.0), Some(9.0)]);
        check(of(Statistic::Min, 0), &values, None, &[Some(1.0), Some(1.0), Some(1.0), Some(4.0), Some(4.0)]);
        check(of(Statistic::Var(1), 1), &values, None, &[None, None, Some(4.5), Some(0.5), Some(7.0)]);
        check(of(Statistic::Count, 0), &values, None, &[Some(1.0), Some(1.0), Some(2.0), Some(2.0), Some(3.0)]);
    }

    #[test]
    fn spans_leave_their_start_out() {
        let spec = RollingSpec { statistic: Statistic::Sum, reach: Reach::Nanoseconds(2_000_000_000), least: 1 };
        let values = [Some(1), Some(2), Some(4), None, Some(8)];
        check(spec, &values, Some(&[0, 1, 2, 2, 9]), &[Some(1.0), Some(3.0), Some(6.0), Some(6.0), Some(8.0)]);
    }

    #[test]
    fn times_that_go_back_are_refused() {
        let spec = RollingSpec { statistic: Statistic::Sum, reach: Reach::Nanoseconds(1), least: 1 };
        let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let times: ArrayRef = Arc::new(TimestampSecondArray::from(vec![5, 4]));
        let marks = |second| Marks { groups: vec![true, second], ..Marks::default() };
        Rolling::new(spec).next(&values, Some(&times), &marks(false)).unwrap_err();
        Rolling::new(spec).next(&values, Some(&times), &marks(true)).unwrap();
    }
}
