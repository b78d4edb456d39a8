//! How often the result of each sub-plan is read.

use std::collections::{HashMap, HashSet};

use crate::op::Plan;

/// Number of places where all of a sub-plan's rows are read, by token.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    counts: HashMap<u64, usize>,
    /// Sub-plans that were looked at, and whether as ones of which few rows are read.
    seen: HashSet<(u64, bool)>,
    /// Inputs that were counted.
    counted: HashSet<(u64, usize)>,
}

impl Uses {
    /// The uses within a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut uses = Uses::default();
        uses.visit(plan, false);
        uses
    }

    /// Whether all rows of a sub-plan are read more than once.
    pub(crate) fn is_shared(&self, plan: &Plan) -> bool {
        self.counts.get(&plan.token()).is_some_and(|count| *count > 1)
    }

    fn visit(&mut self, plan: &Plan, is_partial: bool) {
        if !self.seen.insert((plan.token(), is_partial)) {
            return;
        }
        let op = plan.op();
        let passes_rows = op.is_row_by_row() || op.as_filter().is_some();
        let is_partial = op.stops_early() || (is_partial && passes_rows);
        for (i, input) in op.inputs().iter().enumerate() {
            let is_partial = is_partial && i == 0;
            if !is_partial && self.counted.insert((plan.token(), i)) {
                *self.counts.entry(input.token()).or_default() += 1;
            }
            self.visit(input, is_partial);
        }
    }
}

/// How many places of other nodes each sub-plan is read from, by token.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    counts: HashMap<u64, usize>,
}

impl Readers {
    /// The readers within a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let (mut readers, mut seen, mut open) = (Readers::default(), HashSet::new(), vec![plan.clone()]);
        while let Some(node) = open.pop() {
            if !seen.insert(node.token()) {
                continue;
            }
            for input in node.op().inputs() {
                *readers.counts.entry(input.token()).or_default() += 1;
                open.push(input.clone());
            }
        }
        readers
    }

    /// Whether a sub-plan is read from more than one place.
    pub(crate) fn are_several(&self, plan: &Plan) -> bool {
        self.counts.get(&plan.token()).is_some_and(|count| *count > 1)
    }
}
