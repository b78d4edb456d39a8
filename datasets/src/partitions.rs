//! Where partitions begin, in time and in rows.
//!
//! As in Dask, the divisions are the points of `date_range(start, end, freq=partition_freq)`: a fixed frequency begins at the start, a
//! calendar frequency at its first point that is not before the start, with the start's time of day. Partition `i` holds the times
//! `division i + k * freq` before division `i + 1`, so rows begin anew at each division. What lies before the first division
//! or from the last one on belongs to no partition.

use arrow::datatypes::TimeUnit;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};

use crate::error::Result;
use crate::frequency::{Frequency, MonthStep, Step};
use crate::moment;

/// The partitions of a series; times in ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partitions {
    row_step: i64,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// `count` partitions of one length; there are `count + 1` divisions.
    Even { first: i64, step: i64, count: usize, rows_each: u64 },
    /// Divisions, and the row of each. As many as there are months, at most.
    Listed { divisions: Vec<i64>, rows: Vec<u64> },
}

/// The first and the last time of a series, and the unit of its timestamps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub start: NaiveDateTime,
    pub end: NaiveDateTime,
    pub unit: TimeUnit,
}

impl Partitions {
    /// The partitions that `frequency` cuts from `span`, with rows `row_step` ticks apart.
    pub(crate) fn new(span: Span, row_step: i64, frequency: Frequency, text: &str) -> Result<Self> {
        let shape = match frequency.0 {
            Step::Fixed { .. } => {
                // The frequency is fixed: it has ticks or is an error.
                let step = frequency.fixed_ticks(span.unit, text)?.unwrap_or(i64::MAX);
                even(span.start, span, step, row_step)?
            }
            Step::Weeks { weeks, day } => {
                let days_to_go = day.days_since(span.start.weekday());
                let week = Frequency(Step::Fixed { nanos: i128::from(weeks) * 7 * 86_400_000_000_000 });
                let step = week.fixed_ticks(span.unit, text)?.unwrap_or(i64::MAX);
                match span.start.checked_add_days(Days::new(days_to_go.into())) {
                    Some(first) => even(first, span, step, row_step)?,
                    None => listed(Vec::new(), row_step),
                }
            }
            Step::Months(months) => listed(month_divisions(span, months)?, row_step),
        };
        Ok(Self { row_step, shape })
    }

