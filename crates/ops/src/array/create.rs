//! Where arrays come from without a file: constants, sequences, random numbers, functions, memory.

use std::fmt;
use std::sync::Arc;

use blockfold_core::tensor::{Tensor, TensorMut, width};
use blockfold_core::{Chunks, DType, Error, Grid, Permit, Region, Result, Scalar, SchemaRef};
use blockfold_dense::random::{Distribution, Generator, Key};
use blockfold_plan::tiles::{TileReader, array_schema, tile_meta};
use blockfold_plan::{BlockStream, PartitionEstimate, Plan, Source, TaskContext};

use super::kernel::reader;
use crate::frame::Read;

type Fill = dyn Fn(&Region) -> Result<Tensor> + Send + Sync;

/// An array whose elements are a function of their place.
pub struct Made {
    name: &'static str,
    detail: String,
    token: Option<String>,
    chunks: Chunks,
    dtype: DType,
    fill: Arc<Fill>,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.detail)
    }
}

impl Source for Made {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        let shape = self.chunks.shape();
        let detail = if self.detail.is_empty() { String::new() } else { format!("{}, ", self.detail) };
        format!("{detail}{} of shape {}, chunks {}", self.dtype, super::elementwise::shape_text(&shape), self.chunks)
    }

    fn token(&self) -> Option<String> {
        let token = self.token.as_ref()?;
        Some(format!("{} {token} {} {:?}", self.name, self.dtype, self.chunks.lengths()))
    }

    fn schema(&self) -> SchemaRef {
        array_schema(&self.dtype)
    }

    fn grid(&self) -> Grid {
        Grid::array(self.chunks.clone())
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let batch = tile_meta(&self.chunks, &self.dtype);
        let rows = Some(self.chunks.region(partition).elements() as u64);
        PartitionEstimate { rows, read_bytes: 0, peak_bytes: 2 * batch.bytes, batch, skipped: false }
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Err(Error::internal("an array is read by boxes"))
    }

    fn open_tiles(&self, _: &TaskContext) -> Result<Box<dyn TileReader>> {
        let fill = self.fill.clone();
        Ok(reader(move |region| fill(region)))
    }
}

/// An array of one value.
///
/// # Errors
/// A value that the type does not hold.
pub fn full(value: &Scalar, dtype: &DType, chunks: Chunks) -> Result<Plan> {
    width(dtype)?;
    let one = Tensor::from_column(vec![1], &value.to_array(dtype)?)?;
    let fill = move |region: &Region| {
        let ones = one.clone().reshaped(vec![1; region.ndim()])?;
        blockfold_dense::select::broadcast(&ones, &region.shape)
    };
    let (name, detail) = ("full", value.to_string());
    made(Made { name, token: Some(detail.clone()), detail, chunks, dtype: dtype.clone(), fill: Arc::new(fill) })
}

/// Elements along the only axis: `start`, `start + step`, ..., as floats or as whole numbers.
///
/// # Errors
/// A type that arrays do not have.
pub fn sequence(name: &'static str, start: f64, step: f64, dtype: &DType, chunks: Chunks) -> Result<Plan> {
    let (detail, of) = (format!("from {start} by {step}"), dtype.clone());
    let fill = move |region: &Region| {
        let at = (region.start[0]..region.end(0)).map(|i| start + step * i as f64);
        let values = Tensor::from_vec(DType::Float64, region.shape.clone(), at.collect::<Vec<f64>>())?;
        cast(&values, &of)
    };
    made(Made { name, token: Some(detail.clone()), detail, chunks, dtype: dtype.clone(), fill: Arc::new(fill) })
}

/// Whole numbers along the only axis: `start`, `start + step`, ...
///
/// # Errors
/// A type that arrays do not have.
pub fn integers(start: i64, step: i64, dtype: &DType, chunks: Chunks) -> Result<Plan> {
    let (detail, of) = (format!("from {start} by {step}"), dtype.clone());
    let fill = move |region: &Region| {
        let at = (region.start[0]..region.end(0)).map(|i| start.wrapping_add(step.wrapping_mul(i.cast_signed())));
        let values = Tensor::from_vec(DType::Int64, region.shape.clone(), at.collect::<Vec<i64>>())?;
        cast(&values, &of)
    };
    made(Made {
        name: "arange",
        token: Some(detail.clone()),
        detail,
        chunks,
        dtype: dtype.clone(),
        fill: Arc::new(fill),
    })
}

