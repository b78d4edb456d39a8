//! How a graph is cut in fragments.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use blockfold_core::{Error, Result};
use blockfold_plan::estimate::{Expected, row_bytes};
use blockfold_plan::{Chain, ChainEnd, End, Estimate, Step, StepGraph, StepId};

use super::needs::{Need, Needs};
use crate::state::{Shared, Stored};
use crate::tasks::{self, TaskPlan};

/// What fragments are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The memory budget of a worker.
    pub budget_bytes: u64,
    /// Bytes that a fragment should read or make.
    pub fragment_bytes: u64,
    /// Fragments of a chain at least, where it has as many tasks: so that all workers have some.
    pub least: usize,
}

/// Partials that one fragment merges at most: a power of two, so that they are a whole branch of the tree.
const MERGED: usize = 16;

/// Where what a fragment reads comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The result of another fragment.
    Result(usize),
    /// A part of the result of another fragment.
    Part {
        /// The other one.
        of: usize,
        /// The part.
        part: usize,
    },
    /// A block that is given from outside.
    Given {
        /// Name of the source.
        source: String,
        /// The block.
        block: usize,
    },
}

/// What a fragment does with what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Goes on from this partial, or merges it.
    Operand,
    /// Needs it.
    Need(Need),
}

/// What a fragment does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Folds tasks, by their place in the order in which they are folded.
    Fold(Range<usize>),
    /// Merges partials, pair by pair.
    Merge,
    /// Makes the result of a partial.
    Finish,
    /// Sends the rows of tasks to their parts.
    Send(Range<usize>),
    /// Makes blocks of the answer.
    Answer(Range<usize>),
}

/// A piece of a run.
#[derive(Clone, Debug)]
pub struct Fragment {
    pub(super) stage: usize,
    pub(super) work: Work,
    pub(super) roles: Vec<Role>,
    /// Steps of whose parts it reads, also where nobody has rows for them.
    pub(super) stored: BTreeSet<StepId>,
    reads: Vec<Read>,
    label: String,
}

impl Fragment {
    /// What it does in a few words: the steps of its chain.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Blocks of the answer that it makes.
    pub fn blocks(&self) -> usize {
        match &self.work {
            Work::Answer(blocks) => blocks.len(),
            Work::Finish => 1,
            Work::Fold(_) | Work::Merge | Work::Send(_) => 0,
        }
    }

    /// What it is handed, in order.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }
}

/// A chain with its tasks.
pub(super) struct Stage {
    pub(super) chain: Chain,
    pub(super) plans: Vec<TaskPlan>,
    /// The most that a task streams.
    pub(super) stream_bytes: u64,
}

impl Stage {
    /// The plan that is folded as the n-th.
    pub(super) fn nth(&self, n: usize, end: Option<End>) -> &TaskPlan {
        &self.plans[if end == Some(End::Last) { self.plans.len() - 1 - n } else { n }]
    }
}

/// A graph cut in fragments.
pub struct Fragments {
    pub(super) graph: Arc<StepGraph>,
    pub(super) cut: Cut,
    pub(super) stages: Vec<Stage>,
    list: Vec<Fragment>,
    answer: Vec<usize>,
    pub(super) shared: Mutex<Option<Arc<Shared>>>,
    /// Results of reductions that several fragments read.
    pub(super) finished: Mutex<HashMap<StepId, Stored>>,
}

/// Fragments that make the rows of a step.
enum Made {
    /// The one that has the whole partial, and all that may have drained rows.
    Reduced { root: usize, all: Vec<usize> },
    /// Each with its blocks, when rows stay in them.
    Sent { all: Vec<(usize, Vec<usize>)>, is_in_place: bool },
}

impl Fragments {
    /// Cuts a graph.
    ///
    /// # Errors
    /// A graph that does not fit into the budget, or one that writes.
    pub fn of(graph: StepGraph, cut: Cut) -> Result<Fragments> {
        Estimate::of(&graph, 1, cut.budget_bytes).check()?;
        let graph = Arc::new(graph);
        let mut cutter = Cutter {
            graph: graph.clone(),
            cut,
            expected: Expected::new(cut.budget_bytes),
            stages: Vec::new(),
            list: Vec::new(),
            made: HashMap::new(),
            answer: Vec::new(),
        };
        Chain::of(&graph).into_iter().try_for_each(|chain| cutter.chain(chain))?;
        let Cutter { stages, list, answer, .. } = cutter;
        let (shared, finished) = (Mutex::default(), Mutex::default());
        Ok(Fragments { graph, cut, stages, list, answer, shared, finished })
    }

    /// All fragments, each after those that it reads.
    pub fn list(&self) -> &[Fragment] {
        &self.list
    }

