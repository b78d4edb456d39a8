//! Arrays in other shapes, and parts of them.

use std::sync::Arc;

use blockfold_core::{Error, Result};
use blockfold_ops::array::{AxisSlice, BroadcastTo, ConcatAxis, Permute, Reshape, Slice, Take};

use super::Array;
use super::reduce::axis_of;

/// What is taken of one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Index {
    /// `start:stop:step`.
    Slice(Option<i64>, Option<i64>, i64),
    /// One element; the axis goes away.
    At(i64),
    /// The elements at these places.
    Places(Vec<i64>),
    /// A new axis of length 1.
    NewAxis,
    /// All that is not said of the other axes.
    Ellipsis,
}

impl Index {
    /// A whole axis.
    pub fn all() -> Self {
        Index::Slice(None, None, 1)
    }
}

impl From<i64> for Index {
    fn from(at: i64) -> Self {
        Index::At(at)
    }
}

impl From<std::ops::Range<i64>> for Index {
    fn from(range: std::ops::Range<i64>) -> Self {
        Index::Slice(Some(range.start), Some(range.end), 1)
    }
}

impl From<std::ops::RangeTo<i64>> for Index {
    fn from(range: std::ops::RangeTo<i64>) -> Self {
        Index::Slice(None, Some(range.end), 1)
    }
}

impl From<std::ops::RangeFrom<i64>> for Index {
    fn from(range: std::ops::RangeFrom<i64>) -> Self {
        Index::Slice(Some(range.start), None, 1)
    }
}

impl From<std::ops::RangeFull> for Index {
    fn from(_: std::ops::RangeFull) -> Self {
        Index::all()
    }
}

impl Array {
    /// The array with its axes in reverse order.
    pub fn t(&self) -> Array {
        self.then(|plan| {
            let ndim = self.ndim()?;
            Permute::plan(plan, (0..ndim).rev().collect())
        })
    }

    /// The array whose axis `a` is axis `order[a]` of this one.
    pub fn transpose(&self, order: &[i64]) -> Array {
        self.then(|plan| {
            let ndim = self.ndim()?;
            let order: Result<Vec<usize>> = order.iter().map(|axis| axis_of("transpose", *axis, ndim)).collect();
            Permute::plan(plan, order?)
        })
    }

    /// Two axes exchanged.
    pub fn swapaxes(&self, a: i64, b: i64) -> Array {
        self.then(|plan| {
            let ndim = self.ndim()?;
            let mut order: Vec<usize> = (0..ndim).collect();
            order.swap(axis_of("swapaxes", a, ndim)?, axis_of("swapaxes", b, ndim)?);
            Permute::plan(plan, order)
        })
    }

    /// An axis moved to another place among the others.
    pub fn moveaxis(&self, from: i64, to: i64) -> Array {
        self.then(|plan| {
            let ndim = self.ndim()?;
            let (from, to) = (axis_of("moveaxis", from, ndim)?, axis_of("moveaxis", to, ndim)?);
            let mut order: Vec<usize> = (0..ndim).filter(|axis| *axis != from).collect();
            order.insert(to, from);
            Permute::plan(plan, order)
        })
    }

    /// The elements, row by row, in another shape; one length may be -1.
    pub fn reshape(&self, shape: impl AsRef<[i64]>) -> Array {
        let shape = shape.as_ref();
        self.then(|plan| {
            let size = self.size()?;
            let lengths = shape.iter().filter(|length| **length >= 0).map(|length| length.unsigned_abs());
            let known = lengths.fold(1u64, u64::saturating_mul);
            let unknown = shape.iter().filter(|length| **length < 0).count();
            if unknown > 1 || (unknown == 1 && (known == 0 || size % known != 0)) {
                let (left, right) = (format!("{:?}", self.shape()?), format!("{shape:?}"));
                return Err(Error::Shape { op: "reshape".into(), left, right });
            }
            let length = |length: &i64| u64::try_from(*length).unwrap_or_else(|_| size / known.max(1));
            Reshape::plan(plan, shape.iter().map(length).collect())
        })
    }

    /// The elements, row by row, along one axis.
    pub fn ravel(&self) -> Array {
        self.reshape([-1])
    }

