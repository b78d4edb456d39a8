//! Blocks that lie elsewhere, as on the workers of a cluster.

use std::sync::Arc;

use blockfold_core::{Columns, Error, Grid, Result, SchemaRef};
use blockfold_plan::estimate::row_bytes;
use blockfold_plan::tiles::{TileReader, element_type, tile_meta};
use blockfold_plan::{BlockMeta, BlockStream, PartitionEstimate, Source, TaskContext};

use crate::part::BATCH_ROWS;

/// A source whose blocks are handed to the fragments that need them.
#[derive(Clone, Debug)]
pub struct Given {
    name: String,
    schema: SchemaRef,
    grid: Grid,
}

impl Given {
    /// Blocks under a name that no other source of a plan has; arrays have grids of chunks.
    pub fn new(name: impl Into<String>, schema: SchemaRef, grid: Grid) -> Self {
        Given { name: name.into(), schema, grid }
    }

    fn elsewhere(&self) -> Error {
        Error::argument(
            format!("blocks of '{}'", self.name),
            "lie on the workers of a cluster; compute with the client that is connected to it",
        )
    }
}

impl Source for Given {
    fn name(&self) -> &'static str {
        "given"
    }

    fn detail(&self) -> String {
        format!("{} blocks of {}", self.grid.blocks(), self.name)
    }

    fn token(&self) -> Option<String> {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        Some(format!("given {} {names:?}", self.name))
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn grid(&self) -> Grid {
        self.grid.clone()
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        if let Some(chunks) = self.grid.chunks() {
            let batch = element_type(&self.schema).map(|dtype| tile_meta(chunks, &dtype)).unwrap_or_default();
            let rows = self.grid.length(partition);
            return PartitionEstimate { rows, peak_bytes: batch.bytes, batch, ..PartitionEstimate::default() };
        }
        let rows = BATCH_ROWS as u64;
        let batch = BlockMeta { rows, bytes: rows.saturating_mul(row_bytes(&self.schema)) };
        PartitionEstimate {
            rows: self.grid.length(partition),
            peak_bytes: batch.bytes.saturating_mul(2),
            batch,
            ..PartitionEstimate::default()
        }
    }

    fn given(&self) -> Option<String> {
        Some(self.name.clone())
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        let fields = self.schema.fields().iter().enumerate();
        let kept: Vec<usize> = fields.filter(|(_, field)| wanted.contains(field.name())).map(|(at, _)| at).collect();
        if kept.len() == self.schema.fields().len() || self.grid.chunks().is_some() {
            return Ok(None);
        }
        let schema = Arc::new(self.schema.project(&kept)?);
        let grid = match self.grid.divisions().filter(|known| schema.index_of(&known.column).is_err()) {
            Some(_) => self.grid.clone().with_divisions(None),
            None => self.grid.clone(),
        };
        Ok(Some(Arc::new(Given { schema, grid, ..self.clone() })))
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Err(self.elsewhere())
    }

    fn open_tiles(&self, _: &TaskContext) -> Result<Box<dyn TileReader>> {
        Err(self.elsewhere())
    }
}
