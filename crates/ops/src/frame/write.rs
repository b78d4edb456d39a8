//! `write`: one file for each partition.

use std::sync::Arc;

use blockfold_core::Result;
use blockfold_plan::{Lower, Meta, Op, Plan, Sink, StepId};

/// One file for each partition.
#[derive(Debug)]
pub struct Write {
    input: [Plan; 1],
    sink: Arc<dyn Sink>,
}

impl Write {
    /// A plan that writes every partition of `input` to the sink.
    pub fn plan(input: Plan, sink: Arc<dyn Sink>) -> Result<Plan> {
        Plan::new(Write { input: [input], sink })
    }
}

impl Op for Write {
    fn name(&self) -> &'static str {
        "write"
    }

    fn detail(&self) -> String {
        format!("{} {}", self.sink.name(), self.sink.detail())
    }

    fn token(&self) -> Option<String> {
        None
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        Write::plan(inputs.remove(0), self.sink.clone())
    }

    fn meta(&self) -> Result<Meta> {
        Ok(self.input[0].meta().clone())
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        Ok(lower.write(input, self.sink.clone()))
    }
}
