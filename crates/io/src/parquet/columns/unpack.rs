//! Bit-unpacking: 64 numbers of `W` bits are `W` words of 64 bits, whatever `W` is.
//!
//! One kernel per width, made by const generics; offsets and shifts are constants once a kernel is unrolled, so that
//! a number costs two or three instructions and no branch.

/// Numbers unpacked at once.
pub(super) const BLOCK: usize = 64;

/// A block of unpacked numbers.
pub(super) type Block = [u32; BLOCK];

macro_rules! unrolled {
    ($at:ident => $body:expr) => {
        unrolled!(@ $at $body; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
    };
    (@ $at:ident $body:expr; $($i:literal)*) => { $({ const $at: usize = $i; $body })* };
}

/// Unpacks 64 numbers of `W` bits; `packed` has `8 * W` bytes.
fn unpack<const W: usize>(packed: &[u8], block: &mut Block) {
    let mut words = [0u64; W];
    for (word, bytes) in words.iter_mut().zip(packed.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    let mask = (1u64 << W) - 1;
    unrolled!(I => {
        let (word, shift) = (I * W / 64, I * W % 64);
        let low = words[word] >> shift;
        let number = if shift + W > 64 { low | (words[word + 1] << (64 - shift)) } else { low };
        block[I] = (number & mask) as u32;
    });
}

/// Unpacks 64 numbers of `width` bits from the start of `packed`; missing bytes count as zero.
pub(super) fn unpack_block(packed: &[u8], width: u32, block: &mut Block) {
    let needed = width as usize * 8;
    match packed.get(..needed) {
        Some(packed) => unpack_width(packed, width, block),
        None => {
            let mut padded = [0u8; 32 * 8];
            padded.iter_mut().zip(packed).for_each(|(to, from)| *to = *from);
            unpack_width(padded.get(..needed).unwrap_or_default(), width, block);
        }
    }
}

fn unpack_width(packed: &[u8], width: u32, block: &mut Block) {
    macro_rules! dispatch {
        ($($w:literal)*) => {
            match width {
                $($w => unpack::<$w>(packed, block),)*
                _ => block.fill(0),
            }
        };
    }
    dispatch!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width() {
        for width in 1..=32u32 {
            let mask = u32::MAX >> (32 - width);
            let numbers: Vec<u32> = (0..64u32).map(|i| i.wrapping_mul(0x9E37_79B9).rotate_left(i) & mask).collect();
            let mut packed = vec![0u8; width as usize * 8];
            for (i, number) in numbers.iter().enumerate() {
                for bit in 0..width as usize {
                    let at = i * width as usize + bit;
                    packed[at / 8] |= (((number >> bit) & 1) as u8) << (at % 8);
                }
            }
            let mut block = [7; BLOCK];
            unpack_block(&packed, width, &mut block);
            assert_eq!(block.as_slice(), numbers, "width {width}");
            packed.truncate(width as usize);
            unpack_block(&packed, width, &mut block);
            assert_eq!(block[..8], numbers[..8], "cut, width {width}");
        }
    }
}
