//! Sorting rows by one word each.

/// A word that sorts like a part of the row's key, and the row.
pub(super) type Keyed = (u64, u32);

/// Fewer items than this are compared.
const SMALL: usize = 192;

/// More items than this are first split by their highest digit, into pieces that fit a near cache.
const LARGE: usize = 1 << 16;

/// Bits of a digit when pieces are large enough to pay for their counters.
const WIDE_DIGIT: u32 = 11;
const DIGIT: u32 = 8;

/// Sorts items by word; items come in the order of their rows and keep it when words are equal.
///
/// Only as many high bits as usually tell the items apart are sorted digit by digit, from the lowest of them on; what
/// still ties there is sorted by the bits below. Bits that no two items differ in are not looked at.
pub(super) fn sort_words(items: &mut [Keyed], scratch: &mut Vec<Keyed>) {
    if items.is_sorted_by(|a, b| a.0 <= b.0) {
        return;
    }
    if items.len() < SMALL {
        return items.sort_unstable();
    }
    if scratch.len() < items.len() {
        scratch.resize(items.len(), (0, 0));
    }
    let digits = Digits::of(items);
    digits.sort(items, scratch);
    if digits.low > 0 {
        let ties = items.chunk_by_mut(|a, b| digits.high(a.0) == digits.high(b.0));
        ties.filter(|tie| tie.len() > 1).for_each(|tie| sort_words(tie, scratch));
    }
}

/// Which bits to sort by: `passes` digits of `width` bits above the `low` lowest of the distance from the least word.
struct Digits {
    least: u64,
    low: u32,
    width: u32,
    passes: u32,
}

impl Digits {
    fn of(items: &[Keyed]) -> Self {
        let (least, greatest) =
            items.iter().fold((u64::MAX, 0), |(least, greatest), item| (least.min(item.0), greatest.max(item.0)));
        let bits = (greatest - least).checked_ilog2().map_or(1, |bits| bits + 1);
        let needed = items.len().ilog2() + 3;
        let width = if items.len() < LARGE / 8 { DIGIT } else { WIDE_DIGIT };
        let (width, passes) = match items.len() {
            LARGE.. => (DIGIT, 1),
            _ => (width, needed.min(bits).div_ceil(width)),
        };
        Digits { least, low: bits.saturating_sub(passes * width), width, passes }
    }

    #[inline]
    fn high(&self, word: u64) -> u64 {
        (word - self.least) >> self.low
    }

    fn sort(&self, items: &mut [Keyed], scratch: &mut [Keyed]) {
        let Some(scratch) = scratch.get_mut(..items.len()) else { return };
        for pass in 0..self.passes {
            let shift = self.low + pass * self.width;
            if pass % 2 == 0 { self.pass(shift, items, scratch) } else { self.pass(shift, scratch, items) }
        }
        if self.passes % 2 == 1 {
            items.copy_from_slice(scratch);
        }
    }

    /// Moves items to their order by one digit.
    fn pass(&self, shift: u32, from: &[Keyed], to: &mut [Keyed]) {
        let mask = (1 << self.width) - 1;
        #[allow(clippy::cast_possible_truncation)] // the mask leaves few bits
        let digit = |word: u64| (((word - self.least) >> shift) & mask) as usize & ((1 << WIDE_DIGIT) - 1);
        let mut next = [0u32; 1 << WIDE_DIGIT];
        from.iter().for_each(|item| next[digit(item.0)] += 1);
        let mut sum = 0;
        for next in next.iter_mut().take(1 << self.width) {
            sum += std::mem::replace(next, sum);
        }
        for item in from {
            let next = &mut next[digit(item.0)];
            if let Some(place) = to.get_mut(*next as usize) {
                *place = *item;
            }
            *next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: Vec<u64>) {
        let mut items: Vec<Keyed> = words.into_iter().zip(0..).collect();
        let mut expected = items.clone();
        expected.sort();
        sort_words(&mut items, &mut Vec::new());
        assert_eq!(items, expected);
    }

    #[test]
    fn sorts_whatever_the_length_and_the_bits() {
        let random = |i: u64| (i ^ 0x1234_5678).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for len in [0, 1, 2, 191, 192, 5_000, 40_000, 100_000] {
            for shift in [0, 7, 40, 57, 63] {
                check((0..len).map(|i| random(i) >> shift).collect());
                check((0..len).map(|i| random(i) << shift).collect());
            }
            check((0..len).rev().collect());
            check((0..len).map(|i| if i == len / 2 { u64::MAX } else { random(i) >> 44 }).collect());
        }
    }
}
