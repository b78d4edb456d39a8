//! What can be wrong with a timeseries that was asked for.

use std::fmt;

use arrow::error::ArrowError;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, TimeseriesError>;

/// Why a timeseries cannot be described or generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum TimeseriesError {
    /// A text is not a frequency.
    Frequency {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Rows are asked at a calendar frequency, such as months, whose steps have no fixed length.
    RowFrequency {
        /// The frequency.
        text: String,
    },
    /// A text is not a date or a time.
    Moment {
        /// The text.
        text: String,
    },
    /// A time or a frequency does not fit the unit of the timestamps: too fine, or too far from 1970.
    OutsideUnit {
        /// The time or the frequency.
        what: String,
        /// The unit of the timestamps.
        unit: &'static str,
    },
    /// The end lies before the start.
    EndBeforeStart {
        /// The start.
        start: String,
        /// The end.
        end: String,
    },
    /// A text is not the name of a kind of column.
    ColumnKind {
        /// The text.
        text: String,
    },
    /// Two columns have one name; the index is named `timestamp`.
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// An argument such as `id_lam` names no integer column, or something other than `lam`.
    Argument {
        /// The argument.
        name: String,
        /// The names of the columns.
        have: Vec<String>,
    },
    /// The mean of a Poisson distribution is negative, not a number, or too large.
    Mean {
        /// The column.
        column: String,
        /// The mean.
        mean: f64,
        /// The largest mean that is accepted.
        largest: f64,
    },
    /// A column was asked that the series does not have.
    NoSuchColumn {
        /// The index of the column.
        column: usize,
        /// The number of columns, the timestamp included.
        have: usize,
    },
    /// Rows were asked past the end of the series.
    RowsPastEnd {
        /// The first row asked.
        first_row: u64,
        /// The number of rows asked.
        rows: usize,
        /// The number of rows of the series.
        have: u64,
    },
    /// Arrow refused the assembled batch.
    Arrow(ArrowError),
}

impl fmt::Display for TimeseriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frequency { text, reason } => write!(
                f,
                "{text:?} is not a frequency: {reason}. Accepted: ns, us, ms, s, min, h, D with a positive number before them, also joined \
                 (10ms, 1.5h, 1h30min); and for partitions W or W-MON, MS, ME, QS, QE, YS, YE, also with a month (QS-FEB), after a whole number"
            ),
            Self::RowFrequency { text } => write!(
                f,
                "rows cannot follow the calendar frequency {text:?}; use a fixed length such as 1s, 10min or 7D"
            ),
            Self::Moment { text } => write!(
                f,
                "{text:?} is not a time; accepted: 2000, 2000-01, 2000-01-31, 2000-01-31T12:30, 2000-01-31 12:30:59.25"
            ),
            Self::OutsideUnit { what, unit } => write!(f, "{what} cannot be told in {unit} since 1970"),
            Self::EndBeforeStart { start, end } => write!(f, "the end {end} lies before the start {start}"),
            Self::ColumnKind { text } => {
                write!(f, "{text:?} is not a kind of column; accepted: float, int, str, string, object, category")
            }
            Self::DuplicateColumn { name } => write!(f, "there are two columns named {name:?}"),
            Self::Argument { name, have } => write!(
                f,
                "{name:?} does not name an integer column and its mean, as id_lam does; the columns are {}",
                have.join(", ")
            ),
            Self::Mean { column, mean, largest } => {
                write!(f, "column {column:?} cannot have the Poisson mean {mean}; it must lie between 0 and {largest}")
            }
            Self::NoSuchColumn { column, have } => write!(f, "there is no column {column}: the series has {have}"),
            Self::RowsPastEnd { first_row, rows, have } => {
                write!(f, "{rows} rows from row {first_row} pass the end of a series of {have} rows")
            }
            Self::Arrow(_) => write!(f, "the generated columns do not make a batch"),
        }
    }
}

impl std::error::Error for TimeseriesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Arrow(source) => Some(source),
            _ => None,
        }
    }
}

impl From<ArrowError> for TimeseriesError {
    fn from(source: ArrowError) -> Self {
        Self::Arrow(source)
    }
}
