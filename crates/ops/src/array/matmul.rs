//! `matmul`: the product of two matrices, block by block.

use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::{Tensor, TensorMut, Tile, width};
use blockfold_core::{Chunks, DType, Error, Region, Result, expr::promote};
use blockfold_dense::permute::permute;
use blockfold_dense::product::{Extent, add_product};
use blockfold_plan::tiles::{TileReader, read_from_blocks};
use blockfold_plan::{BlockMap, Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::elementwise::shape_text;
use super::kernel::{TileKernel, chunks_of, dtype_of, meta, read_by_tiles, shape_of};
use super::recut::recut;

/// The product of two matrices.
#[derive(Debug)]
pub struct Matmul {
    inputs: [Plan; 2],
}

/// Elements that are summed at a time: panels of so many columns stay in the caches of a processor beside a block.
const PANEL: u64 = 512;

/// A task's block and panels take no more than this share of the budget.
const TASK_SHARE: u64 = 8;

/// The longest side of a block of a product: longer ones gain nothing.
const LONGEST: u64 = 2048;

impl Matmul {
    /// A plan of the product of two matrices of one type: f64, f32 or 64-bit integers.
    ///
    /// # Errors
    /// Arrays that are not matrices, shapes that do not fit, types without a product.
    pub fn plan(left: Plan, right: Plan) -> Result<Plan> {
        Plan::new(Matmul { inputs: [left, right] })
    }

    /// The type in which two types are multiplied.
    ///
    /// # Errors
    /// Types without a product.
    pub fn product_type(left: &DType, right: &DType) -> Result<DType> {
        match promote(left, right) {
            Some(DType::Float32) => Ok(DType::Float32),
            Some(DType::Float64) => Ok(DType::Float64),
            Some(dtype) if dtype.is_unsigned_integer() => Ok(DType::UInt64),
            Some(dtype) if dtype.is_signed_integer() => Ok(DType::Int64),
            _ => {
                Err(Error::Type { op: "matmul".into(), expected: "numbers".into(), got: format!("{left} and {right}") })
            }
        }
    }

    fn shapes(&self) -> Result<[Vec<u64>; 2]> {
        Ok([shape_of(&self.inputs[0])?, shape_of(&self.inputs[1])?])
    }

    /// Whether the right matrix is the left one transposed: then the product is symmetric.
    fn is_symmetric(&self) -> bool {
        let turns = |turned: &Plan, plain: &Plan| {
            turned.op().axis_order() == Some(&[1, 0]) && turned.op().inputs()[0].token() == plain.token()
        };
        turns(&self.inputs[1], &self.inputs[0]) || turns(&self.inputs[0], &self.inputs[1])
    }

    /// Chunks of the result: those of the inputs where they are fit for a product, else of a good size.
    fn chunks(&self, budget_bytes: u64) -> Result<Chunks> {
        let [left, right] = [chunks_of(&self.inputs[0])?, chunks_of(&self.inputs[1])?];
        let width = width(&dtype_of(&self.inputs[0])?)? as u64;
        // A square block of side s with two panels takes s (s + 2 * 512) elements.
        let room = budget_bytes / TASK_SHARE / width;
        let side = (room as f64 + (PANEL * PANEL) as f64).sqrt() - PANEL as f64;
        let most = (side.max(64.0) as u64).min(LONGEST);
        let axis = |chunks: &Chunks, axis: usize| {
            let lengths = &chunks.lengths()[axis];
            let longest = lengths.iter().copied().max().unwrap_or(1);
            let is_fit = longest <= most && (longest >= most / 4 || lengths.len() == 1);
            if is_fit {
                return chunks.bounds(axis).clone();
            }
            let length = chunks.shape()[axis];
            // Even blocks, so that the last one is not a sliver.
            let side = length.div_ceil(length.div_ceil(most).max(1)).max(1);
            Chunks::regular(&[length], &[side]).bounds(0).clone()
        };
        Ok(Chunks::of_bounds(vec![axis(left, 0), axis(right, 1)]))
    }
}

/// The budget that chunks are chosen for before one is known.
const ASSUMED_BUDGET: u64 = 1 << 30;

impl Op for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn detail(&self) -> String {
        let Ok([left, right]) = self.shapes() else { return String::new() };
        let symmetric = if self.is_symmetric() { ", symmetric: one triangle is computed" } else { "" };
        format!("{} x {}{symmetric}", shape_text(&left), shape_text(&right))
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let right = inputs.remove(1);
        Matmul::plan(inputs.remove(0), right)
    }

    fn meta(&self) -> Result<Meta> {
        let [left, right] = self.shapes()?;
        let fits = left.len() == 2 && right.len() == 2 && left[1] == right[0];
        if !fits {
            return Err(Error::Shape { op: "matmul".into(), left: shape_text(&left), right: shape_text(&right) });
        }
        let [a, b] = [dtype_of(&self.inputs[0])?, dtype_of(&self.inputs[1])?];
        if a != b || Matmul::product_type(&a, &b)? != a {
            let expected = format!("two matrices of {}; cast them first", Matmul::product_type(&a, &b)?);
            return Err(Error::Type { op: "matmul".into(), expected, got: format!("{a} and {b}") });
        }
        Ok(meta(&a, self.chunks(ASSUMED_BUDGET)?))
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let inner = AxisSlice::all(self.shapes()?[0][1]);
        let left = Slice::plan(self.inputs[0].clone(), vec![axes[0], inner])?;
        let right = Slice::plan(self.inputs[1].clone(), vec![inner, axes[1]])?;
        Matmul::plan(left, right).map(Some)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let dtype = dtype_of(&self.inputs[0])?;
        let chunks = self.chunks(lower.budget_bytes())?;
        let own = meta(&dtype, chunks.clone());
        let inner = self.shapes()?[0][1];
        // A transposed right side is read as it lies: its rows are columns of the product's.
        let right_is_turned = self.inputs[1].op().axis_order() == Some(&[1, 0]);
        let right = if right_is_turned { self.inputs[1].op().inputs()[0].clone() } else { self.inputs[1].clone() };
        let ids = [lower.lower(&self.inputs[0])?, lower.lower(&right)?];
        // Panels are read across the blocks of what has to be made by blocks.
        let panels = Chunks::regular(&[inner], &[PANEL]).bounds(0).clone();
        let left_cut = Chunks::of_bounds(vec![chunks.bounds(0).clone(), panels.clone()]);
        let right_cut = match right_is_turned {
            true => Chunks::of_bounds(vec![chunks.bounds(1).clone(), panels]),
            false => Chunks::of_bounds(vec![panels, chunks.bounds(1).clone()]),
        };
        let left = recut(lower, ids[0], &dtype, &left_cut)?;
        let right =
            if ids[0] == ids[1] && left_cut == right_cut { left } else { recut(lower, ids[1], &dtype, &right_cut)? };
        let ids = [left, right];
        let is_symmetric = self.is_symmetric();
        let has_mirror = chunks.bounds(0) == chunks.bounds(1);
        let longest = |axis: usize| chunks.lengths()[axis].iter().copied().max().unwrap_or(0);
        let (rows, columns, panel) = (longest(0), longest(1), PANEL.min(inner));
        let held = (2 * rows * columns + (rows + columns) * panel) * width(&dtype)? as u64;
        let kernel = TileKernel::new("matmul", self.detail(), move |mut inputs, _| {
            let right = inputs.pop();
            let (Some(right), Some(left)) = (right, inputs.pop()) else {
                return Err(Error::internal("a product of two inputs"));
            };
            let (chunks, dtype) = (chunks.clone(), dtype.clone());
            Ok(Box::new(Product { left, right, chunks, dtype, inner, right_is_turned, is_symmetric, last: None })
                as Box<dyn TileReader>)
        });
        let kernel = kernel.holding(held).costly().mirrored(is_symmetric && has_mirror);
        let inputs = ids.map(|id| (id, BlockMap::Boxes)).to_vec();
        Ok(lower.map(inputs, kernel, own.schema, own.grid))
    }
}

