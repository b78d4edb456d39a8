//! How users say chunks.

use blockfold_core::tensor::width;
use blockfold_core::{Chunks, DType, Error, Result};

use crate::session::Session;

/// Chunks along one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AxisChunks {
    /// Of a length chosen from the memory budget.
    Auto,
    /// One chunk.
    Whole,
    /// Of one length; the last one may be shorter.
    Of(u64),
    /// Of these lengths.
    Lengths(Vec<u64>),
}

/// Chunks along all axes, as users say them: a number for all axes, a number or list for each, -1 for a whole axis, or
/// `"auto"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunking {
    /// Chosen from the memory budget, about as long along each axis.
    Auto,
    /// The same for each axis.
    Every(AxisChunks),
    /// One for each axis.
    Axes(Vec<AxisChunks>),
    /// Of about so many bytes each.
    Bytes(u64),
}

/// A chunk of automatic size takes no more than this share of the budget for each thread, and stays between bounds.
const AUTO_SHARE: u64 = 16;
const AUTO_BYTES: (u64, u64) = (256 << 10, 32 << 20);

impl Chunking {
    /// Chunks of whole rows of the last axes: a chunk is one run of elements.
    pub(crate) fn whole_rows(&self, session: &Session, shape: &[u64], dtype: &DType) -> Result<Chunks> {
        let mut room = (self.bytes(session) / width(dtype)? as u64).max(1);
        let mut chunk = vec![1; shape.len()];
        for axis in (0..shape.len()).rev() {
            chunk[axis] = shape[axis].clamp(1, room);
            room = (room / chunk[axis]).max(1);
        }
        Ok(Chunks::regular(shape, &chunk))
    }

    /// Bytes of an automatic chunk.
    fn bytes(&self, session: &Session) -> u64 {
        match self {
            Chunking::Bytes(bytes) => *bytes,
            _ => {
                let share = session.memory_budget().0 / AUTO_SHARE / session.threads() as u64;
                share.clamp(AUTO_BYTES.0, AUTO_BYTES.1)
            }
        }
    }

    /// The chunks of an array of a shape and type.
    pub(crate) fn of(&self, session: &Session, shape: &[u64], dtype: &DType) -> Result<Chunks> {
        let axes = match self {
            Chunking::Auto | Chunking::Bytes(_) => vec![AxisChunks::Auto; shape.len()],
            Chunking::Every(axis) => vec![axis.clone(); shape.len()],
            Chunking::Axes(axes) => axes.clone(),
        };
        if axes.len() != shape.len() {
            let what = format!("chunks of {} axes for an array of shape {shape:?}", axes.len());
            return Err(Error::argument("chunks", what));
        }
        let given = |(axis, chunks): (usize, &AxisChunks)| {
            let length = shape[axis];
            Ok(match chunks {
                AxisChunks::Auto => Vec::new(),
                AxisChunks::Whole => vec![length],
                AxisChunks::Of(chunk) => regular(length, *chunk),
                AxisChunks::Lengths(lengths) => {
                    let sum = lengths.iter().fold(0u64, |sum, length| sum.saturating_add(*length));
                    if sum != length {
                        let what =
                            format!("chunks {lengths:?} of axis {axis} add up to {sum}, not to its length {length}");
                        return Err(Error::argument("chunks", what));
                    }
                    lengths.clone()
                }
            })
        };
        if axes.contains(&AxisChunks::Of(0)) {
            return Err(Error::argument("chunks", "chunks of length 0; take at least 1"));
        }
        // Lengths are made only of what can be planned.
        let count = |(axis, chunks): (usize, &AxisChunks)| match chunks {
            AxisChunks::Of(chunk) => shape[axis].div_ceil(*chunk),
            _ => 1,
        };
        let counts: Vec<usize> =
            axes.iter().enumerate().map(count).map(|count| usize::try_from(count).unwrap_or(usize::MAX)).collect();
        check_counts("chunks", &counts)?;
        let mut lengths: Vec<Vec<u64>> = axes.iter().enumerate().map(given).collect::<Result<_>>()?;
        let mut room = self.bytes(session) / width(dtype)? as u64;
        lengths.iter().for_each(|of| room /= of.iter().copied().max().unwrap_or(1).max(1));
        let mut autos: Vec<usize> = (0..axes.len()).filter(|axis| axes[*axis] == AxisChunks::Auto).collect();
        // The shortest axes first, so that what they leave is for the others.
        autos.sort_by_key(|axis| shape[*axis]);
        for (i, axis) in autos.iter().enumerate() {
            let left = (autos.len() - i) as f64;
            let side = ((room.max(1) as f64).powf(1.0 / left).floor() as u64).clamp(1, shape[*axis].max(1));
            // Even chunks, so that the last one is not a sliver.
            let count = shape[*axis].div_ceil(side).max(1);
            check_counts("chunks", &[usize::try_from(count).unwrap_or(usize::MAX)])?;
            let side = shape[*axis].div_ceil(count).max(1);
            lengths[*axis] = regular(shape[*axis], side);
            room = (room / side).max(1);
        }
        Chunks::of_lengths(&lengths)
    }
}

/// Chunks of one array: each is a line of the plan's bounds, and a task or a part of one.
const MOST_CHUNKS: usize = 1 << 22;

/// # Errors
/// More chunks than can be planned.
pub(super) fn check_counts(op: &str, counts: &[usize]) -> Result<()> {
    let all = counts.iter().fold(1usize, |all, count| all.saturating_mul(*count));
    if all > MOST_CHUNKS {
        let what = format!("{counts:?} chunks along the axes are more than {MOST_CHUNKS} in all; take longer chunks");
        return Err(Error::argument(op, what));
    }
    Ok(())
}

fn regular(length: u64, chunk: u64) -> Vec<u64> {
    Chunks::regular(&[length], &[chunk]).lengths().swap_remove(0)
}

impl From<i64> for AxisChunks {
    fn from(chunk: i64) -> Self {
        u64::try_from(chunk).map_or(AxisChunks::Whole, AxisChunks::Of)
    }
}

impl From<i64> for Chunking {
    fn from(chunk: i64) -> Self {
        Chunking::Every(chunk.into())
    }
}

impl From<i32> for Chunking {
    fn from(chunk: i32) -> Self {
        Chunking::Every(i64::from(chunk).into())
    }
}

impl<const N: usize> From<[i64; N]> for Chunking {
    fn from(chunks: [i64; N]) -> Self {
        Chunking::Axes(chunks.into_iter().map(AxisChunks::from).collect())
    }
}

impl From<Vec<AxisChunks>> for Chunking {
    fn from(axes: Vec<AxisChunks>) -> Self {
        Chunking::Axes(axes)
    }
}

impl From<()> for Chunking {
    fn from((): ()) -> Self {
        Chunking::Auto
    }
}
