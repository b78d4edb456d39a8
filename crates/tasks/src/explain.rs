//! What a run would do, as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::plan::Plan;

/// Tasks by name, the longest path, and the chains that were regrouped.
pub fn explain(plan: &Plan) -> String {
    let mut text = String::new();
    let starts = (0..plan.len()).filter(|i| plan.deps_of(*i).is_empty()).count();
    let depth = longest_path(plan);
    let _ = writeln!(
        text,
        "{} tasks, {} inputs; {starts} can start at once, longest path {depth} tasks",
        plan.len(),
        plan.deps.len()
    );
    let mut kinds: BTreeMap<(&str, bool, bool), usize> = BTreeMap::new();
    for node in &plan.nodes {
        let function = &node.function;
        *kinds.entry((&function.name, function.is_blocking, function.is_associative)).or_default() += 1;
    }
    for ((name, is_blocking, is_associative), count) in kinds {
        let marks = [(is_blocking, "blocking"), (is_associative, "associative")];
        let marks: Vec<&str> = marks.iter().filter(|mark| mark.0).map(|mark| mark.1).collect();
        let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
        let _ = writeln!(text, "  {count} x {name}{marks}");
    }
    for tree in &plan.regrouped {
        let _ = writeln!(
            text,
            "  regrouped: a chain of {} calls of {} that was {} deep is a balanced tree {} deep",
            tree.calls, tree.name, tree.depth_before, tree.depth
        );
    }
    text
}

fn longest_path(plan: &Plan) -> usize {
    let mut depths: Vec<usize> = Vec::with_capacity(plan.len());
    for i in 0..plan.len() {
        let below = plan.deps_of(i).iter().map(|read| depths[*read as usize]).max();
        depths.push(below.unwrap_or(0) + 1);
    }
    depths.into_iter().max().unwrap_or(0)
}
