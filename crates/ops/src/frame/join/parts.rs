//! The join of parts that an exchange brought together.
//!
//! The build side of a part becomes a table, the probe side streams past it. A build side too large for that is
//! split again, with its probe side, by other bits of the keys' hashes. Where that does not help, since few keys hold
//! most rows, it is taken piece by piece, and the probe side streams past each piece.

use std::sync::Arc;

use blockfold_core::{Block, Result};
use blockfold_kernels::join::{JoinBuilder, JoinOptions, JoinTable, Probe, Prober, Remaining, estimate_bytes};
use blockfold_plan::{BlockStream, Part, Router, TaskContext};

use super::pieces::{Pieces, ProbeSide};
use crate::exchange::{HashRouter, Keys};

/// What both sides of a join are joined with.
#[derive(Clone)]
pub(super) struct Sides {
    pub(super) build_keys: Keys,
    pub(super) probe_keys: Keys,
    pub(super) options: JoinOptions,
    pub(super) task: TaskContext,
}

/// How often parts are split again.
const MAX_LEVEL: u32 = 6;

type Pair = (Arc<dyn Part>, Arc<dyn Part>, u32);

/// Parts joined one after the other.
pub(super) struct PartJoin {
    sides: Sides,
    /// Parts to be joined, build side first, with the number of times that they were split; the next one last.
    waiting: Vec<Pair>,
    current: Option<Box<dyn BlockStream>>,
}

impl BlockStream for PartJoin {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(block) = current.next()? {
                    return Ok(Some(block));
                }
                self.current = None;
            }
            let Some(pair) = self.waiting.pop() else { return Ok(None) };
            self.take_up(pair)?;
        }
    }
}

impl PartJoin {
    pub(super) fn new(sides: Sides, build: Arc<dyn Part>, probe: Arc<dyn Part>) -> Self {
        PartJoin { sides, waiting: vec![(build, probe, 0)], current: None }
    }

    fn take_up(&mut self, (build, probe, level): Pair) -> Result<()> {
        if build.size().rows == 0 && probe.size().rows == 0 {
            return Ok(());
        }
        let size = build.size();
        let keys = self.sides.build_keys.exprs().len();
        let table_bytes = estimate_bytes(size.rows, size.bytes, keys);
        let room = self.sides.task.allowance_bytes;
        if table_bytes <= room {
            let table = Arc::new(self.sides.table(build.open()?.as_mut(), u64::MAX)?.0);
            self.current = Some(Box::new(Full::new(&self.sides, table, probe.open()?)));
            return Ok(());
        }
        let smaller =
            if level < MAX_LEVEL && keys > 0 { self.split(build.as_ref(), table_bytes, level)? } else { None };
        match smaller {
            Some((builds, router)) => {
                let probes = probe.split(&router)?;
                let pairs = builds.into_iter().zip(probes).map(|(build, probe)| (build, probe, level + 1));
                self.waiting.extend(pairs);
            }
            None => self.current = Some(Box::new(Pieces::new(&self.sides, build, ProbeSide::Part(probe))?)),
        }
        Ok(())
    }

    /// The build side in smaller parts; `None` when one of them has nearly all rows.
    #[allow(clippy::type_complexity)]
    fn split(
        &self,
        build: &dyn Part,
        table_bytes: u64,
        level: u32,
    ) -> Result<Option<(Vec<Arc<dyn Part>>, Arc<dyn Router>)>> {
        let wanted = (table_bytes / (self.sides.task.allowance_bytes / 4).max(1)).clamp(2, 64);
        let parts = usize::try_from(wanted).unwrap_or(2);
        let by = |keys: &Keys| Arc::new(HashRouter::new(keys.clone(), parts, level + 1)) as Arc<dyn Router>;
        let builds = build.split(&by(&self.sides.build_keys))?;
        let largest = builds.iter().map(|part| part.size().rows).max().unwrap_or(0);
        let helps = largest.saturating_mul(10) < build.size().rows.saturating_mul(9);
        Ok(helps.then(|| (builds, by(&self.sides.probe_keys))))
    }
}

