//! `select`: columns computed from columns of the same row. `with_columns`, `drop` and `rename` are spellings of it.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use blockfold_core::{Block, Columns, Divisions, Error, Expr, Field, Form, Result, Scalar, Schema, SchemaRef};
use blockfold_kernels::evaluate;
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

use super::list;

/// Columns computed from columns of the same row.
#[derive(Debug)]
pub struct Select {
    input: [Plan; 1],
    exprs: Vec<Expr>,
}

impl Select {
    /// A plan of these columns.
    ///
    /// # Errors
    /// Missing columns, types that do not fit, two columns of one name, aggregates.
    pub fn plan(input: Plan, exprs: Vec<Expr>) -> Result<Plan> {
        Plan::new(Select { input: [input], exprs })
    }

    fn defined(&self, name: &str) -> Option<&Expr> {
        self.exprs.iter().find(|expr| expr.output_name().as_ref() == name)
    }

    fn schema(&self) -> Result<SchemaRef> {
        let input = self.input[0].schema();
        let mut fields: Vec<Field> = Vec::with_capacity(self.exprs.len());
        for expr in &self.exprs {
            if !expr.is_row_wise() {
                let what = format!("{expr} aggregates; use agg, or group_by(..).agg(..)");
                return Err(Error::argument("select", what));
            }
            let name = expr.output_name();
            if fields.iter().any(|field| field.name() == name.as_ref()) {
                let what = format!("two columns would be called '{name}'; give one of them an alias");
                return Err(Error::argument("select", what));
            }
            fields.push(match expr {
                Expr::Column(name) => input.field_with_name(name).map_err(|_| missing(name, input))?.clone(),
                other => Field::new(name.as_ref(), other.dtype(input)?, true),
            });
        }
        Ok(Arc::new(Schema::new(fields)))
    }
}

fn missing(name: &str, schema: &Schema) -> Error {
    Error::ColumnNotFound { name: name.to_string(), have: super::names(schema) }
}

impl Op for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn detail(&self) -> String {
        list(&self.exprs)
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Select::plan(inputs.remove(0), self.exprs.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let grid = self.input[0].meta().grid.clone();
        let kept = |column: &str| matches!(self.defined(column), Some(Expr::Column(name)) if name.as_ref() == column);
        let divisions = grid.divisions().filter(|divisions| kept(&divisions.column)).cloned();
        Ok(Meta { schema: self.schema()?, grid: grid.with_divisions(divisions) })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        let mut needed = Columns::none();
        for expr in self.exprs.iter() {
            let Some(form) = wanted.form(&expr.output_name()) else { continue };
            needed = needed.union(match (expr.without_alias(), form) {
                (Expr::Column(name), Form::Codes) => Columns::codes([name.to_string()]),
                (other, _) => Columns::values(other.columns()),
            });
        }
        needed
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        let kept: Vec<Expr> = self.exprs.iter().filter(|expr| wanted.contains(&expr.output_name())).cloned().collect();
        if kept.len() == self.exprs.len() {
            return Ok(None);
        }
        Select::plan(self.input[0].clone(), kept).map(Some)
    }

    fn map_exprs(&self, f: &mut dyn FnMut(&Expr, &Schema) -> Expr) -> Result<Option<Plan>> {
        let schema = self.input[0].schema();
        let renamed = |expr: &Expr, new: Expr| {
            let name = expr.output_name();
            if new.output_name() == name { new } else { new.alias(name) }
        };
        let exprs = self.exprs.iter().map(|expr| renamed(expr, f(expr, schema))).collect();
        Select::plan(self.input[0].clone(), exprs).map(Some)
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        let below = predicate.substitute(&|name| self.defined(name).map(|expr| expr.without_alias().clone()));
        // A function of the user may be slow, or give another value each time: it is called once for a row.
        (!below.calls_user()).then_some(below)
    }

    fn is_row_by_row(&self) -> bool {
        true
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        match self.defined(column)?.without_alias() {
            Expr::Column(name) => self.input[0].op().column_range(name),
            _ => None,
        }
    }

    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        match self.defined(column)?.without_alias() {
            Expr::Column(name) => {
                let known = self.input[0].op().divisions_on(name)?;
                Some(Divisions { column: column.to_string(), ..known })
            }
            _ => None,
        }
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = Project { exprs: self.exprs.clone(), schema: meta.schema.clone() };
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, meta.grid))
    }
}

#[derive(Debug)]
struct Project {
    exprs: Vec<Expr>,
    schema: SchemaRef,
}

impl Kernel for Project {
    fn name(&self) -> &'static str {
        "select"
    }

    fn detail(&self) -> String {
        list(&self.exprs)
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        let [input] = inputs else { return Err(Error::internal("select takes one input")) };
        let batch = input.frame()?;
        let mut columns = Vec::with_capacity(self.exprs.len());
        let mut fields = Vec::with_capacity(self.exprs.len());
        for (expr, field) in self.exprs.iter().zip(self.schema.fields()) {
            let column = evaluate::evaluate(expr, batch)?;
            // A column taken as codes keeps its dictionary.
            let field = if column.data_type() == field.data_type() {
                field.clone()
            } else {
                Arc::new(field.as_ref().clone().with_data_type(column.data_type().clone()))
            };
            fields.push(field);
            columns.push(column);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?.into())
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        self.output(inputs).bytes.saturating_mul(2)
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let rows = inputs.first().map_or(0, |input| input.rows);
        let input_bytes = inputs.first().map_or(0, |input| input.bytes);
        // Fixed-width results are known; text is as long as what it is made from, by the usual functions.
        let widths = self.schema.fields().iter().map(|field| field.data_type().primitive_width());
        let fixed: u64 = widths.clone().flatten().map(|width| width as u64 * rows + rows / 8).sum();
        let text = widths.filter(Option::is_none).count() as u64;
        BlockMeta { rows, bytes: fixed + text.min(2) * input_bytes }
    }
}
