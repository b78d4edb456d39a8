//! `elementwise`: an expression over the elements of arrays that stand at the same place.

use std::sync::Arc;

use arrow::array::{Array, RecordBatchOptions};
use arrow::compute::is_not_null;
use arrow::compute::kernels::zip::zip;
use blockfold_core::region::AxisSlice;
use blockfold_core::tensor::Tensor;
use blockfold_core::{BinaryOp, Chunks, DType, Error, Expr, Field, RecordBatch, Region, Result, Scalar, Schema, col};
use blockfold_dense::select::broadcast;
use blockfold_kernels::evaluate::evaluate;
use blockfold_plan::tiles::TileReader;
use blockfold_plan::{Lower, Meta, Op, Plan, StepId};

use super::Slice;
use super::kernel::{TileKernel, chunks_of, dtype_of, lower_map, meta, reader, shape_of, tiles_bytes};

/// An expression over the elements of arrays at the same place; shapes broadcast as in NumPy.
#[derive(Debug)]
pub struct Elementwise {
    inputs: Vec<Plan>,
    /// Over [`operand`]s.
    expr: Expr,
}

/// The elements of an input in the expression of an elementwise op.
pub fn operand(input: usize) -> Expr {
    col(name(input))
}

fn name(input: usize) -> String {
    format!("${input}")
}

/// The input that a name in an expression stands for.
fn number(name: &str) -> Option<usize> {
    name.strip_prefix('$')?.parse().ok()
}

/// The operand that a plan is among inputs, to which it is added when it is not there.
fn operand_of(inputs: &mut Vec<Plan>, plan: &Plan) -> Expr {
    let at = inputs.iter().position(|known| known.token() == plan.token()).unwrap_or_else(|| {
        inputs.push(plan.clone());
        inputs.len() - 1
    });
    operand(at)
}

/// How often an expression names a column.
fn count(expr: &Expr, column: &str) -> usize {
    let own = usize::from(matches!(expr, Expr::Column(name) if &**name == column));
    own + expr.children().into_iter().map(|child| count(child, column)).sum::<usize>()
}

/// The slices of an input that broadcasts to a shape, of which slices are taken.
pub(super) fn own_slices(input: &[u64], axes: &[AxisSlice], shape: &[u64]) -> Vec<AxisSlice> {
    let offset = shape.len() - input.len();
    let own = |(axis, length): (usize, &u64)| {
        if *length == shape[axis + offset] { axes[axis + offset] } else { AxisSlice::all(*length) }
    };
    input.iter().enumerate().map(own).collect()
}

/// Operations above each other in an expression that was made of several: each may hold a tile.
const MOST_DEPTH: u64 = 16;

impl Elementwise {
    /// A plan of an expression over the elements of the inputs.
    ///
    /// # Errors
    /// Shapes that do not broadcast, types that the expression does not take.
    pub fn plan(inputs: Vec<Plan>, expr: Expr) -> Result<Plan> {
        Plan::new(Elementwise { inputs, expr })
    }

    fn shape(&self) -> Result<Vec<u64>> {
        let shapes: Vec<Vec<u64>> = self.inputs.iter().map(shape_of).collect::<Result<_>>()?;
        broadcast_shape(&self.expr.to_string(), &shapes)
    }

    fn schema(&self) -> Result<Schema> {
        let field = |(i, input): (usize, &Plan)| Ok(Field::new(name(i), dtype_of(input)?, false));
        Ok(Schema::new(self.inputs.iter().enumerate().map(field).collect::<Result<Vec<_>>>()?))
    }
}

/// The shape that shapes broadcast to.
///
/// # Errors
/// [`Error::Shape`] naming the first two that do not fit.
pub fn broadcast_shape(op: &str, shapes: &[Vec<u64>]) -> Result<Vec<u64>> {
    let mut all: Vec<u64> = Vec::new();
    for shape in shapes {
        let ndim = all.len().max(shape.len());
        let at = |shape: &[u64], axis: usize| (axis + shape.len()).checked_sub(ndim).map_or(1, |axis| shape[axis]);
        let lengths = (0..ndim).map(|axis| match (at(&all, axis), at(shape, axis)) {
            (a, b) if a == b => Some(a),
            (1, other) | (other, 1) => Some(other),
            _ => None,
        });
        let both: Option<Vec<u64>> = lengths.collect();
        all =
            both.ok_or_else(|| Error::Shape { op: op.to_string(), left: shape_text(&all), right: shape_text(shape) })?;
    }
    Ok(all)
}

/// Chunks of what arrays broadcast to: along each axis the finest of those that have it.
pub(super) fn broadcast_chunks(inputs: &[Plan], shape: &[u64]) -> Result<Chunks> {
    let mut bounds: Vec<Arc<[u64]>> = Chunks::one(shape).all_bounds();
    for input in inputs {
        let chunks = chunks_of(input)?;
        let offset = shape.len() - chunks.ndim();
        for axis in 0..chunks.ndim() {
            let (own, all) = (chunks.bounds(axis), &mut bounds[axis + offset]);
            if own.last() == all.last() && own.len() > all.len() {
                *all = own.clone();
            }
        }
    }
    Ok(Chunks::of_bounds(bounds))
}