    /// The array without axes of length 1.
    pub fn squeeze(&self) -> Array {
        self.then(|plan| Reshape::plan(plan, self.shape()?.into_iter().filter(|length| *length != 1).collect()))
    }

    /// The array with a new axis of length 1 before axis `axis`.
    pub fn expand_dims(&self, axis: i64) -> Array {
        self.then(|plan| {
            let mut shape = self.shape()?;
            let at = axis_of("expand_dims", axis, shape.len() + 1)?;
            shape.insert(at, 1);
            Reshape::plan(plan, shape)
        })
    }

    /// The array repeated to fill a shape.
    pub fn broadcast_to(&self, shape: impl AsRef<[u64]>) -> Array {
        self.then(|plan| BroadcastTo::plan(plan, shape.as_ref().to_vec()))
    }

    /// Elements `start:stop:step` along an axis.
    pub fn slice_axis(&self, axis: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> Array {
        self.then(|plan| {
            let shape = self.shape()?;
            let axis = axis_of("slice", axis, shape.len())?;
            let mut axes: Vec<AxisSlice> = shape.iter().map(|length| AxisSlice::all(*length)).collect();
            axes[axis] = AxisSlice::of(start, stop, step, shape[axis])?;
            Slice::plan(plan, axes)
        })
    }

    /// What NumPy's indexing gives for one index for each axis, from the first on: slices, numbers, lists of places.
    ///
    /// Lists take places along their axis each, as `numpy.ix_` does when there are several.
    pub fn index(&self, indices: impl AsRef<[Index]>) -> Array {
        let indices = indices.as_ref();
        self.then(|plan| {
            let shape = self.shape()?;
            let named = indices.iter().filter(|index| !matches!(index, Index::NewAxis | Index::Ellipsis)).count();
            if named > shape.len() || indices.iter().filter(|index| **index == Index::Ellipsis).count() > 1 {
                let what = format!("{named} indices for an array of {} axes, shape {shape:?}", shape.len());
                return Err(Error::argument("index", what));
            }
            let mut all: Vec<Index> = Vec::new();
            let rest = vec![Index::all(); shape.len() - named];
            for index in indices {
                match index {
                    Index::Ellipsis => all.extend(rest.clone()),
                    other => all.push(other.clone()),
                }
            }
            if !indices.contains(&Index::Ellipsis) {
                all.extend(rest);
            }
            let (mut plan, mut slices, mut lengths) = (plan, Vec::new(), Vec::new());
            let mut lists: Vec<(usize, Vec<u64>)> = Vec::new();
            for index in &all {
                let axis = slices.len();
                let length = shape.get(axis).copied().unwrap_or(0);
                match index {
                    Index::NewAxis | Index::Ellipsis => lengths.push(1),
                    Index::Slice(start, stop, step) => {
                        let slice = AxisSlice::of(*start, *stop, *step, length)?;
                        slices.push(slice);
                        lengths.push(slice.len);
                    }
                    Index::At(at) => slices.push(AxisSlice { start: place_of(*at, axis, length)?, step: 1, len: 1 }),
                    Index::Places(places) => {
                        let places: Result<Vec<u64>> = places.iter().map(|at| place_of(*at, axis, length)).collect();
                        slices.push(AxisSlice::all(length));
                        let places = places?;
                        lengths.push(places.len() as u64);
                        lists.push((axis, places));
                    }
                }
            }
            plan = Slice::plan(plan, slices)?;
            for (axis, places) in lists {
                plan = Take::plan(plan, axis, places.into())?;
            }
            Reshape::plan(plan, lengths)
        })
    }

    /// The elements of an axis at a list of places; negative ones count from the end.
    pub fn take(&self, places: &[i64], axis: i64) -> Array {
        self.then(|plan| {
            let shape = self.shape()?;
            let axis = axis_of("take", axis, shape.len())?;
            let places: Result<Vec<u64>> = places.iter().map(|at| place_of(*at, axis, shape[axis])).collect();
            Take::plan(plan, axis, Arc::from(places?))
        })
    }

    /// The elements of an axis in reverse order.
    pub fn flip(&self, axis: i64) -> Array {
        self.slice_axis(axis, None, None, -1)
    }

    /// The elements of an axis moved by `shift`; what leaves at one end enters at the other.
    pub fn roll(&self, shift: i64, axis: i64) -> Array {
        let length = match self.shape().and_then(|shape| Ok(shape[axis_of("roll", axis, shape.len())?])) {
            Ok(length) => i64::try_from(length).unwrap_or(i64::MAX),
            Err(error) => return Array::new(&self.session, Err(error)),
        };
        let shift = if length == 0 { 0 } else { shift.rem_euclid(length) };
        if shift == 0 {
            return self.clone();
        }
        let (back, front) =
            (self.slice_axis(axis, Some(-shift), None, 1), self.slice_axis(axis, None, Some(-shift), 1));
        Array::concatenate(&[back, front], axis)
    }

    /// Arrays one after the other along an axis.
    pub fn concatenate(arrays: &[Array], axis: i64) -> Array {
        let Some(first) = arrays.first() else { unreachable!("concatenate of no array has no session") };
        first.then(|_| {
            let axis = axis_of("concatenate", axis, first.ndim()?)?;
            ConcatAxis::plan(arrays.iter().map(Array::plan).collect::<Result<_>>()?, axis)
        })
    }

    /// Arrays of one shape beside each other along a new axis.
    pub fn stack(arrays: &[Array], axis: i64) -> Array {
        let expanded: Vec<Array> = arrays.iter().map(|array| array.expand_dims(axis)).collect();
        let Some(first) = expanded.first() else { unreachable!("stack of no array has no session") };
        let axis = first.ndim().and_then(|ndim| axis_of("stack", axis, ndim)).map_or(0, |axis| axis as i64);
        Array::concatenate(&expanded, axis)
    }

    /// The array repeated so many times along each axis; as in NumPy, fewer numbers are those of the last axes, more make
    /// axes in front.
    pub fn tile(&self, repeats: &[u64]) -> Array {
        if let Some(error) = repeats.iter().find_map(|repeats| check_places("tile", repeats.saturating_mul(COPY)).err())
        {
            return Array::new(&self.session, Err(error));
        }
        let Ok(ndim) = self.ndim() else { return self.clone() };
        let mut tiled = (ndim..repeats.len()).fold(self.clone(), |array, _| array.expand_dims(0));
        let mut all = vec![1; ndim.saturating_sub(repeats.len())];
        all.extend(repeats);
        let repeats = all;
        for (axis, repeats) in repeats.iter().enumerate().filter(|(_, repeats)| **repeats != 1) {
            let copies = vec![tiled.clone(); usize::try_from(*repeats).unwrap_or(usize::MAX)];
            tiled = if copies.is_empty() {
                tiled.slice_axis(axis as i64, Some(0), Some(0), 1)
            } else {
                Array::concatenate(&copies, axis as i64)
            };
        }
        tiled
    }

    /// Each element of an axis so many times in a row.
    pub fn repeat(&self, repeats: u64, axis: i64) -> Array {
        self.then(|plan| {
            let shape = self.shape()?;
            let axis = axis_of("repeat", axis, shape.len())?;
            check_places("repeat", shape[axis].saturating_mul(repeats))?;
            let places = (0..shape[axis]).flat_map(|at| (0..repeats).map(move |_| at)).collect();
            Take::plan(plan, axis, places)
        })
    }
}

/// Places that are listed, and how many of them a copy of an array stands for.
const MOST_PLACES: u64 = 1 << 27;
const COPY: u64 = 1 << 12;

/// # Errors
/// More places than are listed.
fn check_places(op: &str, places: u64) -> Result<()> {
    if places > MOST_PLACES {
        return Err(Error::argument(op, "too many copies to list; take broadcast_to and reshape"));
    }
    Ok(())
}

/// A place counted from the front of an axis.
pub(super) fn place_of(at: i64, axis: usize, length: u64) -> Result<u64> {
    let counted = if at < 0 { i128::from(at) + i128::from(length) } else { i128::from(at) };
    let place = u64::try_from(counted).ok().filter(|place| *place < length);
    place.ok_or_else(|| {
        Error::argument("index", format!("index {at} is out of range for axis {axis}, which has {length} elements"))
    })
}
