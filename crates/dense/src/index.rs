//! Counting through the places of a box.

/// The next place of a box of a shape, row by row; false after the last one, when it is the first again.
#[inline]
pub(crate) fn advance(index: &mut [usize], shape: impl Fn(usize) -> usize) -> bool {
    for axis in (0..index.len()).rev() {
        index[axis] += 1;
        if index[axis] < shape(axis) {
            return true;
        }
        index[axis] = 0;
    }
    false
}
