//! Answers from metadata what needs no run: the number of rows of files whose footers tell it.

use blockfold_core::Result;

use crate::op::Plan;
use crate::optimize::Rule;

/// See the module.
#[derive(Debug)]
pub struct AnswerFromMetadata;

impl Rule for AnswerFromMetadata {
    fn name(&self) -> &'static str {
        "answer_from_metadata"
    }

    fn apply(&self, node: &Plan) -> Result<Option<Plan>> {
        node.op().answered_by_metadata()
    }
}
