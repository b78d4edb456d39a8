//! Several arrays in one run.

use arrow::buffer::Buffer;
use blockfold_core::{DType, Result, Tensor};
use blockfold_io::tensor::TensorSink;
use blockfold_ops::array::{Bytes, ConcatAxis, Reshape};
use blockfold_plan::Plan;

use super::{Array, NdArray};
use crate::session::Session;

impl Array {
    /// The bytes of the elements, row by row, as a vector of `u8`: what `numpy.ravel(x).view("u1")` is.
    pub fn bytes(&self) -> Array {
        self.then(|plan| Bytes::plan(Reshape::plan(plan, vec![self.size()?])?))
    }
}

impl Session {
    /// Computes arrays in one run, so that what they share is read and computed once: the mean and the deviation along both
    /// axes of a file take one pass over it.
    ///
    /// # Memory
    /// The answers, twice while they are handed over.
    ///
    /// # Errors
    /// As [`Array::compute`].
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn main() -> blockfold::Result<()> {
    /// # let session = Session::builder().build()?;
    /// let x = session.random(1).random([300, 200], 100);
    /// let [mean, std] = &session.compute_all(&[x.mean(0), x.std(())])?[..] else { unreachable!() };
    /// assert_eq!((mean.shape(), std.shape()), (&[200][..], &[][..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn compute_all(&self, arrays: &[Array]) -> Result<Vec<NdArray>> {
        if let [one] = arrays {
            return Ok(vec![one.compute()?]);
        }
        if arrays.is_empty() {
            return Ok(Vec::new());
        }
        let budget = self.executor().budget();
        let remedy = "raise the memory budget, or write the arrays block by block with to_npy";
        let mut permits = Vec::new();
        let mut plans: Vec<Plan> = Vec::new();
        let mut bytes = 0;
        for array in arrays {
            permits.push(budget.permit("the answer", array.nbytes()?, remedy)?);
            plans.push(array.bytes().plan()?);
            bytes += array.nbytes()?;
        }
        let _handed_over = budget.permit("the answer", bytes, remedy)?;
        let all = Array::new(self, ConcatAxis::plan(plans, 0));
        let sink = TensorSink::new(&DType::UInt8, &[bytes])?;
        let summary = all.write(sink.clone())?;
        let all = sink.take()?;
        let mut first = 0;
        let answers = arrays.iter().zip(permits).map(|(array, permit)| {
            let shape = blockfold_core::Region::whole(&array.shape()?)?.shape;
            let length = usize::try_from(array.nbytes()?).unwrap_or(usize::MAX);
            // A copy lies where any type of elements may.
            let own = Buffer::from_slice_ref(&all.data().as_slice()[first..first + length]);
            first += length;
            Ok(NdArray::new(Tensor::new(array.dtype()?, shape, own)?, permit, summary.clone()))
        });
        answers.collect()
    }
}
