//! Arrays in other shapes, and parts of them.

use std::sync::Arc;

use blockfold_core::tensor::type_name;
use blockfold_core::{DType, Error, Result};
use blockfold_ops::array::{AxisSlice, BroadcastTo, ConcatAxis, Permute, Reshape, Slice, Take, broadcast_shape};
use blockfold_plan::Plan;

use super::Array;
use super::reduce::axis_of;

/// What is taken of one axis.
#[derive(Clone, Debug)]
pub enum Index {
    /// `start:stop:step`.
    Slice(Option<i64>, Option<i64>, i64),
    /// One element; the axis goes away.
    At(i64),
    /// The elements at these places.
    Places(Vec<i64>),
    /// The elements at the places that an array of whole numbers names, or where a Boolean one is true: that one stands for
    /// as many axes as it has.
    Of(Array),
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

impl Index {
    /// How many axes the index stands for.
    fn axes(&self) -> Result<usize> {
        match self {
            Index::NewAxis | Index::Ellipsis => Ok(0),
            Index::Of(array) if array.dtype()? == DType::Boolean => array.ndim(),
            _ => Ok(1),
        }
    }
}

/// Where an axis of what indexing gives comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Axis(usize),
    New,
    List,
}

/// Lists of places that are taken together.
#[derive(Default)]
struct Lists {
    axes: Vec<usize>,
    places: Vec<Vec<u64>>,
    /// The shape of each.
    shapes: Vec<Vec<u64>>,
    /// The shape that they broadcast to.
    shape: Vec<u64>,
}

impl Lists {
    fn add(&mut self, axis: usize, places: Vec<u64>, shape: Vec<u64>) -> Result<()> {
        self.shape = broadcast_shape("index by lists of places", &[self.shape.clone(), shape.clone()])?;
        self.axes.push(axis);
        self.places.push(places);
        self.shapes.push(shape);
        Ok(())
    }

    /// Which of the places of a list of a shape goes with place `i` of all lists.
    fn place_in(&self, shape: &[u64], i: usize) -> usize {
        let (mut rest, mut at, mut stride) = (i as u64, 0, 1);
        let offset = self.shape.len() - shape.len();
        for axis in (0..self.shape.len()).rev() {
            let index = rest % self.shape[axis].max(1);
            rest /= self.shape[axis].max(1);
            if let Some(length) = axis.checked_sub(offset).map(|axis| shape[axis]) {
                at += if length == 1 { 0 } else { index * stride };
                stride *= length;
            }
        }
        usize::try_from(at).unwrap_or(usize::MAX)
    }

