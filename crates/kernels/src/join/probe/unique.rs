//! Pairs where no two build rows have equal keys: the key number is the build row.

use super::{Pairs, ProbeRows};
use crate::group::KeyIndex;
use crate::join::rows::ALONE;

/// Up to `max_rows` pairs from `next` on; none at the end.
pub(super) fn take(numbers: &[u32], next: &mut usize, max_rows: usize) -> Pairs {
    let mut pairs = Pairs::default();
    while pairs.len() == 0
        && let Some(rest) = numbers.get(*next..).filter(|rest| !rest.is_empty())
    {
        let part = rest.get(..max_rows).unwrap_or(rest);
        pairs = of_part(part, *next);
        *next += part.len();
    }
    pairs
}

fn of_part(numbers: &[u32], start: usize) -> Pairs {
    let has_alone = numbers.contains(&ALONE);
    if !numbers.contains(&KeyIndex::MISSING) {
        let probe = ProbeRows::Range { start, len: numbers.len() };
        return Pairs { probe, build: numbers.to_vec(), has_alone };
    }
    let (probe, build) = compact(numbers, start);
    Pairs { probe: ProbeRows::Rows(probe), build, has_alone }
}

/// Rows that have a number, with their numbers. Every row is written, only those kept move the end.
fn compact(numbers: &[u32], start: usize) -> (Vec<u32>, Vec<u32>) {
    let (mut probe, mut build) = (vec![0; numbers.len()], vec![0; numbers.len()]);
    let mut len = 0;
    let start = u32::try_from(start).unwrap_or(u32::MAX);
    for (row, number) in (start..).zip(numbers) {
        if let (Some(probe), Some(build)) = (probe.get_mut(len), build.get_mut(len)) {
            (*probe, *build) = (row, *number);
        }
        len += usize::from(*number != KeyIndex::MISSING);
    }
    probe.truncate(len);
    build.truncate(len);
    (probe, build)
}
