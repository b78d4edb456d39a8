//! `truncate`: the start of the window of time in which a point lies.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::Int32Type;
use blockfold_core::{DType, Error, Function, Result};

use super::args::{STRING, arg, cast_to, check, row_of};
use super::calendar::{Clock, POINT, counts, date_of, days_of};
use super::text::Texts;

/// The start of the window in which a date or timestamp lies, of its own type.
///
/// Windows are `n` of `ns`, `us`, `ms`, `s`, `min`, `h`, `d`, `w`, `mo`, `q` or `y`: `"15min"`, `"1mo"`. They
/// tile local time, from 1970-01-01 on both sides, weeks from Monday. Windows shorter than the type's unit
/// change nothing.
///
/// # Nulls
/// Null for null, and for a start before the type's first point.
///
/// # Errors
/// [`Error::Argument`] for a text that is no window.
#[derive(Debug)]
pub struct Truncate;

impl Function for Truncate {
    fn name(&self) -> &'static str {
        "truncate"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("truncate", args, &[POINT, STRING], "a date or timestamp and a window: truncate(t, \"15min\")")?;
        let point = args.first().cloned().unwrap_or(DType::Null);
        Clock::of("truncate", &point)?;
        Ok(point)
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let points = arg(args, 0)?;
        let clock = Clock::of("truncate", points.data_type())?;
        let (counts, windows) = (counts(points)?, Texts::new(args, 1)?);
        let starts = if arg(args, 1)?.len() == 1 {
            let Some(window) = windows.get(0) else {
                return Ok(arrow::array::new_null_array(points.data_type(), rows));
            };
            let window = Window::parse(window)?;
            let starts: Int64Array = counts.unary_opt(|count| window.start(count, &clock));
            if starts.len() == rows { starts } else { repeat(&starts, rows) }
        } else {
            by_rows(&counts, &windows, rows, &clock)?
        };
        from_counts(starts, points.data_type())
    }
}

fn by_rows(counts: &Int64Array, windows: &Texts, rows: usize, clock: &Clock) -> Result<Int64Array> {
    let start = |row: usize| -> Result<Option<i64>> {
        let at = row_of(counts, row);
        match windows.get(row) {
            Some(window) if counts.is_valid(at) => Ok(Window::parse(window)?.start(counts.value(at), clock)),
            _ => Ok(None),
        }
    };
    (0..rows).map(start).collect()
}

fn repeat(one: &Int64Array, rows: usize) -> Int64Array {
    (0..rows).map(|_| one.is_valid(0).then(|| one.value(0))).collect()
}

fn from_counts(starts: Int64Array, dtype: &DType) -> Result<ArrayRef> {
    if *dtype == DType::Date32 {
        let days = starts.unary_opt::<_, Int32Type>(|days| i32::try_from(days).ok());
        return cast_to(&(Arc::new(days) as ArrayRef), dtype);
    }
    let shared: ArrayRef = Arc::new(starts);
    cast_to(&shared, dtype)
}

/// Starts of windows strictly between two points of a date or timestamp type, as counts of its units.
///
/// Windows are those of [`Truncate`], or as pandas spells them: `1D`, `W`, `MS`, `h`.
///
/// # Errors
/// [`Error::Argument`] for a text that is no window, and for more than `most` starts.
pub fn window_starts(dtype: &DType, window: &str, (low, high): (i64, i64), most: usize) -> Result<Vec<i64>> {
    let clock = Clock::of("repartition", dtype)?;
    let parsed = Window::parse(&respelled(window)).map_err(|error| match error {
        Error::Argument { what, .. } => Error::argument("repartition", what),
        other => other,
    })?;
    let mut starts = Vec::new();
    let mut next = parsed.start(low, &clock).and_then(|start| parsed.next(start, &clock));
    while let Some(start) = next.filter(|start| *start < high) {
        if starts.len() == most {
            let what = format!("windows of '{window}' would be more than {most} partitions; choose longer ones");
            return Err(Error::argument("repartition", what));
        }
        starts.push(start);
        next = parsed.next(start, &clock);
    }
    Ok(starts)
}

/// A window as [`Window::parse`] takes it, from pandas' spelling.
fn respelled(text: &str) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let unit = match unit {
        "D" => "d",
        "W" => "w",
        "H" => "h",
        "T" => "min",
        "S" => "s",
        "MS" => "mo",
        "QS" => "q",
        "YS" => "y",
        other => other,
    };
    format!("{}{unit}", if count.is_empty() { "1" } else { count })
}

/// A length of time by which time is tiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// Nanoseconds, of which a day may have many windows or a window many days.
    Nanos(i64),
    /// Weeks from Monday on.
    Weeks(i64),
    /// Months of the calendar.
    Months(i64),
}

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

