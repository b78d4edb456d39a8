//! Maps over two columns of numbers, with single values standing for every row.

use arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray};

/// The function of each pair of values, an array of one element standing for every row; null where either is
/// null or the function gives none.
pub(crate) fn try_binary<A: ArrowPrimitiveType, B: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    left: &PrimitiveArray<A>,
    right: &PrimitiveArray<B>,
    rows: usize,
    f: impl Fn(A::Native, B::Native) -> Option<O::Native>,
) -> PrimitiveArray<O> {
    if right.len() == 1 && left.len() == rows {
        if right.is_null(0) {
            return PrimitiveArray::new_null(rows);
        }
        let constant = right.value(0);
        return left.unary_opt(|value| f(value, constant));
    }
    if left.len() == 1 && right.len() == rows {
        if left.is_null(0) {
            return PrimitiveArray::new_null(rows);
        }
        let constant = left.value(0);
        return right.unary_opt(|value| f(constant, value));
    }
    let pairs = left.iter().zip(right.iter());
    pairs.map(|(a, b)| a.zip(b).and_then(|(a, b)| f(a, b))).collect()
}

/// Division's remainder with the divisor's sign.
pub(crate) trait Remainder: Sized {
    /// The remainder; none for an integer by zero.
    fn remainder(self, divisor: Self) -> Option<Self>;
}

macro_rules! remainder_of_integers {
    ($($signed:ty)*, $($unsigned:ty)*) => {
        $(impl Remainder for $signed {
            fn remainder(self, divisor: Self) -> Option<Self> {
                if divisor == 0 {
                    return None;
                }
                let rest = self.wrapping_rem(divisor);
                Some(if rest != 0 && (rest < 0) != (divisor < 0) { rest + divisor } else { rest })
            }
        })*
        $(impl Remainder for $unsigned {
            fn remainder(self, divisor: Self) -> Option<Self> {
                self.checked_rem(divisor)
            }
        })*
    };
}
remainder_of_integers!(i8 i16 i32 i64, u8 u16 u32 u64);

macro_rules! remainder_of_floats {
    ($($float:ty)*) => {
        $(impl Remainder for $float {
            fn remainder(self, divisor: Self) -> Option<Self> {
                let rest = self % divisor;
                Some(if rest == 0.0 {
                    <$float>::copysign(0.0, divisor)
                } else if (rest < 0.0) != (divisor < 0.0) {
                    rest + divisor
                } else {
                    rest
                })
            }
        })*
    };
}
remainder_of_floats!(f32 f64);
