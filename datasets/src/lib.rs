//! Synthetic data: the timeseries of `dask.datasets.timeseries`, generated fast and addressed by row.
//!
//! A [`Timeseries`] has the columns, distributions, partitions and defaults of Dask's, with one difference: a value depends only on the
//! seed, the name of its column and its absolute row. Partitions, batches and threads cut the same table in different places;
//! they never change it. Any rows of any columns are generated without touching the others.
//!
//! The crate does not read or write files and knows nothing of plans or tasks.
//!
//! ```
//! use blockfold_datasets::TimeseriesOptions;
//!
//! let year = TimeseriesOptions::new().start("2000-01-01").end("2001-01-01").seed(7).build()?;
//! assert_eq!(year.npartitions(), 366);
//! let id_and_x = year.batch(&[2, 3], year.partition_start_row(30), 1000)?;
//! assert_eq!((id_and_x.num_rows(), id_and_x.num_columns()), (1000, 2));
//! # Ok::<(), blockfold_datasets::TimeseriesError>(())
//! ```
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod columns;
mod dispatch;
mod error;
mod frequency;
mod moment;
mod names;
mod options;
mod partitions;
mod poisson;
mod stream;
mod timeseries;
mod uniform;

pub use columns::ColumnKind;
pub use error::{Result, TimeseriesError};
pub use frequency::Frequency;
pub use moment::Moment;
pub use names::NAMES;
pub use options::TimeseriesOptions;
pub use timeseries::Timeseries;
