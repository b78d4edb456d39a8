//! What the blocks of a chain are made of that other fragments made, or that is given from outside.

use std::collections::{BTreeSet, HashSet};

use blockfold_plan::chain::blocks_of_share;
use blockfold_plan::{BlockMap, Chain, ChainEnd, Step, StepGraph, StepId};

/// Something that a fragment is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// The partial of a reduction, all of it.
    Result(StepId),
    /// The rows of a part of an exchange, or of a reduction that was spread.
    Part(StepId, usize),
    /// A block of a source that cannot read itself.
    Given(StepId, usize),
}

/// What some blocks of a chain need.
pub(super) struct Needs<'a> {
    graph: &'a StepGraph,
    found: BTreeSet<Need>,
    /// Steps of arrays, of which any box may be asked for.
    seen: HashSet<StepId>,
}

impl<'a> Needs<'a> {
    pub(super) fn of(graph: &'a StepGraph, chain: &Chain, blocks: impl Iterator<Item = usize>) -> Vec<Need> {
        let mut needs = Needs { graph, found: BTreeSet::new(), seen: HashSet::new() };
        blocks.for_each(|block| needs.block(chain.top, block));
        if let ChainEnd::Exchange(id) = chain.end
            && let Step::Exchange { made_from, unless, .. } = &graph.node(id).step
        {
            needs.found.extend(made_from.iter().chain(unless).map(|step| Need::Result(*step)));
        }
        needs.found.into_iter().collect()
    }

    fn block(&mut self, id: StepId, block: usize) {
        let graph = self.graph;
        let node = graph.node(id);
        if node.grid.chunks().is_some() {
            return self.boxes(id);
        }
        match &node.step {
            Step::Read { source, narrowed_by } => {
                self.found.extend(narrowed_by.iter().map(|narrowing| Need::Result(narrowing.step)));
                if source.given().is_some() {
                    self.found.insert(Need::Given(id, block));
                }
            }
            Step::Map { inputs, .. } => {
                for (input, map) in inputs {
                    if *map == BlockMap::Boxes {
                        self.boxes(*input);
                    } else if let Some(blocks) = map.run(block, graph.node(*input).grid.blocks()) {
                        blocks.for_each(|block| self.block(*input, block));
                    } else if let Some(inner) = map.input_block(block) {
                        self.block(*input, inner);
                    }
                }
            }
            Step::Reduce { .. } | Step::Exchange { .. } => self.stored(id, block),
            Step::Write { .. } => {}
        }
    }

    fn stored(&mut self, id: StepId, block: usize) {
        match &self.graph.node(id).step {
            Step::Reduce { reducer, .. } => {
                self.found.insert(Need::Result(id));
                if reducer.spread().is_some_and(|router| block < router.parts()) {
                    self.found.insert(Need::Part(id, block));
                }
            }
            Step::Exchange { input, unless, .. } => {
                self.found.insert(Need::Part(id, block));
                if let Some(unless) = unless {
                    self.found.insert(Need::Result(*unless));
                    let (parts, blocks) = (self.graph.node(id).grid.blocks(), self.graph.node(*input).grid.blocks());
                    blocks_of_share(block, parts, blocks).for_each(|block| self.block(*input, block));
                }
            }
            _ => {}
        }
    }

    /// All that an array is made of.
    fn boxes(&mut self, id: StepId) {
        if !self.seen.insert(id) {
            return;
        }
        let graph = self.graph;
        let node = graph.node(id);
        let blocks = 0..node.grid.blocks();
        match &node.step {
            _ if node.grid.chunks().is_none() => blocks.for_each(|block| self.block(id, block)),
            Step::Read { source, .. } => {
                if source.given().is_some() {
                    self.found.extend(blocks.map(|block| Need::Given(id, block)));
                }
            }
            Step::Map { inputs, .. } => inputs.iter().for_each(|(input, _)| self.boxes(*input)),
            Step::Reduce { .. } | Step::Exchange { .. } => blocks.for_each(|block| self.stored(id, block)),
            Step::Write { .. } => {}
        }
    }
}
