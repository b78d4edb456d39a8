//! States that travel: groups leave a [`GroupState`] as columns and come back into another.
//!
//! When groups are too many for memory, a caller drains states, splits their rows by the keys, writes them, and later
//! absorbs them part by part. Each aggregate's columns are listed by its accumulator; nothing here looks into them.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use blockfold_core::{Error, Field, Result, Schema, SchemaRef};

use super::accumulate::{Batch, States, accumulator};
use super::intern::{code_after, state_type};
use super::spec::{GroupSpec, KeySpec};
use super::state::{GroupState, booleans_as_bytes};

impl GroupState {
    /// Schema of drained states: the keys, then the columns of each aggregate.
    ///
    /// Texts travel with 64-bit offsets, whatever their type; keys are of their own type otherwise.
    ///
    /// # Errors
    /// As [`GroupState::new`].
    pub fn state_schema(spec: &GroupSpec) -> Result<SchemaRef> {
        let mut fields: Vec<Field> =
            spec.keys.iter().map(|key| Field::new(&key.name, state_type(&key.dtype), true)).collect();
        for (at, agg) in spec.aggs.iter().enumerate() {
            let types = accumulator(agg)?.state_types().into_iter().enumerate();
            fields.extend(types.map(|(part, dtype)| Field::new(format!("\u{0}s{at}.{part}"), dtype, true)));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// All groups in order of first appearance, a row each of [`GroupState::state_schema`]; the state is as new
    /// then. Without keys and without rows there is none.
    ///
    /// # Memory
    /// The columns are made one after the other, each in place of what it is made of.
    ///
    /// # Errors
    /// As [`GroupState::new`]. The groups are lost after an error.
    pub fn drain(&mut self) -> Result<RecordBatch> {
        let schema = GroupState::state_schema(&self.spec)?;
        let full = std::mem::replace(self, GroupState::new(Arc::clone(&self.spec))?);
        if full.is_empty {
            return Ok(RecordBatch::new_empty(schema));
        }
        let groups = full.index.len();
        let mut columns = full.index.state_keys(&(0..code_after(groups)).collect::<Vec<u32>>())?;
        drop(full.index);
        for accumulator in full.accumulators {
            columns.extend(accumulator.state(groups)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(groups));
        Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
    }

    /// Rows as states of one row each, a row each of [`GroupState::state_schema`]: what draining would give if all
    /// keys were distinct. Saves the lookups where keys hardly repeat.
    ///
    /// # Errors
    /// As [`GroupState::update`].
    pub fn lift(spec: &GroupSpec, keys: &[ArrayRef], inputs: &[ArrayRef], rows: usize) -> Result<RecordBatch> {
        let schema = GroupState::state_schema(spec)?;
        let each: Vec<u32> = (0..code_after(rows)).collect();
        let batch = Batch { rows: &each, groups: rows, counts: None, is_whole: false };
        let typed = |(key, spec): (&ArrayRef, &KeySpec)| Ok(cast(key, &state_type(&spec.dtype))?);
        let mut columns: Vec<ArrayRef> = keys.iter().zip(&spec.keys).map(typed).collect::<Result<_>>()?;
        let inputs: Vec<ArrayRef> = inputs.iter().map(booleans_as_bytes).collect::<Result<_>>()?;
        let mut start = 0;
        for agg in &spec.aggs {
            let (mut accumulator, end) = (accumulator(agg)?, start + agg.inputs.len());
            accumulator.update(&batch, inputs.get(start..end).unwrap_or_default())?;
            columns.extend(accumulator.state(rows)?);
            start = end;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
    }

    /// Takes in drained states of the rows right after ours: the same as to [merge](GroupState::merge) the state
    /// before it was drained. The batch may be a part of a drained one, or several one after the other.
    ///
    /// # Errors
    /// [`Error::Internal`] for states of another spec. The state is of no use after an error.
    pub fn absorb(&mut self, states: &RecordBatch) -> Result<()> {
        let keys = states.columns().get(..self.spec.keys.len()).unwrap_or_default();
        self.check_states(states)?;
        if states.num_rows() == 0 {
            return Ok(());
        }
        self.is_empty = false;
        self.index.assign(keys, states.num_rows(), &mut self.rows)?;
        let groups = self.index.len();
        let mut start = keys.len();
        for accumulator in &mut self.accumulators {
            let end = start + accumulator.state_types().len();
            let columns = states.columns().get(start..end).unwrap_or_default();
            accumulator.absorb(&States { columns, rows: &self.rows, groups })?;
            start = end;
        }
        Ok(())
    }

    fn check_states(&self, states: &RecordBatch) -> Result<()> {
        let schema = GroupState::state_schema(&self.spec)?;
        let types = |schema: &Schema| schema.fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>();
        if types(&schema) != types(states.schema_ref()) {
            return Err(Error::internal("states of another spec were absorbed"));
        }
        self.check_room(states.num_rows())
    }
}
