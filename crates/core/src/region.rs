//! Boxes of elements of an array, and how chunks tile it.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// A box of elements of an array: along axis `a` those from `start[a]` on, `shape[a]` of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// The first element of each axis.
    pub start: Vec<u64>,
    /// Elements along each axis.
    pub shape: Vec<usize>,
}

/// Elements of a tile: a few operands of so many doubles stay in the second cache.
pub const TILE_ELEMENTS: usize = 16 * 1024;

/// Elements of a tile along its last axis, when there are so many: long enough to stream, short enough that the tile
/// of a transposed operand has rows worth a read.
const TILE_RUN: usize = 512;

impl Region {
    /// A box.
    pub fn new(start: impl Into<Vec<u64>>, shape: impl Into<Vec<usize>>) -> Self {
        Region { start: start.into(), shape: shape.into() }
    }

    /// A whole array.
    ///
    /// # Errors
    /// An axis longer than memory can be addressed.
    pub fn whole(shape: &[u64]) -> Result<Self> {
        let lengths: Result<Vec<usize>> = shape.iter().map(|length| to_usize(*length)).collect();
        Ok(Region { start: vec![0; shape.len()], shape: lengths? })
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The element after the last one along an axis.
    pub fn end(&self, axis: usize) -> u64 {
        self.start[axis] + self.shape[axis] as u64
    }

    /// This box as it is seen from the start of `outer`, along each axis.
    pub fn offset_in(&self, outer: &Region) -> Vec<usize> {
        // A box inside another one starts within its length.
        #[allow(clippy::cast_possible_truncation)]
        self.start.iter().zip(&outer.start).map(|(own, outer)| own.wrapping_sub(*outer) as usize).collect()
    }

    /// The elements that both boxes have; `None` when there are none.
    pub fn intersection(&self, other: &Region) -> Option<Region> {
        let mut both = Region { start: Vec::with_capacity(self.ndim()), shape: Vec::with_capacity(self.ndim()) };
        for axis in 0..self.ndim() {
            let (start, end) = (self.start[axis].max(other.start[axis]), self.end(axis).min(other.end(axis)));
            if start >= end {
                return None;
            }
            both.start.push(start);
            both.shape.push(usize::try_from(end - start).ok()?);
        }
        Some(both)
    }

    /// Boxes of at most about [`TILE_ELEMENTS`] elements that make up this one, row by row.
    pub fn tiles(&self) -> Tiles {
        self.boxes_of(tile_shape(&self.shape, TILE_ELEMENTS))
    }

    /// Boxes of a shape that make up this one, row by row; those at its ends may be shorter.
    pub fn boxes_of(&self, shape: Vec<usize>) -> Tiles {
        Tiles { region: self.clone(), next: (self.elements() > 0).then(|| vec![0; self.ndim()]), shape }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> =
            (0..self.ndim()).map(|axis| format!("{}:{}", self.start[axis], self.end(axis))).collect();
        write!(f, "[{}]", axes.join(", "))
    }
}

/// The shape of a tile of at most about `elements` elements of a box of a shape.
pub fn tile_shape(shape: &[usize], elements: usize) -> Vec<usize> {
    let mut tile = vec![1; shape.len()];
    let Some(last) = shape.len().checked_sub(1) else { return tile };
    tile[last] = shape[last].clamp(1, TILE_RUN.min(elements.max(1)));
    let mut room = (elements / tile[last]).max(1);
    for axis in (0..last).rev() {
        tile[axis] = shape[axis].clamp(1, room);
        room /= tile[axis];
        if tile[axis] < shape[axis] {
            break;
        }
    }
    if tile[..last] == shape[..last] && room > 1 {
        tile[last] = shape[last].clamp(1, tile[last].saturating_mul(room));
    }
    tile
}

/// Boxes that make up a region, row by row.
#[derive(Clone, Debug)]
pub struct Tiles {
    region: Region,
    shape: Vec<usize>,
    next: Option<Vec<usize>>,
}

impl Iterator for Tiles {
    type Item = Region;

    fn next(&mut self) -> Option<Region> {
        let at = self.next.as_mut()?;
        let start = at.iter().zip(&self.region.start).map(|(at, start)| start + *at as u64).collect();
        let lengths = at.iter().zip(&self.shape).zip(&self.region.shape);
        let shape = lengths.map(|((at, tile), all)| (*tile).min(all - at)).collect();
        let mut is_over = true;
        for axis in (0..at.len()).rev() {
            at[axis] += self.shape[axis].max(1);
            if at[axis] < self.region.shape[axis] {
                is_over = false;
                break;
            }
            at[axis] = 0;
        }
        if is_over {
            self.next = None;
        }
        Some(Region { start, shape })
    }
}

/// How chunks tile an array: the bounds of the chunks along each axis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunks {
    /// For each axis 0, the end of the first chunk, of the second one, ...
    bounds: Arc<[Arc<[u64]>]>,
}