    /// The fragments that make the answer, in order.
    pub fn answer(&self) -> &[usize] {
        &self.answer
    }

    /// The steps that are cut.
    pub fn graph(&self) -> &StepGraph {
        &self.graph
    }
}

/// What a fragment is handed.
#[derive(Default)]
struct Inputs {
    handed: Vec<(Role, Read)>,
    stored: BTreeSet<StepId>,
}

impl Inputs {
    fn of_operands(fragments: &[usize]) -> Self {
        let handed = fragments.iter().map(|of| (Role::Operand, Read::Result(*of))).collect();
        Inputs { handed, ..Inputs::default() }
    }
}

struct Cutter {
    graph: Arc<StepGraph>,
    cut: Cut,
    expected: Expected,
    stages: Vec<Stage>,
    list: Vec<Fragment>,
    made: HashMap<StepId, Made>,
    answer: Vec<usize>,
}

impl Cutter {
    fn chain(&mut self, chain: Chain) -> Result<()> {
        let graph = self.graph.clone();
        let (plans, _) = match chain.end {
            ChainEnd::Answer | ChainEnd::Write(_) => (tasks::singles(&graph, &self.expected, &chain), 0),
            ChainEnd::Reduce(_) | ChainEnd::Exchange(_) => tasks::runs(&graph, &self.expected, &chain),
        };
        let weights: Vec<u64> = plans.iter().map(|plan| self.weight(&chain, plan)).collect();
        let stream_bytes = plans.iter().map(|plan| plan.stream_bytes).max().unwrap_or(0);
        self.stages.push(Stage { chain: chain.clone(), plans, stream_bytes });
        match chain.end {
            ChainEnd::Reduce(id) => self.reduce(id, &weights),
            ChainEnd::Exchange(id) => self.exchange(id, &weights),
            ChainEnd::Answer => self.answer(&weights),
            ChainEnd::Write(_) => return Err(Error::internal("a graph that writes was cut in fragments")),
        }?;
        self.expected.chain(&graph, &chain);
        Ok(())
    }

    /// Bytes that a task reads or makes.
    fn weight(&self, chain: &Chain, plan: &TaskPlan) -> u64 {
        let row_bytes = row_bytes(&self.graph.node(chain.top).schema);
        let of_block = |block| {
            let bounds = chain.bounds(&self.graph, &self.expected, block);
            let bytes = bounds.batch.bytes;
            // Bounds of batches allow for what is never all there at once; columns of fixed width tell better.
            let made = bounds.rows.map_or(bytes, |rows| rows.saturating_mul(row_bytes));
            bounds.read_bytes.max(made)
        };
        plan.all().map(of_block).sum()
    }

    fn target(&self, weights: &[u64]) -> u64 {
        let total: u64 = weights.iter().sum();
        self.cut.fragment_bytes.min(total / self.cut.least.max(1) as u64).max(1)
    }

    /// Neighbours that are worth a fragment together.
    fn runs(&self, weights: &[u64]) -> Vec<Range<usize>> {
        let target = self.target(weights);
        let (mut runs, mut start, mut held) = (Vec::new(), 0, 0u64);
        for (at, weight) in weights.iter().enumerate() {
            held = held.saturating_add(*weight);
            if held >= target || at + 1 == weights.len() {
                runs.push(start..at + 1);
                (start, held) = (at + 1, 0);
            }
        }
        runs
    }

    /// Neighbours that are a whole branch of the tree in which partials are merged.
    fn branches(&self, weights: &[u64]) -> Vec<Range<usize>> {
        let (n, target) = (weights.len(), self.target(weights));
        let mean = weights.iter().sum::<u64>() / n.max(1) as u64;
        let mut width = 1;
        while width < n && mean.saturating_mul(width as u64).saturating_mul(3) < target.saturating_mul(2) {
            width *= 2;
        }
        (0..n).step_by(width).map(|start| start..(start + width).min(n)).collect()
    }

    fn add(&mut self, label: String, work: Work, inputs: Inputs) -> usize {
        let (roles, reads) = inputs.handed.into_iter().unzip();
        self.list.push(Fragment { stage: self.stages.len() - 1, work, roles, stored: inputs.stored, reads, label });
        self.list.len() - 1
    }

    /// What tasks of the last stage are handed.
    fn inputs(&self, plans: impl Iterator<Item = usize>) -> Result<Inputs> {
        let stage = &self.stages[self.stages.len() - 1];
        let blocks = plans.flat_map(|at| stage.plans[at].all());
        let mut inputs = Inputs::default();
        for need in Needs::of(&self.graph, &stage.chain, blocks) {
            inputs.handed.extend(self.reads(need)?.into_iter().map(|read| (Role::Need(need), read)));
            if let Need::Part(id, _) = need {
                inputs.stored.insert(id);
            }
        }
        Ok(inputs)
    }

