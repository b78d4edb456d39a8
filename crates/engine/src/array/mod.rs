//! Lazy arrays.

mod answer;
mod blocks;
mod blockwise;
mod chunking;
mod complex;
mod create;
mod decompose;
mod einsum;
mod elementwise;
mod fourier;
mod lanes;
mod linalg;
mod persist;
mod reduce;
mod rows;
mod select;
mod shape;
mod together;

use std::fmt;
use std::sync::Arc;

use blockfold_core::tensor::{Tensor, type_name};
use blockfold_core::{Chunks, DType, Error, Result};
use blockfold_io::npy::NpySink;
use blockfold_io::tensor::TensorSink;
use blockfold_ops::array::Rechunk;
use blockfold_ops::frame::Write;
use blockfold_plan::tiles::element_type;
use blockfold_plan::{Estimate, Lower, Plan, Sink, Stage, StepGraph, explain, optimize};

pub use answer::{Element, NdArray};
#[cfg(feature = "zarr")]
pub use blockfold_io::zarr::ZarrFormat;
pub use blocks::Boundary;
pub use chunking::{AxisChunks, Chunking};
pub use create::RandomArrays;
pub use elementwise::Operand;
pub use reduce::Axes;
pub use shape::Index;

use crate::collected::WriteSummary;
use crate::inner::{self, InnerAnswer, InnerRun};
use crate::session::Session;

/// A description of an array that nobody has computed yet; cheap to clone.
///
/// Its vocabulary is NumPy's. Methods never fail at once: the first error stays in the handle, and the next call that
/// returns a `Result` returns it.
///
/// # Examples
/// ```
/// use blockfold::prelude::*;
///
/// # fn main() -> blockfold::Result<()> {
/// let session = Session::builder().build()?;
/// let x = session.random(1).random([200, 200], 50);
/// let y = &x + x.t() - x.mean(0);
/// assert_eq!(y.shape()?, [200, 200]);
/// assert!((y.mean(()).compute()?.item()? - 0.5).abs() < 0.05);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a lazy array does nothing until it is computed or written"]
pub struct Array {
    pub(crate) session: Session,
    plan: Result<Plan, Arc<Error>>,
}

impl Array {
    pub(crate) fn new(session: &Session, plan: Result<Plan>) -> Array {
        Array { session: session.clone(), plan: plan.and_then(countable).map_err(Arc::new) }
    }

    pub(crate) fn then(&self, f: impl FnOnce(Plan) -> Result<Plan>) -> Array {
        let plan = match &self.plan {
            Ok(plan) => f(plan.clone()).and_then(countable).map_err(Arc::new),
            Err(error) => Err(error.clone()),
        };
        Array { session: self.session.clone(), plan }
    }

    pub(crate) fn plan(&self) -> Result<Plan> {
        self.plan.clone().map_err(Error::Deferred)
    }

    /// This array, when nothing was wrong so far.
    pub(crate) fn checked(self) -> Result<Array> {
        self.plan()?;
        Ok(self)
    }

    // ---- what it is

    /// The session that runs it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How chunks tile the array.
    pub fn chunks(&self) -> Result<Chunks> {
        let plan = self.plan()?;
        plan.meta().grid.chunks().cloned().ok_or_else(|| Error::internal("a frame as an array"))
    }

    /// Length along each axis.
    pub fn shape(&self) -> Result<Vec<u64>> {
        Ok(self.chunks()?.shape())
    }

    /// Number of axes.
    pub fn ndim(&self) -> Result<usize> {
        Ok(self.chunks()?.ndim())
    }

    /// Number of elements.
    pub fn size(&self) -> Result<u64> {
        Ok(self.chunks()?.elements())
    }

    /// Bytes of all elements.
    pub fn nbytes(&self) -> Result<u64> {
        Ok(self.size()?.saturating_mul(blockfold_core::tensor::width(&self.dtype()?)? as u64))
    }

    /// Type of the elements.
    pub fn dtype(&self) -> Result<DType> {
        element_type(self.plan()?.schema())
    }

    /// The same elements in other chunks. Nothing moves until the array is computed, and then only what has to.
    pub fn rechunk(&self, chunks: impl Into<Chunking>) -> Array {
        let chunks = chunks.into();
        self.then(|plan| {
            let (shape, dtype) = (self.shape()?, self.dtype()?);
            Rechunk::plan(plan, chunks.of(&self.session, &shape, &dtype)?)
        })
    }

    // ---- what it will take

    /// A stage on the way from what was typed to what runs, as text.
    pub fn explain(&self, stage: Stage) -> Result<String> {
        Ok(match stage {
            Stage::Logical => explain::tree(&self.plan()?),
            Stage::Optimized => explain::tree(&self.optimized()?),
            Stage::Steps => explain::steps(&self.graph()?),
            Stage::Fused => explain::fused(&self.graph()?),
            Stage::Memory => self.estimate()?.to_string(),
        })
    }

    /// What computing the array will need, before a byte is read. The answer itself is not counted.
    pub fn estimate(&self) -> Result<Estimate> {
        let budget = self.session.memory_budget().0;
        Ok(Estimate::of(&self.graph()?, self.session.threads(), budget))
    }

