//! Operations on elements at the same place.

use std::ops;

use blockfold_core::tensor::complex_part;
use blockfold_core::{BinaryOp, DType, Expr, IntoLiteral, lit, when};
use blockfold_dense::complex::ComplexFn;
use blockfold_kernels::functions::{self, ExprFunctions};
use blockfold_ops::array::Elementwise;

use super::Array;

/// An operand of an operation: an array, or one number.
#[derive(Clone, Debug)]
pub enum Operand {
    /// An array.
    Array(Array),
    /// One value.
    Value(Expr),
}

impl From<&Array> for Operand {
    fn from(array: &Array) -> Self {
        Operand::Array(array.clone())
    }
}

impl From<Array> for Operand {
    fn from(array: Array) -> Self {
        Operand::Array(array)
    }
}

macro_rules! values {
    ($($type:ty),*) => {
        $(impl From<$type> for Operand {
            fn from(value: $type) -> Self {
                Operand::Value(value.into_literal())
            }
        })*
    };
}
values!(f64, f32, i64, i32, u64, u32, bool);

/// An expression over arrays in the making.
struct Build {
    arrays: Vec<Array>,
}

impl Build {
    /// The operand in an expression; an array that is there already stays one input.
    fn operand(&mut self, operand: Operand) -> Expr {
        let array = match operand {
            Operand::Value(value) => return value,
            Operand::Array(array) => array,
        };
        let same = |known: &Array| match (known.plan(), array.plan()) {
            (Ok(a), Ok(b)) => a.token() == b.token(),
            _ => false,
        };
        let at = self.arrays.iter().position(same).unwrap_or_else(|| {
            self.arrays.push(array.clone());
            self.arrays.len() - 1
        });
        blockfold_ops::array::operand(at)
    }

    fn array(self, expr: Expr) -> Array {
        let session = self.arrays.first().map(|array| array.session.clone());
        if let (Some(one), Some(session)) = (self.arrays.iter().find(|array| array.is_complex()), &session) {
            return Array::new(session, Err(one.needs_real("this function")));
        }
        let plans = self.arrays.iter().map(Array::plan).collect::<blockfold_core::Result<Vec<_>>>();
        match session {
            Some(session) => Array::new(&session, plans.and_then(|plans| Elementwise::plan(plans, expr))),
            None => unreachable!("an operation has at least one array"),
        }
    }
}

impl Array {
    /// An expression over this array and other operands.
    fn with<const N: usize>(&self, others: [Operand; N], f: impl FnOnce(Expr, [Expr; N]) -> Expr) -> Array {
        let mut build = Build { arrays: Vec::new() };
        let own = build.operand(self.into());
        let others = others.map(|other| build.operand(other));
        let expr = f(own, others);
        build.array(expr)
    }

    fn map(&self, f: impl FnOnce(Expr) -> Expr) -> Array {
        self.with([], |own, []| f(own))
    }