    /// The elements that the lists name of a plan whose other axes were cut already.
    fn taken(&self, plan: Plan, slices: &[AxisSlice], made: &[Made]) -> Result<Plan> {
        let count = usize::try_from(self.shape.iter().product::<u64>()).unwrap_or(usize::MAX);
        // One element for each place of the lists, along an axis that is theirs together.
        let lengths: Vec<u64> = slices.iter().map(|slice| slice.len).collect();
        let mut flat = vec![0u64; count];
        for ((axis, places), shape) in self.axes.iter().zip(&self.places).zip(&self.shapes) {
            for (i, flat) in flat.iter_mut().enumerate() {
                *flat = *flat * lengths[*axis] + places[self.place_in(shape, i)];
            }
        }
        // That axis stands where the lists do, or first when they stand apart.
        let first = made.iter().position(|made| *made == Made::List).unwrap_or(0);
        let last = made.iter().rposition(|made| *made == Made::List).unwrap_or(0);
        let are_together = made[first..=last].iter().all(|made| *made == Made::List);
        let at = if are_together { first } else { 0 };
        let own = |made: &&Made| **made != Made::List;
        let (before, after): (Vec<Made>, Vec<Made>) =
            (made[..at].iter().filter(own).copied().collect(), made[at..].iter().filter(own).copied().collect());
        let axes = |made: &[Made]| {
            made.iter()
                .filter_map(|made| if let Made::Axis(axis) = made { Some(*axis) } else { None })
                .collect::<Vec<_>>()
        };
        let (front, back) = (axes(&before), axes(&after));
        let order = [front.clone(), self.axes.clone(), back.clone()].concat();
        let together = self.axes.iter().map(|axis| lengths[*axis]).product();
        let of = |axes: &[usize]| axes.iter().map(|axis| lengths[*axis]).collect::<Vec<u64>>();
        let merged = Reshape::plan(Permute::plan(plan, order)?, [of(&front), vec![together], of(&back)].concat())?;
        let taken = Take::plan(merged, front.len(), flat.into())?;
        let length = |made: &Made| if let Made::Axis(axis) = made { lengths[*axis] } else { 1 };
        let shape = before.iter().map(length).chain(self.shape.iter().copied()).chain(after.iter().map(length));
        Reshape::plan(taken, shape.collect())
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

    /// What NumPy's indexing gives for one index for each axis, from the first on: slices, numbers, lists of places, arrays.
    ///
    /// Several lists are taken together, as in NumPy: their first places name the first element, and so on; `numpy.ix_` is
    /// one [`Array::take`] for each axis. Arrays among the indices are computed at once, since the shape depends on them.
    pub fn index(&self, indices: impl AsRef<[Index]>) -> Array {
        let indices = indices.as_ref();
        self.then(|plan| {
            let shape = self.shape()?;
            let ellipses = indices.iter().filter(|index| matches!(index, Index::Ellipsis)).count();
            let named = indices.iter().map(Index::axes).sum::<Result<usize>>()?;
            if named > shape.len() || ellipses > 1 {
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
            if ellipses == 0 {
                all.extend(rest);
            }
            let has_lists = all.iter().any(|index| matches!(index, Index::Places(_) | Index::Of(_)));
            // Axes of the result: of one of the input, new ones, or those of the lists.
            let (mut slices, mut made, mut lists) = (Vec::new(), Vec::new(), Lists::default());
            for index in &all {
                let axis = slices.len();
                let length = shape.get(axis).copied().unwrap_or(0);
                match index {
                    Index::NewAxis | Index::Ellipsis => made.push(Made::New),
                    Index::Slice(start, stop, step) => {
                        slices.push(AxisSlice::of(*start, *stop, *step, length)?);
                        made.push(Made::Axis(axis));
                    }
                    // Beside lists a number is a list of one.
                    Index::At(at) if has_lists => {
                        lists.add(axis, vec![place_of(*at, axis, length)?], Vec::new())?;
                        slices.push(AxisSlice::all(length));
                        made.push(Made::List);
                    }
                    Index::At(at) => slices.push(AxisSlice { start: place_of(*at, axis, length)?, step: 1, len: 1 }),
                    Index::Places(places) => {
                        let found: Result<Vec<u64>> = places.iter().map(|at| place_of(*at, axis, length)).collect();
                        lists.add(axis, found?, vec![places.len() as u64])?;
                        slices.push(AxisSlice::all(length));
                        made.push(Made::List);
                    }
                    Index::Of(array) => {
                        for (places, of) in array.places(&shape[axis.min(shape.len())..])? {
                            let axis = slices.len();
                            let length = shape[axis];
                            let found: Result<Vec<u64>> = places.iter().map(|at| place_of(*at, axis, length)).collect();
                            lists.add(axis, found?, of)?;
                            slices.push(AxisSlice::all(length));
                            made.push(Made::List);
                        }
                    }
                }
            }
            let plan = Slice::plan(plan, slices.clone())?;
            if !has_lists {
                let length = |made: &Made| if let Made::Axis(axis) = made { slices[*axis].len } else { 1 };
                return Reshape::plan(plan, made.iter().map(length).collect());
            }
            lists.taken(plan, &slices, &made)
        })
    }

    /// The places that an array names of the axes that it stands for, and the shape that they have: lists of one shape.
    #[allow(clippy::type_complexity)]
    fn places(&self, shape: &[u64]) -> Result<Vec<(Vec<i64>, Vec<u64>)>> {
        let (own, dtype) = (self.shape()?, self.dtype()?);
        if dtype != DType::Boolean {
            if !dtype.is_integer() {
                let expected = "an array of whole numbers or Booleans".to_string();
                return Err(Error::Type { op: "index".into(), expected, got: type_name(&dtype) });
            }
            return Ok(vec![(self.astype(&DType::Int64).compute()?.tensor().values::<i64>()?.to_vec(), own)]);
        }
        if shape.len() < own.len() || own != shape[..own.len()] {
            let right = format!("a mask of shape {own:?}");
            return Err(Error::Shape { op: "index".into(), left: format!("axes of {shape:?}"), right });
        }
        let found = self.flatnonzero()?.compute()?.tensor().values::<i64>()?.to_vec();
        let mut lists = Vec::new();
        let mut stride = own.iter().product::<u64>().max(1);
        for length in &own {
            stride /= (*length).max(1);
            let (step, length) = (stride.cast_signed(), (*length).max(1).cast_signed());
            lists.push((found.iter().map(|at| at / step % length).collect(), vec![found.len() as u64]));
        }
        Ok(lists)
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
            let arrays = Array::promoted(arrays)?;
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
            let length = tiled.shape().map_or(0, |shape| shape[axis]);
            let places = length.saturating_mul(*repeats);
            tiled = if *repeats == 0 {
                tiled.slice_axis(axis as i64, Some(0), Some(0), 1)
            } else if places <= LISTED {
                tiled.then(|plan| Take::plan(plan, axis, (0..places).map(|place| place % length).collect()))
            } else {
                let copies = vec![tiled.clone(); usize::try_from(*repeats).unwrap_or(usize::MAX)];
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

/// An axis of so many places is listed rather than put together of copies, each of which has chunks of its own.
const LISTED: u64 = 1 << 20;

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