/// Reads a product: a block is computed when one of its elements is asked for, and kept until another one is.
struct Product {
    left: Box<dyn TileReader>,
    right: Box<dyn TileReader>,
    chunks: Chunks,
    dtype: DType,
    inner: u64,
    right_is_turned: bool,
    is_symmetric: bool,
    /// The block that was computed last.
    last: Option<(usize, Tile)>,
}

impl Product {
    fn block(&mut self, block: usize) -> Result<Tile> {
        if let Some((_, tile)) = self.last.as_ref().filter(|(last, _)| *last == block) {
            return Ok(tile.clone());
        }
        let (mirror, region) = (self.mirror(block), self.chunks.region(block));
        let values = match self.last.take() {
            Some((last, tile)) if Some(last) == mirror => permute(&tile.values, &[1, 0])?,
            _ => self.computed(&region)?,
        };
        let tile = Tile { region, values };
        self.last = Some((block, tile.clone()));
        Ok(tile)
    }

    /// The block of a symmetric product that has the same elements, transposed.
    fn mirror(&self, block: usize) -> Option<usize> {
        if !self.is_symmetric || self.chunks.bounds(0) != self.chunks.bounds(1) {
            return None;
        }
        let mut position = self.chunks.position(block);
        position.reverse();
        Some(self.chunks.block_at(&position))
    }

    fn computed(&mut self, region: &Region) -> Result<Tensor> {
        let mut result = TensorMut::zeros(self.dtype.clone(), region.shape.clone())?;
        let mut first = 0;
        while first < self.inner {
            let inner = usize::try_from(PANEL.min(self.inner - first)).unwrap_or(1);
            let left = Region::new([region.start[0], first], [region.shape[0], inner]);
            let right = match self.right_is_turned {
                true => Region::new([region.start[1], first], [region.shape[1], inner]),
                false => Region::new([first, region.start[1]], [inner, region.shape[1]]),
            };
            let left = read_by_tiles(self.left.as_mut(), &left, &self.dtype)?;
            let right = read_by_tiles(self.right.as_mut(), &right, &self.dtype)?;
            let extent = Extent { rows: region.shape[0], inner, columns: region.shape[1] };
            add_product(&mut result, &left, &right, extent, self.right_is_turned)?;
            first += inner as u64;
        }
        Ok(result.freeze())
    }
}

impl TileReader for Product {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        let (chunks, dtype) = (self.chunks.clone(), self.dtype.clone());
        read_from_blocks(&chunks, region, &dtype, |block| self.block(block))
    }
}