    fn optimized(&self) -> Result<Plan> {
        optimize(&self.plan()?)
    }

    fn graph(&self) -> Result<StepGraph> {
        Lower::graph(&self.optimized()?, self.session.memory_budget().0)
    }

    // ---- runs

    /// Computes the array and holds it.
    ///
    /// # Memory
    /// The answer counts against the session's budget until it is dropped; one that does not fit is refused with
    /// [`Error::OverBudget`] before anything runs.
    pub fn compute(&self) -> Result<NdArray> {
        let (shape, dtype, bytes) = (self.shape()?, self.dtype()?, self.nbytes()?);
        let remedy = "raise the memory budget, or write the array block by block: to_npy, or --out FILE.npy";
        let permit = self.session.executor().budget().permit("the answer", bytes, remedy)?;
        let here = || {
            let sink = TensorSink::new(&dtype, &shape)?;
            let summary = self.write(sink.clone())?;
            Ok((sink.take()?, summary))
        };
        let taken = |answer| match answer {
            InnerAnswer::Elements(values) => Ok((values, WriteSummary::default())),
            _ => Err(Error::internal("a run was answered by something else than elements")),
        };
        let told = |(values, _): &(Tensor, WriteSummary)| InnerAnswer::Elements(values.clone());
        let (values, summary) = inner::run(|| InnerRun::Elements(self.clone()), here, taken, told)?;
        Ok(NdArray::new(values, permit, summary))
    }

    /// Writes the array to an `.npy` file, block by block; the file appears whole or not at all.
    ///
    /// # Errors
    /// An existing file unless `overwrite`; a full or unwritable disk. Nothing is left behind.
    pub fn to_npy(&self, path: impl AsRef<std::path::Path>, overwrite: bool) -> Result<WriteSummary> {
        let mut plan = self.plan()?;
        // The file has no chunks: how the array is cut last does not matter.
        while let ([input], true) = (plan.op().inputs(), plan.op().only_cuts()) {
            plan = input.clone();
        }
        let whole = Array::new(&self.session, Ok(plan));
        whole.write(NpySink::new(path.as_ref(), overwrite, self.dtype()?, self.shape()?)?)
    }

    /// Writes the array in Zarr's format, chunk by chunk, each compressed with zstd; the folder appears whole or not at all.
    /// Arrays whose chunks are not all of one shape are written in chunks of automatic size.
    ///
    /// # Memory
    /// A chunk and the same compressed, for each thread.
    ///
    /// # Errors
    /// An existing output unless `overwrite`; a full or unwritable disk. Nothing is left behind.
    #[cfg(feature = "zarr")]
    pub fn to_zarr(
        &self,
        path: impl AsRef<std::path::Path>,
        format: blockfold_io::zarr::ZarrFormat,
        overwrite: bool,
    ) -> Result<WriteSummary> {
        let (shape, dtype) = (self.shape()?, self.dtype()?);
        let chunk = |chunks: &Chunks| -> Vec<u64> {
            chunks.lengths().iter().map(|lengths| lengths.first().copied().unwrap_or(1).max(1)).collect()
        };
        let (mut array, mut shape_of_chunk) = (self.clone(), chunk(&self.chunks()?));
        if Chunks::regular(&shape, &shape_of_chunk) != self.chunks()? {
            array = self.rechunk(());
            shape_of_chunk = chunk(&array.chunks()?);
        }
        let sink = blockfold_io::zarr::ZarrSink::new(path.as_ref(), overwrite, format, (dtype, shape, shape_of_chunk))?;
        // Tasks write whole chunks, whatever the plan below is cut like.
        array.then(|plan| Rechunk::exactly(plan, array.chunks()?)).write(sink)
    }

    pub(crate) fn write(&self, sink: Arc<dyn Sink>) -> Result<WriteSummary> {
        let plan = Write::plan(optimize(&self.plan()?)?, sink)?;
        let graph = Lower::graph(&plan, self.session.memory_budget().0)?;
        let outcome = self.session.executor().run(&graph, self.session.cancel())?;
        Ok(WriteSummary { files: outcome.files, report: outcome.report, estimate: outcome.estimate })
    }
}

/// An array whose elements and chunks can be counted.
///
/// # Errors
/// More elements than 63 bits can count, or more chunks than can be planned.
fn countable(plan: Plan) -> Result<Plan> {
    if let Some(chunks) = plan.meta().grid.chunks() {
        let shape = chunks.shape();
        let elements = shape.iter().try_fold(1u64, |all, length| all.checked_mul(*length));
        if elements.is_none_or(|elements| elements > i64::MAX.cast_unsigned()) {
            return Err(Error::argument(
                plan.op().name(),
                format!("shape {shape:?} has more elements than can be counted"),
            ));
        }
        chunking::check_counts(plan.op().name(), &chunks.counts())?;
    }
    Ok(plan)
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.dtype(), self.chunks()) {
            (Ok(dtype), Ok(chunks)) => {
                write!(f, "array of {}, shape {:?}, chunks {chunks}", type_name(&dtype), chunks.shape())
            }
            (Err(error), _) | (_, Err(error)) => write!(f, "array that cannot be computed: {error}"),
        }
    }
}
