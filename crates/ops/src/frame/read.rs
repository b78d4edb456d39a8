//! `read`: blocks of a source.

use std::sync::Arc;

use blockfold_core::region::AxisSlice;
use blockfold_core::{Columns, Divisions, Expr, Result, Scalar};
use blockfold_plan::selectivity::guessed_share;
use blockfold_plan::{Lower, Meta, Op, Plan, Source, StepId};

use crate::array::SlicedSource;

/// Blocks of a source.
#[derive(Debug)]
pub struct Read {
    source: Arc<dyn Source>,
    /// The share of rows that the source's filters are guessed to leave.
    kept_share: f64,
}

impl Read {
    /// A plan that reads the source.
    pub fn plan(source: Arc<dyn Source>) -> Result<Plan> {
        Plan::new(Read { source, kept_share: 1.0 })
    }

    fn replaced(source: Option<Arc<dyn Source>>, kept_share: f64) -> Result<Option<Plan>> {
        source.map(|source| Plan::new(Read { source, kept_share })).transpose()
    }
}

impl Op for Read {
    fn name(&self) -> &'static str {
        "read"
    }

    fn detail(&self) -> String {
        format!("{} {}", self.source.name(), self.source.detail())
    }

    fn token(&self) -> Option<String> {
        self.source.token()
    }

    fn inputs(&self) -> &[Plan] {
        &[]
    }

    fn with_inputs(&self, _inputs: Vec<Plan>) -> Result<Plan> {
        Plan::new(Read { source: self.source.clone(), kept_share: self.kept_share })
    }

    fn meta(&self) -> Result<Meta> {
        Ok(Meta { schema: self.source.schema(), grid: self.source.grid() })
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        Read::replaced(self.source.with_columns(wanted)?, self.kept_share)
    }

    fn filtered(&self, predicate: &Expr) -> Result<Option<Plan>> {
        Read::replaced(self.source.with_filter(predicate)?, self.kept_share * guessed_share(predicate))
    }

    fn limited(&self, rows: u64) -> Result<Option<Plan>> {
        Read::replaced(self.source.with_limit(rows), self.kept_share)
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        if self.source.given().is_some() {
            // Blocks are handed over whole.
            return Ok(None);
        }
        Read::replaced(SlicedSource::of(&self.source, axes), self.kept_share)
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.source.column_range(column)
    }

    fn kept_share(&self) -> f64 {
        self.kept_share
    }

    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        self.source.divisions_on(column)
    }

    fn has_fixed_blocks(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        Ok(lower.read(self.source.clone()))
    }
}