impl Chunks {
    /// Chunks of the lengths given for each axis.
    ///
    /// # Errors
    /// Lengths of 0 beside others, or of more than can be addressed together.
    pub fn of_lengths(lengths: &[Vec<u64>]) -> Result<Self> {
        let bounds = lengths.iter().map(|lengths| {
            let mut bounds = vec![0u64];
            for length in lengths {
                if *length == 0 && lengths.len() > 1 {
                    return Err(Error::argument("chunks", format!("a chunk of length 0 among {lengths:?}")));
                }
                let sum = bounds.last().copied().unwrap_or(0).checked_add(*length);
                bounds.push(sum.ok_or_else(|| Error::argument("chunks", "an axis is longer than can be counted"))?);
            }
            if bounds.len() == 1 {
                bounds.push(0);
            }
            Ok(Arc::from(bounds))
        });
        Ok(Chunks { bounds: bounds.collect::<Result<Vec<_>>>()?.into() })
    }

    /// Chunks of one shape; the last one along an axis may be shorter.
    pub fn regular(shape: &[u64], chunk: &[u64]) -> Self {
        let axis = |(length, chunk): (&u64, &u64)| {
            let chunk = (*chunk).max(1);
            let mut bounds: Vec<u64> = (0..*length).step_by(usize::try_from(chunk).unwrap_or(usize::MAX)).collect();
            if bounds.is_empty() {
                bounds.push(0);
            }
            bounds.push(*length);
            Arc::from(bounds)
        };
        Chunks { bounds: shape.iter().zip(chunk).map(axis).collect() }
    }

    /// One chunk that is the whole array.
    pub fn one(shape: &[u64]) -> Self {
        Chunks::regular(shape, shape)
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.bounds.len()
    }

    /// Length of the array along each axis.
    pub fn shape(&self) -> Vec<u64> {
        self.bounds.iter().map(|bounds| bounds.last().copied().unwrap_or(0)).collect()
    }

    /// Number of elements of the array.
    pub fn elements(&self) -> u64 {
        self.shape().into_iter().fold(1, u64::saturating_mul)
    }

    /// Number of chunks along each axis.
    pub fn counts(&self) -> Vec<usize> {
        self.bounds.iter().map(|bounds| bounds.len() - 1).collect()
    }

    /// Number of chunks.
    pub fn blocks(&self) -> usize {
        self.counts().into_iter().product()
    }

    /// Lengths of the chunks along each axis.
    pub fn lengths(&self) -> Vec<Vec<u64>> {
        self.bounds.iter().map(|bounds| bounds.windows(2).map(|pair| pair[1] - pair[0]).collect()).collect()
    }

    /// Lengths of the chunks along an axis as bounds: 0, the end of the first one, ...
    pub fn bounds(&self, axis: usize) -> &Arc<[u64]> {
        &self.bounds[axis]
    }

    /// These chunks with an axis cut in another way.
    pub fn with_axis(&self, axis: usize, bounds: Arc<[u64]>) -> Self {
        let mut all = self.bounds.to_vec();
        all[axis] = bounds;
        Chunks { bounds: all.into() }
    }

    /// The chunks of the axes in another order, or of some of them.
    pub fn of_axes(&self, axes: &[usize]) -> Self {
        Chunks { bounds: axes.iter().map(|axis| self.bounds[*axis].clone()).collect() }
    }

    /// The bounds of all axes.
    pub fn all_bounds(&self) -> Vec<Arc<[u64]>> {
        self.bounds.to_vec()
    }

    /// Chunks given by their bounds along each axis.
    pub fn of_bounds(bounds: Vec<Arc<[u64]>>) -> Self {
        Chunks { bounds: bounds.into() }
    }

    /// Along each axis which chunk a block is, blocks counted row by row.
    pub fn position(&self, block: usize) -> Vec<usize> {
        let mut rest = block;
        let mut position = vec![0; self.ndim()];
        for (axis, count) in self.counts().into_iter().enumerate().rev() {
            position[axis] = rest % count.max(1);
            rest /= count.max(1);
        }
        position
    }

