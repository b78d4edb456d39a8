//! Arrays as frames, frames as arrays.

use blockfold_core::{Error, IntoExpr, Result};
use blockfold_ops::array::{FromFrame, ToFrame};

use super::Array;
use crate::frame::LazyFrame;
use crate::{col, len};

impl Array {
    /// The columns of a matrix, or a vector as one column, as a lazy frame; a partition for each chunk along the first axis.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn main() -> blockfold::Result<()> {
    /// # let session = Session::builder().build()?;
    /// let points = session.random(1).normal(0.0, 1.0, [1000, 2], 100);
    /// let near = points.to_frame(["x", "y"]).filter((col("x") * col("x") + col("y") * col("y")).lt(1.0));
    /// assert!(near.len()? > 300);
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_frame<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> LazyFrame {
        let names = names.into_iter().map(|name| name.as_ref().to_string()).collect();
        LazyFrame::of_plan(&self.session, self.plan().and_then(|plan| ToFrame::plan(plan, names)))
    }

    /// All elements in ascending order as a vector, NaN last.
    ///
    /// # Memory
    /// Runs at once and keeps the result: elements go to ranges, in memory or in scratch, and each range is sorted.
    ///
    /// # Errors
    /// Whatever the run finds.
    pub fn sort_values(&self) -> Result<Array> {
        Ok(self.ravel().to_frame(["values"]).sort(["values"]).to_array()?.ravel())
    }

    /// The different elements, in ascending order, and how often each comes; each NaN counts as the same.
    ///
    /// # Memory
    /// Runs at once; groups go to scratch when there are more than fit.
    ///
    /// # Errors
    /// Whatever the run finds.
    pub fn unique_counts(&self) -> Result<(Array, Array)> {
        let counts = self.ravel().to_frame(["values"]).group_by(["values"]).agg([len().alias("count")]);
        let kept = counts.sort(["values"]).persist()?;
        Ok((kept.select([col("values")]).to_array()?.ravel(), kept.select([col("count")]).to_array()?.ravel()))
    }

    /// The different elements, in ascending order.
    ///
    /// # Errors
    /// Whatever the run finds.
    pub fn unique(&self) -> Result<Array> {
        Ok(self.unique_counts()?.0)
    }
}

impl LazyFrame {
    /// The columns, all of one type and without nulls, as a matrix of as many columns.
    ///
    /// Where the rows of partitions are not known, as after a filter, the frame is run and kept, so that they are.
    ///
    /// # Errors
    /// Columns of several types, or of types that arrays do not have; whatever a run finds.
    pub fn to_array(&self) -> Result<Array> {
        let known = |frame: &LazyFrame| -> Result<Option<Vec<u64>>> {
            let plan = frame.plan()?;
            let grid = &plan.meta().grid;
            Ok((0..grid.blocks()).map(|block| grid.length(block)).collect())
        };
        if let Some(lengths) = known(self)? {
            return self.to_array_of(&lengths).checked();
        }
        let kept = self.persist()?;
        let lengths = known(&kept)?.ok_or_else(|| Error::internal("a kept frame of unknown length"))?;
        kept.to_array_of(&lengths).checked()
    }

    /// Some columns as a matrix, as [`LazyFrame::to_array`].
    ///
    /// # Errors
    /// As [`LazyFrame::to_array`].
    pub fn columns_to_array<E: IntoExpr>(&self, columns: impl IntoIterator<Item = E>) -> Result<Array> {
        self.select(columns).to_array()
    }

    /// The columns as a matrix, given how many rows each partition has.
    pub(crate) fn to_array_of(&self, lengths: &[u64]) -> Array {
        Array::new(&self.session, self.plan().and_then(|plan| FromFrame::plan(plan, lengths.to_vec())))
    }
}
