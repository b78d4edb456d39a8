//! Some elements of a source, as a source.

use std::sync::Arc;

use blockfold_core::region::AxisSlice;
use blockfold_core::{Chunks, Error, Grid, Result, SchemaRef};
use blockfold_plan::tiles::{TileReader, element_type, tile_meta};
use blockfold_plan::{BlockStream, PartitionEstimate, Source, TaskContext};

use super::slice::{slice_text, sliced_chunks, sliced_reader};

/// Some elements along each axis of a source of an array.
#[derive(Debug)]
pub(crate) struct SlicedSource {
    inner: Arc<dyn Source>,
    axes: Vec<AxisSlice>,
    chunks: Chunks,
}

impl SlicedSource {
    /// Some elements of a source; `None` of a source of frames.
    pub(crate) fn of(inner: &Arc<dyn Source>, axes: &[AxisSlice]) -> Option<Arc<dyn Source>> {
        let chunks = sliced_chunks(inner.grid().chunks()?, axes);
        Some(Arc::new(SlicedSource { inner: inner.clone(), axes: axes.to_vec(), chunks }))
    }
}

impl Source for SlicedSource {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn detail(&self) -> String {
        format!("{}, elements {}", self.inner.detail(), slice_text(&self.axes))
    }

    fn token(&self) -> Option<String> {
        Some(format!("{} {:?}", self.inner.token()?, self.axes))
    }

    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn grid(&self) -> Grid {
        Grid::array(self.chunks.clone())
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let whole = self.inner.estimate(0);
        let elements = self.chunks.region(partition).elements() as u64;
        // As many bytes for an element as the source reads for each of its own.
        let per = whole.rows.filter(|rows| *rows > 0).map_or(0.0, |rows| whole.read_bytes as f64 / rows as f64);
        let dtype = element_type(&self.schema()).unwrap_or(blockfold_core::DType::Float64);
        PartitionEstimate {
            rows: Some(elements),
            read_bytes: (per * elements as f64) as u64,
            peak_bytes: 2 * whole.peak_bytes,
            batch: tile_meta(&self.chunks, &dtype),
            skipped: false,
        }
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Err(Error::internal("an array is read by boxes"))
    }

    fn open_tiles(&self, task: &TaskContext) -> Result<Box<dyn TileReader>> {
        Ok(sliced_reader(self.inner.open_tiles(task)?, &self.axes, element_type(&self.schema())?))
    }
}
