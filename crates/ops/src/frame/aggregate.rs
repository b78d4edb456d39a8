//! `aggregate`: aggregates of the whole frame, or of each group of rows.

use std::sync::Arc;

use arrow::array::ArrayRef;
use blockfold_core::expr::plain_type;
use blockfold_core::{
    AggFunc, Block, Columns, DType, Error, Expr, Grid, RecordBatch, Result, Scalar, Schema, SchemaRef,
};
use blockfold_kernels::group::{AggSpec, GroupSpec, KeySpec};
use blockfold_plan::{BlockMap, Lower, Meta, Op, Plan, Source, StepId, TaskContext};

use super::groups::{GroupReducer, MergeGroups, has_few_groups, known_bytes};
use super::{Read, list, whole};

/// Aggregates of the whole frame, or of each group of rows.
#[derive(Debug)]
pub struct Aggregate {
    input: [Plan; 1],
    keys: Vec<Expr>,
    aggs: Vec<Expr>,
}

impl Aggregate {
    /// A plan with one row for each group, keys first; without keys one row for the frame. Groups are sorted by keys
    /// unless they are so many that they come in several partitions.
    ///
    /// Each of `aggs` is one aggregate, with or without an alias.
    ///
    /// # Errors
    /// Missing columns, aggregates that do not take their column's type, two columns of one name.
    pub fn plan(input: Plan, keys: Vec<Expr>, aggs: Vec<Expr>) -> Result<Plan> {
        Plan::new(Aggregate { input: [input], keys, aggs })
    }

    pub(super) fn split(agg: &Expr) -> Result<(&AggFunc, &[Expr])> {
        match agg.without_alias() {
            Expr::Agg { func, inputs } => Ok((func, inputs)),
            other => {
                Err(Error::argument("agg", format!("{other} is not an aggregate; write for example {other}.sum()")))
            }
        }
    }

    fn key_type(key: &Expr, schema: &Schema) -> Result<DType> {
        if !key.is_row_wise() {
            return Err(Error::argument("group_by", format!("{key} aggregates; group by columns of a row")));
        }
        Ok(plain_type(&key.dtype(schema)?))
    }

    fn spec(&self) -> Result<GroupSpec> {
        let schema = self.input[0].schema();
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let range = match key.without_alias() {
                Expr::Column(name) => self.input[0].op().column_range(name),
                _ => None,
            };
            keys.push(KeySpec {
                name: key.output_name().to_string(),
                dtype: Aggregate::key_type(key, schema)?,
                range: range.and_then(|(low, high)| Some((whole(&low)?, whole(&high)?))),
            });
        }
        let mut aggs = Vec::with_capacity(self.aggs.len());
        for agg in &self.aggs {
            let (func, inputs) = Aggregate::split(agg)?;
            if !inputs.iter().all(Expr::is_row_wise) {
                return Err(Error::argument("agg", format!("{agg} is an aggregate of an aggregate")));
            }
            agg.dtype(schema)?;
            let plain = |input: &Expr| input.dtype(schema).map(|dtype| plain_type(&dtype));
            let inputs = inputs.iter().map(plain).collect::<Result<_>>()?;
            aggs.push(AggSpec { name: agg.output_name().to_string(), func: func.clone(), inputs });
        }
        Ok(GroupSpec { keys, aggs })
    }

    fn schema(&self) -> Result<SchemaRef> {
        let schema = self.spec()?.schema();
        for (i, field) in schema.fields().iter().enumerate() {
            if schema.fields()[..i].iter().any(|earlier| earlier.name() == field.name()) {
                let what = format!("two columns would be called '{}'; give one of them an alias", field.name());
                return Err(Error::argument("agg", what));
            }
        }
        Ok(schema)
    }
}

/// A key's bound as the number that a dense table is addressed by.
fn whole(scalar: &Scalar) -> Option<i128> {
    match scalar {
        Scalar::Bool(value) => Some(i128::from(*value)),
        Scalar::Date(days) => Some(i128::from(*days)),
        Scalar::Timestamp(value, ..) | Scalar::Duration(value, _) => Some(i128::from(*value)),
        other => other.integer(),
    }
}

