//! Rows of equal keys go to the same part.

use std::sync::Arc;

use blockfold_core::{Block, RecordBatch, Result};
use blockfold_kernels::route::{hash_keys, parts_of, scatter};
use blockfold_plan::{Digest, Origin, Router, Routing, Scattered};

use super::{KeyDigest, Keys};
use crate::frame::list;

/// Sends rows of equal keys to the same part.
#[derive(Clone, Debug)]
pub struct HashRouter {
    keys: Keys,
    parts: usize,
    level: u32,
    /// For how many keys a filter is made on the way.
    learns: Option<u64>,
}

impl HashRouter {
    /// Spreads rows over `parts` by `keys`; each `level` spreads what one part of the level before holds.
    pub fn new(keys: Keys, parts: usize, level: u32) -> Self {
        HashRouter { keys, parts: parts.max(1), level, learns: None }
    }

    /// This router, with ranges and a filter of about so many keys made of the rows that it sends.
    pub(crate) fn learning(self, keys: Option<u64>) -> Self {
        HashRouter { learns: keys, ..self }
    }
}

impl Router for HashRouter {
    fn parts(&self) -> usize {
        self.parts
    }

    fn digest(&self) -> Option<Arc<dyn Digest>> {
        Some(Arc::new(KeyDigest::new(self.keys.clone(), self.learns?)))
    }

    fn scatter(&self, rows: &RecordBatch, _: Origin) -> Result<Scattered> {
        if self.parts == 1 {
            let end = u32::try_from(rows.num_rows()).unwrap_or(u32::MAX);
            return Ok(Scattered { rows: rows.clone(), offsets: vec![0, end] });
        }
        let keys = self.keys.of(rows)?;
        let (mut hashes, mut parts) = (Vec::new(), Vec::new());
        hash_keys(&keys, rows.num_rows(), &mut hashes)?;
        parts_of(&hashes, self.parts, self.level, &mut parts);
        let (rows, offsets) = scatter(rows, &parts, self.parts)?;
        Ok(Scattered { rows, offsets })
    }
}

/// Routing by hashes of keys.
#[derive(Debug)]
pub struct HashRouting(pub HashRouter);

impl Routing for HashRouting {
    fn name(&self) -> &'static str {
        "hash"
    }

    fn detail(&self) -> String {
        format!("by {}", list(self.0.keys.exprs()))
    }

    fn router(&self, _: Option<&Block>) -> Result<Arc<dyn Router>> {
        Ok(Arc::new(self.0.clone()))
    }
}
