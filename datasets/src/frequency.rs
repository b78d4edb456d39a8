//! Frequencies as pandas writes them: `1s`, `10ms`, `1h30min`, `7D`, `W-MON`, `1ME`, `QS-FEB`.

use std::str::FromStr;

use arrow::datatypes::TimeUnit;
use chrono::Weekday;

use crate::error::{Result, TimeseriesError};
use crate::moment;

/// The distance of rows or of partitions in time.
///
/// | text | meaning |
/// |---|---|
/// | `ns` `us` `ms` `s` `min` `h` `D` | fixed lengths; numbers may have a fraction and terms may be joined: `1.5h`, `1h30min` |
/// | `W`, `W-SUN` ... `W-SAT` | weeks; the first begins on that weekday, Sunday if it is not said |
/// | `MS`, `ME` | starts of months, last days of months |
/// | `QS`, `QE`, `YS`, `YE` | the same of quarters and years; `-JAN` ... `-DEC` says a month in which one starts or ends |
///
/// The older spellings `T`, `S`, `L`, `U`, `N`, `H` of fixed lengths and `M`, `Q`, `Y`, `A` of ends are accepted too. Business days,
/// half months and negative frequencies are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frequency(pub(crate) Step);

/// What a frequency means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Fixed { nanos: i128 },
    Weeks { weeks: u32, day: Weekday },
    Months(MonthStep),
}

/// Steps along first or last days of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MonthStep {
    /// Months from one step to the next.
    pub months: u32,
    /// The first step falls on a month that differs from `anchor` by a multiple of this: 1, 3 or 12.
    pub period: u32,
    /// A month, from 1, of the first step.
    pub anchor: u32,
    /// Last days rather than first days.
    pub at_end: bool,
}

const DAY_NANOS: i128 = 86_400_000_000_000;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Mon),
    ("TUE", Weekday::Tue),
    ("WED", Weekday::Wed),
    ("THU", Weekday::Thu),
    ("FRI", Weekday::Fri),
    ("SAT", Weekday::Sat),
    ("SUN", Weekday::Sun),
];

impl FromStr for Frequency {
    type Err = TimeseriesError;

    /// # Errors
    /// [`TimeseriesError::Frequency`] if the text is none of the accepted forms, or not longer than nothing.
    fn from_str(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        let calendar = parse_calendar(trimmed).transpose();
        calendar
            .unwrap_or_else(|| parse_fixed(trimmed))
            .map(Self)
            .map_err(|reason| TimeseriesError::Frequency { text: text.to_owned(), reason })
    }
}

impl Frequency {
    /// The fixed length in ticks of `unit`; `None` for calendar frequencies. `text` is told in errors.
    pub(crate) fn fixed_ticks(self, unit: TimeUnit, text: &str) -> Result<Option<i64>> {
        let Step::Fixed { nanos } = self.0 else { return Ok(None) };
        let outside =
            || TimeseriesError::OutsideUnit { what: format!("the frequency {text}"), unit: moment::unit_name(unit) };
        moment::ticks_in_nanos(nanos, unit).map(Some).ok_or_else(outside)
    }
}

type Parsed<T> = std::result::Result<T, &'static str>;

/// A calendar frequency, or `None` if `text` does not name a calendar unit.
fn parse_calendar(text: &str) -> Parsed<Option<Step>> {
    let (number, rest) = split_number(text);
    let (unit, anchor) = rest.split_once('-').map_or((rest, None), |(unit, anchor)| (unit, Some(anchor)));
    if matches!(unit, "W" | "w") {
        let day = weekday(anchor)?;
        return Ok(Some(Step::Weeks { weeks: whole_number(number, 1)?, day }));
    }
    let (period, at_end) = match unit {
        "MS" => (1, false),
        "ME" | "M" => (1, true),
        "QS" => (3, false),
        "QE" | "Q" => (3, true),
        "YS" | "AS" => (12, false),
        "YE" | "Y" | "A" => (12, true),
        _ => return Ok(None),
    };
    let anchor = month(anchor, period, at_end)?;
    Ok(Some(Step::Months(MonthStep { months: whole_number(number, period)?, period, anchor, at_end })))
}

fn weekday(name: Option<&str>) -> Parsed<Weekday> {
    let Some(name) = name else { return Ok(Weekday::Sun) };
    let found = WEEKDAYS.iter().find(|(known, _)| *known == name);
    found.map(|&(_, day)| day).ok_or("the part after the dash is not a weekday from MON to SUN")
}

fn month(name: Option<&str>, period: u32, at_end: bool) -> Parsed<u32> {
    match name {
        None => Ok(if at_end { 12 } else { 1 }),
        Some(_) if period == 1 => Err("months take no part after a dash"),
        Some(name) => (1..)
            .zip(MONTHS)
            .find(|(_, known)| *known == name)
            .map(|(month, _)| month)
            .ok_or("the part after the dash is not a month from JAN to DEC"),
    }
}

