//! What a timeseries is asked with; the defaults are Dask's.

use std::collections::HashSet;

use arrow::datatypes::TimeUnit;

use crate::columns::{Column, ColumnKind};
use crate::error::{Result, TimeseriesError};
use crate::frequency::Frequency;
use crate::moment::Moment;
use crate::partitions::{Partitions, Span};
use crate::timeseries::{TIMESTAMP, Timeseries};

/// Describes a [`Timeseries`].
///
/// Without further settings: the days of January 2000 but the last, a row each second, a partition each day, the columns `name`, `id`
/// (Poisson, mean 1000), `x` and `y` (uniform), and seed 0.
///
/// ```
/// use blockfold_datasets::{ColumnKind, TimeseriesOptions};
///
/// let series = TimeseriesOptions::new()
///     .start("2000")
///     .end("2010")
///     .freq("2h")
///     .partition_freq("MS")
///     .columns([("value", ColumnKind::Float), ("id", ColumnKind::INT)])
///     .argument("id_lam", 50.0)
///     .build()?;
/// assert_eq!((series.npartitions(), series.rows()), (120, 43_836));
/// # Ok::<(), blockfold_datasets::TimeseriesError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TimeseriesOptions {
    start: Moment,
    end: Moment,
    freq: String,
    partition_freq: String,
    columns: Vec<(String, ColumnKind)>,
    arguments: Vec<(String, f64)>,
    time_unit: TimeUnit,
    seed: u64,
}

impl Default for TimeseriesOptions {
    fn default() -> Self {
        Self {
            start: "2000-01-01".into(),
            end: "2000-01-31".into(),
            freq: "1s".to_owned(),
            partition_freq: "1D".to_owned(),
            columns: Vec::new(),
            arguments: Vec::new(),
            time_unit: TimeUnit::Microsecond,
            seed: 0,
        }
        .columns([
            ("name", ColumnKind::Name),
            ("id", ColumnKind::INT),
            ("x", ColumnKind::Float),
            ("y", ColumnKind::Float),
        ])
    }
}

impl TimeseriesOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first time.
    pub fn start(mut self, start: impl Into<Moment>) -> Self {
        self.start = start.into();
        self
    }

    /// The time that the last partition ends at or before. As in Dask, a last stretch shorter than a partition is left out.
    pub fn end(mut self, end: impl Into<Moment>) -> Self {
        self.end = end.into();
        self
    }

    /// The time between rows: a fixed length; see [`Frequency`].
    pub fn freq(mut self, freq: impl Into<String>) -> Self {
        self.freq = freq.into();
        self
    }

    /// The time between partitions: any [`Frequency`]. Rows begin anew at each partition, so this does not change values, but it does
    /// change which times have rows where it is not a multiple of the rows' frequency.
    pub fn partition_freq(mut self, partition_freq: impl Into<String>) -> Self {
        self.partition_freq = partition_freq.into();
        self
    }

    /// The columns after the timestamp, instead of those before.
    pub fn columns<N: Into<String>>(mut self, columns: impl IntoIterator<Item = (N, ColumnKind)>) -> Self {
        self.columns = columns.into_iter().map(|(name, kind)| (name.into(), kind)).collect();
        self
    }

    /// Dask's extra argument of a column, named with the column and an underscore: `id_lam` is the mean of the integers of `id`.
    pub fn argument(mut self, name: impl Into<String>, value: f64) -> Self {
        self.arguments.push((name.into(), value));
        self
    }

    /// The unit of the timestamps. Microseconds, if not said, as in Dask with pandas 3; it wrote nanoseconds before.
    pub fn time_unit(mut self, unit: TimeUnit) -> Self {
        self.time_unit = unit;
        self
    }

    /// The seed of the random streams.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The series. Generates nothing yet.
    ///
    /// # Errors
    /// If a text cannot be read, the end lies before the start, times do not fit the unit, two columns have one name, or a mean cannot be.
    pub fn build(self) -> Result<Timeseries> {
        let partitions = self.partitions()?;
        let columns = self.with_arguments()?;
        let mut seen = HashSet::from([TIMESTAMP]);
        if let Some((name, _)) = columns.iter().find(|(name, _)| !seen.insert(name)) {
            return Err(TimeseriesError::DuplicateColumn { name: name.clone() });
        }
        let columns: Result<Vec<(String, Column)>> =
            columns.iter().map(|(name, kind)| Ok((name.clone(), Column::new(self.seed, name, *kind)?))).collect();
        Ok(Timeseries::new(self.time_unit, partitions, columns?))
    }

    fn partitions(&self) -> Result<Partitions> {
        let span = Span { start: self.start.resolve()?, end: self.end.resolve()?, unit: self.time_unit };
        if span.end < span.start {
            return Err(TimeseriesError::EndBeforeStart { start: span.start.to_string(), end: span.end.to_string() });
        }
        let row_step = self.freq.parse::<Frequency>()?.fixed_ticks(self.time_unit, &self.freq)?;
        let row_step = row_step.ok_or_else(|| TimeseriesError::RowFrequency { text: self.freq.clone() })?;
        Partitions::new(span, row_step, self.partition_freq.parse()?, &self.partition_freq)
    }

    /// The columns, with the arguments put into their kinds.
    fn with_arguments(&self) -> Result<Vec<(String, ColumnKind)>> {
        let mut columns = self.columns.clone();
        for (name, value) in &self.arguments {
            let column = name.strip_suffix("_lam");
            let found = columns.iter_mut().find(|(known, _)| Some(known.as_str()) == column);
            let Some((_, ColumnKind::Int { mean })) = found else {
                let have = self.columns.iter().map(|(name, _)| name.clone()).collect();
                return Err(TimeseriesError::Argument { name: name.clone(), have });
            };
            *mean = *value;
        }
        Ok(columns)
    }
}
