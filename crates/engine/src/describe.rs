//! Statistics of each column, one row a statistic.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::util::display::array_value_to_string;
use blockfold_core::expr::plain_type;
use blockfold_core::{AggFunc, DType, Error, Expr, Field, Interpolation, RecordBatch, Result, Schema, SchemaRef, col};
use blockfold_kernels::join::JoinKind;
use blockfold_ops::frame::{Aggregate, Join, JoinArgs, MapPartitions};
use blockfold_plan::Plan;

use crate::frame::LazyFrame;

/// The column of the statistics' names.
const STATISTIC: &str = "statistic";

/// The statistics, in the order of their rows.
fn statistics() -> [(&'static str, AggFunc); 9] {
    let quantile = |q: f64| AggFunc::Quantile { q: q.into(), interpolation: Interpolation::Linear };
    [
        ("count", AggFunc::Count),
        ("null_count", AggFunc::NullCount),
        ("mean", AggFunc::Mean),
        ("std", AggFunc::Std { ddof: 1 }),
        ("min", AggFunc::Min),
        ("25%", quantile(0.25)),
        ("50%", quantile(0.5)),
        ("75%", quantile(0.75)),
        ("max", AggFunc::Max),
    ]
}

impl LazyFrame {
    /// Statistics of each column, one row for each: `count`, `null_count`, `mean`, `std`, `min`, `25%`, `50%`, `75%` and
    /// `max`, named by a column `statistic`. Columns of numbers and Booleans give f64, others text; null where a type has
    /// no such statistic.
    ///
    /// # Nulls
    /// Left out of all statistics but `null_count`.
    ///
    /// # Memory
    /// The frame is read once for all statistics but the quantiles, which hold nothing, and once for the quantiles, as
    /// [`Expr::quantile`].
    ///
    /// # Errors
    /// A frame without columns, or with one that is called `statistic`.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn show(frame: LazyFrame) -> Result<()> {
    /// println!("{}", frame.describe().collect()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe(&self) -> LazyFrame {
        self.then(describe)
    }
}

/// An aggregate's name: the number of its column, and the statistic.
fn name(column: usize, statistic: &str) -> String {
    format!("{column} {statistic}")
}

fn describe(plan: Plan) -> Result<Plan> {
    let schema = plan.schema().clone();
    if schema.fields().is_empty() || schema.column_with_name(STATISTIC).is_some() {
        let what = format!("needs columns, none of them called '{STATISTIC}'; rename it or select others");
        return Err(Error::argument("describe", what));
    }
    let (mut once, mut quantiles): (Vec<Expr>, Vec<Expr>) = (Vec::new(), Vec::new());
    for (at, field) in schema.fields().iter().enumerate() {
        for (statistic, func) in statistics() {
            if func.dtype(std::slice::from_ref(field.data_type())).is_ok() {
                let kind = if matches!(func, AggFunc::Quantile { .. }) { &mut quantiles } else { &mut once };
                kind.push(col(field.name()).aggregate(func).alias(name(at, statistic)));
            }
        }
    }
    let mut row = Aggregate::plan(plan.clone(), Vec::new(), once)?;
    if !quantiles.is_empty() {
        let quantiles = Aggregate::plan(plan, Vec::new(), quantiles)?;
        row = Join::plan(row, quantiles, JoinArgs::on(JoinKind::Cross, Vec::<Expr>::new()))?;
    }
    let result = result_schema(&schema);
    MapPartitions::plan(row, Arc::new(move |row| by_statistic(&row, &result)))
}

/// A column for the names, and one for the statistics of each column.
fn result_schema(schema: &Schema) -> SchemaRef {
    let described = |field: &Arc<Field>| {
        let plain = plain_type(field.data_type());
        let is_number = plain.is_integer() || plain.is_floating() || plain == DType::Boolean;
        Field::new(field.name(), if is_number { DType::Float64 } else { DType::Utf8 }, true)
    };
    let columns = schema.fields().iter().map(described);
    Arc::new(Schema::new([Field::new(STATISTIC, DType::Utf8, false)].into_iter().chain(columns).collect::<Vec<_>>()))
}

/// The one row of aggregates as a row for each statistic.
fn by_statistic(row: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if row.num_rows() == 0 {
        return Ok(RecordBatch::new_empty(schema.clone()));
    }
    let names = statistics().map(|(statistic, _)| statistic);
    let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(names.to_vec()))];
    for (at, field) in schema.fields().iter().skip(1).enumerate() {
        let values = names.iter().map(|statistic| row.column_by_name(&name(at, statistic)));
        columns.push(if *field.data_type() == DType::Float64 {
            Arc::new(values.map(|value| value.map_or(Ok(None), number)).collect::<Result<Float64Array>>()?)
        } else {
            Arc::new(values.map(|value| value.map_or(Ok(None), text)).collect::<Result<StringArray>>()?)
        });
    }
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn number(value: &ArrayRef) -> Result<Option<f64>> {
    let value = cast(value, &DType::Float64)?;
    Ok(value.as_any().downcast_ref::<Float64Array>().filter(|value| value.is_valid(0)).map(|value| value.value(0)))
}

fn text(value: &ArrayRef) -> Result<Option<String>> {
    if value.is_null(0) { Ok(None) } else { Ok(Some(array_value_to_string(value, 0)?)) }
}
