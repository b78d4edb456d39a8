//! Arrays that are kept between runs.

use std::sync::Arc;

use blockfold_core::{Chunks, DType, Error, Result};
use blockfold_exec::ScratchArea;
use blockfold_io::npy::{NpySource, RawSink};
use blockfold_io::tensor::TensorSink;
use blockfold_ops::array::create;
use blockfold_ops::frame::Read;

use super::Array;
use crate::inner::{self, InnerAnswer, InnerRun};
use crate::session::Session;

/// Arrays that take no more than this share of the budget are kept in memory.
const HELD_SHARE: u64 = 16;

impl Array {
    /// Computes the array and keeps it: a lazy array over its elements, in the same chunks.
    ///
    /// # Memory
    /// A small array stays in memory, as part of the session's budget; a larger one, or one for which there is no room, goes
    /// to a file in the scratch folder, mapped and read box by box. Both are given back when the last array over it is
    /// dropped.
    ///
    /// # Errors
    /// Whatever the run finds; [`Error::ScratchLimit`](crate::Error::ScratchLimit) when scratch is used up.
    pub fn persist(&self) -> Result<Array> {
        let taken = |answer| match answer {
            InnerAnswer::Array(kept) => Ok(kept),
            _ => Err(Error::internal("an array to be kept was answered by something else")),
        };
        let told = |kept: &Array| InnerAnswer::Array(kept.clone());
        inner::run(|| InnerRun::KeptArray(self.clone()), || self.kept_here(), taken, told)
    }

    fn kept_here(&self) -> Result<Array> {
        let (shape, dtype, chunks, bytes) = (self.shape()?, self.dtype()?, self.chunks()?, self.nbytes()?);
        let is_small = bytes <= self.session.memory_budget().0 / HELD_SHARE;
        if let Some(permit) = self.session.executor().budget().permit("persist", bytes, "").ok().filter(|_| is_small) {
            let sink = TensorSink::new(&dtype, &shape)?;
            self.write(sink.clone())?;
            return Array::new(&self.session, create::memory_of(sink.take()?, chunks, Some(permit))).checked();
        }
        let kept = Kept::new(&self.session, &dtype, &shape)?;
        kept.write(&vec![0; shape.len()], self)?;
        kept.array(chunks)
    }
}

/// An array in scratch that is written box by box.
pub(super) struct Kept {
    session: Session,
    area: Arc<ScratchArea>,
    dtype: DType,
    shape: Vec<u64>,
}

impl Kept {
    pub(super) fn new(session: &Session, dtype: &DType, shape: &[u64]) -> Result<Self> {
        let elements = shape.iter().fold(1u64, |all, length| all.saturating_mul(*length));
        let bytes = elements.saturating_mul(blockfold_core::tensor::width(dtype)? as u64);
        // A file of no bytes cannot be mapped.
        let area = Arc::new(session.executor().scratch_area(bytes.max(1))?);
        Ok(Kept { session: session.clone(), area, dtype: dtype.clone(), shape: shape.to_vec() })
    }

    fn path(&self) -> std::path::PathBuf {
        self.area.folder().join("a scratch file")
    }

    /// Computes an array into the box that begins at `origin`.
    pub(super) fn write(&self, origin: &[u64], array: &Array) -> Result<()> {
        array.write(RawSink::new(self.area.file(), self.path(), self.shape.clone(), origin.to_vec())?).map(drop)
    }

    /// The array as it is now, and as it will have been written by when it is read.
    pub(super) fn array(&self, chunks: Chunks) -> Result<Array> {
        let kind = (self.dtype.clone(), self.shape.clone());
        let source = NpySource::of_raw(self.area.file(), self.path(), kind, self.area.clone())?;
        Array::new(&self.session, Read::plan(Arc::new(source.with_chunks(chunks)))).checked()
    }
}
