//! Frames that are kept between runs.

use std::sync::Arc;

use blockfold_core::{Error, Result};

use crate::frame::LazyFrame;
use crate::inner::{self, InnerAnswer, InnerRun};

impl LazyFrame {
    /// Runs the plan and keeps the answer's blocks: a lazy frame over them, with the same partitions.
    ///
    /// # Memory
    /// Blocks stay in memory, as part of the session's budget, while there is room, and go to scratch when it runs
    /// short, now or in a later run: the answer may be many times the budget. Memory and scratch are given back when
    /// the last frame over the blocks is dropped.
    ///
    /// # Errors
    /// Whatever the run finds; [`Error::ScratchLimit`](crate::Error::ScratchLimit) when scratch is used up.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn both(frame: LazyFrame) -> Result<(Frame, Frame)> {
    /// let costly = frame.sort(["name"]).persist()?;
    /// Ok((costly.head(5).collect()?, costly.mean().collect()?))
    /// # }
    /// ```
    pub fn persist(&self) -> Result<LazyFrame> {
        let here = || {
            let divisions = self.plan()?.meta().grid.divisions().cloned();
            let kept = self.session.executor().keep(&self.graph()?, divisions, self.session.cancel())?;
            self.session.read(Arc::new(kept))
        };
        let taken = |answer| match answer {
            InnerAnswer::Frame(kept) => Ok(kept),
            _ => Err(Error::internal("a frame to be kept was answered by something else")),
        };
        inner::run(|| InnerRun::KeptFrame(self.clone()), here, taken, |kept| InnerAnswer::Frame(kept.clone()))
    }
}
