//! A sample of rows, and the bounds of ranges made from it.

use std::any::Any;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use blockfold_core::{Block, Error, Expr, RecordBatch, Result};
use blockfold_kernels::evaluate::evaluate;
use blockfold_kernels::sort::{SortBounds, SortOrder};
use blockfold_plan::{BlockMeta, Packed, Partial, Reducer};

/// Rows of a sample for each part that it is to bound.
const ROWS_A_PART: usize = 64;

/// Rows of a sample at least.
const LEAST_ROWS: usize = 4096;

/// Every n-th row of what was pushed, n doubling as rows come: the sample does not depend on chance, and rows in
/// order are sampled evenly.
#[derive(Debug)]
pub(crate) struct Sampler {
    target: usize,
    stride: usize,
    seen: usize,
    pieces: Vec<Vec<ArrayRef>>,
    rows: usize,
}

impl Sampler {
    /// A sample good for so many parts.
    pub(crate) fn new(parts: usize) -> Self {
        let target = parts.saturating_mul(ROWS_A_PART).max(LEAST_ROWS);
        Sampler { target, stride: 1, seen: 0, pieces: Vec::new(), rows: 0 }
    }

    /// Rows that a sample good for so many parts may have.
    pub(crate) fn most_rows(parts: usize) -> usize {
        Sampler::new(parts).target.saturating_mul(2)
    }

    pub(crate) fn push(&mut self, keys: &[ArrayRef]) -> Result<()> {
        let rows = keys.first().map_or(0, |key| key.len());
        let first = self.seen.next_multiple_of(self.stride) - self.seen;
        self.seen += rows;
        let (picked, stride) = (first < rows, self.stride);
        if picked {
            self.keep(every(keys, first, stride)?);
            self.thin()?;
        }
        Ok(())
    }

    fn keep(&mut self, piece: Vec<ArrayRef>) {
        self.rows += piece.first().map_or(0, |key| key.len());
        self.pieces.push(piece);
    }

    /// Leaves every other row out while there are too many.
    fn thin(&mut self) -> Result<()> {
        while self.rows > 2 * self.target {
            let half = every(&self.keys()?, 0, 2)?;
            self.stride *= 2;
            (self.pieces, self.rows) = (Vec::new(), 0);
            self.keep(half);
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, mut later: Sampler) -> Result<()> {
        let stride = self.stride.max(later.stride);
        for sampler in [&mut *self, &mut later] {
            if sampler.stride < stride && sampler.rows > 0 {
                let fewer = every(&sampler.keys()?, 0, stride / sampler.stride)?;
                (sampler.pieces, sampler.rows) = (Vec::new(), 0);
                sampler.keep(fewer);
            }
            sampler.stride = stride;
        }
        self.rows += later.rows;
        self.pieces.append(&mut later.pieces);
        self.thin()
    }

    /// The sampled keys; none when nothing was pushed.
    pub(crate) fn keys(&self) -> Result<Vec<ArrayRef>> {
        let columns = self.pieces.first().map_or(0, Vec::len);
        let column = |at: usize| {
            let arrays: Vec<&dyn arrow::array::Array> = self.pieces.iter().map(|piece| piece[at].as_ref()).collect();
            Ok(concat(&arrays)?)
        };
        (0..columns).map(column).collect()
    }

    pub(crate) fn pack(&self) -> Result<Packed> {
        let named = |piece: &Vec<ArrayRef>| {
            let columns = piece.iter().enumerate().map(|(at, key)| (at.to_string(), key.clone()));
            Ok(RecordBatch::try_from_iter_with_nullable(columns.map(|(name, key)| (name, key, true)))?)
        };
        let batches = self.pieces.iter().map(named).collect::<Result<_>>()?;
        Ok(Packed { batches, numbers: vec![self.stride as u64, self.seen as u64] })
    }

    /// Goes on from a sample that was packed.
    pub(crate) fn unpack(&mut self, packed: Packed) -> Result<()> {
        let [stride, seen] = packed.numbers[..] else { return Err(Error::internal("a packed sample of another kind")) };
        (self.stride, self.seen) = (usize::try_from(stride).unwrap_or(1), usize::try_from(seen).unwrap_or(usize::MAX));
        packed.batches.into_iter().for_each(|piece| self.keep(piece.columns().to_vec()));
        Ok(())
    }

    /// Bounds of so many parts at most, of about as many rows each.
    pub(crate) fn bounds(&self, orders: &[SortOrder], parts: usize, none: &[ArrayRef]) -> Result<SortBounds> {
        let keys = self.keys()?;
        SortBounds::from_sample(if keys.is_empty() { none } else { &keys }, orders, parts)
    }

    pub(crate) fn bytes(&self) -> u64 {
        let bytes = |piece: &Vec<ArrayRef>| piece.iter().map(|key| key.get_array_memory_size() as u64).sum::<u64>();
        self.pieces.iter().map(bytes).sum()
    }
}

fn every(keys: &[ArrayRef], first: usize, stride: usize) -> Result<Vec<ArrayRef>> {
    let rows = keys.first().map_or(0, |key| key.len());
    let picked: UInt32Array = (first..rows).step_by(stride).filter_map(|row| u32::try_from(row).ok()).collect();
    keys.iter().map(|key| Ok(take(key, &picked, None)?)).collect()
}

/// Bounds of ranges of keys, from a sample of all blocks.
#[derive(Debug)]
pub(crate) struct FindBounds {
    pub(crate) keys: Vec<Expr>,
    pub(crate) orders: Vec<SortOrder>,
    /// An empty column of each key's type.
    pub(crate) none: Vec<ArrayRef>,
    pub(crate) parts: usize,
}

impl Reducer for FindBounds {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn detail(&self) -> String {
        format!("{} for {} ranges", crate::frame::list(&self.keys), self.parts)
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        Ok(Box::new(Sample { sampler: Sampler::new(self.parts), keys: self.keys.clone() }))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let bounds = downcast(partial)?.sampler.bounds(&self.orders, self.parts, &self.none)?;
        Ok(bounds.to_batch()?.into())
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        let mut sample = downcast(self.partial()?)?;
        sample.sampler.unpack(packed)?;
        Ok(sample)
    }

    fn initial_bytes(&self) -> u64 {
        0
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        let row_bytes = input.bytes.checked_div(input.rows).unwrap_or(0);
        input.bytes.min(row_bytes.saturating_mul(Sampler::most_rows(self.parts) as u64))
    }

    fn result_rows(&self, _: Option<u64>) -> Option<u64> {
        Some(self.parts as u64)
    }
}

struct Sample {
    sampler: Sampler,
    keys: Vec<Expr>,
}

fn downcast(partial: Box<dyn Partial>) -> Result<Box<Sample>> {
    partial.into_any().downcast().map_err(|_| Error::internal("a sample met another reduction's partial"))
}

impl Partial for Sample {
    fn fold(&mut self, block: &Block) -> Result<()> {
        let batch = block.frame()?;
        let keys: Vec<ArrayRef> = self.keys.iter().map(|key| evaluate(key, batch)).collect::<Result<_>>()?;
        self.sampler.push(&keys)
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        self.sampler.merge(downcast(later)?.sampler)
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        self.sampler.pack()
    }

    fn bytes(&self) -> u64 {
        self.sampler.bytes()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
