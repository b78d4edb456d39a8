//! `triangle`: the triangle `R` of `Q R`, which a tall matrix is.
//!
//! Rows are gathered, and made a triangle whenever they are a few times as many as columns; triangles are stacked and made
//! one again (Demmel, Grigori, Hoemmen and Langou, "Communication-optimal parallel and sequential QR and LU
//! factorizations", 2012).

use std::any::Any;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::datatypes::Float64Type;

use blockfold_core::tensor::{Tensor, TensorMut, Tile};
use blockfold_core::{Block, Chunks, DType, Error, Region, Result};
use blockfold_dense::decompose::triangle;
use blockfold_plan::{BlockMeta, Lower, Meta, Op, Packed, Partial, Plan, Reducer, StepId};

use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, tiles_bytes};

/// The triangle `R` of a tall matrix of doubles.
#[derive(Debug)]
pub struct TallTriangle {
    input: [Plan; 1],
}

impl TallTriangle {
    /// A plan of the triangle of a matrix that has at least as many rows as columns.
    ///
    /// # Errors
    /// Another array, or one of another type than f64.
    pub fn plan(input: Plan) -> Result<Plan> {
        let shape = chunks_of(&input)?.shape();
        if shape.len() != 2 || shape[0] < shape[1] || shape[1] == 0 {
            let what = format!(
                "an array of shape {}; it takes a matrix of at least as many rows as columns",
                shape_text(&shape)
            );
            return Err(Error::argument("qr", what));
        }
        if dtype_of(&input)? != DType::Float64 {
            let got = dtype_of(&input)?.to_string();
            return Err(Error::Type { op: "qr".into(), expected: "float64".into(), got });
        }
        Plan::new(TallTriangle { input: [input] })
    }

    fn columns(&self) -> Result<u64> {
        Ok(chunks_of(&self.input[0])?.shape()[1])
    }
}

impl Op for TallTriangle {
    fn name(&self) -> &'static str {
        "triangle"
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        TallTriangle::plan(inputs.remove(0))
    }

    fn meta(&self) -> Result<Meta> {
        let columns = self.columns()?;
        Ok(meta(&DType::Float64, Chunks::one(&[columns, columns])))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let columns = self.columns()?;
        // Whole rows are needed: chunks of all columns.
        let chunks = chunks_of(&self.input[0])?;
        let chunks = chunks.with_axis(1, Chunks::one(&[columns]).bounds(0).clone());
        let rows = meta(&DType::Float64, chunks);
        let kernel = TileKernel::of_one("rows", String::new(), |input| input);
        let held = tiles_bytes(1, &DType::Float64).max(columns * 8);
        let input = lower_map(
            lower,
            &self.input,
            kernel.holding(held).of_whole_axis(1, blockfold_core::region::TILE_ELEMENTS),
            &rows,
        )?;
        let columns = usize::try_from(columns).unwrap_or(usize::MAX);
        Ok(lower.reduce_array(input, Triangles { columns }, own.schema, own.grid))
    }
}

#[derive(Debug)]
struct Triangles {
    columns: usize,
}

/// Rows are made a triangle when they are so many times as many as columns.
const ROWS_A_COLUMN: usize = 4;

impl Reducer for Triangles {
    fn name(&self) -> &'static str {
        "triangle"
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Rows { columns: self.columns, rows: Vec::new() }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let partial =
            partial.into_any().downcast::<Rows>().map_err(|_| Error::internal("a partial of another kind"))?;
        let mut rows = *partial;
        rows.reduce()?;
        let n = self.columns;
        let mut all = TensorMut::zeros(DType::Float64, vec![n, n])?;
        let held = rows.rows.len() / n.max(1);
        all.values_mut::<f64>()?[..held.min(n) * n].copy_from_slice(&rows.rows[..held.min(n) * n]);
        let region = Region::new([0, 0], [n, n]);
        Ok(Block::Array(Tile { region, values: all.freeze() }))
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        let rows = packed.batch()?.column(0).as_primitive::<Float64Type>().values().to_vec();
        Ok(Box::new(Rows { columns: self.columns, rows }))
    }

    fn initial_bytes(&self) -> u64 {
        (ROWS_A_COLUMN as u64 + 3) * (self.columns * self.columns * 8) as u64
    }

    fn expected_bytes(&self, _: BlockMeta) -> u64 {
        self.initial_bytes()
    }
}

/// Rows whose triangle is that of all rows seen.
struct Rows {
    columns: usize,
    rows: Vec<f64>,
}

impl Rows {
    fn reduce(&mut self) -> Result<()> {
        let (rows, columns) = (self.rows.len() / self.columns, self.columns);
        if rows == 0 {
            return Ok(());
        }
        let all = Tensor::from_vec(DType::Float64, vec![rows, columns], std::mem::take(&mut self.rows))?;
        self.rows = triangle(&all)?.values::<f64>()?.to_vec();
        Ok(())
    }

    fn take(&mut self, values: &[f64]) -> Result<()> {
        let most = ROWS_A_COLUMN * self.columns * self.columns;
        for rows in values.chunks(most.max(self.columns)) {
            self.rows.extend_from_slice(rows);
            if self.rows.len() > most {
                self.reduce()?;
            }
        }
        Ok(())
    }
}

impl Partial for Rows {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let tile = block.array()?;
        if tile.values.shape().get(1) != Some(&self.columns) {
            return Err(Error::internal("a tile without whole rows"));
        }
        self.take(tile.values.values::<f64>()?)
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        let later = later.into_any().downcast::<Rows>().map_err(|_| Error::internal("a partial of another kind"))?;
        self.take(&later.rows)
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        let rows: ArrayRef = Arc::new(Float64Array::from(self.rows));
        Ok(Packed::of(vec![RecordBatch::try_from_iter([("rows", rows)])?]))
    }

    fn bytes(&self) -> u64 {
        (self.rows.capacity() * 8) as u64
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