    fn binary(&self, op: BinaryOp, other: impl Into<Operand>) -> Array {
        let other = other.into();
        if self.is_complex() || matches!(&other, Operand::Array(other) if other.is_complex()) {
            return self.complex_binary(op, other);
        }
        let is_bool = |array: &Array| array.dtype().is_ok_and(|dtype| dtype == DType::Boolean);
        if is_bool(self) && matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Rem) {
            match &other {
                // Sums of Booleans are true where one is, products where both are.
                Operand::Array(other) if is_bool(other) && op == BinaryOp::Add => return self | other,
                Operand::Array(other) if is_bool(other) && op == BinaryOp::Mul => return self & other,
                Operand::Value(Expr::Literal(value)) if value.integer().is_some() => {
                    return self.astype(&DType::Int64).binary(op, other);
                }
                _ => {}
            }
        }
        self.with([other], |left, [right]| Expr::Binary { op, left: Box::new(left), right: Box::new(right) })
    }

    /// Whether a NaN can be among the elements of either.
    fn has_nan(&self, other: &Operand) -> bool {
        let is_float = |dtype: DType| dtype.is_floating();
        let other = match other {
            Operand::Array(array) => array.dtype().is_ok_and(is_float),
            Operand::Value(value) => matches!(value, Expr::Literal(blockfold_core::Scalar::Float(_))),
        };
        other || self.dtype().is_ok_and(is_float)
    }

    /// A comparison in which NaN equals nothing and is neither less nor greater, as in IEEE 754.
    fn compared(&self, op: BinaryOp, other: impl Into<Operand>) -> Array {
        let other = other.into();
        if self.is_complex() || matches!(&other, Operand::Array(other) if other.is_complex()) {
            return self.complex_binary(op, other);
        }
        let has_nan = self.has_nan(&other);
        self.with([other], |left, [right]| {
            let (a, b) = (left.clone(), right.clone());
            let plain = Expr::Binary { op, left: Box::new(left), right: Box::new(right) };
            let float = |expr: Expr| expr.cast(DType::Float64).is_nan();
            match op {
                _ if !has_nan => plain,
                BinaryOp::NotEq => plain.or(float(a)),
                // Among expressions NaN is the greatest number and equals itself.
                BinaryOp::Lt | BinaryOp::LtEq => plain.and(!float(b)),
                _ => plain.and(!float(a)),
            }
        })
    }

    /// The power of the elements.
    pub fn pow(&self, exponent: impl Into<Operand>) -> Array {
        let exponent = exponent.into();
        let is_square = matches!(&exponent, Operand::Value(Expr::Literal(value)) if value.integer() == Some(2) || *value == blockfold_core::Scalar::Float(2.0));
        if is_square {
            return self.binary(BinaryOp::Mul, self);
        }
        self.with([exponent], |own, [exponent]| own.pow(exponent))
    }

    /// The elements divided, rounded towards minus infinity.
    pub fn floor_divide(&self, divisor: impl Into<Operand>) -> Array {
        let divisor = divisor.into();
        // Booleans count as whole numbers of the narrowest type.
        if self.dtype().is_ok_and(|dtype| dtype == DType::Boolean) {
            return self.astype(&DType::Int8).floor_divide(divisor);
        }
        let divisor = match divisor {
            Operand::Array(array) if array.dtype().is_ok_and(|dtype| dtype == DType::Boolean) => {
                Operand::Array(array.astype(&DType::Int8))
            }
            Operand::Value(Expr::Literal(blockfold_core::Scalar::Bool(flag))) => Operand::from(i64::from(flag)),
            other => other,
        };
        let is_whole = |dtype: DType| dtype.is_integer();
        let whole = self.dtype().is_ok_and(is_whole)
            && match &divisor {
                Operand::Array(array) => array.dtype().is_ok_and(is_whole),
                Operand::Value(value) => matches!(value, Expr::Literal(value) if value.integer().is_some()),
            };
        if !whole {
            // By an infinite number of the other sign it is -1, and an infinite number has no quotient, as in NumPy.
            return self.with([divisor], |a, [b]| {
                let (of_a, of_b) = (a.clone().cast(DType::Float64), b.clone().cast(DType::Float64));
                let is_below = (!of_b.clone().is_finite()).and((of_a.clone() * of_b).lt(0.0));
                when(!of_a.is_finite())
                    .then(lit(f64::NAN))
                    .otherwise(when(is_below).then(lit(-1.0)).otherwise((a / b).floor()))
            });
        }
        // Exact below 2^53: what is left after the remainder divides without a rest.
        let divided = self.with([divisor.clone()], |own, [divisor]| (own.clone() - own % divisor.clone()) / divisor);
        let dtype = (self + divisor).dtype();
        // A whole number divided by 0 is 0, as in NumPy.
        let divided = divided.isfinite().r#where(&divided, 0.0);
        divided.then(|_| dtype.and_then(|dtype| divided.astype(&dtype).plan()))
    }

    /// A number to the power of the elements.
    pub fn rpow(&self, base: impl Into<Operand>) -> Array {
        self.with([base.into()], |own, [base]| base.pow(own))
    }

    /// The angle of the points `(x, self)`.
    pub fn arctan2(&self, x: impl Into<Operand>) -> Array {
        let x = x.into();
        let is_narrow = |dtype: DType| dtype == DType::Float32;
        let narrow = self.dtype().is_ok_and(is_narrow)
            && match &x {
                Operand::Array(array) => array.dtype().is_ok_and(is_narrow),
                Operand::Value(_) => true,
            };
        self.with([x], |own, [x]| if narrow { own.arctan2(x).cast(DType::Float32) } else { own.arctan2(x) })
    }

    /// The elements limited to bounds.
    pub fn clip(&self, min: impl Into<Operand>, max: impl Into<Operand>) -> Array {
        self.with([min.into(), max.into()], |own, [min, max]| own.clip(min, max))
    }

    /// The elements of `yes` where this array is true, those of `no` elsewhere.
    pub fn r#where(&self, yes: impl Into<Operand>, no: impl Into<Operand>) -> Array {
        let (yes, no) = (yes.into(), no.into());
        let is_complex = |operand: &Operand| matches!(operand, Operand::Array(array) if array.is_complex());
        if is_complex(&yes) || is_complex(&no) {
            return self.complex_where(yes, no);
        }
        self.with([yes, no], |own, [yes, no]| when(own).then(yes).otherwise(no))
    }

    /// The less of two elements at each place; NaN where either is.
    pub fn minimum(&self, other: impl Into<Operand>) -> Array {
        let other = other.into();
        let has_nan = self.has_nan(&other);
        self.with([other], |a, [b]| {
            let less = a.clone().lt_eq(b.clone());
            // NaN is the greatest among expressions: where either is, it has to win.
            let wins = if has_nan {
                a.clone().cast(DType::Float64).is_nan().or(less.and(!b.clone().cast(DType::Float64).is_nan()))
            } else {
                less
            };
            when(wins).then(a).otherwise(b)
        })
    }

    /// The greater of two elements at each place; NaN where either is.
    pub fn maximum(&self, other: impl Into<Operand>) -> Array {
        self.with([other.into()], |a, [b]| when(a.clone().gt_eq(b.clone())).then(a).otherwise(b))
    }

    /// The elements as another type; floats lose their fractions where they become whole numbers.
    ///
    /// # Errors
    /// Complex numbers as real ones: take their real parts, imaginary parts or absolute values.
    pub fn astype(&self, dtype: &DType) -> Array {
        if self.dtype().is_ok_and(|own| own == *dtype) {
            return self.clone();
        }
        if complex_part(dtype).is_some() {
            return self.to_complex(dtype);
        }
        let dtype = dtype.clone();
        self.map(|own| own.cast_strict(dtype))
    }

    /// 1 divided by the elements.
    pub fn reciprocal(&self) -> Array {
        if self.is_complex() {
            return Operand::from(1.0) / self;
        }
        self.map(|own| 1.0.into_literal() / own)
    }

    /// The squares of the elements.
    pub fn square(&self) -> Array {
        self.binary(BinaryOp::Mul, self)
    }

    /// The elements' opposite; of Booleans.
    pub fn logical_not(&self) -> Array {
        self.map(|own| !own.cast(DType::Boolean))
    }

    /// The elements' bits inverted: of Booleans their opposite.
    pub fn invert(&self) -> Array {
        match self.dtype() {
            Ok(DType::UInt8) => Operand::from(i64::from(u8::MAX)) - self,
            Ok(DType::UInt16) => Operand::from(i64::from(u16::MAX)) - self,
            Ok(DType::UInt32) => Operand::from(i64::from(u32::MAX)) - self,
            Ok(DType::UInt64) => Operand::from(u64::MAX) - self,
            Ok(dtype) if dtype.is_signed_integer() => Operand::from(-1i64) - self,
            Ok(DType::Boolean) | Err(_) => self.logical_not(),
            Ok(dtype) => {
                let expected = "Booleans and whole numbers".to_string();
                let error = blockfold_core::Error::Type { op: "invert".into(), expected, got: dtype.to_string() };
                Array::new(&self.session, Err(error))
            }
        }
    }

    /// Whether an element is infinite.
    pub fn isinf(&self) -> Array {
        if self.is_complex() {
            return self.real().isinf() | self.imag().isinf();
        }
        self.map(|own| {
            let own = own.cast(DType::Float64);
            (!own.clone().is_finite()).and(!own.is_nan())
        })
    }

    /// Whether elements are about equal: `|a - b| <= atol + rtol * |b|`.
    pub fn isclose(&self, other: impl Into<Operand>, rtol: f64, atol: f64) -> Array {
        self.with([other.into()], |a, [b]| {
            let is_equal = a.clone().eq(b.clone()).and(!a.clone().cast(DType::Float64).is_nan());
            let bound = b.clone().abs() * rtol + atol;
            let near = (a.clone() - b.clone())
                .abs()
                .lt_eq(bound)
                .and(a.cast(DType::Float64).is_finite())
                .and(b.cast(DType::Float64).is_finite());
            is_equal.or(near)
        })
    }

    /// Whether there is a scalar function of one number of a name, for [`Array::apply`].
    pub fn has_function(name: &str) -> bool {
        functions::find(name).is_some_and(|function| function.dtype(&[DType::Float64]).is_ok())
    }

    /// A scalar function of the registry, by its name: `x.apply("sqrt")`.
    ///
    /// # Errors
    /// A name that is not there, when the array is computed.
    pub fn apply(&self, function: &str) -> Array {
        if self.is_complex() && Array::has_function(function) {
            return Array::new(&self.session, Err(self.needs_real(function)));
        }
        match functions::find(function) {
            Some(found) => self.map(|own| Expr::call(found, vec![own])),
            None => {
                let names: Vec<&str> = functions::FUNCTIONS.iter().map(|function| function.name()).collect();
                let what = format!("no function of this name; there are {}", names.join(", "));
                Array::new(&self.session, Err(blockfold_core::Error::argument(function, what)))
            }
        }
    }
}

