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