/// The count before a calendar unit, times the months or weeks in the unit. Nothing stands for one.
fn whole_number(number: &str, times: u32) -> Parsed<u32> {
    let count = if number.is_empty() { Ok(1) } else { number.parse::<u32>() };
    let count =
        count.map_err(|_| "the number before weeks, months, quarters or years must be whole and fit 32 bits")?;
    count.checked_mul(times).filter(|&n| n > 0).ok_or("the number must be above zero and fit 32 bits")
}

/// A sum of terms such as `1h30min`.
fn parse_fixed(text: &str) -> Parsed<Step> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let mut nanos = 0_i128;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        nanos = nanos.checked_add(scaled(number, unit_nanos(unit)?)?).ok_or("the number is too large")?;
        rest = next.trim_start();
    }
    if nanos > 0 { Ok(Step::Fixed { nanos }) } else { Err("it must be longer than nothing") }
}

/// Splits off the leading decimal number, which may be empty.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    (number, rest.trim_start())
}

fn unit_nanos(unit: &str) -> Parsed<i128> {
    Ok(match unit {
        "ns" | "N" => 1,
        "us" | "U" => 1000,
        "ms" | "L" => 1_000_000,
        "s" | "S" => 1_000_000_000,
        "min" | "T" => 60_000_000_000,
        "h" | "H" => 3_600_000_000_000,
        "D" | "d" => DAY_NANOS,
        "" => return Err("a unit is missing"),
        "m" => return Err("m could mean minutes or months: write min, MS or ME"),
        _ => return Err("its unit is not known"),
    })
}

/// The decimal `number` times `unit_nanos`, without rounding. No number stands for one.
fn scaled(number: &str, unit_nanos: i128) -> Parsed<i128> {
    if number.is_empty() {
        return Ok(unit_nanos);
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let too_large = "the number is too large or has too many digits";
    let digits: i128 = format!("{whole}{fraction}").parse().map_err(|_| "the number before a unit cannot be read")?;
    let places = u32::try_from(fraction.len()).map_err(|_| too_large)?;
    let divisor = 10_i128.checked_pow(places).ok_or(too_large)?;
    let product = digits.checked_mul(unit_nanos).ok_or(too_large)?;
    if product % divisor == 0 { Ok(product / divisor) } else { Err("it is not a whole number of nanoseconds") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Step {
        text.parse::<Frequency>().unwrap().0
    }

    #[test]
    fn fixed_lengths() {
        let table = [
            ("1s", 1_000_000_000),
            ("s", 1_000_000_000),
            ("10ms", 10_000_000),
            ("100us", 100_000),
            ("3ns", 3),
            ("1min", 60_000_000_000),
            ("1h", 3_600_000_000_000),
            ("1H", 3_600_000_000_000),
            ("7D", 7 * DAY_NANOS),
            ("1d", DAY_NANOS),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1h30min", 5_400_000_000_000),
            (" 1 D 12 h ", 3 * DAY_NANOS / 2),
        ];
        for (text, nanos) in table {
            assert_eq!(step(text), Step::Fixed { nanos }, "{text}");
        }
    }

    #[test]
    fn calendar_steps() {
        let months = |months, period, anchor, at_end| Step::Months(MonthStep { months, period, anchor, at_end });
        assert_eq!(step("1ME"), months(1, 1, 12, true));
        assert_eq!(step("M"), step("1ME"));
        assert_eq!(step("2MS"), months(2, 1, 1, false));
        assert_eq!(step("QS-FEB"), months(3, 3, 2, false));
        assert_eq!(step("2YE"), months(24, 12, 12, true));
        assert_eq!(step("W"), Step::Weeks { weeks: 1, day: Weekday::Sun });
        assert_eq!(step("2W-WED"), Step::Weeks { weeks: 2, day: Weekday::Wed });
    }

    #[test]
    fn bad_texts_are_named_with_the_reason_and_the_accepted_forms() {
        let table = [
            ("", "it is empty"),
            ("1", "a unit is missing"),
            ("5m", "m could mean minutes or months"),
            ("1 fortnight", "its unit is not known"),
            ("-1h", "a unit is missing"),
            ("0s", "longer than nothing"),
            ("0MS", "above zero"),
            ("1.5MS", "must be whole"),
            ("0.5ns", "not a whole number of nanoseconds"),
            ("1.2.3s", "cannot be read"),
            ("W-JAN", "not a weekday"),
            ("QS-MON", "not a month"),
            ("MS-JAN", "no part after a dash"),
            ("99999999999999999999999999999999999D", "too large"),
            ("9999999999YS", "fit 32 bits"),
            ("1é", "a unit is missing"),
        ];
        for (text, reason) in table {
            let message = text.parse::<Frequency>().unwrap_err().to_string();
            assert!(message.contains(&format!("{text:?}")) && message.contains(reason), "{message}");
            assert!(message.contains("1h30min") && message.contains("QS-FEB"), "{message}");
        }
    }
}
