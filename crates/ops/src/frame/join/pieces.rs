//! A build side taken piece by piece, for sides too large for a table that hashing does not split.

use std::sync::Arc;

use blockfold_core::{Block, Error, RecordBatch, Result};
use blockfold_kernels::join::{JoinTable, Matched, Probe, Prober, Remaining, SeenRows};
use blockfold_plan::{BlockStream, Part};

use super::parts::Sides;

/// Probe rows that stream more than once.
pub(super) enum ProbeSide {
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
pub(super) struct Pieces {
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
    pub(super) fn new(sides: &Sides, build: Arc<dyn Part>, probe_side: ProbeSide) -> Result<Self> {
        let build = build.open()?;
        Ok(Pieces { sides: sides.clone(), build, probe_side, seen: Vec::new(), piece: None, is_more: true })
    }

    fn next_piece(&mut self) -> Result<()> {
        let room = self.sides.task.allowance_bytes / 2;
        let (table, is_more) = self.sides.table(self.build.as_mut(), room)?;
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
    pub(super) fn new(build: Arc<dyn Part>, probe: Box<dyn BlockStream>, sides: Sides) -> Self {
        ChunkedJoin { sides, build, probe, pieces: None }
    }

    /// Probe rows for a quarter of the allowance; none at the end.
    fn chunk(&mut self) -> Result<Vec<RecordBatch>> {
        let (mut rows, mut bytes) = (Vec::new(), 0u64);
        while bytes < self.sides.task.allowance_bytes / 4 {
            let Some(block) = self.probe.next()? else { break };
            bytes += blockfold_core::block::slice_bytes(block.frame()?);
            rows.push(block.frame()?.clone());
        }
        Ok(rows)
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
