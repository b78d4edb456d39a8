//! What goes to stdout: text for people, or one JSON document.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use serde::Serialize;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// One JSON document instead of text.
    pub json: bool,
    /// Results only.
    pub quiet: bool,
}

impl Console {
    /// Prints text and ends the line; nothing in JSON mode.
    pub fn line(&self, text: impl AsRef<str>) -> Result<()> {
        if !self.json {
            writeln!(io::stdout().lock(), "{}", text.as_ref())?;
        }
        Ok(())
    }

    /// Prints what quiet runs leave out.
    pub fn note(&self, text: impl AsRef<str>) -> Result<()> {
        if self.quiet { Ok(()) } else { self.line(text) }
    }

    /// Prints the document of JSON mode.
    pub fn document(&self, document: &impl Serialize) -> Result<()> {
        if self.json {
            let mut out = BufWriter::new(io::stdout().lock());
            serde_json::to_writer(&mut out, document).map_err(io::Error::from)?;
            writeln!(out)?;
            out.flush()?;
        }
        Ok(())
    }
}
