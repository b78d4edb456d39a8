//! Lowering: every op becomes a few steps.

use std::collections::HashMap;
use std::sync::Arc;

use blockfold_core::{Grid, Result, SchemaRef};

use crate::chain::Chain;
use crate::estimate::Expected;
use crate::exchange::{InPlace, Routing, parts_for};
use crate::op::Plan;
use crate::step::{BlockMap, BlockMeta, Kernel, Reducer, Sink, Source, Step, StepGraph, StepId, StepNode};
use crate::together::reduce_together;
use crate::uses::Uses;

/// Whether rows leave their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// They stay.
    Never,
    /// They stay when the result of this step is one block.
    Unless(StepId),
    /// They move.
    Always,
}

impl Moved {
    fn and(self, other: Moved) -> Moved {
        match (self, other) {
            (Moved::Never, one) | (one, Moved::Never) => one,
            (one, other) if one == other => one,
            _ => Moved::Always,
        }
    }
}

/// The step graph in the making. Plans that compute the same become one step.
#[derive(Debug)]
pub struct Lower {
    graph: StepGraph,
    done: HashMap<u64, StepId>,
    uses: Uses,
    expected: Expected,
}

impl Lower {
    /// The step graph of a plan, its exchanges as wide as their rows and the budget ask for.
    pub fn graph(plan: &Plan, budget_bytes: u64) -> Result<StepGraph> {
        let graph = StepGraph { nodes: Vec::new(), root: StepId(0) };
        let expected = Expected::new(budget_bytes);
        let mut lower = Lower { graph, done: HashMap::new(), uses: Uses::of(plan), expected };
        lower.graph.root = lower.lower(plan)?;
        reduce_together(lower.graph.compacted())
    }

    /// Rows and bytes that a step is expected to give in all; `None` rows are unknown.
    pub fn expected(&self, id: StepId) -> (Option<u64>, u64) {
        self.expected.total(&self.graph, id)
    }

    /// Rows and bytes of a step's largest block, at most; `None` when the rows of one are unknown.
    pub fn largest_block(&self, id: StepId) -> Option<BlockMeta> {
        self.expected.largest_block(&self.graph, id)
    }

    /// Number of parts that an exchange of a step's result should have.
    pub fn parts(&self, input: StepId) -> usize {
        self.parts_of(self.expected(input).1)
    }

    /// Number of parts that an exchange of so many bytes should have.
    pub fn parts_of(&self, bytes: u64) -> usize {
        parts_for(bytes, self.expected.budget_bytes())
    }

    /// The memory budget that the steps will run in.
    pub fn budget_bytes(&self) -> u64 {
        self.expected.budget_bytes()
    }

    /// Blocks of a step.
    pub fn grid(&self, id: StepId) -> &Grid {
        &self.graph.node(id).grid
    }

    pub(crate) fn node(&self, id: StepId) -> &StepNode {
        self.graph.node(id)
    }

    /// The last step of a plan that was lowered.
    pub(crate) fn lowered(&self, plan: &Plan) -> Option<StepId> {
        self.done.get(&plan.token()).copied()
    }

    /// The last step of a plan.
    pub fn lower(&mut self, plan: &Plan) -> Result<StepId> {
        if let Some(done) = self.done.get(&plan.token()) {
            return Ok(*done);
        }
        let id = plan.op().lower(self)?;
        let id = if self.uses.is_shared(plan) { self.kept(id) } else { id };
        self.done.insert(plan.token(), id);
        Ok(id)
    }

    /// The last step of a plan that the op above reads more than once; stored when making it again is costly.
    pub fn lower_kept(&mut self, plan: &Plan) -> Result<StepId> {
        let id = self.lower(plan)?;
        let id = self.kept(id);
        self.done.insert(plan.token(), id);
        Ok(id)
    }

    /// A step whose blocks are stored, when making them again is costly.
    fn kept(&mut self, id: StepId) -> StepId {
        if !self.is_costly(id) {
            return id;
        }
        let (schema, grid) = (self.graph.node(id).schema.clone(), self.grid(id).clone());
        self.exchange(id, None, InPlace { blocks: grid.blocks() }, schema, grid)
    }

    /// Whether a kernel that is costly runs each time that a step is read.
    fn is_costly(&self, id: StepId) -> bool {
        match &self.graph.node(id).step {
            Step::Map { inputs, kernel } => {
                kernel.is_costly() || inputs.iter().any(|(input, _)| self.is_costly(*input))
            }
            _ => false,
        }
    }

    /// Whether a part of a block of an array takes making or reading the whole block.
    pub fn is_made_by_blocks(&self, id: StepId) -> bool {
        match &self.graph.node(id).step {
            Step::Read { source, .. } => source.reads_whole_chunks(),
            Step::Map { inputs, kernel } => {
                kernel.is_costly() || inputs.iter().any(|(input, _)| self.is_made_by_blocks(*input))
            }
            _ => false,
        }
    }

    /// Blocks of a source.
    pub fn read(&mut self, source: Arc<dyn Source>) -> StepId {
        let (schema, grid) = (source.schema(), source.grid());
        self.push(Step::Read { source, narrowed_by: Vec::new() }, schema, grid)
    }

