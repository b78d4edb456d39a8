//! Where the elements of a box lie in a file.

use blockfold_core::Region;

/// Runs of elements of a box that lie side by side in a file, row by row.
pub(super) struct Runs<'a> {
    shape: &'a [u64],
    region: &'a Region,
    /// Axes along which one run follows another; those behind them make a run.
    axes: usize,
}

impl<'a> Runs<'a> {
    /// The runs of a box of an array of a shape.
    pub(super) fn of(shape: &'a [u64], region: &'a Region) -> Self {
        // Axes from here on are whole, so that the elements of the one before them are one run.
        let is_whole = |axis: &usize| shape[*axis] == region.shape[*axis] as u64;
        let first = (0..region.ndim()).rev().take_while(is_whole).last().unwrap_or(region.ndim());
        Runs { shape, region, axes: first.saturating_sub(1) }
    }

    /// Elements of a run.
    pub(super) fn elements(&self) -> usize {
        self.region.shape[self.axes..].iter().product()
    }

    /// The number of each run's first element in the file, in the order of the box.
    pub(super) fn starts(&self) -> impl Iterator<Item = u64> {
        let outer = Region::new(&self.region.start[..self.axes], &self.region.shape[..self.axes]);
        outer.boxes_of(vec![1; self.axes]).map(|at| {
            let index = at.start.iter().chain(&self.region.start[self.axes..]);
            index.zip(self.shape).fold(0, |at, (index, length)| at * length + index)
        })
    }
}
