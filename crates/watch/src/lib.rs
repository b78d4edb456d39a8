//! Watching runs: what is recorded of them, and what pages and reports show.

pub mod view;
