//! The join of parts that an exchange brought together.
//!
//! The build side of a part becomes a table, the probe side streams past it. A build side too large for that is
//! split again, with its probe side, by other bits of the keys' hashes. Where that does not help, since few keys hold
//! most rows, it is taken piece by piece, and the probe side streams past each piece.

use std::collections::VecDeque;
use std::sync::Arc;

use blockfold_core::{Block, Error, RecordBatch, Result};
use blockfold_kernels::join::{
    JoinBuilder, JoinOptions, JoinTable, Matched, Probe, Prober, Remaining, SeenRows, estimate_bytes,
};
use blockfold_plan::{BlockMeta, BlockStream, Input, Kernel, Part, Router, TaskContext};

use crate::exchange::{HashRouter, Keys};

/// Bytes of an output batch: a row of each side.
pub(super) fn output_bytes(inputs: &[BlockMeta]) -> u64 {
    let rows = inputs.first().map_or(0, |probe| probe.rows).clamp(1, 32 * 1024);
    let row_bytes = |input: &BlockMeta| input.bytes.checked_div(input.rows).unwrap_or(16).max(16);
    rows.saturating_mul(inputs.iter().map(row_bytes).sum())
}

/// Joins parts.
#[derive(Debug)]
pub(super) struct JoinParts {
    pub(super) build_keys: Keys,
    pub(super) probe_keys: Keys,
    pub(super) options: JoinOptions,
    pub(super) detail: String,
}

impl Kernel for JoinParts {
    fn name(&self) -> &'static str {
        "join"
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("a join gives a stream"))
    }

    fn peak_bytes(&self, inputs: &[BlockMeta]) -> u64 {
        let build = inputs.get(1).copied().unwrap_or_default();
        let table = estimate_bytes(build.rows, build.bytes, self.build_keys.exprs().len());
        table.saturating_add(output_bytes(inputs).saturating_mul(2))
    }

    fn output(&self, inputs: &[BlockMeta]) -> BlockMeta {
        let rows = inputs.first().map_or(0, |probe| probe.rows).clamp(1, self.options.max_rows as u64);
        BlockMeta { rows, bytes: output_bytes(inputs) }
    }

    fn whole_partition(&self) -> bool {
        true
    }

    fn keeps_allowance(&self) -> bool {
        true
    }

    fn open(&self, inputs: &mut Vec<Input>, task: &TaskContext) -> Result<Option<Box<dyn BlockStream>>> {
        let (build, probe) = (inputs.pop(), inputs.pop());
        let (Some(Input::Part(probe)), Some(Input::Part(build))) = (probe, build) else {
            return Err(Error::internal("a join of something other than parts"));
        };
        Ok(Some(Box::new(PartJoin {
            sides: Sides {
                build_keys: self.build_keys.clone(),
                probe_keys: self.probe_keys.clone(),
                options: self.options.clone(),
                task: task.clone(),
            },
            waiting: vec![(build, probe, 0)],
            current: None,
        })))
    }
}

#[derive(Clone)]
struct Sides {
    build_keys: Keys,
    probe_keys: Keys,
    options: JoinOptions,
    task: TaskContext,
}

/// How often parts are split again.
const MAX_LEVEL: u32 = 6;

type Pair = (Arc<dyn Part>, Arc<dyn Part>, u32);

