//! Watching runs: what is recorded of them, and what pages and reports show.
//!
//! A [`Recorder`] follows a session's runs through the executor's ring and keeps them in bounded memory; a [`Recording`]
//! is the same in a file. Both are [`Watched`](view::Watched): what pages, reports, plots and traces are made from. This
//! crate knows no page, no terminal and no op.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod causes;
mod columns;
pub mod lanes;
mod live;
pub mod log;
pub mod plots;
pub mod process;
pub mod profile;
mod recorder;
mod recording;
pub mod report;
pub mod series;
#[cfg(feature = "tracing")]
mod spans;
pub mod table;
pub mod trace;
pub mod view;

pub use recorder::{About, Recorder};
pub use recording::{Recording, VERSION};
#[cfg(feature = "tracing")]
pub use spans::Spans;