    /// A kernel over each block.
    pub fn map(
        &mut self,
        inputs: Vec<(StepId, BlockMap)>,
        kernel: impl Kernel + 'static,
        schema: SchemaRef,
        grid: Grid,
    ) -> StepId {
        // How many blocks an exchange gives is known only here: a map of its blocks has as many.
        let blocks = match inputs.as_slice() {
            [(input, BlockMap::Same), ..] => self.grid(*input).blocks(),
            _ => grid.blocks(),
        };
        let grid = if blocks == grid.blocks() { grid } else { Grid::unknown(blocks) };
        self.push(Step::Map { inputs, kernel: Arc::new(kernel) }, schema, grid)
    }

    /// All blocks made into one, or spread over as many as the reducer's router has parts.
    pub fn reduce(&mut self, input: StepId, reducer: impl Reducer + 'static, schema: SchemaRef) -> StepId {
        let parts = reducer.spread().map_or(1, |router| router.parts());
        self.reduce_array(input, reducer, schema, Grid::unknown(parts))
    }

    /// All blocks of an array made into one block of another array.
    pub fn reduce_array(
        &mut self,
        input: StepId,
        reducer: impl Reducer + 'static,
        schema: SchemaRef,
        grid: Grid,
    ) -> StepId {
        self.push(Step::Reduce { input, reducer: Arc::new(reducer) }, schema, grid)
    }

    /// Rows sent to the block that their routing names.
    pub fn exchange(
        &mut self,
        input: StepId,
        made_from: Option<StepId>,
        routing: impl Routing + 'static,
        schema: SchemaRef,
        grid: Grid,
    ) -> StepId {
        self.push(Step::Exchange { input, made_from, unless: None, routing: Arc::new(routing) }, schema, grid)
    }

    /// Rows sent to the block that their routing names, unless another step's result is one block after all.
    pub fn exchange_unless(
        &mut self,
        unless: StepId,
        input: StepId,
        routing: impl Routing + 'static,
        schema: SchemaRef,
        grid: Grid,
    ) -> StepId {
        let (made_from, unless) = (None, Some(unless));
        self.push(Step::Exchange { input, made_from, unless, routing: Arc::new(routing) }, schema, grid)
    }

    /// Whether a step's blocks come straight from sources, so that reading them once more costs little.
    pub fn is_read_again(&self, id: StepId) -> bool {
        match &self.graph.node(id).step {
            Step::Read { .. } => true,
            Step::Map { inputs, kernel } => {
                !kernel.is_costly() && inputs.iter().all(|(input, _)| self.is_read_again(*input))
            }
            _ => false,
        }
    }

    /// Whether rows may have left their places since the step that gave them the column, and that step.
    pub fn moved(&self, id: StepId, column: &str) -> (Moved, StepId) {
        let has_column = |id: &StepId| self.graph.node(*id).schema.column_with_name(column).is_some();
        let (mut moved, mut at) = (Moved::Never, id);
        loop {
            let inputs: Vec<StepId> = match &self.graph.node(at).step {
                Step::Map { inputs, .. } => inputs.iter().map(|(input, _)| *input).collect(),
                Step::Exchange { input, unless, .. } => {
                    moved = moved.and(unless.map_or(Moved::Always, Moved::Unless));
                    vec![*input]
                }
                Step::Reduce { input, .. } | Step::Write { input, .. } => {
                    moved = Moved::Always;
                    vec![*input]
                }
                Step::Read { .. } => Vec::new(),
            };
            let Some(below) = inputs.iter().copied().find(has_column) else { return (moved, at) };
            // What a row is joined with keeps it in its place only as long as that is one block.
            for other in inputs.iter().filter(|input| **input != below && self.may_spread(**input)) {
                moved = moved.and(Moved::Unless(*other));
            }
            at = below;
        }
    }

    /// Whether a step is a reduction whose result may turn out to be several blocks.
    fn may_spread(&self, id: StepId) -> bool {
        matches!(&self.graph.node(id).step, Step::Reduce { reducer, .. } if reducer.spread().is_some())
    }

    /// Whether a step's blocks are as many and as large as they seem: those of a reduction that may be spread turn out
    /// only while it runs.
    pub fn is_sure_of_size(&self, id: StepId) -> bool {
        match &self.graph.node(id).step {
            Step::Read { .. } => true,
            Step::Map { inputs, .. } => inputs.iter().all(|(input, _)| self.is_sure_of_size(*input)),
            Step::Exchange { input, .. } | Step::Write { input, .. } => self.is_sure_of_size(*input),
            Step::Reduce { .. } => !self.may_spread(id),
        }
    }

    /// Blocks written to a sink.
    pub fn write(&mut self, input: StepId, sink: Arc<dyn Sink>) -> StepId {
        let node = self.graph.node(input);
        let (schema, grid) = (node.schema.clone(), node.grid.clone());
        self.push(Step::Write { input, sink }, schema, grid)
    }

    pub(crate) fn push(&mut self, step: Step, schema: SchemaRef, grid: Grid) -> StepId {
        self.graph.nodes.push(StepNode { step, schema, grid });
        let id = StepId(self.graph.nodes.len() - 1);
        self.expect(id);
        id
    }

    /// Works out what a step that ends a chain will give.
    fn expect(&mut self, id: StepId) {
        if let Some(chain) = Chain::ending_at(&self.graph, id) {
            self.expected.chain(&self.graph, &chain);
        }
    }
}