struct PartJoin {
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
    fn take_up(&mut self, (build, probe, level): Pair) -> Result<()> {
        if build.size().rows == 0 && probe.size().rows == 0 {
            return Ok(());
        }
        let size = build.size();
        let keys = self.sides.build_keys.exprs().len();
        let table_bytes = estimate_bytes(size.rows, size.bytes, keys);
        let room = self.sides.task.allowance_bytes;
        if table_bytes <= room {
            let table = Arc::new(self.sides.table(build.open()?, u64::MAX)?.0);
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
    fn table(&self, mut stream: impl AsMutStream, room: u64) -> Result<(JoinTable, bool)> {
        let mut builder: Option<JoinBuilder> = None;
        let (mut rows, mut bytes, mut is_more) = (0u64, 0u64, false);
        while let Some(block) = stream.stream().next()? {
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

/// A stream, owned or lent.
trait AsMutStream {
    fn stream(&mut self) -> &mut dyn BlockStream;
}

impl AsMutStream for Box<dyn BlockStream> {
    fn stream(&mut self) -> &mut dyn BlockStream {
        self.as_mut()
    }
}

impl AsMutStream for &mut Box<dyn BlockStream> {
    fn stream(&mut self) -> &mut dyn BlockStream {
        self.as_mut()
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
    pub(super) fn new(table: &Arc<JoinTable>, probe: Box<dyn BlockStream>, keys: Keys, task: &TaskContext) -> Self {
        ProbeStream { prober: table.prober(), probe, keys, task: task.clone(), output: None }
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
struct Full {
    table: Arc<JoinTable>,
    probe: ProbeStream,
    remaining: Option<Remaining>,
}

impl Full {
    fn new(sides: &Sides, table: Arc<JoinTable>, probe: Box<dyn BlockStream>) -> Self {
        let probe = ProbeStream::new(&table, probe, sides.probe_keys.clone(), &sides.task);
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

/// Probe rows that stream more than once.
enum ProbeSide {
    Part(Arc<dyn Part>),
    Rows(Vec<RecordBatch>),
}

impl ProbeSide {
    fn open(&self) -> Result<Box<dyn BlockStream>> {
        match self {
            ProbeSide::Part(part) => part.open(),
            ProbeSide::Rows(rows) => Ok(Box::new(rows.clone().into_iter().map(|batch| Ok(Block::from(batch))))),
        }
    }
}

/// A build side piece by piece, with all probe rows past each.
struct Pieces {
    sides: Sides,
    build: Box<dyn BlockStream>,
    probe_side: ProbeSide,
    /// What each probe batch met in earlier pieces.
    seen: Vec<SeenRows>,
    piece: Option<Piece>,
    is_more: bool,
}

struct Piece {
    table: Arc<JoinTable>,
    prober: Prober,
    probe: Box<dyn BlockStream>,
    batch: usize,
    is_last: bool,
    output: Option<Probe>,
    remaining: Option<Remaining>,
}

impl Pieces {
    fn new(sides: &Sides, build: Arc<dyn Part>, probe_side: ProbeSide) -> Result<Self> {
        let build = build.open()?;
        Ok(Pieces { sides: sides.clone(), build, probe_side, seen: Vec::new(), piece: None, is_more: true })
    }

    fn next_piece(&mut self) -> Result<()> {
        let room = self.sides.task.allowance_bytes / 2;
        let (table, is_more) = self.sides.table(&mut self.build, room)?;
        self.is_more = is_more;
        let table = Arc::new(table);
        let (prober, probe) = (table.prober(), self.probe_side.open()?);
        let (output, remaining) = (None, None);
        self.piece = Some(Piece { table, prober, probe, batch: 0, is_last: !is_more, output, remaining });
        Ok(())
    }
}

impl Piece {
    fn next(&mut self, sides: &Sides, seen: &mut Vec<SeenRows>) -> Result<Option<Block>> {
        loop {
            if let Some(batch) = self.output.as_mut().and_then(Iterator::next) {
                return batch.map(|batch| Some(batch.into()));
            }
            if let Some(remaining) = &mut self.remaining {
                return Ok(remaining.next().transpose()?.map(Block::from));
            }
            sides.task.cancel.check()?;
            let Some(block) = self.probe.next()? else {
                let matched: &Matched = self.prober.matched();
                self.remaining = Some(self.table.remaining(matched)?);
                continue;
            };
            let batch = block.frame()?;
            if seen.len() <= self.batch {
                seen.push(SeenRows::none(batch.num_rows()));
            }
            let keys = sides.probe_keys.of(batch)?;
            let seen = seen.get_mut(self.batch).ok_or_else(|| Error::internal("a probe batch came out of order"))?;
            self.output = Some(self.prober.probe_piece(batch, &keys, seen, self.is_last)?);
            self.batch += 1;
        }
    }
}

impl BlockStream for Pieces {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(piece) = &mut self.piece {
                if let Some(block) = piece.next(&self.sides, &mut self.seen)? {
                    return Ok(Some(block));
                }
                self.piece = None;
            }
            if !self.is_more {
                return Ok(None);
            }
            self.next_piece()?;
        }
    }
}

/// A stream of probe rows, taken a chunk at a time, past a build side that did not fit as a table.
pub(super) struct ChunkedJoin {
    sides: Sides,
    build: Arc<dyn Part>,
    probe: Box<dyn BlockStream>,
    pieces: Option<Pieces>,
}

impl ChunkedJoin {
    pub(super) fn new(
        build: Arc<dyn Part>,
        probe: Box<dyn BlockStream>,
        (build_keys, probe_keys): (Keys, Keys),
        options: JoinOptions,
        task: &TaskContext,
    ) -> Self {
        let sides = Sides { build_keys, probe_keys, options, task: task.clone() };
        ChunkedJoin { sides, build, probe, pieces: None }
    }

    /// Probe rows for a quarter of the allowance; none at the end.
    fn chunk(&mut self) -> Result<Vec<RecordBatch>> {
        let (mut rows, mut bytes) = (VecDeque::new(), 0u64);
        while bytes < self.sides.task.allowance_bytes / 4 {
            let Some(block) = self.probe.next()? else { break };
            bytes += blockfold_core::block::slice_bytes(block.frame()?);
            rows.push_back(block.frame()?.clone());
        }
        Ok(rows.into())
    }
}

impl BlockStream for ChunkedJoin {
    fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some(pieces) = &mut self.pieces {
                if let Some(block) = pieces.next()? {
                    return Ok(Some(block));
                }
                self.pieces = None;
            }
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            self.pieces = Some(Pieces::new(&self.sides, self.build.clone(), ProbeSide::Rows(chunk))?);
        }
    }
}