/// The functions that complex numbers have, too.
fn complex_function(name: &str) -> Option<ComplexFn> {
    Some(match name {
        "abs" => ComplexFn::Abs,
        "exp" => ComplexFn::Exp,
        "log" => ComplexFn::Log,
        "sqrt" => ComplexFn::Sqrt,
        _ => return None,
    })
}

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident $method:ident),* $(,)?) => {
        impl Array {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> Array {
                    if let (Some(function), true) = (complex_function(stringify!($name)), self.is_complex()) {
                        return self.of_complex(function);
                    }
                    if self.is_complex() {
                        return match stringify!($name) {
                            "isnan" => self.real().isnan() | self.imag().isnan(),
                            "isfinite" => self.real().isfinite() & self.imag().isfinite(),
                            name => Array::new(&self.session, Err(self.needs_real(name))),
                        };
                    }
                    self.map(ExprFunctions::$method)
                }
            )*
        }
    };
}
unary! {
    /// The absolute values.
    abs abs,
    /// -1, 0 or 1 by the sign.
    sign sign,
    /// The square roots.
    sqrt sqrt,
    /// The cube roots.
    cbrt cbrt,
    /// e to the power of the elements.
    exp exp,
    /// e to the power of the elements, less 1.
    expm1 expm1,
    /// The natural logarithms.
    log log,
    /// The logarithms to base 2.
    log2 log2,
    /// The logarithms to base 10.
    log10 log10,
    /// The natural logarithms of 1 plus the elements.
    log1p log1p,
    /// The sines.
    sin sin,
    /// The cosines.
    cos cos,
    /// The tangents.
    tan tan,
    /// The angles of sines.
    arcsin arcsin,
    /// The angles of cosines.
    arccos arccos,
    /// The angles of tangents.
    arctan arctan,
    /// The hyperbolic sines.
    sinh sinh,
    /// The hyperbolic cosines.
    cosh cosh,
    /// The hyperbolic tangents.
    tanh tanh,
    /// Degrees as radians.
    radians radians,
    /// Radians as degrees.
    degrees degrees,
    /// The greatest whole numbers that are not greater.
    floor floor,
    /// The least whole numbers that are not less.
    ceil ceil,
    /// The whole parts.
    trunc trunc,
    /// Whether an element is NaN.
    isnan is_nan,
    /// Whether an element is neither NaN nor infinite.
    isfinite is_finite,
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $op:ident),* $(,)?) => {
        impl Array {
            $(
                $(#[$doc])*
                pub fn $name(&self, other: impl Into<Operand>) -> Array {
                    self.compared(BinaryOp::$op, other)
                }
            )*
        }
    };
}
comparisons! {
    /// Whether elements are equal.
    equal Eq,
    /// Whether elements differ.
    not_equal NotEq,
    /// Whether elements are less.
    less Lt,
    /// Whether elements are less or equal.
    less_equal LtEq,
    /// Whether elements are greater.
    greater Gt,
    /// Whether elements are greater or equal.
    greater_equal GtEq,
}

