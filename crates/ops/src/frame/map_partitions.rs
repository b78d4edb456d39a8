//! `map_partitions`: a function of the user's over whole partitions.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blockfold_core::{Block, Error, RecordBatch, Result, SchemaRef};
use blockfold_plan::{BlockMap, BlockMeta, Kernel, Lower, Meta, Op, Plan, StepId, TaskContext};

/// A function from a partition to a partition.
pub type PartitionFn = Arc<dyn Fn(RecordBatch) -> Result<RecordBatch> + Send + Sync>;

/// A function of the user's over whole partitions.
pub struct MapPartitions {
    input: [Plan; 1],
    /// The same for all plans with this function of one call, whatever rules make of their input.
    id: u64,
    function: PartitionFn,
    schema: SchemaRef,
}

impl MapPartitions {
    /// A plan of the function's results. The result's columns are learnt by one call with an empty partition.
    ///
    /// # Errors
    /// Whatever the function answers to an empty partition; its panic as [`Error::Panicked`].
    pub fn plan(input: Plan, function: PartitionFn) -> Result<Plan> {
        let empty = RecordBatch::new_empty(input.schema().clone());
        let call = std::panic::AssertUnwindSafe(|| function(empty));
        let schema = match std::panic::catch_unwind(call) {
            Ok(result) => result.map_err(|error| error.at("map_partitions, called with an empty partition"))?.schema(),
            Err(_) => {
                let message = "the function panicked when it was called with an empty partition to learn its columns";
                return Err(Error::Panicked { message: message.to_string() }.at("map_partitions"));
            }
        };
        static IDS: AtomicU64 = AtomicU64::new(0);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        Plan::new(MapPartitions { input: [input], id, function, schema })
    }
}

impl fmt::Debug for MapPartitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "map_partitions over {:?}", self.input)
    }
}

impl Op for MapPartitions {
    fn name(&self) -> &'static str {
        "map_partitions"
    }

    fn token(&self) -> Option<String> {
        Some(self.id.to_string())
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let (function, schema) = (self.function.clone(), self.schema.clone());
        Plan::new(MapPartitions { input: [inputs.remove(0)], id: self.id, function, schema })
    }

    fn meta(&self) -> Result<Meta> {
        let grid = self.input[0].meta().grid.forget_lengths().with_divisions(None);
        Ok(Meta { schema: self.schema.clone(), grid })
    }

    fn has_fixed_blocks(&self) -> bool {
        self.input[0].op().has_fixed_blocks()
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let input = lower.lower(&self.input[0])?;
        let meta = self.meta()?;
        let kernel = CallFunction { function: self.function.clone(), schema: meta.schema.clone() };
        Ok(lower.map(vec![(input, BlockMap::Same)], kernel, meta.schema, meta.grid))
    }
}

struct CallFunction {
    function: PartitionFn,
    schema: SchemaRef,
}

impl fmt::Debug for CallFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("map_partitions")
    }
}

impl Kernel for CallFunction {
    fn name(&self) -> &'static str {
        "map_partitions"
    }

    fn run(&self, inputs: &[Block], _: &TaskContext) -> Result<Block> {
        // A partition without a single batch has no columns to show to the function either.
        let batch = match inputs {
            [input] => input.frame()?.clone(),
            _ => return Ok(RecordBatch::new_empty(self.schema.clone()).into()),
        };
        let result = (self.function)(batch)?;
        if result.schema().fields() != self.schema.fields() {
            return Err(Error::Type {
                op: "map_partitions".into(),
                expected: format!("the columns that an empty partition gave ({})", columns(&self.schema)),
                got: columns(&result.schema()),
            });
        }
        Ok(result.into())
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        // What a user's function allocates is not known: a copy of its input and its output are assumed.
        inputs.iter().map(|input| input.bytes.saturating_mul(2)).sum()
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        inputs.first().copied().unwrap_or_default()
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn whole_partition(&self) -> bool {
        true
    }
}

fn columns(schema: &SchemaRef) -> String {
    let texts: Vec<String> =
        schema.fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
    texts.join(", ")
}