/// A shape as Python writes it.
pub fn shape_text(shape: &[u64]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

impl Op for Elementwise {
    fn name(&self) -> &'static str {
        "elementwise"
    }

    fn detail(&self) -> String {
        self.expr.to_string()
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, inputs: Vec<Plan>) -> Result<Plan> {
        Elementwise::plan(inputs, self.expr.clone())
    }

    fn sliced(&self, axes: &[AxisSlice]) -> Result<Option<Plan>> {
        let input = |input: &Plan| {
            let shape = shape_of(input)?;
            let own = own_slices(&shape, axes, &self.shape()?);
            Slice::plan(input.clone(), own)
        };
        Elementwise::plan(self.inputs.iter().map(input).collect::<Result<_>>()?, self.expr.clone()).map(Some)
    }

    fn elementwise(&self) -> Option<&Expr> {
        Some(&self.expr)
    }

    fn merged(&self, is_own: &dyn Fn(&Plan) -> bool) -> Result<Option<Plan>> {
        let shape = self.shape()?;
        let (mut inputs, mut defined): (Vec<Plan>, Vec<Expr>) = (Vec::new(), Vec::new());
        let mut has_merged = false;
        for (i, input) in self.inputs.iter().enumerate() {
            let below = input.op().elementwise().filter(|below| {
                let is_once = count(&self.expr, &name(i)) == 1 && is_own(input);
                // A null is made 0 where it arises, not behind what comes after.
                let may_be_null = below.contains(&|expr| matches!(expr, Expr::Binary { op: BinaryOp::Rem, .. }));
                is_once && !may_be_null && depth(&self.expr) + depth(below) <= MOST_DEPTH
            });
            // What is repeated is evaluated before it is.
            match below.filter(|_| shape_of(input).is_ok_and(|below| below == shape)) {
                Some(below) => {
                    has_merged = true;
                    let at: Vec<Expr> = input.op().inputs().iter().map(|plan| operand_of(&mut inputs, plan)).collect();
                    defined.push(below.substitute(&|column| at.get(number(column)?).cloned()));
                }
                None => defined.push(operand_of(&mut inputs, input)),
            }
        }
        if !has_merged {
            return Ok(None);
        }
        let expr = self.expr.substitute(&|column| defined.get(number(column)?).cloned());
        Elementwise::plan(inputs, expr).map(Some)
    }

    fn meta(&self) -> Result<Meta> {
        let shape = self.shape()?;
        let dtype = self.expr.dtype(&self.schema()?)?;
        let width = blockfold_core::tensor::width(&dtype);
        width.map_err(|error| error.of_op(&self.expr))?;
        Ok(meta(&dtype, broadcast_chunks(&self.inputs, &shape)?))
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let own = self.meta()?;
        let shapes: Vec<Vec<u64>> = self.inputs.iter().map(shape_of).collect::<Result<_>>()?;
        let schema = Arc::new(self.schema()?);
        let (expr, dtype) = (self.expr.clone(), own.schema.field(0).data_type().clone());
        let operands = 2 + self.inputs.len() as u64 + depth(&self.expr);
        let kernel = TileKernel::new("elementwise", self.detail(), move |inputs, _| {
            let (shapes, schema, expr, dtype) = (shapes.clone(), schema.clone(), expr.clone(), dtype.clone());
            let mut inputs = inputs;
            Ok(reader(move |region| {
                let mut columns = Vec::with_capacity(inputs.len());
                for (input, shape) in inputs.iter_mut().zip(&shapes) {
                    columns.push(spread(input.as_mut(), shape, region)?.to_column()?);
                }
                let options = RecordBatchOptions::new().with_row_count(Some(region.elements()));
                let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
                let values = without_nulls(evaluate(&expr, &batch)?, &dtype)?;
                Tensor::from_column(region.shape.clone(), &values)
            }))
        });
        lower_map(lower, &self.inputs, kernel.holding(tiles_bytes(operands, &DType::Float64)), &own)
    }
}

/// A whole number divided by 0 is 0, as in NumPy; nothing else gives null.
fn without_nulls(values: blockfold_core::ArrayRef, dtype: &DType) -> Result<blockfold_core::ArrayRef> {
    if values.null_count() == 0 {
        return Ok(values);
    }
    let zero = match dtype {
        DType::Boolean => Scalar::Bool(false),
        _ => Scalar::Int(0),
    };
    let zero = arrow::array::Scalar::new(zero.to_array(dtype)?);
    Ok(zip(&is_not_null(&values)?, &values, &zero)?)
}

/// How many temporaries an expression has at most at once.
fn depth(expr: &Expr) -> u64 {
    let mut deepest = 0;
    expr.children().into_iter().for_each(|child| deepest = deepest.max(depth(child)));
    deepest + 1
}

/// The box of an input that goes with a box of the result, repeated along axes of length 1.
pub(super) fn spread(input: &mut dyn TileReader, shape: &[u64], region: &Region) -> Result<Tensor> {
    let offset = region.ndim() - shape.len();
    let mut own = Region { start: region.start[offset..].to_vec(), shape: region.shape[offset..].to_vec() };
    for (axis, length) in shape.iter().enumerate() {
        if *length == 1 {
            (own.start[axis], own.shape[axis]) = (0, own.shape[axis].min(1));
        }
    }
    let values = input.read(&own)?;
    if own.shape == region.shape {
        return Ok(values);
    }
    let mut all = vec![1; offset];
    all.extend(&own.shape);
    broadcast(&values.reshaped(all)?, &region.shape)
}
