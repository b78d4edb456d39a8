//! Types of expressions: NumPy's promotion for numbers, SQL's for null.
//!
//! A literal number takes the type of the column that it meets, unless it needs more: `col("i32") + 1` stays
//! i32, `col("i32") + 0.5` is f64, `col("f32") > 0.1` compares in f32.

use arrow::datatypes::{DataType, Schema, TimeUnit};

use super::{AggFunc, BinaryOp, Expr};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

impl Expr {
    /// Type of the result over columns of `schema`.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] and [`Error::Type`], naming the column or operation.
    pub fn dtype(&self, schema: &Schema) -> Result<DataType> {
        match self {
            Expr::Column(name) => Ok(find(schema, name)?),
            Expr::Literal(value) => Ok(value.dtype()),
            Expr::Binary { op, left, right } => self.binary_dtype(*op, left, right, schema),
            Expr::Not(input) => {
                let got = input.dtype(schema)?;
                if matches!(got, DataType::Boolean | DataType::Null) {
                    return Ok(DataType::Boolean);
                }
                Err(self.type_error("a Boolean", &got))
            }
            Expr::IsNull(input) => input.dtype(schema).map(|_| DataType::Boolean),
            Expr::Cast { input, dtype, .. } => {
                let from = input.dtype(schema)?;
                if arrow::compute::can_cast_types(&from, dtype) {
                    return Ok(dtype.clone());
                }
                Err(self.type_error(&format!("a type that casts to {dtype}"), &from))
            }
            Expr::Case { branches, otherwise } => self.case_dtype(branches, otherwise.as_deref(), schema),
            Expr::IsIn { input, list } => {
                let dtype = input.dtype(schema)?;
                for value in list.iter() {
                    if common_type(&Operand::Typed(dtype.clone()), &Operand::Literal(value.clone())).is_none() {
                        return Err(self.type_error(&format!("values of {dtype}"), &value.dtype()));
                    }
                }
                Ok(DataType::Boolean)
            }
            Expr::Call { function, args } => {
                let types: Vec<DataType> = args.iter().map(|arg| arg.dtype(schema)).collect::<Result<_>>()?;
                function.dtype(&types).map_err(|error| match error {
                    Error::Type { expected, got, .. } => Error::Type { op: self.to_string(), expected, got },
                    other => other,
                })
            }
            Expr::Alias { input, .. } => input.dtype(schema),
            Expr::Agg { func, input } => match input {
                Some(input) => func.dtype(&input.dtype(schema)?).map_err(|got| {
                    self.type_error("a column of numbers (or, for min, max, first, last, count, any plain type)", &got)
                }),
                None => Ok(DataType::UInt64),
            },
        }
    }

    fn type_error(&self, expected: &str, got: &DataType) -> Error {
        Error::Type { op: self.to_string(), expected: expected.to_string(), got: got.to_string() }
    }

