//! The dashboard: a page in the browser that shows runs while they run, or from a recording.
//!
//! [`Dashboard::start`] serves the page and its data from a thread of its own; [`report`] writes the same page with its
//! data into one file. Everything shown comes from a [`Watched`]; what a run is, and how it is recorded, this
//! crate does not know.
//!
//! One poller watches for changes and sends them to every open page, and what many pages ask for at once is computed
//! once, so that pages cost the engine little however many there are.

mod address;
mod answers;
mod assets;
mod error;
mod events;
mod guard;
mod lanes;
mod options;
mod report;
mod routes;
mod server;

pub use blockfold_watch::view::Watched;
pub use error::{Error, Result};
pub use options::Options;
pub use report::report;
pub use server::Dashboard;