macro_rules! operators {
    (@numbers $trait:ident $method:ident $($number:ty)*) => {
        $(
            impl ops::$trait<&Array> for $number {
                type Output = Array;

                fn $method(self, other: &Array) -> Array {
                    ops::$trait::$method(Operand::from(self), other)
                }
            }

            impl ops::$trait<Array> for $number {
                type Output = Array;

                fn $method(self, other: Array) -> Array {
                    ops::$trait::$method(Operand::from(self), &other)
                }
            }
        )*
    };
    ($($trait:ident $method:ident $op:ident),*) => {
        $(
            impl<T: Into<Operand>> ops::$trait<T> for &Array {
                type Output = Array;

                fn $method(self, other: T) -> Array {
                    self.binary(BinaryOp::$op, other)
                }
            }

            impl<T: Into<Operand>> ops::$trait<T> for Array {
                type Output = Array;

                fn $method(self, other: T) -> Array {
                    self.binary(BinaryOp::$op, other)
                }
            }

            impl ops::$trait<&Array> for Operand {
                type Output = Array;

                fn $method(self, other: &Array) -> Array {
                    if other.is_complex() {
                        return other.complex_operand(self).binary(BinaryOp::$op, other);
                    }
                    other.with([self], |right, [left]| {
                        Expr::Binary { op: BinaryOp::$op, left: Box::new(left), right: Box::new(right) }
                    })
                }
            }

            operators!(@numbers $trait $method f64 i64);
        )*
    };
}
operators!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div, Rem rem Rem, BitAnd bitand And, BitOr bitor Or);

impl ops::Neg for &Array {
    type Output = Array;

    /// A number without a sign wraps.
    fn neg(self) -> Array {
        match self.dtype() {
            Ok(dtype) if dtype.is_unsigned_integer() => Operand::from(0i64) - self,
            _ if self.is_complex() => self.of_complex(ComplexFn::Negative),
            _ => self.map(|own| -own),
        }
    }
}

impl ops::Neg for Array {
    type Output = Array;

    fn neg(self) -> Array {
        -&self
    }
}