    fn binary_dtype(&self, op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Result<DataType> {
        let (l, r) = (left.operand(schema)?, right.operand(schema)?);
        let mismatch = || Error::Type {
            op: self.to_string(),
            expected: "two operands of types that go together (cast one of them)".into(),
            got: format!("{} and {}", l.dtype(), r.dtype()),
        };
        if op.is_logical() {
            let boolean = |dtype: DataType| matches!(dtype, DataType::Boolean | DataType::Null);
            return if boolean(l.dtype()) && boolean(r.dtype()) { Ok(DataType::Boolean) } else { Err(mismatch()) };
        }
        if op.is_comparison() {
            return common_type(&l, &r).map(|_| DataType::Boolean).ok_or_else(mismatch);
        }
        if let Some(dtype) = temporal_arithmetic(op, &l.dtype(), &r.dtype()) {
            return Ok(dtype);
        }
        let common = common_type(&l, &r).filter(|common| common.is_numeric() || *common == DataType::Null);
        let common = common.ok_or_else(mismatch)?;
        Ok(match op {
            BinaryOp::Div if common.is_integer() => DataType::Float64,
            _ => common,
        })
    }

    fn case_dtype(&self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>, schema: &Schema) -> Result<DataType> {
        let mut result = match otherwise {
            Some(value) => value.operand(schema)?,
            None => Operand::Typed(DataType::Null),
        };
        for (condition, value) in branches {
            let got = condition.dtype(schema)?;
            if !matches!(got, DataType::Boolean | DataType::Null) {
                return Err(self.type_error("Boolean conditions", &got));
            }
            let value = value.operand(schema)?;
            let common = common_type(&result, &value)
                .ok_or_else(|| self.type_error("branches of types that go together", &value.dtype()))?;
            result = Operand::Typed(common);
        }
        Ok(result.dtype())
    }

    /// The type to which both operands of a binary operation are cast before it is evaluated; `None` where they
    /// are taken as they are, as in arithmetic of dates and spans of time.
    pub fn operand_type(op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Result<Option<DataType>> {
        let (l, r) = (left.operand(schema)?, right.operand(schema)?);
        if !op.is_comparison() && temporal_arithmetic(op, &l.dtype(), &r.dtype()).is_some() {
            return Ok(None);
        }
        if op.is_logical() {
            return Ok(Some(DataType::Boolean));
        }
        let common = common_type(&l, &r);
        Ok(match (op, common) {
            (BinaryOp::Div, Some(common)) if common.is_integer() => Some(DataType::Float64),
            (_, common) => common,
        })
    }

    fn operand(&self, schema: &Schema) -> Result<Operand> {
        match self.without_alias() {
            Expr::Literal(value) => Ok(Operand::Literal(value.clone())),
            other => other.dtype(schema).map(Operand::Typed),
        }
    }
}

/// Type of the column of a name.
fn find(schema: &Schema, name: &str) -> Result<DataType> {
    match schema.field_with_name(name) {
        Ok(field) => Ok(field.data_type().clone()),
        Err(_) => Err(Error::ColumnNotFound {
            name: name.to_string(),
            have: schema.fields().iter().map(|field| field.name().clone()).collect(),
        }),
    }
}

enum Operand {
    Typed(DataType),
    Literal(Scalar),
}

impl Operand {
    fn dtype(&self) -> DataType {
        match self {
            Operand::Typed(dtype) => dtype.clone(),
            Operand::Literal(value) => value.dtype(),
        }
    }
}

/// The type that both operands can be said in without loss of meaning.
fn common_type(left: &Operand, right: &Operand) -> Option<DataType> {
    match (left, right) {
        (Operand::Typed(a), Operand::Typed(b)) => promote(a, b),
        (Operand::Typed(dtype), Operand::Literal(value)) | (Operand::Literal(value), Operand::Typed(dtype)) => {
            literal_type(dtype, value)
        }
        (Operand::Literal(a), Operand::Literal(b)) => promote(&a.dtype(), &b.dtype()),
    }
}

/// The type in which a column of `dtype` meets a literal.
fn literal_type(dtype: &DataType, value: &Scalar) -> Option<DataType> {
    let plain = plain_type(dtype);
    match value {
        Scalar::Null => Some(plain),
        Scalar::Int(_) | Scalar::UInt(_) if plain.is_floating() => Some(plain),
        Scalar::Float(_) if plain.is_floating() => Some(plain),
        Scalar::Int(_) | Scalar::UInt(_) if plain.is_integer() => {
            if value.to_array(&plain).is_ok() {
                Some(plain)
            } else {
                promote(&plain, &value.dtype())
            }
        }
        Scalar::Utf8(text) if plain.is_temporal() => Scalar::Utf8(text.clone()).to_array(&plain).ok().map(|_| plain),
        _ => promote(&plain, &value.dtype()),
    }
}

/// The type of a dictionary's values; other types as they are.
fn plain_type(dtype: &DataType) -> DataType {
    match dtype {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        other => other.clone(),
    }
}

/// The type that values of both types can be said in: NumPy's promotion for numbers.
///
/// # Examples
/// ```
/// use blockfold_core::{DType, expr::promote};
/// assert_eq!(promote(&DType::Int8, &DType::UInt8), Some(DType::Int16));
/// assert_eq!(promote(&DType::Int32, &DType::Float32), Some(DType::Float64));
/// assert_eq!(promote(&DType::Int32, &DType::Utf8), None);
/// ```
pub fn promote(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    let (left, right) = (plain_type(left), plain_type(right));
    if left == right {
        return Some(left);
    }
    match (&left, &right) {
        (Null, other) | (other, Null) => Some(other.clone()),
        (Boolean, number) | (number, Boolean) if number.is_numeric() => Some(number.clone()),
        (Date32, Timestamp(unit, zone)) | (Timestamp(unit, zone), Date32) => Some(Timestamp(*unit, zone.clone())),
        (Timestamp(a, x), Timestamp(b, y)) if x.is_some() == y.is_some() => Some(Timestamp(finer(*a, *b), x.clone())),
        (Duration(a), Duration(b)) => Some(Duration(finer(*a, *b))),
        (a, b) if a.is_string() && b.is_string() => {
            Some(if *a == LargeUtf8 || *b == LargeUtf8 { LargeUtf8 } else { Utf8 })
        }
        (a, b) => promote_numbers(a, b),
    }
}

fn promote_numbers(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    let width = |dtype: &DataType| dtype.primitive_width().unwrap_or(0);
    let signed = |bytes: usize| match bytes {
        1 => Int8,
        2 => Int16,
        4 => Int32,
        8 => Int64,
        _ => Float64,
    };
    let is_supported = |dtype: &DataType| dtype.is_integer() || dtype.is_floating();
    if !is_supported(left) || !is_supported(right) {
        return None;
    }
    if left.is_floating() || right.is_floating() {
        let float_bytes = |dtype: &DataType| match dtype {
            dtype if dtype.is_floating() => width(dtype),
            dtype => (2 * width(dtype)).min(8),
        };
        return Some(match float_bytes(left).max(float_bytes(right)) {
            2 => Float16,
            4 => Float32,
            _ => Float64,
        });
    }
    if left.is_signed_integer() == right.is_signed_integer() {
        return Some(if width(left) >= width(right) { left.clone() } else { right.clone() });
    }
    let (s, u) = if left.is_signed_integer() { (left, right) } else { (right, left) };
    Some(if width(s) > width(u) { s.clone() } else { signed(2 * width(u)) })
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    let rank = |unit: TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// Result of arithmetic on points and spans of time, `None` when the operands are not such.
fn temporal_arithmetic(op: BinaryOp, left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    match (op, left, right) {
        (BinaryOp::Sub, Timestamp(a, x), Timestamp(b, y)) if x.is_some() == y.is_some() => {
            Some(Duration(finer(*a, *b)))
        }
        (BinaryOp::Sub, Date32, Date32) => Some(Duration(TimeUnit::Second)),
        (BinaryOp::Add | BinaryOp::Sub, Timestamp(unit, zone), Duration(_)) => Some(Timestamp(*unit, zone.clone())),
        (BinaryOp::Add, Duration(_), Timestamp(unit, zone)) => Some(Timestamp(*unit, zone.clone())),
        (BinaryOp::Add | BinaryOp::Sub, Duration(a), Duration(b)) => Some(Duration(finer(*a, *b))),
        _ => None,
    }
}

impl AggFunc {
    /// Type of the aggregate of a column of `input`; the input's type back when it does not take it.
    pub fn dtype(self, input: &DataType) -> std::result::Result<DataType, DataType> {
        use DataType::*;
        let plain = plain_type(input);
        let is_number = plain.is_integer() || plain.is_floating() || plain == Boolean;
        let is_plain = is_number || plain.is_string() || matches!(plain, Date32 | Timestamp(..) | Duration(_) | Null);
        match self {
            AggFunc::Len | AggFunc::Count => Ok(UInt64),
            AggFunc::NUnique if is_plain => Ok(UInt64),
            AggFunc::Min | AggFunc::Max | AggFunc::First | AggFunc::Last if is_plain => Ok(plain),
            AggFunc::Sum if plain.is_signed_integer() || plain == Boolean => Ok(Int64),
            AggFunc::Sum if plain.is_unsigned_integer() => Ok(UInt64),
            AggFunc::Sum if plain.is_floating() => Ok(Float64),
            AggFunc::Sum if matches!(plain, Duration(_)) => Ok(plain),
            AggFunc::Mean | AggFunc::Std { .. } | AggFunc::Var { .. } if is_number => Ok(Float64),
            _ => Err(input.clone()),
        }
    }
}
