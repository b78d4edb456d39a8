//! What commands share: the grouped aggregation of `groupby`, `explain` and `estimate`, filtered inputs, column lists.

use std::path::PathBuf;

use anyhow::Result;
use blockfold::{Expr, LazyFrame};
use serde_json::{Value, json};

use crate::args::Query;
use crate::cluster::Asked;
use crate::context::Context;
use crate::failure::usage;
use crate::{aggs, cluster, input};

/// The lazy frame that the arguments ask for.
///
/// # Errors
/// Wrong arguments first, then whatever opening the files finds.
pub fn frame(query: &Query, context: &Context) -> Result<LazyFrame> {
    let keys = columns("--by", &query.by)?;
    let aggregates = aggs::aggregates(&query.agg).map_err(|error| usage(format!("--agg {error}")))?;
    let frame = filtered(&query.input.paths, query.filter.as_ref(), context)?;
    let keys = keys.iter().map(blockfold::col);
    Ok(frame.group_by(keys).agg(aggregates))
}

/// The same frame for a cluster.
///
/// # Errors
/// Wrong arguments.
pub fn asked(query: &Query) -> Result<Asked> {
    let keys: Vec<Value> = columns("--by", &query.by)?.iter().map(|key| cluster::expr(&blockfold::col(key))).collect();
    let aggregates = aggs::aggregates(&query.agg).map_err(|error| usage(format!("--agg {error}")))?;
    let aggregates: Vec<Value> = aggregates.iter().map(cluster::expr).collect();
    Ok(Asked::of(&query.input.paths, query.filter.as_ref())?.call("group_agg", json!([keys, aggregates])))
}

/// Rows of files where a filter holds.
///
/// # Errors
/// Whatever opening the files finds.
pub fn filtered(paths: &[PathBuf], filter: Option<&Expr>, context: &Context) -> Result<LazyFrame> {
    let frame = input::open(&context.session, paths)?;
    Ok(filter.map_or(frame.clone(), |filter| frame.filter(filter)))
}

/// Names of columns, as an option lists them.
///
/// # Errors
/// An empty name, or one that comes twice.
pub fn columns(option: &str, texts: &[String]) -> Result<Vec<String>> {
    aggs::keys(texts).map_err(|error| usage(format!("{option} {error}")))
}
