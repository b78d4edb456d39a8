//! Types of expressions: NumPy's promotion for numbers, SQL's for null.
//!
//! A literal number takes the type of the column that it meets, unless it needs more: `col("i32") + 1` stays
//! i32, `col("i32") + 0.5` is f64, `col("f32") > 0.1` compares in f32, `col("i8") + 200` is i16. A string
//! beside a date or a timestamp is read as one. Results are plain: only a bare column can be a dictionary.

use arrow::datatypes::{DataType, Schema};

use super::promote::{is_number, literal_beside, plain_type, promote, promote_exactly};
use super::temporal::temporal_arithmetic;
use super::{BinaryOp, Expr};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The types of a binary operation: what its operands are cast to, and what comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Type of the left operand.
    pub left: DataType,
    /// Type of the right operand.
    pub right: DataType,
    /// Type of the result.
    pub result: DataType,
}

impl Signature {
    pub(super) fn new(left: DataType, right: DataType, result: DataType) -> Self {
        Signature { left, right, result }
    }
}

impl Expr {
    /// Type of the result over columns of `schema`.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] and [`Error::Type`], naming the column or operation.
    pub fn dtype(&self, schema: &Schema) -> Result<DataType> {
        match self {
            Expr::Column(name) => find(schema, name),
            Expr::Literal(value) => Ok(value.dtype()),
            Expr::Binary { op, left, right } => Expr::signature(*op, left, right, schema).map(|types| types.result),
            Expr::Not(input) => match plain_type(&input.dtype(schema)?) {
                DataType::Boolean | DataType::Null => Ok(DataType::Boolean),
                got => Err(self.type_error("a Boolean", &got)),
            },
            Expr::IsNull(input) => input.dtype(schema).map(|_| DataType::Boolean),
            Expr::Cast { input, dtype, .. } => {
                let from = plain_type(&input.dtype(schema)?);
                if arrow::compute::can_cast_types(&from, dtype) {
                    return Ok(dtype.clone());
                }
                Err(self.type_error(&format!("a type that casts to {dtype}"), &from))
            }
            Expr::Case { branches, otherwise } => self.case_dtype(branches, otherwise.as_deref(), schema),
            Expr::IsIn { input, list } => Expr::membership_type(input, list, schema).map(|_| DataType::Boolean),
            Expr::Call { function, args } => {
                let plain = |arg: &Expr| arg.dtype(schema).map(|dtype| plain_type(&dtype));
                let types: Vec<DataType> = args.iter().map(plain).collect::<Result<_>>()?;
                function.dtype(&types).map_err(|error| error.of_op(self))
            }
            Expr::User { function, args } => {
                args.iter().try_for_each(|arg| arg.dtype(schema).map(|_| ()))?;
                Ok(function.dtype().clone())
            }
            Expr::Alias { input, .. } => input.dtype(schema),
            Expr::Agg { func, inputs } => {
                let types: Vec<DataType> = inputs.iter().map(|input| input.dtype(schema)).collect::<Result<_>>()?;
                func.dtype(&types).map_err(|error| error.of_op(self))
            }
        }
    }

    fn type_error(&self, expected: &str, got: &DataType) -> Error {
        Error::Type { op: self.to_string(), expected: expected.to_string(), got: got.to_string() }
    }

    /// Typed values decide the type of a choice; literals then follow it where they fit.
    fn case_dtype(&self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>, schema: &Schema) -> Result<DataType> {
        for (condition, _) in branches {
            let got = plain_type(&condition.dtype(schema)?);
            if !matches!(got, DataType::Boolean | DataType::Null) {
                return Err(self.type_error("Boolean conditions", &got));
            }
        }
        let values = branches.iter().map(|(_, value)| value).chain(otherwise);
        let operands: Vec<Operand> = values.map(|value| value.operand(schema)).collect::<Result<_>>()?;
        let (literals, typed): (Vec<_>, Vec<_>) = operands.iter().partition(|operand| operand.literal.is_some());
        let mut common = DataType::Null;
        for operand in typed.into_iter().chain(literals) {
            common = promote(&common, &operand.beside(&common))
                .ok_or_else(|| self.type_error("branches of types that go together", &operand.dtype))?;
        }
        Ok(common)
    }

    /// The types of a binary operation between two expressions.
    ///
    /// # Errors
    /// [`Error::Type`] when the operation does not take such operands.
    pub fn signature(op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Result<Signature> {
        let (l, r) = (left.operand(schema)?, right.operand(schema)?);
        signature(op, &l, &r).ok_or_else(|| Error::Type {
            op: format!("({left} {op} {right})"),
            expected: "two operands of types that go together (cast one of them)".into(),
            got: format!("{} and {}", l.dtype, r.dtype),
        })
    }

    /// The type in which a value is looked for in a list of literals.
    ///
    /// # Errors
    /// [`Error::Type`] when a literal cannot be compared with the value.
    pub fn membership_type(input: &Expr, list: &[Scalar], schema: &Schema) -> Result<DataType> {
        let plain = plain_type(&input.dtype(schema)?);
        let mut common = plain.clone();
        let mut is_whole = plain.is_integer();
        for value in list {
            let literal = Operand { dtype: value.dtype(), literal: Some(value) }.beside(&plain);
            is_whole &= literal.is_integer();
            common = promote(&common, &literal).ok_or_else(|| Error::Type {
                op: format!("{input} in a list"),
                expected: format!("values of {common}"),
                got: format!("{} ({value})", value.dtype()),
            })?;
        }
        Ok(if is_whole && common.is_floating() { DataType::Decimal128(20, 0) } else { common })
    }

    fn operand(&self, schema: &Schema) -> Result<Operand<'_>> {
        let expr = self.without_alias();
        let literal = if let Expr::Literal(value) = expr { Some(value) } else { None };
        Ok(Operand { dtype: plain_type(&expr.dtype(schema)?), literal })
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

/// An operand's plain type, and its value when it is a literal.
struct Operand<'a> {
    dtype: DataType,
    literal: Option<&'a Scalar>,
}

impl Operand<'_> {
    /// The operand's type beside another type: literals adapt.
    fn beside(&self, other: &DataType) -> DataType {
        match self.literal {
            Some(Scalar::Int(_) | Scalar::UInt(_)) if *other == DataType::Null => self.dtype.clone(),
            Some(value) => literal_beside(value, other),
            None => self.dtype.clone(),
        }
    }
}

fn signature(op: BinaryOp, left: &Operand, right: &Operand) -> Option<Signature> {
    let (l, r) = match (left.literal, right.literal) {
        (Some(_), None) => (left.beside(&right.dtype), right.dtype.clone()),
        (None, Some(_)) => (left.dtype.clone(), right.beside(&left.dtype)),
        _ => (left.dtype.clone(), right.dtype.clone()),
    };
    let all = |dtype: DataType, result: DataType| Signature::new(dtype.clone(), dtype, result);
    if op.is_logical() {
        let common = promote(&l, &r)?;
        return matches!(common, DataType::Boolean | DataType::Null).then(|| all(DataType::Boolean, DataType::Boolean));
    }
    if op.is_comparison() {
        let common = promote_exactly(&l, &r)?;
        return (!common.is_nested()).then(|| all(common, DataType::Boolean));
    }
    if let Some(types) = temporal_arithmetic(op, left.literal, &l, right.literal, &r) {
        return Some(types);
    }
    match promote(&l, &r)? {
        common if op == BinaryOp::Div && common.is_integer() => Some(all(DataType::Float64, DataType::Float64)),
        common if is_number(&common) || common == DataType::Null => Some(all(common.clone(), common)),
        _ => None,
    }
}
