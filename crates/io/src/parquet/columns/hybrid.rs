//! Parquet's hybrid encoding: runs of one number, and bit-packed numbers in groups of eight.
//!
//! Source: the "RLE/Bit-Packing Hybrid" of the Parquet format's Encodings.md.

use bytes::Bytes;
use parquet::errors::ParquetError;

use super::Result;
use super::unpack::{BLOCK, Block, unpack_block};

/// Decodes numbers of up to 32 bits forwards.
pub(super) struct Hybrid {
    data: Bytes,
    width: u32,
    run: Run,
    /// Numbers unpacked but not yet taken: `block[taken..filled]`.
    block: Block,
    taken: usize,
    filled: usize,
}

/// What is left of the run at hand.
enum Run {
    /// So many times this number.
    Same { number: u32, left: usize },
    /// So many numbers not yet unpacked, from the start of the data, which is cut off behind them.
    Packed { packed: Bytes, left: usize },
}

/// A stretch of decoded numbers.
pub(super) enum Stretch<'a> {
    /// One number, so many times.
    Same(u32, usize),
    /// Numbers.
    Numbers(&'a [u32]),
}

impl Hybrid {
    /// Numbers of `width` bits.
    pub(super) fn new(data: Bytes, width: u32) -> Result<Self> {
        if width > 32 {
            return Err(ParquetError::General(format!("numbers of {width} bits")));
        }
        let run = Run::Same { number: 0, left: 0 };
        Ok(Hybrid { data, width, run, block: [0; BLOCK], taken: 0, filled: 0 })
    }

    /// Gives the next `count` numbers to `take`, in stretches.
    pub(super) fn decode(&mut self, mut count: usize, mut take: impl FnMut(Stretch<'_>)) -> Result<()> {
        while count > 0 {
            if self.taken < self.filled {
                let end = self.filled.min(self.taken + count);
                count -= end - self.taken;
                take(Stretch::Numbers(self.block.get(self.taken..end).unwrap_or_default()));
                self.taken = end;
                continue;
            }
            match &mut self.run {
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => self.next_run()?,
                Run::Same { number, left } => {
                    let taken = count.min(*left);
                    take(Stretch::Same(*number, taken));
                    (*left, count) = (*left - taken, count - taken);
                }
                Run::Packed { packed, left } => {
                    let bytes = self.width as usize * 8;
                    let whole = count.min(*left) / BLOCK;
                    for packed in packed.chunks(bytes.max(1)).take(whole) {
                        unpack_block(packed, self.width, &mut self.block);
                        take(Stretch::Numbers(&self.block));
                    }
                    let _ = packed.split_to((whole * bytes).min(packed.len()));
                    (*left, count) = (*left - whole * BLOCK, count - whole * BLOCK);
                    if count > 0 && *left > 0 {
                        unpack_block(packed, self.width, &mut self.block);
                        let _ = packed.split_to(bytes.min(packed.len()));
                        (self.taken, self.filled) = (0, BLOCK.min(*left));
                        *left -= self.filled;
                    }
                }
            }
        }
        Ok(())
    }

    /// Leaves out the next `count` numbers; whole blocks are not unpacked.
    pub(super) fn skip(&mut self, mut count: usize) -> Result<()> {
        while count > 0 {
            let unpacked = count.min(self.filled - self.taken);
            self.taken += unpacked;
            count -= unpacked;
            match &mut self.run {
                _ if count == 0 => {}
                Run::Same { left: 0, .. } | Run::Packed { left: 0, .. } => self.next_run()?,
                Run::Same { left, .. } => {
                    let taken = count.min(*left);
                    (*left, count) = (*left - taken, count - taken);
                }
                Run::Packed { packed, left } => {
                    let whole = count.min(*left) / BLOCK;
                    let _ = packed.split_to((whole * self.width as usize * 8).min(packed.len()));
                    (*left, count) = (*left - whole * BLOCK, count - whole * BLOCK);
                    let rest = count.min(*left);
                    if rest > 0 {
                        self.decode(rest, |_| ())?;
                        count -= rest;
                    }
                }
            }
        }
        Ok(())
    }

    /// The run at hand when it is one number, with how often it comes; reads the first run's header if need be.
    pub(super) fn same(&mut self) -> Result<Option<(u32, usize)>> {
        if self.taken == self.filled && matches!(self.run, Run::Same { left: 0, .. } | Run::Packed { left: 0, .. }) {
            self.next_run()?;
        }
        match self.run {
            Run::Same { number, left } if self.taken == self.filled => Ok(Some((number, left))),
            _ => Ok(None),
        }
    }

    fn next_run(&mut self) -> Result<()> {
        let header = self.header()?;
        let count = usize::try_from(header >> 1)?;
        if header & 1 == 1 {
            let bytes = count.saturating_mul(self.width as usize).min(self.data.len());
            let left = count.checked_mul(8).ok_or_else(|| ParquetError::General("a run is too long".into()))?;
            // Writers may leave out the end of the last group.
            let have = bytes.saturating_mul(8).checked_div(self.width as usize).unwrap_or(left);
            self.run = Run::Packed { packed: self.data.split_to(bytes), left: left.min(have) };
        } else {
            let bytes = self.width.div_ceil(8) as usize;
            let value = self.data.get(..bytes).ok_or_else(cut_off)?;
            let number = value.iter().rev().fold(0u32, |number, byte| (number << 8) | u32::from(*byte));
            self.run = Run::Same { number, left: count };
            let _ = self.data.split_to(bytes);
        }
        Ok(())
    }

    /// A run's header: an unsigned LEB128 number.
    fn header(&mut self) -> Result<u64> {
        let mut header = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.data.first().ok_or_else(cut_off)?;
            let _ = self.data.split_to(1);
            header |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(header);
            }
        }
        Err(ParquetError::General("the header of a run is too long".into()))
    }
}

fn cut_off() -> ParquetError {
    ParquetError::EOF("a page ends before its values".into())
}
