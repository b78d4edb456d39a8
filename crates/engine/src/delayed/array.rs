//! Arrays made of delayed calls, and delayed calls made of arrays.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use blockfold_core::tensor::{type_name, width};
use blockfold_core::{Cancel, Chunks, DType, Error, Grid, Region, Result, SchemaRef, Tensor};
use blockfold_ops::array::reader_of_blocks;
use blockfold_ops::frame::Read;
use blockfold_plan::tiles::{TileReader, array_schema, tile_meta};
use blockfold_plan::{BlockStream, PartitionEstimate, Source, TaskContext};
use blockfold_tasks::{Arg, Delayed, try_delayed};
use ndarray::ArrayD;

use super::made::Made;
use crate::array::{Array, Chunking, Element, NdArray};
use crate::session::Session;

/// What a delayed call may give for a chunk of an array.
pub trait IntoTensor: Send + Sync + 'static {
    /// The elements, row by row.
    ///
    /// # Errors
    /// A shape that cannot be held.
    fn to_tensor(&self) -> Result<Tensor>;
}

impl IntoTensor for Tensor {
    fn to_tensor(&self) -> Result<Tensor> {
        Ok(self.clone())
    }
}

impl IntoTensor for NdArray {
    fn to_tensor(&self) -> Result<Tensor> {
        Ok(self.tensor().clone())
    }
}

impl<T: Element + Send + Sync> IntoTensor for ArrayD<T> {
    fn to_tensor(&self) -> Result<Tensor> {
        Tensor::from_vec(T::DTYPE, self.shape().to_vec(), self.iter().copied().collect())
    }
}

impl Session {
    /// An array whose chunks, row by row, are the results of delayed calls: computed arrays, or ndarray's own. Nothing is
    /// called until the array is computed; what several chunks read is called once a run, before the first of them, and
    /// all else by the thread that needs the chunk.
    ///
    /// # Shape
    /// `shape`, tiled by `chunks`; a call must give the shape of its chunk.
    ///
    /// # Memory
    /// A chunk for each thread.
    ///
    /// # Errors
    /// Another number of calls than of chunks. When it is computed: the failure of a call, or a chunk of another shape or
    /// type.
    ///
    /// # Examples
    /// ```
    /// use blockfold::prelude::*;
    /// use ndarray::{ArrayD, IxDyn};
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().build()?;
    /// let fill = delayed(|value: &f64| ArrayD::from_elem(IxDyn(&[2, 3]), *value));
    /// let chunks = (0..4).map(|n| fill.call(f64::from(n)));
    /// let array = session.array_from_delayed(chunks, [4, 6], [2, 3], &DType::Float64)?;
    /// assert_eq!(array.mean(0).compute()?.to_vec()?, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn array_from_delayed<T: IntoTensor>(
        &self,
        blocks: impl IntoIterator<Item = Delayed<T>>,
        shape: impl Into<Vec<u64>>,
        chunks: impl Into<Chunking>,
        dtype: &DType,
    ) -> Result<Array> {
        let made = Made::new(self, blocks)?;
        let chunks = chunks.into().of(self, &shape.into(), dtype)?;
        let (calls, wanted) = (made.blocks(), chunks.blocks());
        if calls != wanted {
            let what = format!("{calls} calls for {wanted} chunks {chunks}; give one call for each chunk");
            return Err(Error::argument("array_from_delayed", what));
        }
        let source = DelayedChunks { made, chunks, dtype: dtype.clone() };
        Array::new(self, Read::plan(Arc::new(source))).checked()
    }
}

impl Array {
    /// A delayed call that computes the array. Equal arrays share one call.
    pub fn delayed(&self) -> Delayed<NdArray> {
        super::describe_shapes();
        let token = self.plan().map_or_else(|error| error.to_string(), |plan| plan.token().to_string());
        let compute = try_delayed(compute_array).named("compute").blocking();
        compute.token((self.session.address(), token)).call(self.clone())
    }

    /// A delayed call for each chunk, row by row, which computes it.
    ///
    /// # Errors
    /// What was wrong with the array.
    pub fn to_delayed(&self) -> Result<Vec<Delayed<NdArray>>> {
        let chunks = self.chunks()?;
        Ok((0..chunks.blocks()).map(|block| self.block(&chunks.position(block)).delayed()).collect())
    }
}

fn compute_array(array: &Array) -> Result<NdArray> {
    array.compute()
}

impl From<Array> for Arg<NdArray> {
    fn from(array: Array) -> Self {
        array.delayed().into()
    }
}

impl From<&Array> for Arg<NdArray> {
    fn from(array: &Array) -> Self {
        array.delayed().into()
    }
}

/// Chunks that delayed calls make.
struct DelayedChunks<T> {
    made: Arc<Made<T>>,
    chunks: Chunks,
    dtype: DType,
}

impl<T> fmt::Debug for DelayedChunks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delayed: {:?}", self.made)
    }
}

impl<T: IntoTensor> Source for DelayedChunks<T> {
    fn name(&self) -> &'static str {
        "delayed"
    }

    fn detail(&self) -> String {
        format!("{} calls, {}", self.made.blocks(), type_name(&self.dtype))
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn schema(&self) -> SchemaRef {
        array_schema(&self.dtype)
    }

    fn grid(&self) -> Grid {
        Grid::array(self.chunks.clone())
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let elements = self.chunks.region(partition).elements() as u64;
        let bytes = elements.saturating_mul(width(&self.dtype).unwrap_or(8) as u64);
        PartitionEstimate {
            rows: Some(elements),
            peak_bytes: bytes.saturating_mul(2),
            batch: tile_meta(&self.chunks, &self.dtype),
            ..PartitionEstimate::default()
        }
    }

    fn reads_whole_chunks(&self) -> bool {
        true
    }

    fn prepare(&self, cancel: &Cancel) -> Result<Option<Arc<dyn Any + Send + Sync>>> {
        self.made.prepare(cancel)
    }

    fn open(&self, _partition: usize, _task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Err(Error::internal("an array of delayed calls read as a frame"))
    }

    fn open_tiles(&self, task: &TaskContext) -> Result<Box<dyn TileReader>> {
        let (made, chunks, dtype, task) = (self.made.clone(), self.chunks.clone(), self.dtype.clone(), task.clone());
        let block_of = chunks.clone();
        let make = move |region: &Region| {
            let block = block_of.touching(region).first().copied().unwrap_or(0);
            let tensor = made.make(block, &task.cancel)?.to_tensor()?;
            fits(&tensor, region, &dtype, block)?;
            Ok(tensor)
        };
        Ok(reader_of_blocks(chunks, self.dtype.clone(), make))
    }
}

fn fits(tensor: &Tensor, region: &Region, dtype: &DType, block: usize) -> Result<()> {
    let place = || format!("chunk {block} of an array of delayed calls");
    if tensor.shape() != region.shape {
        let (left, right) = (format!("{:?}", tensor.shape()), format!("{:?} as the chunks say", region.shape));
        return Err(Error::Shape { op: place(), left, right });
    }
    if tensor.dtype() != dtype {
        return Err(Error::Type { op: place(), expected: type_name(dtype), got: type_name(tensor.dtype()) });
    }
    Ok(())
}
