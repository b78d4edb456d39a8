//! Moves slices of arrays towards sources, so that only the elements that are asked for are read or made.

use blockfold_core::Result;

use crate::op::Plan;
use crate::optimize::{Done, Rule, rebuild};
use crate::uses::Readers;

/// See the module.
#[derive(Debug)]
pub struct SlicesDown;

impl Rule for SlicesDown {
    fn name(&self) -> &'static str {
        "slices_down"
    }

    fn starts_at_root(&self) -> bool {
        true
    }

    fn apply(&self, root: &Plan) -> Result<Option<Plan>> {
        let readers = Readers::of(root);
        push(root, &readers, &mut Done::default()).map(Some)
    }
}

fn push(node: &Plan, readers: &Readers, done: &mut Done) -> Result<Plan> {
    done.once(node, |done| {
        // What others read, too, is made whole anyway: a slice of it would be made once more.
        if let (Some(axes), [input]) = (node.op().as_slice(), node.op().inputs())
            && !readers.are_several(input)
            && let Some(sliced) = input.op().sliced(axes)?
        {
            return push(&sliced, readers, done);
        }
        rebuild(node, |_, input| push(input, readers, done))
    })
}