impl Sides {
    /// A table of the rows of a stream, as far as they fit into `room` bytes, and whether there are more.
    pub(super) fn table(&self, stream: &mut dyn BlockStream, room: u64) -> Result<(JoinTable, bool)> {
        let mut builder: Option<JoinBuilder> = None;
        let (mut rows, mut bytes, mut is_more) = (0u64, 0u64, false);
        while let Some(block) = stream.next()? {
            self.task.cancel.check()?;
            let batch = block.frame()?;
            let keys = self.build_keys.of(batch)?;
            rows += batch.num_rows() as u64;
            bytes += blockfold_core::block::slice_bytes(batch);
            let new = || JoinBuilder::new(batch.schema(), self.options.clone());
            builder.get_or_insert_with(new).push(batch.clone(), &keys)?;
            if estimate_bytes(rows, bytes, keys.len()) > room {
                is_more = true;
                break;
            }
        }
        let empty = || JoinBuilder::new(self.empty_build(), self.options.clone());
        Ok((builder.unwrap_or_else(empty).finish()?, is_more))
    }

    /// Columns of a build side of which not a single batch came: as many as the output names, of any type.
    fn empty_build(&self) -> blockfold_core::SchemaRef {
        use blockfold_kernels::join::OutputColumn::{Build, Key};
        let mut fields: Vec<blockfold_core::Field> = Vec::new();
        for (column, field) in self.options.columns.iter().zip(self.options.schema.fields()) {
            if let Build(at) | Key { build: at, .. } = column {
                while fields.len() <= *at {
                    let name = format!("{}", fields.len());
                    fields.push(blockfold_core::Field::new(name, blockfold_core::DType::Null, true));
                }
                fields[*at] = field.as_ref().clone();
            }
        }
        Arc::new(blockfold_core::Schema::new(fields))
    }
}

/// A stream of probe rows past one table.
pub(super) struct ProbeStream {
    prober: Prober,
    probe: Box<dyn BlockStream>,
    keys: Keys,
    task: TaskContext,
    output: Option<Probe>,
}

impl ProbeStream {
    pub(super) fn new(table: &Arc<JoinTable>, probe: Box<dyn BlockStream>, sides: &Sides) -> Self {
        let (keys, task) = (sides.probe_keys.clone(), sides.task.clone());
        ProbeStream { prober: table.prober(), probe, keys, task, output: None }
    }
}

impl BlockStream for ProbeStream {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(batch) = self.output.as_mut().and_then(Iterator::next) {
                return batch.map(|batch| Some(batch.into()));
            }
            self.task.cancel.check()?;
            let Some(block) = self.probe.next()? else { return Ok(None) };
            let batch = block.frame()?;
            self.output = Some(self.prober.probe(batch, &self.keys.of(batch)?)?);
        }
    }
}

/// Probe rows past one table, then the build rows that are due.
pub(super) struct Full {
    table: Arc<JoinTable>,
    probe: ProbeStream,
    remaining: Option<Remaining>,
}

impl Full {
    pub(super) fn new(sides: &Sides, table: Arc<JoinTable>, probe: Box<dyn BlockStream>) -> Self {
        let probe = ProbeStream::new(&table, probe, sides);
        Full { table, probe, remaining: None }
    }
}

impl BlockStream for Full {
    fn next(&mut self) -> Result<Option<Block>> {
        if self.remaining.is_none() {
            if let Some(block) = self.probe.next()? {
                return Ok(Some(block));
            }
            self.remaining = Some(self.table.remaining(self.probe.prober.matched())?);
        }
        let batch = self.remaining.as_mut().and_then(Iterator::next).transpose()?;
        Ok(batch.map(Block::from))
    }
}