impl Op for Aggregate {
    fn name(&self) -> &'static str {
        "aggregate"
    }

    fn detail(&self) -> String {
        if self.keys.is_empty() { list(&self.aggs) } else { format!("{} by {}", list(&self.aggs), list(&self.keys)) }
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Aggregate::plan(inputs.remove(0), self.keys.clone(), self.aggs.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let grid = if self.keys.is_empty() { Grid::known([1]) } else { Grid::unknown(1) };
        Ok(Meta { schema: self.schema()?, grid })
    }

    fn needs(&self, _: usize, _wanted: &Columns) -> Columns {
        let mut needed = Columns::none();
        for key in &self.keys {
            needed = needed.union(match key.without_alias() {
                Expr::Column(name) => Columns::codes([name.to_string()]),
                other => Columns::values(other.columns()),
            });
        }
        self.aggs.iter().fold(needed, |needed, agg| needed.union(Columns::values(agg.columns())))
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        let mut aggs: Vec<Expr> = self.aggs.iter().filter(|agg| wanted.contains(&agg.output_name())).cloned().collect();
        if self.keys.is_empty() && aggs.is_empty() {
            // One row of no columns could not be told from none.
            aggs.extend(self.aggs.first().cloned());
        }
        if aggs.len() == self.aggs.len() {
            return Ok(None);
        }
        Aggregate::plan(self.input[0].clone(), self.keys.clone(), aggs).map(Some)
    }

    fn map_exprs(&self, f: &mut dyn FnMut(&Expr, &Schema) -> Expr) -> Result<Option<Plan>> {
        let schema = self.input[0].schema().clone();
        let mut renamed = |expr: &Expr| {
            let (name, new) = (expr.output_name(), f(expr, &schema));
            if new.output_name() == name { new } else { new.alias(name) }
        };
        let keys = self.keys.iter().map(&mut renamed).collect();
        // Only what is aggregated is row-wise; the aggregate around it stays.
        let aggs = self.aggs.iter().map(|agg| {
            let inner = agg.map_children(&mut |child| child.map_children(&mut |input| f(input, &schema)));
            let inner =
                if matches!(agg, Expr::Agg { .. }) { agg.map_children(&mut |input| f(input, &schema)) } else { inner };
            if inner.output_name() == agg.output_name() { inner } else { inner.alias(agg.output_name()) }
        });
        let aggs = aggs.collect();
        Aggregate::plan(self.input[0].clone(), keys, aggs).map(Some)
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        // A predicate on keys alone keeps or drops whole groups.
        let key = |name: &str| self.keys.iter().find(|key| key.output_name().as_ref() == name);
        let on_keys = !self.keys.is_empty() && predicate.columns().iter().all(|name| key(name).is_some());
        on_keys.then(|| predicate.substitute(&|name| key(name).map(|key| key.without_alias().clone())))
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        let key = self.keys.iter().find(|key| key.output_name().as_ref() == column)?;
        match key.without_alias() {
            Expr::Column(name) => self.input[0].op().column_range(name),
            _ => None,
        }
    }

    fn answered_by_metadata(&self) -> Result<Option<Plan>> {
        let only_len = self.aggs.iter().all(|agg| matches!(agg.without_alias(), Expr::Agg { func: AggFunc::Len, .. }));
        let total = self.input[0].meta().grid.total();
        match total {
            Some(rows) if self.keys.is_empty() && only_len => {
                let schema = self.schema()?;
                let counts: Vec<ArrayRef> =
                    self.aggs.iter().map(|_| Scalar::UInt(rows).to_array(&DType::UInt64)).collect::<Result<_>>()?;
                let batch = RecordBatch::try_new(schema, counts)?;
                Read::plan(Arc::new(Known { batch })).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn has_fixed_blocks(&self) -> bool {
        self.keys.is_empty()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        if self.keys.is_empty()
            && let Some(done) = whole::lower(&self.input[0], &self.aggs, &self.schema()?, lower)?
        {
            return Ok(done);
        }
        let input = lower.lower(&self.input[0])?;
        let mut inputs = Vec::with_capacity(self.aggs.len());
        for agg in &self.aggs {
            inputs.extend_from_slice(Aggregate::split(agg)?.1);
        }
        let spec = Arc::new(self.spec()?);
        let keys: Vec<Expr> = self.keys.iter().map(|key| key.without_alias().clone()).collect();
        let (rows, bytes) = lower.expected(input);
        // Where statistics tell how many groups there are at most, these take no more room than their states.
        let bytes = known_bytes(&spec, rows).map_or(bytes, |states| states.min(bytes));
        let parts = (!spec.keys.is_empty() && !has_few_groups(&spec)).then(|| lower.parts_of(bytes));
        let reducer = GroupReducer::new(spec.clone(), keys, inputs, parts, self.detail());
        let schema = self.schema()?;
        let groups = lower.reduce(input, reducer, schema.clone());
        match parts {
            None => Ok(groups),
            Some(parts) => {
                let kernel = MergeGroups::new(&spec, parts);
                Ok(lower.map(vec![(groups, BlockMap::Same)], kernel, schema, Grid::unknown(parts)))
            }
        }
    }
}

/// One batch that is known without a run.
#[derive(Debug)]
struct Known {
    batch: RecordBatch,
}

impl Source for Known {
    fn name(&self) -> &'static str {
        "metadata"
    }

    fn detail(&self) -> String {
        let text = |i: usize| arrow::util::display::array_value_to_string(self.batch.column(i), 0).unwrap_or_default();
        let named = |(i, field): (usize, &Arc<blockfold_core::Field>)| format!("{} = {}", field.name(), text(i));
        let texts: Vec<String> = self.batch.schema_ref().fields().iter().enumerate().map(named).collect();
        texts.join(", ")
    }

    fn token(&self) -> Option<String> {
        Some(self.detail())
    }

    fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }

    fn grid(&self) -> Grid {
        Grid::known([self.batch.num_rows() as u64])
    }

    fn estimate(&self, _: usize) -> blockfold_plan::PartitionEstimate {
        blockfold_plan::PartitionEstimate { rows: Some(self.batch.num_rows() as u64), ..Default::default() }
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn blockfold_plan::BlockStream>> {
        Ok(Box::new(std::iter::once(Ok(Block::from(self.batch.clone())))))
    }
}