impl Window {
    fn parse(text: &str) -> Result<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let window = match count.parse::<i64>().unwrap_or(0) {
            0 => None,
            count => Window::of(count, unit),
        };
        window.ok_or_else(|| {
            let what =
                format!("'{text}' is no window of time; write one as '15min', '1h', '1d', '1w', '1mo', '1q' or '1y'");
            Error::argument("truncate", what)
        })
    }

    fn of(count: i64, unit: &str) -> Option<Self> {
        let nanos = match unit {
            "w" => return Some(Window::Weeks(count)),
            "mo" => return Some(Window::Months(count)),
            "q" => return count.checked_mul(3).map(Window::Months),
            "y" => return count.checked_mul(12).map(Window::Months),
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => NANOS_PER_DAY,
            _ => return None,
        };
        count.checked_mul(nanos).map(Window::Nanos)
    }

    /// The start of the window after the one that starts at `start`.
    fn next(self, start: i64, clock: &Clock) -> Option<i64> {
        match self {
            Window::Nanos(nanos) => start.checked_add(units(nanos, clock.per_day)?),
            Window::Weeks(weeks) => start.checked_add(weeks.checked_mul(7)?.checked_mul(clock.per_day)?),
            Window::Months(months) => {
                let (year, month, _) = date_of(start.checked_add(clock.offset)?.div_euclid(clock.per_day));
                let month = ((year - 1970) * 12 + month - 1).checked_add(months)?;
                let year = 1970i64.checked_add(month.div_euclid(12)).filter(|year| year.unsigned_abs() < 1 << 40)?;
                let day = days_of(year, month.rem_euclid(12) + 1, 1);
                day.checked_mul(clock.per_day)?.checked_sub(clock.offset)
            }
        }
    }

    /// The start of the window of a count of units, `None` when it has no count.
    fn start(self, count: i64, clock: &Clock) -> Option<i64> {
        let local = count.checked_add(clock.offset)?;
        let start = match self {
            Window::Nanos(nanos) => floor(local, units(nanos, clock.per_day)?)?,
            Window::Weeks(weeks) => {
                let days = weeks.checked_mul(7)?;
                let day = local.div_euclid(clock.per_day).checked_add(3)?;
                floor(day, days)?.checked_sub(3)?.checked_mul(clock.per_day)?
            }
            Window::Months(months) => {
                let (year, month, _) = date_of(local.div_euclid(clock.per_day));
                let first = floor((year - 1970) * 12 + month - 1, months)?;
                days_of(1970 + first.div_euclid(12), first.rem_euclid(12) + 1, 1).checked_mul(clock.per_day)?
            }
        };
        start.checked_sub(clock.offset)
    }
}

/// Nanoseconds as units of which a day has `per_day`, at least one.
fn units(nanos: i64, per_day: i64) -> Option<i64> {
    let units = i128::from(nanos) * i128::from(per_day) / i128::from(NANOS_PER_DAY);
    i64::try_from(units.max(1)).ok()
}

/// The greatest multiple of `step` that is not greater.
fn floor(value: i64, step: i64) -> Option<i64> {
    value.checked_sub(value.rem_euclid(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockfold_core::TimeUnit;

    #[test]
    fn windows_start_strictly_between_two_points() {
        let days = |window: &str, low: i64, high: i64| window_starts(&DType::Date32, window, (low, high), 100);
        assert_eq!(days("1d", 0, 3).unwrap(), [1, 2]);
        assert_eq!(days("D", -2, 1).unwrap(), [-1, 0]);
        // 1970-01-01 is a Thursday.
        assert_eq!(days("1w", 0, 12).unwrap(), [4, 11]);
        assert_eq!(days("1mo", 0, 90).unwrap(), [31, 59]);
        assert_eq!(days("MS", 10, 60).unwrap(), [31, 59]);
        assert_eq!(days("1q", 0, 182).unwrap(), [90, 181]);
        assert_eq!(days("1y", -1, 366).unwrap(), [0, 365]);
        assert_eq!(days("5d", 0, 0).unwrap(), []);
        let hours = DType::Timestamp(TimeUnit::Second, Some("+01:00".into()));
        assert_eq!(window_starts(&hours, "1d", (0, 200_000), 9).unwrap(), [82_800, 169_200]);
        assert_eq!(window_starts(&hours, "1h", (1, 7300), 9).unwrap(), [3600, 7200]);
        let many = days("1d", 0, 1000).unwrap_err().to_string();
        assert!(many.contains("more than 100 partitions"), "{many}");
        let bad = days("1 fortnight", 0, 9).unwrap_err().to_string();
        assert!(bad.starts_with("repartition: '1 fortnight' is no window of time"), "{bad}");
        assert_eq!(window_starts(&DType::Date32, "1y", (i64::MAX - 5, i64::MAX), 9).unwrap(), []);
    }
}
