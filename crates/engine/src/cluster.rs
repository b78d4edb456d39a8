//! Plans in fragments, for workers of a cluster.

use std::sync::Arc;

use blockfold_core::{Chunks, DType, Grid, Result, SchemaRef};
use blockfold_exec::{Cut, Fragments, Given, Parcel};
use blockfold_ops::frame::Read;
use blockfold_plan::tiles::array_schema;
use blockfold_plan::{Lower, optimize};

use crate::{Array, LazyFrame, Session};

impl LazyFrame {
    /// The frame's plan cut in fragments: the same ones wherever the same plan is cut for the same budget.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use blockfold::prelude::*;
    /// use blockfold::{Cut, Parcel, Read};
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().build()?;
    /// let days = datasets::timeseries(&session, datasets::options().start("2000-01-01").end("2000-01-09"))?;
    /// let by_name = days.group_by(["name"]).agg([col("x").sum()]);
    /// let cut = Cut { budget_bytes: 256 << 20, fragment_bytes: 1 << 20, least: 4 };
    /// let fragments = by_name.fragments(cut)?;
    /// // Each would run on some worker, which is handed what the fragment reads.
    /// let mut results: Vec<Arc<Parcel>> = Vec::new();
    /// for (at, fragment) in fragments.list().iter().enumerate() {
    ///     let handed = |read: &Read| match read {
    ///         Read::Result(of) => results[*of].clone(),
    ///         Read::Part { of, part } => Arc::new(results[*of].part(*part)),
    ///         Read::Given { .. } => unreachable!("all sources can be read here"),
    ///     };
    ///     let inputs: Vec<Arc<Parcel>> = fragment.reads().iter().map(handed).collect();
    ///     results.push(Arc::new(session.run_fragment(&fragments, at, &inputs)?));
    /// }
    /// let answer = &results[fragments.answer()[0]];
    /// assert_eq!(answer.rows()[0][0].num_rows(), 26);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A plan that is wrong, or does not fit into the budget.
    pub fn fragments(&self, cut: Cut) -> Result<Fragments> {
        Fragments::of(Lower::graph(&optimize(&self.plan()?)?, cut.budget_bytes)?, cut)
    }
}

impl Array {
    /// The array's plan cut in fragments, as [`LazyFrame::fragments`].
    ///
    /// # Errors
    /// A plan that is wrong, or does not fit into the budget.
    pub fn fragments(&self, cut: Cut) -> Result<Fragments> {
        Fragments::of(Lower::graph(&optimize(&self.plan()?)?, cut.budget_bytes)?, cut)
    }
}

impl Session {
    /// A frame whose partitions fragments are handed under a name; it cannot be computed here.
    ///
    /// # Errors
    /// No partition.
    pub fn given_frame(&self, name: &str, schema: SchemaRef, grid: Grid) -> Result<LazyFrame> {
        self.read(Arc::new(Given::new(name, schema, grid)))
    }

    /// An array whose chunks fragments are handed under a name; it cannot be computed here.
    pub fn given_array(&self, name: &str, dtype: &DType, chunks: Chunks) -> Array {
        Array::new(self, Read::plan(Arc::new(Given::new(name, array_schema(dtype), Grid::array(chunks)))))
    }

    /// Does a fragment on this thread, under a permit of the session's budget.
    ///
    /// # Memory
    /// What it is handed and what it makes is the caller's; beside them it stays inside of the budget. Fragments that run
    /// side by side wait for each other's memory.
    ///
    /// # Errors
    /// Those of its steps, and inputs of other fragments.
    pub fn run_fragment(&self, fragments: &Fragments, at: usize, inputs: &[Arc<Parcel>]) -> Result<Parcel> {
        self.executor().run_fragment(fragments, at, inputs, &self.cancel())
    }
}
