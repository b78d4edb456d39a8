//! `product`.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{ArrowPrimitiveType, Decimal128Type, Float64Type};
use blockfold_core::{DType, Error, Result};

use super::{Accumulator, Batch, States, required};
use crate::group::pairs::for_each_run;

/// What products are kept in.
pub(super) trait Factor: Copy + Default + Send + 'static {
    const ONE: Self;
    const STATE: DType;
    fn times(self, other: Self) -> Self;
    fn array(values: Vec<Self>) -> ArrayRef;
    fn of_state(states: &States<'_>) -> Result<Vec<Self>>;
}

impl Factor for f64 {
    const ONE: Self = 1.0;
    const STATE: DType = DType::Float64;

    #[inline]
    fn times(self, other: Self) -> Self {
        self * other
    }

    fn array(values: Vec<Self>) -> ArrayRef {
        Arc::new(Float64Array::from(values))
    }

    fn of_state(states: &States<'_>) -> Result<Vec<Self>> {
        Ok(states.column::<Float64Type>(0)?.values().to_vec())
    }
}

/// A product of integers: exact as long as it may fit 64 bits in the end. Beyond, only a zero brings it back.
#[derive(Clone, Copy, Default)]
pub(super) struct Exact(i128);

/// What stands for all products that are too long. No product of 64-bit factors is this prime.
const BEYOND: Exact = Exact(i128::MAX);

impl<N: Into<i128>> From<N> for Exact {
    fn from(value: N) -> Self {
        Exact(value.into())
    }
}

impl Factor for Exact {
    const ONE: Self = Exact(1);
    const STATE: DType = DType::Decimal128(38, 0);

    #[inline]
    fn times(self, other: Self) -> Self {
        match (self.0, other.0) {
            (0, _) | (_, 0) => Exact(0),
            (a, b) if a == BEYOND.0 || b == BEYOND.0 => BEYOND,
            (a, b) => a.checked_mul(b).map_or(BEYOND, Exact),
        }
    }

    fn array(values: Vec<Self>) -> ArrayRef {
        let values = values.into_iter().map(|value| value.0);
        Arc::new(Decimal128Array::from_iter_values(values).with_data_type(Self::STATE))
    }

    fn of_state(states: &States<'_>) -> Result<Vec<Self>> {
        Ok(states.column::<Decimal128Type>(0)?.values().iter().copied().map(Exact).collect())
    }
}

/// Product of each group.
pub(super) struct Product<T, F> {
    label: String,
    dtype: DType,
    products: Vec<F>,
    values: PhantomData<fn() -> T>,
}

impl<T, F: Factor> Product<T, F> {
    pub(super) fn new(label: String, dtype: DType) -> Self {
        Product { label, dtype, products: Vec::new(), values: PhantomData }
    }

    fn multiply(&mut self, group: u32, factor: F) {
        if let Some(product) = self.products.get_mut(group as usize) {
            *product = product.times(factor);
        }
    }
}

impl<T: ArrowPrimitiveType, F: Factor> Accumulator for Product<T, F>
where
    T::Native: Into<F>,
{
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()> {
        self.products.resize(batch.groups, F::ONE);
        for_each_run::<T>(required(inputs)?, batch.rows, |rows, values| {
            rows.iter().zip(values).for_each(|(group, value)| self.multiply(*group, (*value).into()));
        })
    }

    fn state_types(&self) -> Vec<DType> {
        vec![F::STATE]
    }

    fn state(mut self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>> {
        self.products.resize(groups, F::ONE);
        Ok(vec![F::array(self.products)])
    }

    fn absorb(&mut self, states: &States<'_>) -> Result<()> {
        self.products.resize(states.groups, F::ONE);
        let factors = F::of_state(states)?;
        states.rows.iter().zip(factors).for_each(|(group, factor)| self.multiply(*group, factor));
        Ok(())
    }

    fn bytes(&self) -> u64 {
        (self.products.capacity() * size_of::<F>()) as u64
    }

    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef> {
        let product = |group: &u32| self.products.get(*group as usize).copied().unwrap_or(F::ONE);
        let products = F::array(order.iter().map(product).collect());
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(&products, &self.dtype, &strict)
            .map_err(|_| Error::Overflow { op: self.label, dtype: self.dtype.to_string() })
    }
}