/// Ones on a diagonal `offset` columns right of the main one, zeros elsewhere.
///
/// # Errors
/// A type that arrays do not have.
pub fn eye(offset: i64, dtype: &DType, chunks: Chunks) -> Result<Plan> {
    let of = dtype.clone();
    let fill = move |region: &Region| {
        let mut values = TensorMut::zeros(DType::Float64, region.shape.clone())?;
        let columns = region.shape[1];
        let ones = values.values_mut::<f64>()?;
        for row in 0..region.shape[0] {
            let column = (region.start[0] + row as u64).checked_add_signed(offset);
            let at =
                column.and_then(|column| column.checked_sub(region.start[1])).and_then(|at| usize::try_from(at).ok());
            if let Some(at) = at.filter(|at| *at < columns) {
                ones[row * columns + at] = 1.0;
            }
        }
        cast(&values.freeze(), &of)
    };
    let detail = if offset == 0 { String::new() } else { format!("diagonal {offset}") };
    made(Made {
        name: "eye",
        token: Some(offset.to_string()),
        detail,
        chunks,
        dtype: dtype.clone(),
        fill: Arc::new(fill),
    })
}

/// Random numbers: each depends on the seed, the number of the array and its place alone, not on chunks or threads.
///
/// # Errors
/// Parameters that the distribution does not have.
pub fn random(seed: u64, array: u64, distribution: &Distribution, chunks: Chunks) -> Result<Plan> {
    let generator = Generator::new(Key::new(seed, array), distribution.clone(), chunks.shape())?;
    let detail = format!("{distribution:?}, seed {seed}, array {array}");
    let fill = move |region: &Region| generator.tile(region);
    let dtype = distribution.dtype();
    made(Made { name: "random", token: Some(detail.clone()), detail, chunks, dtype, fill: Arc::new(fill) })
}

/// An array in memory.
///
/// # Errors
/// Chunks of another shape.
pub fn memory(values: Tensor, chunks: Chunks) -> Result<Plan> {
    memory_of(values, chunks, None)
}

/// An array in memory, with the permit for its bytes.
///
/// # Errors
/// Chunks of another shape.
pub fn memory_of(values: Tensor, chunks: Chunks, permit: Option<Permit>) -> Result<Plan> {
    let shape: Vec<u64> = values.shape().iter().map(|length| *length as u64).collect();
    if shape != chunks.shape() {
        let (left, right) = (format!("{shape:?}"), format!("{:?}", chunks.shape()));
        return Err(Error::Shape { op: "from_ndarray".into(), left, right });
    }
    let whole = Region::whole(&shape)?;
    let (dtype, token) = (values.dtype().clone(), format!("{:?} {}", values.data().as_ptr(), values.bytes()));
    let permit = permit.map(Arc::new);
    let fill = move |region: &Region| {
        let _held = &permit;
        values.part(&region.offset_in(&whole), &region.shape)
    };
    // The buffer is kept alive by the plan, so its address tells it apart from others.
    made(Made { name: "memory", token: Some(token), detail: String::new(), chunks, dtype, fill: Arc::new(fill) })
}

/// An array whose boxes a function gives.
///
/// # Errors
/// A type that arrays do not have.
pub fn from_fn(dtype: &DType, chunks: Chunks, fill: Arc<Fill>) -> Result<Plan> {
    width(dtype)?;
    made(Made { name: "function", token: None, detail: String::new(), chunks, dtype: dtype.clone(), fill })
}

fn made(made: Made) -> Result<Plan> {
    width(&made.dtype)?;
    Read::plan(Arc::new(made))
}

fn cast(values: &Tensor, dtype: &DType) -> Result<Tensor> {
    if values.dtype() == dtype {
        return Ok(values.clone());
    }
    Tensor::from_column(values.shape().to_vec(), &blockfold_core::cast::cast(&values.to_column()?, dtype, false)?)
}
