//! Products.

use blockfold_core::{DType, Error, Expr, Result};
use blockfold_ops::array::{Elementwise, Matmul, Permute, Reshape, operand};
use blockfold_plan::Plan;
use blockfold_plan::tiles::element_type;

use super::Array;

impl Array {
    /// The product of two matrices, of a matrix and a vector, or of two vectors.
    pub fn dot(&self, other: &Array) -> Array {
        if self.is_complex() || other.is_complex() {
            return self.complex_dot(other);
        }
        self.then(|left| {
            let right = other.plan()?;
            let (a, b) = (self.shape()?, other.shape()?);
            let dtype = Matmul::product_type(&element_type(left.schema())?, &element_type(right.schema())?)?;
            let (left, right) = (as_type(left, &dtype)?, as_type(right, &dtype)?);
            let shapes = |what: &str| Error::Shape {
                op: format!("dot {what}"),
                left: format!("{a:?}"),
                right: format!("{b:?}"),
            };
            if a.is_empty() || b.is_empty() || a.len() > 2 || b.len() > 2 {
                return Err(shapes("of vectors and matrices"));
            }
            let left = if a.len() == 1 { Reshape::plan(left, vec![1, a[0]])? } else { left };
            let right = if b.len() == 1 { Reshape::plan(right, vec![b[0], 1])? } else { right };
            let product = Matmul::plan(left, right)?;
            let mut shape = Vec::new();
            shape.extend((a.len() == 2).then(|| a[0]));
            shape.extend((b.len() == 2).then(|| b[1]));
            Reshape::plan(product, shape)
        })
    }

    /// As [`Array::dot`].
    pub fn matmul(&self, other: &Array) -> Array {
        self.dot(other)
    }

    /// The sum of products over axes of both arrays: those of the first list with those of the second one by one.
    pub fn tensordot(&self, other: &Array, axes: (&[i64], &[i64])) -> Array {
        self.then(|left| {
            let right = other.plan()?;
            let (a, b) = (self.shape()?, other.shape()?);
            if axes.0.len() != axes.1.len() {
                let what = format!("{} axes of the left array, {} of the right one", axes.0.len(), axes.1.len());
                return Err(Error::argument("tensordot", what));
            }
            let numbers = |axes: &[i64], ndim| {
                axes.iter().map(|axis| super::reduce::axis_of("tensordot", *axis, ndim)).collect::<Result<Vec<_>>>()
            };
            let (inner_a, inner_b) = (numbers(axes.0, a.len())?, numbers(axes.1, b.len())?);
            if inner_a.iter().zip(&inner_b).any(|(x, y)| a[*x] != b[*y]) {
                return Err(Error::Shape { op: "tensordot".into(), left: format!("{a:?}"), right: format!("{b:?}") });
            }
            let outer =
                |ndim: usize, inner: &[usize]| (0..ndim).filter(|axis| !inner.contains(axis)).collect::<Vec<_>>();
            let (outer_a, outer_b) = (outer(a.len(), &inner_a), outer(b.len(), &inner_b));
            let count = |shape: &[u64], axes: &[usize]| axes.iter().map(|axis| shape[*axis]).product::<u64>();
            let dtype = Matmul::product_type(&element_type(left.schema())?, &element_type(right.schema())?)?;
            let left = Permute::plan(as_type(left, &dtype)?, [outer_a.clone(), inner_a.clone()].concat())?;
            let right = Permute::plan(as_type(right, &dtype)?, [inner_b.clone(), outer_b.clone()].concat())?;
            let left = Reshape::plan(left, vec![count(&a, &outer_a), count(&a, &inner_a)])?;
            let right = Reshape::plan(right, vec![count(&b, &inner_b), count(&b, &outer_b)])?;
            let shape = outer_a.iter().map(|axis| a[*axis]).chain(outer_b.iter().map(|axis| b[*axis])).collect();
            Reshape::plan(Matmul::plan(left, right)?, shape)
        })
    }

    /// The products of each element of a vector with each of another one.
    pub fn outer(&self, other: &Array) -> Array {
        &self.reshape([-1, 1]) * &other.reshape([1, -1])
    }
}

/// The elements of a plan as another type.
fn as_type(plan: Plan, dtype: &DType) -> Result<Plan> {
    if element_type(plan.schema())? == *dtype {
        return Ok(plan);
    }
    let cast: Expr = operand(0).cast(dtype.clone());
    Elementwise::plan(vec![plan], cast)
}
