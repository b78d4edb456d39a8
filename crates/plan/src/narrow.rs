//! Filters of a source's rows that are known only while a run goes on: a join's table tells which keys have a partner.
//!
//! A read names the finished step that its filter is made from. Nothing else changes: the blocks of the source stay the
//! same, and so do the tasks; what the filter rules out is not read. A step that has not run gives no filter.

use std::fmt;
use std::sync::Arc;

use arrow::array::BooleanArray;
use blockfold_core::{Block, Expr, RecordBatch, Result};

use crate::lower::Lower;
use crate::op::Plan;
use crate::step::{Source, Step, StepGraph, StepId};

/// A filter of a source's rows that a finished step gives.
#[derive(Clone, Debug)]
pub struct Narrowing {
    /// The step.
    pub step: StepId,
    /// What is made of its result.
    pub by: Arc<dyn Narrow>,
}

/// Makes a filter of a source's rows from the result of a step.
pub trait Narrow: fmt::Debug + Send + Sync {
    /// What is filtered, in `explain`.
    fn detail(&self) -> String;
    /// The filter, from a step's one block or from what was learnt of rows in parts.
    fn narrow(&self, result: &Block, source: &dyn Source) -> Result<Narrowed>;
}

/// Which rows of a source are left out; rows that a later step would drop anyway.
#[derive(Clone, Debug, Default)]
pub struct Narrowed {
    /// A predicate for the source to read less by.
    pub predicate: Option<Expr>,
    /// A filter of the rows that were read.
    pub rows: Option<Arc<dyn RowFilter>>,
}

/// Says of rows whether they may be needed.
pub trait RowFilter: fmt::Debug + Send + Sync {
    /// False for rows that are not needed.
    fn mask(&self, rows: &RecordBatch) -> Result<BooleanArray>;
}

/// What is learnt of rows on their way to their parts.
pub trait Digest: fmt::Debug + Send + Sync {
    /// Takes rows in, in any order, from any thread.
    fn add(&self, rows: &RecordBatch) -> Result<()>;
    /// Bytes held, from the start on.
    fn bytes(&self) -> u64;
    /// What was learnt, as [`Narrow::narrow`] takes it.
    fn finish(&self) -> Result<Block>;
}

/// Makes the filter of some keys over a source's columns, where it may pay.
pub type MakeNarrow<'a> = dyn Fn(&[Option<Expr>], &dyn Source) -> Option<Arc<dyn Narrow>> + 'a;

/// A source below a plan and the plan's keys over its columns, `None` where one is not known there.
struct Leaf {
    plan: Plan,
    keys: Vec<Option<Expr>>,
}

impl Lower {
    /// `step`, which is the last one of `plan`, with its sources narrowed by what `from` gives, where rows stream from
    /// them to the step. `narrow` makes the filter of the plan's keys over a source's columns.
    pub fn narrowed(
        &mut self,
        (plan, step): (&Plan, StepId),
        keys: &[Expr],
        from: StepId,
        narrow: &MakeNarrow<'_>,
    ) -> StepId {
        let mut leaves = Vec::new();
        leaves_of(plan, keys.iter().cloned().map(Some).collect(), &mut leaves);
        let mut streamed = Vec::new();
        self.streamed_sources(step, &mut streamed);
        let mut step = step;
        let mut done: Vec<Arc<dyn Source>> = Vec::new();
        for leaf in &leaves {
            let Some(source) = self.source_of(&leaf.plan).filter(|source| !done.iter().any(|old| is_same(old, source)))
            else {
                continue;
            };
            done.push(source.clone());
            // A source met more than once is narrowed only where all its rows are judged alike.
            let twins: Vec<&Leaf> = leaves.iter().filter(|other| other.plan.token() == leaf.plan.token()).collect();
            let paths = streamed.iter().filter(|other| is_same(other, &source)).count();
            if paths != twins.len() || twins.iter().any(|other| other.keys != leaf.keys) {
                continue;
            }
            if let Some(by) = narrow(&leaf.keys, source.as_ref()) {
                step = self.with_narrowing(step, &source, &Narrowing { step: from, by });
            }
        }
        step
    }

    fn source_of(&self, plan: &Plan) -> Option<Arc<dyn Source>> {
        match &self.node(self.lowered(plan)?).step {
            Step::Read { source, .. } => Some(source.clone()),
            _ => None,
        }
    }

