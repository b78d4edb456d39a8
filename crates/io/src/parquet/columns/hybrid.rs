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
    /// Where the next run begins.
    at: usize,
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
    /// So many numbers not yet unpacked, in bytes `start .. end`.
    Packed { start: usize, end: usize, left: usize },
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
        Ok(Hybrid { data, at: 0, width, run, block: [0; BLOCK], taken: 0, filled: 0 })
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
                Run::Packed { start, end, left } => {
                    let bytes = self.width as usize * 8;
                    let packed = self.data.get(*start..*end).unwrap_or_default();
                    let whole = count.min(*left) / BLOCK;
                    let mut blocks = packed.chunks(bytes.max(1));
                    for packed in blocks.by_ref().take(whole) {
                        unpack_block(packed, self.width, &mut self.block);
                        take(Stretch::Numbers(&self.block));
                    }
                    *start += whole * bytes;
                    (*left, count) = (*left - whole * BLOCK, count - whole * BLOCK);
                    if count > 0 && *left > 0 {
                        unpack_block(blocks.next().unwrap_or_default(), self.width, &mut self.block);
                        *start += bytes;
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
                Run::Packed { start, left, .. } => {
                    let whole = count.min(*left) / BLOCK;
                    *start += whole * self.width as usize * 8;
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
        let rest = self.data.len() - self.at.min(self.data.len());
        if header & 1 == 1 {
            let bytes = count.saturating_mul(self.width as usize).min(rest);
            let left = count.checked_mul(8).ok_or_else(|| ParquetError::General("a run is too long".into()))?;
            // Writers may leave out the end of the last group.
            let have = bytes.saturating_mul(8).checked_div(self.width as usize).unwrap_or(left);
            self.run = Run::Packed { start: self.at, end: self.at + bytes, left: left.min(have) };
            self.at += bytes;
        } else {
            let bytes = self.width.div_ceil(8) as usize;
            let value = self.data.get(self.at..self.at + bytes).ok_or_else(cut_off)?;
            let number = value.iter().rev().fold(0u32, |number, byte| (number << 8) | u32::from(*byte));
            self.run = Run::Same { number, left: count };
            self.at += bytes;
        }
        Ok(())
    }

    /// A run's header: an unsigned LEB128 number.
    fn header(&mut self) -> Result<u64> {
        let mut header = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.data.get(self.at).ok_or_else(cut_off)?;
            self.at += 1;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn take(hybrid: &mut Hybrid, count: usize) -> Vec<u32> {
        let mut all = Vec::new();
        hybrid
            .decode(count, |stretch| match stretch {
                Stretch::Same(number, count) => all.extend(std::iter::repeat_n(number, count)),
                Stretch::Numbers(numbers) => all.extend(numbers),
            })
            .unwrap();
        all
    }

    /// A run of 7 times 5, then 200 packed numbers, then 100 times 1, at three bits.
    fn encoded() -> (Bytes, Vec<u32>) {
        let numbers: Vec<u32> = (0..200).map(|i| i * 3 % 8).collect();
        let mut data = vec![7 << 1, 5, (25 << 1) | 1];
        for eight in numbers.chunks(8) {
            let bits = eight.iter().rev().fold(0u32, |bits, number| (bits << 3) | number);
            data.extend(&bits.to_le_bytes()[..3]);
        }
        data.extend([0xc8, 0x01, 1]);
        let all = [vec![5; 7], numbers, vec![1; 100]].concat();
        (data.into(), all)
    }

    #[test]
    fn decodes_and_skips_in_any_steps() {
        let (data, all) = encoded();
        for step in [1, 3, 8, 63, 64, 65, 130, 307] {
            let mut hybrid = Hybrid::new(data.clone(), 3).unwrap();
            let mut at = 0;
            while at < all.len() {
                let count = step.min(all.len() - at);
                if at % 2 == 0 {
                    assert_eq!(take(&mut hybrid, count), all[at..at + count], "step {step} at {at}");
                } else {
                    hybrid.skip(count).unwrap();
                }
                at += count;
            }
        }
    }

    #[test]
    fn damaged_runs_are_errors() {
        let decode = |data: &'static [u8], width| Hybrid::new(Bytes::from_static(data), width)?.decode(100, |_| ());
        assert!(decode(&[], 3).is_err());
        assert!(decode(&[0xff; 20], 3).is_err());
        assert!(decode(&[0, 0, 0, 0], 3).is_err());
        assert!(decode(&[3, 1, 2], 9).is_err());
        assert!(decode(&[20, 1], 9).is_err());
        assert!(Hybrid::new(Bytes::new(), 33).is_err());
    }
}
