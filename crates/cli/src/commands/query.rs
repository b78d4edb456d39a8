//! The grouped aggregation that `groupby`, `explain` and `estimate` share.

use anyhow::Result;
use blockfold::LazyFrame;

use crate::args::Query;
use crate::context::Context;
use crate::failure::usage;
use crate::{aggs, input};

/// The lazy frame that the arguments ask for.
///
/// # Errors
/// Wrong arguments first, then whatever opening the files finds.
pub fn frame(query: &Query, context: &Context) -> Result<LazyFrame> {
    let keys = aggs::keys(&query.by).map_err(|error| usage(format!("--by {error}")))?;
    let aggregates = aggs::aggregates(&query.agg).map_err(|error| usage(format!("--agg {error}")))?;
    let mut frame = input::open(&context.session, &query.input.paths)?;
    if let Some(filter) = &query.filter {
        frame = frame.filter(filter);
    }
    let keys = keys.iter().map(blockfold::col);
    Ok(frame.group_by(keys).agg(aggregates))
}
