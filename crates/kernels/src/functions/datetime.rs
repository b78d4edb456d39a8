//! Parts of dates and timestamps, as i32; of a timestamp with a time zone, in local time.
//!
//! A date is its midnight. Null gives null, and so does a year beyond i32.

use arrow::array::{Array, ArrayRef, Int32Array};
use blockfold_core::{DType, Function, Result};

use super::args::{arg, check, shared};
use super::calendar::{Clock, POINT, counts, date_of, days_of};

/// A point in local time.
struct Moment {
    /// Days since 1970-01-01.
    days: i64,
    /// Units since midnight.
    units: i64,
    /// Units in a day.
    per_day: i64,
}

impl Moment {
    fn year(&self) -> i64 {
        date_of(self.days).0
    }

    fn month(&self) -> i64 {
        date_of(self.days).1
    }

    fn day(&self) -> i64 {
        date_of(self.days).2
    }

    fn quarter(&self) -> i64 {
        (self.month() + 2) / 3
    }

    fn weekday(&self) -> i64 {
        (self.days + 3).rem_euclid(7) + 1
    }

    fn ordinal_day(&self) -> i64 {
        self.days - days_of(self.year(), 1, 1) + 1
    }

    /// Whole parts of a day since midnight, of which a day has `parts`.
    fn since_midnight(&self, parts: i64) -> i64 {
        if self.per_day >= parts { self.units / (self.per_day / parts) } else { self.units * (parts / self.per_day) }
    }

    fn hour(&self) -> i64 {
        self.since_midnight(24)
    }

    fn minute(&self) -> i64 {
        self.since_midnight(24 * 60) % 60
    }

    fn second(&self) -> i64 {
        self.since_midnight(86_400) % 60
    }

    fn millisecond(&self) -> i64 {
        self.since_midnight(86_400_000) % 1_000
    }

    fn microsecond(&self) -> i64 {
        self.since_midnight(86_400_000_000) % 1_000_000
    }
}

fn part_of(name: &str, array: &ArrayRef, part: fn(&Moment) -> i64) -> Result<ArrayRef> {
    let Clock { per_day, offset } = Clock::of(name, array.data_type())?;
    let parts: Int32Array = counts(array)?.unary_opt(|count| {
        let local = count.checked_add(offset)?;
        let moment = Moment { days: local.div_euclid(per_day), units: local.rem_euclid(per_day), per_day };
        i32::try_from(part(&moment)).ok()
    });
    shared(parts)
}

macro_rules! parts {
    ($($(#[$doc:meta])* $static:ident $name:literal $method:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[POINT], "one date or timestamp")?;
                args.iter().try_for_each(|dtype| Clock::of($name, dtype).map(drop))?;
                Ok(DType::Int32)
            }

            fn evaluate(&self, args: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
                part_of($name, arg(args, 0)?, Moment::$method)
            }
        }
    )*};
}

parts! {
    /// The year, 0 for 1 BC.
    Year "year" year,
    /// The quarter of the year, 1 to 4.
    Quarter "quarter" quarter,
    /// The month, 1 to 12.
    Month "month" month,
    /// The day of the month, 1 to 31.
    Day "day" day,
    /// The day of the week of ISO 8601: 1 for Monday to 7 for Sunday.
    Weekday "weekday" weekday,
    /// The day of the year, 1 to 366.
    OrdinalDay "ordinal_day" ordinal_day,
    /// The hour, 0 to 23.
    Hour "hour" hour,
    /// The minute, 0 to 59.
    Minute "minute" minute,
    /// The second, 0 to 59.
    Second "second" second,
    /// The milliseconds since the second, 0 to 999.
    Millisecond "millisecond" millisecond,
    /// The microseconds since the second, 0 to 999999.
    Microsecond "microsecond" microsecond,
}
