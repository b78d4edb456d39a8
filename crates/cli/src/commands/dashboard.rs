//! `dashboard`: a recording on a page in the browser.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use blockfold::watch::Recording;
use blockfold_dashboard::{Dashboard, Options};
use serde::Serialize;

use crate::context::Context;
use crate::failure::usage;

/// What to show, and where.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A file that --record wrote
    #[arg(value_name = "RUN.bfrun")]
    pub recording: PathBuf,
    /// Where to serve the page: host and port; without it the first free port from 8787 on
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    url: &'a str,
}

/// Serves the page until Ctrl-C.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let recording = Arc::new(Recording::read(&args.recording)?);
    let address = args.address.as_deref().unwrap_or("127.0.0.1:8787");
    let options = Options::default().next_free(args.address.is_none());
    let dashboard = Dashboard::start(address, recording, options).map_err(usage)?;
    context.console.line(format!("open {} (Ctrl-C ends)", dashboard.url()))?;
    context.console.document(&Document { command: "dashboard", url: dashboard.url() })?;
    context.wait();
    Ok(())
}
