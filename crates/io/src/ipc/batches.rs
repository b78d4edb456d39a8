//! How the record batches of files become partitions.

use std::ops::Range;

use super::footer::IpcFile;

/// Rows that a partition has, more or less.
const PARTITION_ROWS: usize = 1 << 20;
/// Rows of the batches handed on; large batches are cut at multiples of it.
pub(super) const BATCH_ROWS: usize = 64 * 1024;

/// Rows of one record batch of one file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) file: usize,
    pub(super) batch: usize,
    pub(super) rows: Range<usize>,
}

/// The partitions of a file: small batches together, large ones in parts. Compressed batches cannot be cut, since
/// each part would have to be decoded with the whole.
pub(super) fn partitions(index: usize, file: &IpcFile) -> Vec<Vec<Piece>> {
    let mut partitions: Vec<Vec<Piece>> = Vec::new();
    let mut open_rows = 0;
    for (batch, info) in file.batches.iter().enumerate() {
        let piece = |rows| Piece { file: index, batch, rows };
        if info.rows == 0 {
            continue;
        }
        match partitions.last_mut() {
            Some(last) if open_rows > 0 && open_rows + info.rows <= PARTITION_ROWS => {
                open_rows += info.rows;
                last.push(piece(0..info.rows));
            }
            _ if info.compressed || info.rows <= PARTITION_ROWS => {
                open_rows = info.rows;
                partitions.push(vec![piece(0..info.rows)]);
            }
            _ => {
                open_rows = 0;
                partitions.extend(cut(info.rows).map(|rows| vec![piece(rows)]));
            }
        }
    }
    if partitions.is_empty() {
        partitions.push(Vec::new());
    }
    partitions
}

/// Even parts of so many rows, cut where batches are.
fn cut(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = rows.div_ceil(PARTITION_ROWS);
    let part = rows.div_ceil(parts).next_multiple_of(BATCH_ROWS);
    (0..rows.div_ceil(part)).map(move |index| index * part..((index + 1) * part).min(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_batches_are_cut_evenly() {
        for rows in [PARTITION_ROWS + 1, 31_600_000, 5 * PARTITION_ROWS] {
            let parts: Vec<_> = cut(rows).collect();
            assert_eq!(parts.first().map(|part| part.start), Some(0));
            assert_eq!(parts.last().map(|part| part.end), Some(rows));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].end % BATCH_ROWS == 0));
            assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= PARTITION_ROWS));
        }
    }
}