    fn reads(&self, need: Need) -> Result<Vec<Read>> {
        let missing = || Error::internal("a fragment reads what no fragment makes");
        match need {
            Need::Result(id) => match self.made.get(&id).ok_or_else(missing)? {
                Made::Reduced { root, .. } => Ok(vec![Read::Result(*root)]),
                // What is learnt of rows on their way does not cross.
                Made::Sent { .. } => Ok(Vec::new()),
            },
            Need::Part(id, part) => Ok(match self.made.get(&id).ok_or_else(missing)? {
                Made::Reduced { all, .. } => all.iter().map(|of| Read::Part { of: *of, part }).collect(),
                Made::Sent { all, is_in_place } => {
                    let sends = all.iter().filter(|(_, blocks)| !is_in_place || blocks.contains(&part));
                    sends.map(|(of, _)| Read::Part { of: *of, part }).collect()
                }
            }),
            Need::Given(id, block) => match &self.graph.node(id).step {
                Step::Read { source, .. } => {
                    Ok(vec![Read::Given { source: source.given().ok_or_else(missing)?, block }])
                }
                _ => Err(missing()),
            },
        }
    }

    fn label(&self) -> String {
        let stage = &self.stages[self.stages.len() - 1];
        stage.chain.label(&self.graph)
    }

    fn reduce(&mut self, id: StepId, weights: &[u64]) -> Result<()> {
        let Step::Reduce { reducer, .. } = &self.graph.node(id).step else {
            return Err(Error::internal("a chain's end is not a reduction"));
        };
        let (reducer, label, plans) = (reducer.clone(), self.label(), weights.len());
        let mut all = Vec::new();
        let root = match reducer.may_stop_early() {
            Some(end) => {
                let place = |n: usize| if end == End::Last { plans - 1 - n } else { n };
                let weights: Vec<u64> = (0..plans).map(|n| weights[place(n)]).collect();
                let runs = if plans == 0 { std::iter::once(0..0).collect() } else { self.runs(&weights) };
                let mut last = None;
                for run in runs {
                    let mut inputs = self.inputs(run.clone().map(place))?;
                    inputs.handed.extend(last.map(|last| (Role::Operand, Read::Result(last))));
                    last = Some(self.add(label.clone(), Work::Fold(run), inputs));
                }
                last.unwrap_or_default()
            }
            None => {
                let branches = if plans == 0 { std::iter::once(0..0).collect() } else { self.branches(weights) };
                let mut level = Vec::new();
                for branch in branches {
                    let inputs = self.inputs(branch.clone())?;
                    level.push(self.add(label.clone(), Work::Fold(branch), inputs));
                }
                all.extend(&level);
                while level.len() > 1 {
                    let mut above = Vec::new();
                    for branch in level.chunks(MERGED) {
                        if let [one] = branch {
                            above.push(*one);
                            continue;
                        }
                        let inputs = Inputs::of_operands(branch);
                        above.push(self.add(format!("merge {}", reducer.name()), Work::Merge, inputs));
                        all.extend(above.last());
                    }
                    level = above;
                }
                level.first().copied().unwrap_or_default()
            }
        };
        if reducer.spread().is_none() {
            all.clear();
        }
        self.made.insert(id, Made::Reduced { root, all });
        if id == self.graph.root {
            let inputs = Inputs::of_operands(&[root]);
            let finish = self.add(format!("finish {}", reducer.name()), Work::Finish, inputs);
            self.answer.push(finish);
        }
        Ok(())
    }

    fn exchange(&mut self, id: StepId, weights: &[u64]) -> Result<()> {
        let Step::Exchange { routing, .. } = &self.graph.node(id).step else {
            return Err(Error::internal("a chain's end is not an exchange"));
        };
        let is_in_place = routing.is_in_place();
        let (label, mut all) = (self.label(), Vec::new());
        for run in self.runs(weights) {
            let inputs = self.inputs(run.clone())?;
            let stage = &self.stages[self.stages.len() - 1];
            let blocks = match is_in_place {
                true => run.clone().flat_map(|at| stage.plans[at].all()).collect(),
                false => Vec::new(),
            };
            all.push((self.add(label.clone(), Work::Send(run), inputs), blocks));
        }
        self.made.insert(id, Made::Sent { all, is_in_place });
        Ok(())
    }

    fn answer(&mut self, weights: &[u64]) -> Result<()> {
        let label = self.label();
        let label = if label.is_empty() { "gather".to_string() } else { label };
        for run in self.runs(weights) {
            let inputs = self.inputs(run.clone())?;
            let added = self.add(label.clone(), Work::Answer(run), inputs);
            self.answer.push(added);
        }
        Ok(())
    }
}