    /// The number of the block at a position.
    pub fn block_at(&self, position: &[usize]) -> usize {
        position.iter().zip(self.counts()).fold(0, |block, (at, count)| block * count + at)
    }

    /// The elements of a block.
    pub fn region(&self, block: usize) -> Region {
        let mut region = Region { start: Vec::with_capacity(self.ndim()), shape: Vec::with_capacity(self.ndim()) };
        for (axis, at) in self.position(block).into_iter().enumerate() {
            let bounds = &self.bounds[axis];
            region.start.push(bounds[at]);
            region.shape.push(usize::try_from(bounds[at + 1] - bounds[at]).unwrap_or(usize::MAX));
        }
        region
    }

    /// The blocks that have elements of a box.
    pub fn touching(&self, region: &Region) -> Vec<usize> {
        if region.elements() == 0 {
            return Vec::new();
        }
        let ranges: Vec<(usize, usize)> = (0..self.ndim())
            .map(|axis| {
                let bounds = &self.bounds[axis];
                let chunk_of = |element: u64| bounds.partition_point(|bound| *bound <= element).saturating_sub(1);
                (chunk_of(region.start[axis]), chunk_of(region.end(axis) - 1))
            })
            .collect();
        let mut at: Vec<usize> = ranges.iter().map(|range| range.0).collect();
        let mut blocks = Vec::new();
        loop {
            blocks.push(self.block_at(&at));
            let mut axis = self.ndim();
            loop {
                let Some(next) = axis.checked_sub(1) else { return blocks };
                axis = next;
                at[axis] += 1;
                if at[axis] <= ranges[axis].1 {
                    break;
                }
                at[axis] = ranges[axis].0;
            }
        }
    }
}

impl fmt::Display for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axis = |lengths: Vec<u64>| match lengths.as_slice() {
            [one] => format!("{one}"),
            [first, middle @ .., _] if middle.iter().all(|length| length == first) => {
                format!("{}x{first}", lengths.len())
            }
            _ => format!("{} of {}", lengths.len(), lengths.iter().max().copied().unwrap_or(0)),
        };
        let axes: Vec<String> = self.lengths().into_iter().map(axis).collect();
        write!(f, "({})", axes.join(", "))
    }
}

/// Elements `start`, `start + step`, ... of an axis, `len` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxisSlice {
    /// The first element.
    pub start: u64,
    /// From one element to the next; may be negative.
    pub step: i64,
    /// Number of elements.
    pub len: u64,
}

impl AxisSlice {
    /// All elements of an axis.
    pub fn all(len: u64) -> Self {
        AxisSlice { start: 0, step: 1, len }
    }

    /// `[start:stop:step]` of an axis as Python counts: negative numbers from the end, bounds cut to the axis.
    ///
    /// # Errors
    /// A step of 0.
    pub fn of(start: Option<i64>, stop: Option<i64>, step: i64, length: u64) -> Result<Self> {
        if step == 0 {
            return Err(Error::argument("slice", "a step of 0; take any other"));
        }
        let length = i64::try_from(length).map_err(|_| Error::argument("slice", "an axis is too long"))?;
        let (least, greatest) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let place = |at: i64| (if at < 0 { at.saturating_add(length) } else { at }).clamp(least, greatest);
        let (first, end) = match step > 0 {
            true => (start.map_or(0, place), stop.map_or(length, place)),
            false => (start.map_or(length - 1, place), stop.map_or(-1, place)),
        };
        let span = if step > 0 { end - first } else { first - end }.max(0).unsigned_abs();
        let len = span.div_ceil(step.unsigned_abs());
        let start = if len == 0 { 0 } else { u64::try_from(first).unwrap_or(0) };
        Ok(AxisSlice { start, step, len })
    }

    /// The element of the input that is element `at` of the slice.
    pub fn element(&self, at: u64) -> u64 {
        self.start.wrapping_add_signed(self.step.wrapping_mul(at.cast_signed()))
    }

    /// These elements of those elements.
    pub fn after(&self, first: &AxisSlice) -> AxisSlice {
        AxisSlice { start: first.element(self.start), step: first.step.wrapping_mul(self.step), len: self.len }
    }

