//! Lowering: every op becomes a few steps.

use std::collections::HashMap;
use std::sync::Arc;

use blockfold_core::{Grid, Result, SchemaRef};

use crate::op::Plan;
use crate::step::{BlockMap, Kernel, Reducer, Sink, Source, Step, StepGraph, StepId, StepNode};

/// The step graph in the making. Plans that compute the same become one step.
#[derive(Debug, Default)]
pub struct Lower {
    nodes: Vec<StepNode>,
    done: HashMap<u64, StepId>,
}

impl Lower {
    /// The step graph of a plan.
    pub fn graph(plan: &Plan) -> Result<StepGraph> {
        let mut lower = Lower::default();
        let root = lower.lower(plan)?;
        Ok(StepGraph { nodes: lower.nodes, root })
    }

    /// The last step of a plan.
    pub fn lower(&mut self, plan: &Plan) -> Result<StepId> {
        if let Some(done) = self.done.get(&plan.token()) {
            return Ok(*done);
        }
        let id = plan.op().lower(self)?;
        self.done.insert(plan.token(), id);
        Ok(id)
    }

    /// Blocks of a source.
    pub fn read(&mut self, source: Arc<dyn Source>) -> StepId {
        let (schema, grid) = (source.schema(), source.grid());
        self.push(Step::Read { source }, schema, grid)
    }

    /// A kernel over each block.
    pub fn map(
        &mut self,
        inputs: Vec<(StepId, BlockMap)>,
        kernel: impl Kernel + 'static,
        schema: SchemaRef,
        grid: Grid,
    ) -> StepId {
        self.push(Step::Map { inputs, kernel: Arc::new(kernel) }, schema, grid)
    }

    /// All blocks made into one.
    pub fn reduce(&mut self, input: StepId, reducer: impl Reducer + 'static, schema: SchemaRef) -> StepId {
        self.push(Step::Reduce { input, reducer: Arc::new(reducer) }, schema, Grid::unknown(1))
    }

    /// Blocks written to a sink.
    pub fn write(&mut self, input: StepId, sink: Arc<dyn Sink>) -> StepId {
        let (schema, grid) = (self.nodes[input.0].schema.clone(), self.nodes[input.0].grid.clone());
        self.push(Step::Write { input, sink }, schema, grid)
    }

    fn push(&mut self, step: Step, schema: SchemaRef, grid: Grid) -> StepId {
        self.nodes.push(StepNode { step, schema, grid });
        StepId(self.nodes.len() - 1)
    }
}
