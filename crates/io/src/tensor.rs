//! An array in memory as the output of a run.

use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::tensor::{Tensor, TensorMut};
use blockfold_core::{DType, Error, Region, Result};
use blockfold_plan::{BlockMeta, BlockStream, Sink, TaskContext, Written};

/// Collects the blocks of an array into one tensor.
///
/// # Memory
/// The whole array, which the caller has to have a permit for.
#[derive(Debug)]
pub struct TensorSink {
    region: Region,
    values: Mutex<Option<TensorMut>>,
}

impl TensorSink {
    /// A tensor of zeros that blocks are written to.
    ///
    /// # Errors
    /// A type that arrays do not have, an axis that is too long.
    pub fn new(dtype: &DType, shape: &[u64]) -> Result<Arc<Self>> {
        let region = Region::whole(shape)?;
        let values = TensorMut::zeros(dtype.clone(), region.shape.clone())?;
        Ok(Arc::new(TensorSink { region, values: Mutex::new(Some(values)) }))
    }

    /// The array, once it was written.
    ///
    /// # Errors
    /// When it was taken before.
    pub fn take(&self) -> Result<Tensor> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner).take();
        values.map(TensorMut::freeze).ok_or_else(|| Error::internal("an array was taken twice"))
    }
}

impl Sink for TensorSink {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn begin(&self) -> Result<()> {
        Ok(())
    }

    fn write(&self, _: usize, stream: &mut dyn BlockStream, _: &TaskContext) -> Result<Written> {
        let mut written = Written::default();
        while let Some(block) = stream.next()? {
            let tile = block.array()?;
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            let values = values.as_mut().ok_or_else(|| Error::internal("an array was taken before it was written"))?;
            values.paste(&tile.region.offset_in(&self.region), &tile.values)?;
            written.rows += tile.values.elements() as u64;
            written.bytes += tile.values.bytes();
        }
        Ok(written)
    }

    fn commit(&self) -> Result<()> {
        Ok(())
    }

    fn abort(&self) {}

    fn peak_bytes(&self, _: BlockMeta) -> u64 {
        0
    }
}
