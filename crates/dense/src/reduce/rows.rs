//! The rows of a tile, and where each goes in a state.

use blockfold_core::region::Region;

use super::{NOWHERE, Spec};
use crate::index::advance;

/// A row of a tile, and where it goes.
pub(super) struct Row {
    /// Its first element in the tile.
    pub(super) start: usize,
    pub(super) len: usize,
    /// Where it goes in the state: to one element when it is reduced, else to as many as it has.
    pub(super) output: usize,
    pub(super) is_reduced: bool,
    /// The place of its first element, told along the reduced axes.
    pub(super) place: u64,
}

/// The rows of a tile.
#[derive(Clone)]
pub(super) struct Rows {
    tile: Region,
    output: Region,
    /// The box that the state has values for.
    region: Region,
    is_reduced: bool,
    place_strides: Vec<u64>,
}

impl Rows {
    pub(super) fn new(spec: &Spec, tile: &Region, output: &Region, region: &Region) -> Self {
        let is_reduced = spec.reduced.last().copied().unwrap_or(true);
        let place_strides = spec.place_strides();
        Rows { tile: tile.clone(), output: output.clone(), region: region.clone(), is_reduced, place_strides }
    }

    /// The same rows for a state that has values for another box.
    pub(super) fn within(&self, region: &Region) -> Self {
        Rows { region: region.clone(), ..self.clone() }
    }

    /// How far apart elements along each axis are in the state; 0 along reduced ones.
    fn strides(&self) -> Vec<usize> {
        let ndim = self.region.ndim();
        let mut strides = vec![0; ndim];
        let mut stride = 1;
        for axis in (0..ndim).rev() {
            // A reduced axis has one element in the box of the result.
            strides[axis] = if self.output.shape[axis] == 1 && self.tile.shape[axis] != 1 { 0 } else { stride };
            stride *= self.region.shape[axis];
        }
        strides
    }

    pub(super) fn each(&self, f: &mut impl FnMut(Row)) {
        let shape = &self.tile.shape;
        let Some(last) = shape.len().checked_sub(1) else {
            return f(Row { start: 0, len: 1, output: 0, is_reduced: true, place: 0 });
        };
        let strides = self.strides();
        let first: usize =
            self.output.offset_in(&self.region).iter().zip(&self.full_strides()).map(|(at, stride)| at * stride).sum();
        let mut index = vec![0; last];
        let mut start = 0;
        loop {
            let output = first + index.iter().zip(&strides).map(|(at, stride)| at * stride).sum::<usize>();
            let along = index.iter().chain(std::iter::once(&0)).zip(&self.tile.start).zip(&self.place_strides);
            let place = along
                .map(|((at, start), stride)| (start + *at as u64).wrapping_mul(*stride))
                .fold(0, u64::wrapping_add);
            f(Row { start, len: shape[last], output, is_reduced: self.is_reduced, place });
            start += shape[last];
            if !advance(&mut index, |axis| shape[axis]) {
                return;
            }
        }
    }

    fn full_strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.region.ndim()];
        for axis in (0..self.region.ndim().saturating_sub(1)).rev() {
            strides[axis] = strides[axis + 1] * self.region.shape[axis + 1];
        }
        strides
    }

    /// Calls `f` with the start and length of each run of the state's elements that a box of the result is.
    pub(super) fn outputs(&self, output: &Region, f: &mut impl FnMut(usize, usize)) {
        let strides = self.full_strides();
        let Some(last) = output.ndim().checked_sub(1) else { return f(0, 1) };
        let first: usize = output.offset_in(&self.region).iter().zip(&strides).map(|(at, stride)| at * stride).sum();
        let mut index = vec![0; last];
        loop {
            f(first + index.iter().zip(&strides).map(|(at, stride)| at * stride).sum::<usize>(), output.shape[last]);
            if !advance(&mut index, |axis| output.shape[axis]) {
                return;
            }
        }
    }

    /// Folds each row: to one value by `row` where it is reduced, which `join` takes in, else element by element.
    pub(super) fn fold<T: Copy>(
        &self,
        values: &mut [T],
        tile: &[T],
        row: impl Fn(&[T]) -> T,
        add: impl Fn(T, T) -> T,
        join: impl Fn(T, T) -> T,
    ) {
        let add_row =
            |values: &mut [T], row: &[T]| values.iter_mut().zip(row).for_each(|(value, x)| *value = add(*value, *x));
        self.fold_by(values, tile, row, add_row, join);
    }

    pub(super) fn fold_by<T: Copy>(
        &self,
        values: &mut [T],
        tile: &[T],
        row: impl Fn(&[T]) -> T,
        add_row: impl Fn(&mut [T], &[T]),
        join: impl Fn(T, T) -> T,
    ) {
        self.each(&mut |at| {
            let elements = &tile[at.start..at.start + at.len];
            if at.is_reduced {
                values[at.output] = join(values[at.output], row(elements));
            } else {
                add_row(&mut values[at.output..at.output + at.len], elements);
            }
        });
    }

    /// Keeps the element that beats the others, the first of equal ones, and its place.
    pub(super) fn place<T: Copy>(
        &self,
        values: &mut [T],
        places: &mut [u64],
        tile: &[T],
        counts: impl Fn(T) -> bool,
        beats: impl Fn(T, T) -> bool,
        equals: impl Fn(T, T) -> bool,
    ) {
        let stride = self.place_strides.last().copied().unwrap_or(0);
        self.each(&mut |row| {
            for (i, x) in tile[row.start..row.start + row.len].iter().enumerate() {
                let output = if row.is_reduced { row.output } else { row.output + i };
                let place = row.place + stride * i as u64;
                let (value, known) = (&mut values[output], &mut places[output]);
                if counts(*x) && (*known == NOWHERE || beats(*x, *value) || (place < *known && equals(*x, *value))) {
                    (*value, *known) = (*x, place);
                }
            }
        });
    }
}
