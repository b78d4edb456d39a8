//! Where the time went, by samples of what each worker did.
//!
//! Every few milliseconds the ring's thread reads what each worker publishes: its run, its chain, and the innermost step
//! whose code it was in. The time since the last sample is counted for that stack. So a step has its own time, without
//! that of the steps that it pulls rows from; what it calls (a kernel's functions, a decoder) is counted as its own. Work
//! shorter than the time between samples is told from chance only when there is much of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::ChainLog;
use crate::view::Flame;

/// Microseconds by chain and step; steps are numbered from 1, 0 is what lies between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    stacks: BTreeMap<(usize, usize), u64>,
}

impl Profile {
    /// Counts time of a worker that was seen in a step of a chain.
    pub fn add(&mut self, chain: usize, step: Option<usize>, us: u64) {
        *self.stacks.entry((chain, step.map_or(0, |step| step + 1))).or_default() += us;
    }

    /// Samples as a flame graph: the run, its chains, their steps. Chains that were never seen at work show the time that
    /// their tasks measured, as calls do.
    pub fn flame(&self, label: &str, chains: &[ChainLog]) -> Flame {
        let children = chains.iter().enumerate().map(|(index, chain)| {
            let seen = self.stacks.range((index, 0)..=(index, usize::MAX));
            let steps: Vec<Flame> = seen.map(|((_, step), us)| leaf(name_of(chain, *step), *us)).collect();
            let us = steps.iter().map(|step| step.us).sum();
            match us {
                0 => leaf(chain.view.label.clone(), chain.busy_ns / 1000),
                _ => Flame { name: chain.view.label.clone(), us, children: steps },
            }
        });
        let mut children: Vec<Flame> = children.filter(|chain| chain.us > 0).collect();
        children.iter_mut().for_each(|chain| chain.children.sort_by_key(|step| std::cmp::Reverse(step.us)));
        Flame { name: label.to_string(), us: children.iter().map(|chain| chain.us).sum(), children }
    }
}

fn leaf(name: String, us: u64) -> Flame {
    Flame { name, us, children: Vec::new() }
}

fn name_of(chain: &ChainLog, step: usize) -> String {
    let Some(step) = step.checked_sub(1) else { return "between steps".to_string() };
    let name = chain.names.iter().find(|(number, _)| *number == step).map(|(_, name)| name.clone());
    name.unwrap_or_else(|| format!("step {step}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_below_their_chains_and_the_largest_first() {
        let mut profile = Profile::default();
        profile.add(0, Some(2), 10);
        profile.add(0, Some(5), 30);
        profile.add(0, None, 5);
        let mut chain = ChainLog { names: vec![(2, "filter".to_string())], ..ChainLog::default() };
        chain.view.label = "read > filter".to_string();
        let call = ChainLog { busy_ns: 7000, ..ChainLog::default() };
        let flame = profile.flame("all", &[chain, call]);
        assert_eq!((flame.us, flame.children.len()), (52, 2));
        let names: Vec<&str> = flame.children[0].children.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["step 5", "filter", "between steps"]);
    }
}
