//! Points in time and lengths of time, counted in the unit of the timestamps.

use arrow::datatypes::TimeUnit;
use chrono::{NaiveDate, NaiveDateTime};

use crate::error::{Result, TimeseriesError};

/// A start or an end: a time, or a text to be read as one.
///
/// A text is a date, or a date and a time divided by `T` or a space. The day, the month and the seconds may be left out.
#[derive(Debug, Clone)]
pub enum Moment {
    /// A time.
    At(NaiveDateTime),
    /// A text such as `2000-01-01` or `2000-01-01T12:30:00`.
    Text(String),
}

impl From<NaiveDateTime> for Moment {
    fn from(at: NaiveDateTime) -> Self {
        Self::At(at)
    }
}

impl From<&str> for Moment {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Moment {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Moment {
    /// The time.
    pub(crate) fn resolve(&self) -> Result<NaiveDateTime> {
        match self {
            Self::At(at) => Ok(*at),
            Self::Text(text) => parse(text.trim()).ok_or_else(|| TimeseriesError::Moment { text: text.clone() }),
        }
    }
}

fn parse(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| parse_date(text)?.and_hms_opt(0, 0, 0))
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    NaiveDate::parse_from_str(&whole, "%Y-%m-%d").ok()
}

/// The ticks from 1970 to `at`.
pub(crate) fn ticks(at: NaiveDateTime, unit: TimeUnit) -> Result<i64> {
    let nanos_past_second = i64::from(at.and_utc().timestamp_subsec_nanos());
    let nanos_per_tick = nanos_per_tick(unit);
    let exact = |ticks: i64| (nanos_past_second % nanos_per_tick == 0).then_some(ticks);
    at.and_utc()
        .timestamp()
        .checked_mul(1_000_000_000 / nanos_per_tick)
        .and_then(|ticks| ticks.checked_add(nanos_past_second / nanos_per_tick))
        .and_then(exact)
        .ok_or_else(|| TimeseriesError::OutsideUnit { what: at.to_string(), unit: unit_name(unit) })
}

/// The ticks in `nanos`, or `None` if they are not whole or do not fit.
pub(crate) fn ticks_in_nanos(nanos: i128, unit: TimeUnit) -> Option<i64> {
    let nanos_per_tick = i128::from(nanos_per_tick(unit));
    (nanos % nanos_per_tick == 0).then(|| i64::try_from(nanos / nanos_per_tick).ok()).flatten()
}

fn nanos_per_tick(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1000,
        TimeUnit::Nanosecond => 1,
    }
}

/// What `unit` is called in a sentence.
pub(crate) fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Result<i64> {
        ticks(Moment::from(text).resolve()?, TimeUnit::Microsecond)
    }

    #[test]
    fn texts_are_read_to_the_precision_they_give() {
        assert_eq!(micros("2000").unwrap(), 946_684_800_000_000);
        assert_eq!(micros("2000-01").unwrap(), 946_684_800_000_000);
        assert_eq!(micros("2000-01-01").unwrap(), 946_684_800_000_000);
        assert_eq!(micros("2000-01-01T00:00:01").unwrap(), 946_684_801_000_000);
        assert_eq!(micros("2000-01-01 00:01").unwrap(), 946_684_860_000_000);
        assert_eq!(micros("1969-12-31 23:59:59.999999").unwrap(), -1);
    }

    #[test]
    fn other_texts_are_refused_by_name() {
        for text in ["", "yesterday", "2000-13-01", "2000-02-30", "2000-01-01T25:00", "00-1-1x"] {
            let message = micros(text).unwrap_err().to_string();
            assert!(message.contains(&format!("{text:?}")) && message.contains("2000-01-31"), "{message}");
        }
    }

    #[test]
    fn times_that_do_not_fit_the_unit_are_refused() {
        let far = Moment::from("2300-01-01").resolve().unwrap();
        assert!(ticks(far, TimeUnit::Microsecond).is_ok());
        let message = ticks(far, TimeUnit::Nanosecond).unwrap_err().to_string();
        assert_eq!(message, "2300-01-01 00:00:00 cannot be told in nanoseconds since 1970");
        assert!(micros("2000-01-01T00:00:00.0000001").is_err());
    }
}