    /// The bounds of the chunks of the slice: where the input's chunks end.
    pub fn bounds(&self, below: &Arc<[u64]>, length: u64) -> Arc<[u64]> {
        if *self == AxisSlice::all(length) {
            return below.clone();
        }
        let mut bounds = vec![0];
        if self.step > 0 {
            let step = self.step.unsigned_abs();
            let cut = |bound: &u64| bound.saturating_sub(self.start).div_ceil(step).min(self.len);
            bounds.extend(below.iter().skip(1).map(cut));
        } else {
            let step = self.step.unsigned_abs();
            let cut = |bound: &u64| (self.start + 1).saturating_sub(*bound).div_ceil(step).min(self.len);
            bounds.extend(below.iter().rev().skip(1).map(cut));
        }
        bounds.dedup();
        if bounds.len() == 1 {
            bounds.push(0);
        }
        bounds.into()
    }
}

/// # Errors
/// A length beyond what can be addressed.
fn to_usize(length: u64) -> Result<usize> {
    usize::try_from(length).map_err(|_| Error::argument("array", format!("an axis of {length} elements is too long")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_make_up_a_region_once() {
        for shape in [
            vec![],
            vec![0],
            vec![1],
            vec![100_000],
            vec![3, 50_000],
            vec![1000, 1000],
            vec![70, 3, 900],
            vec![5, 0, 3],
        ] {
            let region = Region::new(vec![7; shape.len()], shape.clone());
            let tiles: Vec<Region> = region.tiles().collect();
            assert_eq!(tiles.iter().map(Region::elements).sum::<usize>(), region.elements(), "{shape:?}");
            assert!(tiles.iter().all(|tile| tile.elements() <= TILE_ELEMENTS && tile.elements() > 0));
            for (a, b) in tiles.iter().zip(tiles.iter().skip(1)) {
                assert_eq!(a.intersection(b), None);
            }
        }
        assert_eq!(tile_shape(&[1000, 1000], TILE_ELEMENTS), [32, 512]);
        assert_eq!(tile_shape(&[3, 1_000_000], TILE_ELEMENTS), [3, 512 * 10]);
    }

    #[test]
    fn chunks_know_their_blocks() {
        let chunks = Chunks::regular(&[10, 7], &[4, 3]);
        assert_eq!(chunks.counts(), [3, 3]);
        assert_eq!(chunks.region(8), Region::new([8, 6], [2, 1]));
        assert_eq!(chunks.lengths(), [vec![4, 4, 2], vec![3, 3, 1]]);
        assert_eq!((0..9).map(|block| chunks.region(block).elements()).sum::<usize>(), 70);
        assert!((0..9).all(|block| chunks.block_at(&chunks.position(block)) == block));
        assert_eq!(chunks.touching(&Region::new([3, 2], [2, 2])), [0, 1, 3, 4]);
        assert_eq!(chunks.touching(&Region::new([9, 6], [1, 1])), [8]);
        assert_eq!(Chunks::regular(&[], &[]).blocks(), 1);
        assert_eq!(Chunks::regular(&[0, 5], &[2, 2]).counts(), [1, 3]);
        assert_eq!(chunks.to_string(), "(3x4, 3x3)");
        assert!(Chunks::of_lengths(&[vec![2, 0]]).is_err());
    }

    #[test]
    fn slices_count_as_in_python() {
        let of = |start, stop, step, length| {
            let slice = AxisSlice::of(start, stop, step, length).unwrap();
            (0..slice.len).map(|at| slice.element(at)).collect::<Vec<_>>()
        };
        assert_eq!(of(None, None, 1, 3), [0, 1, 2]);
        assert_eq!(of(Some(-2), None, 1, 5), [3, 4]);
        assert_eq!(of(None, None, -1, 3), [2, 1, 0]);
        assert_eq!(of(Some(10), Some(-10), -2, 5), [4, 2, 0]);
        assert_eq!(of(Some(1), Some(1), 1, 5), [0; 0]);
        assert_eq!(of(Some(0), Some(5), 3, 7), [0, 3]);
        assert_eq!(of(Some(5), Some(1), 1, 7), [0; 0]);
        assert!(AxisSlice::of(None, None, 0, 3).is_err());
    }

    #[test]
    fn chunks_of_a_slice_end_where_those_of_the_input_do() {
        let below: Arc<[u64]> = Arc::from([0, 4, 8, 10]);
        let bounds = |start, stop, step| AxisSlice::of(start, stop, step, 10).unwrap().bounds(&below, 10).to_vec();
        assert_eq!(bounds(Some(2), Some(9), 1), [0, 2, 6, 7]);
        assert_eq!(bounds(Some(5), Some(7), 1), [0, 2]);
        assert_eq!(bounds(None, None, -1), [0, 2, 6, 10]);
        assert_eq!(bounds(None, None, 3), [0, 2, 3, 4]);
        assert_eq!(bounds(Some(3), Some(3), 1), [0, 0]);
    }
}