    /// How many partitions there are.
    pub(crate) fn count(&self) -> usize {
        match &self.shape {
            Shape::Even { count, .. } => *count,
            Shape::Listed { divisions, .. } => divisions.len().saturating_sub(1),
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.first_row(self.count())
    }

    /// The first row of `partition`, or all rows if there is no such partition.
    pub(crate) fn first_row(&self, partition: usize) -> u64 {
        match &self.shape {
            Shape::Even { count, rows_each, .. } => partition.min(*count) as u64 * rows_each,
            Shape::Listed { rows, .. } => rows.get(partition).or(rows.last()).copied().unwrap_or(0),
        }
    }

    /// The times where partitions begin, and the time where the last one ends; nothing if there are none.
    pub(crate) fn divisions(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        let count = self.count();
        (0..if count == 0 { 0 } else { count + 1 }).map(|i| self.division(i))
    }

    /// The timestamps of `rows` rows from `first_row` on, which must exist.
    pub(crate) fn timestamps(&self, first_row: u64, rows: usize) -> Vec<i64> {
        // Adding to fixed offsets is several times faster than multiplying each row's number.
        let offsets: [i64; 512] = std::array::from_fn(|i| self.row_step.wrapping_mul(i as i64));
        let mut times = Vec::with_capacity(rows);
        while times.len() < rows {
            let row = first_row + times.len() as u64;
            let partition = self.partition_of(row);
            let run = (self.first_row(partition + 1) - row).clamp(1, offsets.len() as u64) as usize;
            let run = run.min(rows - times.len());
            let from = self.time(partition, row);
            times.extend(offsets[..run].iter().map(|&offset| from.wrapping_add(offset)));
        }
        times
    }

    /// The time of `row`, which lies in `partition`. Wraps between terms only: the time itself fits, as the end does.
    fn time(&self, partition: usize, row: u64) -> i64 {
        let row_in_partition = (row - self.first_row(partition)) as i64;
        self.division(partition).wrapping_add(row_in_partition.wrapping_mul(self.row_step))
    }

    fn division(&self, i: usize) -> i64 {
        match &self.shape {
            Shape::Even { first, step, .. } => first.wrapping_add(step.wrapping_mul(i as i64)),
            Shape::Listed { divisions, .. } => divisions.get(i).copied().unwrap_or(i64::MAX),
        }
    }

    fn partition_of(&self, row: u64) -> usize {
        match &self.shape {
            Shape::Even { rows_each, .. } => (row / rows_each) as usize,
            Shape::Listed { rows, .. } => rows.partition_point(|&first| first <= row).saturating_sub(1),
        }
    }
}

/// Partitions `step` ticks long from `first` on.
fn even(first: NaiveDateTime, span: Span, step: i64, row_step: i64) -> Result<Shape> {
    let end = moment::ticks(span.end, span.unit)?;
    if first > span.end {
        return Ok(listed(Vec::new(), row_step));
    }
    let first = moment::ticks(first, span.unit)?;
    // Neither a span of ticks nor its number of rows exceeds 64 bits; on a 64-bit target neither does the number of partitions.
    let count = usize::try_from(end.abs_diff(first) / step.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(Shape::Even { first, step, count, rows_each: rows_between(0, step, row_step) })
}

fn listed(divisions: Vec<i64>, row_step: i64) -> Shape {
    let mut rows = vec![0];
    rows.extend(divisions.windows(2).scan(0, |row, ends| {
        *row += rows_between(ends[0], ends[1], row_step);
        Some(*row)
    }));
    Shape::Listed { divisions, rows }
}

/// The number of times `start + k * row_step` before `end`.
fn rows_between(start: i64, end: i64, row_step: i64) -> u64 {
    end.abs_diff(start).div_ceil(row_step.unsigned_abs())
}

fn month_divisions(span: Span, months: MonthStep) -> Result<Vec<i64>> {
    let start_of_month = span.start.date().with_day(1);
    let candidates = start_of_month
        .into_iter()
        .flat_map(|first| (0..=12).filter_map(move |m| first.checked_add_months(Months::new(m))));
    let at = |month: NaiveDate| {
        let day = if months.at_end { last_day(month)? } else { month };
        Some(day.and_time(span.start.time()))
    };
    let first = candidates
        .filter(|month| (month.month() + 12 - months.anchor).is_multiple_of(months.period))
        .find(|&month| at(month).is_some_and(|time| time >= span.start));
    std::iter::successors(first, |month| month.checked_add_months(Months::new(months.months)))
        .map_while(at)
        .take_while(|&time| time <= span.end)
        .map(|time| moment::ticks(time, span.unit))
        .collect()
}

/// The last day of the month that begins on `first_day`.
fn last_day(first_day: NaiveDate) -> Option<NaiveDate> {
    first_day.checked_add_months(Months::new(1))?.pred_opt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Moment;
    use chrono::DateTime;

    fn partitions(start: &str, end: &str, row_seconds: i64, frequency: &str) -> Partitions {
        let at = |text: &str| Moment::from(text).resolve().unwrap();
        let span = Span { start: at(start), end: at(end), unit: TimeUnit::Second };
        Partitions::new(span, row_seconds, frequency.parse().unwrap(), frequency).unwrap()
    }

    fn division_texts(partitions: &Partitions) -> Vec<String> {
        let text = |t| DateTime::from_timestamp(t, 0).unwrap().format("%Y-%m-%dT%H").to_string();
        partitions.divisions().map(text).collect()
    }

    const HOUR: i64 = 3600;

    /// What `dask.datasets.timeseries` answers: partitions, the first divisions, the last division, rows.
    #[test]
    fn divisions_and_rows_are_those_of_dask() {
        #[rustfmt::skip]
        let table = [
            ("2000-01-01", "2000-01-05 12:00", 1, "1D", 4, "2000-01-01T00 2000-01-02T00", "2000-01-05T00", 96),
            ("2000-01-01", "2000-01-05", 7, "1D", 4, "2000-01-01T00 2000-01-02T00", "2000-01-05T00", 16),
            ("2000-01-01", "2000-12-31", 1, "1ME", 11, "2000-01-31T00 2000-02-29T00", "2000-12-31T00", 8040),
            ("2000-01-15 12:00", "2000-06-15 06:00", 1, "1MS", 4, "2000-02-01T12 2000-03-01T12", "2000-06-01T12", 2904),
            ("2000-01-01 12:00", "2000-03-01 06:00", 1, "1MS", 1, "2000-01-01T12 2000-02-01T12", "2000-02-01T12", 744),
            ("2000-01-31 12:00", "2000-06-30 06:00", 1, "2ME", 2, "2000-01-31T12 2000-03-31T12", "2000-05-31T12", 2904),
            ("2000-01-01", "2000-12-31", 1, "2QS", 1, "2000-01-01T00 2000-07-01T00", "2000-07-01T00", 4368),
            ("2000-02-01", "2002-12-31", 1, "1YE", 2, "2000-12-31T00 2001-12-31T00", "2002-12-31T00", 17520),
            ("2000-02-01", "2002-12-31", 1, "1YS", 1, "2001-01-01T00 2002-01-01T00", "2002-01-01T00", 8760),
            ("2000-01-01", "2000-03-31", 1, "1W", 12, "2000-01-02T00 2000-01-09T00", "2000-03-26T00", 2016),
            ("2000-01-01", "2000-03-31", 1, "2W-WED", 6, "2000-01-05T00 2000-01-19T00", "2000-03-29T00", 2016),
            ("2000-01-01", "2000-01-02", 2, "1h", 24, "2000-01-01T00 2000-01-01T01", "2000-01-02T00", 24),
            ("2000", "2010", 2, "1D", 3653, "2000-01-01T00 2000-01-02T00", "2010-01-01T00", 43836),
        ];
        for (start, end, row_hours, frequency, count, first, last, rows) in table {
            let partitions = partitions(start, end, row_hours * HOUR, frequency);
            let divisions = division_texts(&partitions);
            let asked = format!("{start} {end} {frequency}");
            assert_eq!((partitions.count(), partitions.rows()), (count, rows), "{asked}");
            assert_eq!((divisions[..2].join(" ").as_str(), divisions[count].as_str()), (first, last), "{asked}");
        }
    }

    #[test]
    fn a_span_without_a_whole_partition_has_none() {
        for (start, end, frequency) in [
            ("2000-01-01", "2000-01-01", "1D"),
            ("2000-01-01", "2000-01-01T23:00", "1D"),
            ("2000-01-02", "2000-01-20", "MS"),
            ("2000-01-03", "2000-01-04", "W"),
        ] {
            let partitions = partitions(start, end, 1, frequency);
            assert_eq!((partitions.count(), partitions.rows(), partitions.divisions().len()), (0, 0, 0), "{frequency}");
        }
    }

    #[test]
    fn timestamps_begin_anew_at_each_division() {
        let day = partitions("2000-01-01", "2000-01-03", 7 * HOUR, "1D");
        let hours: Vec<i64> = day.timestamps(2, 5).iter().map(|t| (t - 946_684_800) / HOUR).collect();
        assert_eq!(hours, [14, 21, 24, 31, 38]);
        assert_eq!(day.timestamps(0, 8)[2..7], day.timestamps(2, 5));

        let months = partitions("2000-01-01", "2000-04-01", 24 * HOUR, "MS");
        let days: Vec<i64> = months.timestamps(30, 31).iter().map(|t| (t - 946_684_800) / HOUR / 24).collect();
        assert_eq!(days, (30..61).collect::<Vec<i64>>());
    }

    #[test]
    fn the_widest_span_does_not_overflow() {
        let at = |text: &str| Moment::from(text).resolve().unwrap();
        let span = Span { start: at("1677-09-22"), end: at("2262-04-11"), unit: TimeUnit::Nanosecond };
        let widest = Partitions::new(span, 1, "1ns".parse().unwrap(), "1ns").unwrap();
        let end = moment::ticks(span.end, span.unit).unwrap();
        assert_eq!(widest.timestamps(widest.rows() - 2, 2), [end - 2, end - 1]);
        assert!(Partitions::new(span, 1, "300000D".parse().unwrap(), "300000D").is_err());
        assert!(Partitions::new(Span { end: at("2262-04-12"), ..span }, 1, "1D".parse().unwrap(), "1D").is_err());
    }

    #[test]
    fn partitions_of_one_length_take_no_memory_each() {
        let many = partitions("1900", "2100", 1, "1s");
        assert_eq!(many.count() as u64, many.rows());
        assert!(matches!(many.shape, Shape::Even { .. }));
        assert_eq!(many.timestamps(many.rows() - 1, 1), [4_102_444_799]);
    }
}
