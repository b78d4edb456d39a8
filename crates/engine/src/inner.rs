//! Runs inside of calls that make lazy values, as of `set_index`, which looks for divisions first.
//!
//! Who makes such calls may do these runs somewhere else, and may note what came of them, so that the same call can be made
//! again without them.

use std::cell::RefCell;
use std::sync::Arc;

use blockfold_core::tensor::Tensor;
use blockfold_core::{RecordBatch, Result, SchemaRef};

use crate::{Array, LazyFrame};

/// What is to be run.
#[derive(Clone, Debug)]
pub enum InnerRun {
    /// A frame's rows are wanted.
    Rows(LazyFrame),
    /// An array's elements are wanted.
    Elements(Array),
    /// A frame is to be kept, as by [`LazyFrame::persist`].
    KeptFrame(LazyFrame),
    /// An array is to be kept, as by [`Array::persist`].
    KeptArray(Array),
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum InnerAnswer {
    /// The frame's columns and rows.
    Rows(SchemaRef, Vec<RecordBatch>),
    /// The array's elements.
    Elements(Tensor),
    /// The frame that is kept.
    Frame(LazyFrame),
    /// The array that is kept.
    Array(Array),
}

/// Who answers the runs inside of calls.
pub trait InnerRuns: Send + Sync {
    /// The answer from somewhere else; `None` when the run is to be done here.
    ///
    /// # Errors
    /// Those of the run.
    fn answer(&self, run: InnerRun) -> Result<Option<InnerAnswer>>;
    /// Told what came of a run that was done here.
    fn done(&self, answer: &InnerAnswer);
}

thread_local! {
    static ANSWERING: RefCell<Option<Arc<dyn InnerRuns>>> = const { RefCell::new(None) };
}

/// Who answers runs that calls on this thread start.
pub fn answering() -> Option<Arc<dyn InnerRuns>> {
    ANSWERING.with_borrow(Clone::clone)
}

/// What a function returns, with somebody, or nobody, answering the runs that calls in it start on this thread.
pub fn answered_by<T>(who: Option<Arc<dyn InnerRuns>>, f: impl FnOnce() -> T) -> T {
    struct Restore(Option<Arc<dyn InnerRuns>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            ANSWERING.set(self.0.take());
        }
    }
    let _restore = Restore(ANSWERING.replace(who));
    f()
}

/// Does a run here, unless it is answered.
pub(crate) fn run<T>(
    run: impl FnOnce() -> InnerRun,
    here: impl FnOnce() -> Result<T>,
    taken: impl FnOnce(InnerAnswer) -> Result<T>,
    told: impl FnOnce(&T) -> InnerAnswer,
) -> Result<T> {
    let Some(who) = answering() else { return here() };
    answered_by(None, || match who.answer(run())? {
        Some(answer) => taken(answer),
        None => here().inspect(|made| who.done(&told(made))),
    })
}
