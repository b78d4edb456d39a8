//! The rules, one file each.

use crate::optimize::Rule;

mod answer_from_metadata;
mod columns_down;
mod filters_down;
mod limits_down;
mod merge_elementwise;
mod share_subplans;
mod simplify_expressions;
mod slices_down;
mod transposes_away;

pub use answer_from_metadata::AnswerFromMetadata;
pub use columns_down::ColumnsDown;
pub use filters_down::FiltersDown;
pub use limits_down::LimitsDown;
pub use merge_elementwise::MergeElementwise;
pub use share_subplans::ShareSubplans;
pub use simplify_expressions::SimplifyExpressions;
pub use slices_down::SlicesDown;
pub use transposes_away::TransposesAway;

/// All rules, in the order in which they run.
pub const RULES: &[&dyn Rule] = &[
    // First, so that every later rule sees the plainest form of each predicate.
    &SimplifyExpressions,
    // Filters before limits: a filter below a limit would change which rows come first, and neither moves
    // past the other; but a filter that reached its source may let the source skip whole row groups.
    &FiltersDown,
    // After filters, since a source that filters can only promise rows after its filter.
    &LimitsDown,
    // Counts that metadata answers, once filters are where they belong: a filtered source has no known length.
    &AnswerFromMetadata,
    // Columns last of the pushing rules: filters that sank into a source need their columns no more above it.
    &ColumnsDown,
    // Arrays: equal parts are told by then from those that one place reads alone. Slices first, since they make plans
    // smaller; then reductions meet what slices left of transposes; what is left next to each other becomes one.
    &SlicesDown,
    &TransposesAway,
    &MergeElementwise,
    // At the end, when equal sub-plans have taken their final form.
    &ShareSubplans,
];