    /// Sources from which rows stream to a step, one for each way.
    fn streamed_sources(&self, id: StepId, found: &mut Vec<Arc<dyn Source>>) {
        match &self.node(id).step {
            Step::Read { source, .. } => found.push(source.clone()),
            Step::Map { inputs, .. } => inputs.iter().for_each(|(input, _)| self.streamed_sources(*input, found)),
            _ => {}
        }
    }

    /// A step over a source that is narrowed. Steps that others may pull from, too, are left as they are.
    fn with_narrowing(&mut self, id: StepId, narrowed: &Arc<dyn Source>, by: &Narrowing) -> StepId {
        let node = self.node(id).clone();
        let step = match node.step {
            Step::Read { source, mut narrowed_by } if is_same(&source, narrowed) => {
                narrowed_by.push(by.clone());
                Step::Read { source, narrowed_by }
            }
            Step::Map { mut inputs, kernel } => {
                let mut is_changed = false;
                for (input, _) in &mut inputs {
                    let new = self.with_narrowing(*input, narrowed, by);
                    is_changed |= new != *input;
                    *input = new;
                }
                if !is_changed {
                    return id;
                }
                Step::Map { inputs, kernel }
            }
            _ => return id,
        };
        self.push(step, node.schema, node.grid)
    }
}

fn is_same(left: &Arc<dyn Source>, right: &Arc<dyn Source>) -> bool {
    Arc::ptr_eq(left, right)
}

/// Follows keys down to the plans without inputs, as a filter on them would move.
fn leaves_of(plan: &Plan, keys: Vec<Option<Expr>>, leaves: &mut Vec<Leaf>) {
    if keys.iter().all(Option::is_none) {
        return;
    }
    let op = plan.op();
    if op.inputs().is_empty() {
        leaves.push(Leaf { plan: plan.clone(), keys });
        return;
    }
    let below = |key: &Option<Expr>, i: usize| key.as_ref().and_then(|key| key_below(plan, key, i));
    let inputs = op.inputs().len();
    let moved: Vec<Vec<Option<Expr>>> = (0..inputs).map(|i| keys.iter().map(|key| below(key, i)).collect()).collect();
    let is_everywhere = |at: usize| moved.iter().all(|keys| keys.get(at).is_some_and(Option::is_some));
    for (input, keys) in op.inputs().iter().zip(&moved) {
        let counts =
            |(at, key): (usize, &Option<Expr>)| key.clone().filter(|_| op.filters_apart() || is_everywhere(at));
        leaves_of(input, keys.iter().enumerate().map(counts).collect(), leaves);
    }
}

/// A key over input `i`, when rows may be dropped there by it.
fn key_below(plan: &Plan, key: &Expr, i: usize) -> Option<Expr> {
    match plan.op().moves_below(&Expr::IsNull(Box::new(key.clone())), i)? {
        Expr::IsNull(key) => Some(*key),
        _ => None,
    }
}

impl StepGraph {
    /// The graph without steps that nothing needs.
    pub(crate) fn compacted(self) -> StepGraph {
        let mut is_needed = vec![false; self.nodes.len()];
        let mut waiting = vec![self.root];
        while let Some(id) = waiting.pop() {
            if !std::mem::replace(&mut is_needed[id.0], true) {
                waiting.extend(self.node(id).step.needs());
            }
        }
        let mut new_ids = Vec::with_capacity(self.nodes.len());
        let mut next = 0;
        for is_needed in &is_needed {
            new_ids.push(StepId(next));
            next += usize::from(*is_needed);
        }
        let root = new_ids[self.root.0];
        let kept = self.nodes.into_iter().zip(is_needed).filter(|(_, is_needed)| *is_needed);
        let nodes = kept.map(|(mut node, _)| {
            node.step.needed_mut().into_iter().for_each(|id| *id = new_ids[id.0]);
            node
        });
        StepGraph { nodes: nodes.collect(), root }
    }
}

impl Step {
    /// Steps whose results the step takes.
    fn needs(&self) -> Vec<StepId> {
        self.clone().needed_mut().into_iter().map(|id| *id).collect()
    }

    /// The same, to be changed.
    pub(crate) fn needed_mut(&mut self) -> Vec<&mut StepId> {
        match self {
            Step::Read { narrowed_by, .. } => narrowed_by.iter_mut().map(|narrowing| &mut narrowing.step).collect(),
            Step::Map { inputs, .. } => inputs.iter_mut().map(|(input, _)| input).collect(),
            Step::Reduce { input, .. } | Step::Write { input, .. } => vec![input],
            Step::Exchange { input, made_from, unless, .. } => {
                std::iter::once(input).chain(made_from).chain(unless).collect()
            }
        }
    }
}
