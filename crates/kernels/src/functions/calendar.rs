//! The proleptic Gregorian calendar, and columns of points in time as local counts of units.
//!
//! Time zones are fixed offsets or UTC: named zones need a database of their rules, which this crate has not.

use std::str::FromStr;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{Int32Type, Int64Type};
use blockfold_core::cast::is_utc;
use blockfold_core::{DType, Error, Result, TimeUnit};
use chrono::FixedOffset;

use super::args::{Takes, cast_to};

/// Days from 1970-01-01 of a date, by the method of Howard Hinnant's "chrono-compatible low-level date algorithms".
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of days from 1970-01-01; the inverse of [`days_of`].
pub(super) fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// Dates and timestamps.
pub(super) const POINT: Takes = |dtype| matches!(dtype, DType::Date32 | DType::Timestamp(..));

/// Units of the type in a day, and seconds that its zone is east of UTC.
pub(super) struct Clock {
    /// Units in a day; 1 for dates.
    pub(super) per_day: i64,
    /// The zone's offset in units.
    pub(super) offset: i64,
}

impl Clock {
    /// The clock of a date or timestamp type.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a named time zone.
    pub(super) fn of(name: &str, dtype: &DType) -> Result<Self> {
        let DType::Timestamp(unit, zone) = dtype else { return Ok(Clock { per_day: 1, offset: 0 }) };
        let per_second = match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        };
        let offset = zone.as_deref().map_or(Ok(0), |zone| offset_seconds(name, zone))?;
        Ok(Clock { per_day: 86_400 * per_second, offset: offset * per_second })
    }
}

fn offset_seconds(name: &str, zone: &str) -> Result<i64> {
    if is_utc(zone) {
        return Ok(0);
    }
    match FixedOffset::from_str(zone) {
        Ok(offset) => Ok(i64::from(offset.local_minus_utc())),
        Err(_) => Err(Error::Unsupported {
            what: format!("{name} in the time zone '{zone}'"),
            instead: "cast the column to a timestamp in UTC or with a fixed offset as '+02:00'".into(),
        }),
    }
}

/// Points in time as counts of their units, days for dates.
pub(super) fn counts(array: &ArrayRef) -> Result<Int64Array> {
    if *array.data_type() == DType::Date32 {
        let days = cast_to(array, &DType::Int32)?;
        return Ok(days.as_primitive::<Int32Type>().unary(i64::from));
    }
    Ok(cast_to(array, &DType::Int64)?.as_primitive::<Int64Type>().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Days, NaiveDate};

    #[test]
    fn agrees_with_chrono() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for days in (-1_000_000_i64..1_000_000).step_by(37).chain(-1000..1000) {
            let step = Days::new(days.unsigned_abs());
            let date = if days < 0 { epoch - step } else { epoch + step };
            let expected = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(date_of(days), expected);
            assert_eq!(days_of(expected.0, expected.1, expected.2), days);
        }
    }
}
