//! Groups of several keys: tuples of the columns' codes, numbered by first appearance.

mod find;

use super::hash::{CHUNK, HashIds, MISSING, fold, high};

/// Longest table of tuples that any number of groups justifies, as bits of its length.
const FREE_BITS: u32 = 20;

/// Entries of a table for each group in it, at most.
const MAX_SPARSITY: usize = 8;

/// Fewer hashed tuples than this stay hashed.
const FIRST_LOOK: usize = 1 << 17;

/// Ids of tuples of codes.
#[derive(Debug)]
pub(super) struct Tuples {
    lookup: Lookup,
    /// Codes of each tuple, one tuple after the other.
    codes: Vec<u32>,
    width: usize,
    /// Length of a table that needs no tuples to justify it.
    free_len: usize,
    /// Number of hashed tuples at which to see whether a table has become worth it.
    next_look: usize,
}

#[derive(Debug)]
enum Lookup {
    /// Codes side by side, each with the bits its column needs, are the place of the id plus one.
    Table {
        bits: Vec<u32>,
        ids: Vec<u32>,
    },
    Hash(HashIds),
}

impl Tuples {
    /// No tuples yet, of which there will be `most` at most.
    pub(super) fn new(width: usize, most: usize) -> Self {
        Tuples {
            lookup: Lookup::Table { bits: vec![0; width], ids: vec![0] },
            codes: Vec::new(),
            width,
            free_len: most.saturating_mul(MAX_SPARSITY).min(1 << FREE_BITS),
            next_look: FIRST_LOOK,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.codes.len() / self.width.max(1)
    }

    pub(super) fn bytes(&self) -> u64 {
        let lookup = match &self.lookup {
            Lookup::Table { ids, .. } => (ids.capacity() * size_of::<u32>()) as u64,
            Lookup::Hash(ids) => ids.bytes(),
        };
        lookup + (self.codes.capacity() * size_of::<u32>()) as u64
    }

    /// Makes room for so many hashed tuples in all.
    pub(super) fn reserve(&mut self, tuples: usize) {
        if let Lookup::Hash(ids) = &mut self.lookup {
            ids.reserve(tuples);
            self.codes.reserve((tuples * self.width).saturating_sub(self.codes.len()));
        }
    }

    /// The codes of one column, for each tuple.
    pub(super) fn column(&self, column: usize) -> impl ExactSizeIterator<Item = u32> + Clone + '_ {
        self.codes.iter().skip(column).step_by(self.width.max(1)).copied()
    }

    /// Writes the id of each row's tuple. `columns` has each column's codes and `distinct` how many codes the
    /// column has in all.
    pub(super) fn intern(&mut self, columns: &[&[u32]], distinct: &[usize], ids: &mut [u32]) {
        self.make_room(distinct);
        let mut places = [0u64; CHUNK];
        let mut start = 0;
        for ids in ids.chunks_mut(CHUNK) {
            let columns = Chunk { columns, start };
            let all_found = match &self.lookup {
                Lookup::Table { bits, ids: table } => {
                    let places = &mut places[..ids.len()];
                    columns.pack(bits, places);
                    find(table, places, ids)
                }
                Lookup::Hash(hashed) => {
                    let places = &mut places[..ids.len()];
                    columns.hash(places);
                    self.find_hashed(hashed, &columns, places, ids)
                }
            };
            if !all_found {
                self.resolve(&columns, &places, ids);
            }
            start += ids.len();
        }
    }

    fn find_hashed(&self, hashed: &HashIds, columns: &Chunk<'_>, hashes: &[u64], ids: &mut [u32]) -> bool {
        let mut entries = [0; CHUNK];
        for (entry, hash) in entries.iter_mut().zip(hashes) {
            *entry = hashed.peek(high(*hash));
        }
        for ((id, entry), hash) in ids.iter_mut().zip(&entries).zip(hashes) {
            *id = hashed.guess(*entry, high(*hash));
        }
        let mut all_found = true;
        for (row, id) in ids.iter_mut().enumerate() {
            let is_same = *id != MISSING && columns.is(row, self.tuple(*id));
            *id = if is_same { *id } else { MISSING };
            all_found &= is_same;
        }
        all_found
    }

    fn tuple(&self, id: u32) -> &[u32] {
        tuple(&self.codes, self.width, id)
    }

    /// Ids for what the quick look did not find. `places` are places of the table or hashes.
    #[cold]
    fn resolve(&mut self, columns: &Chunk<'_>, places: &[u64], ids: &mut [u32]) {
        let mut next = super::intern::code_after(self.len());
        for (row, (id, place)) in ids.iter_mut().zip(places).enumerate() {
            if *id != MISSING {
                continue;
            }
            *id = match &mut self.lookup {
                Lookup::Table { ids: table, .. } => enter(table, *place, next),
                Lookup::Hash(hashed) => {
                    let (codes, width) = (&self.codes, self.width);
                    hashed.find_or_insert(high(*place), next, |id| columns.is(row, tuple(codes, width, id)))
                }
            };
            if *id == next {
                self.codes.extend(columns.row(row));
                next += 1;
            }
        }
    }

    /// Widens the table when a column has more codes than its bits can say. Goes over to hashing when it would be
    /// too long, and back when so many tuples were hashed that they fill it.
    fn make_room(&mut self, distinct: &[usize]) {
        let bits = match &self.lookup {
            Lookup::Table { bits, .. } => bits.as_slice(),
            Lookup::Hash(_) if self.len() >= self.next_look => &[],
            Lookup::Hash(_) => return,
        };
        let is_enough = |(bits, distinct): (&u32, &usize)| bits_for(*distinct) <= *bits;
        if bits.len() == distinct.len() && bits.iter().zip(distinct).all(is_enough) {
            return;
        }
        self.next_look = FIRST_LOOK.max(self.len() * 2);
        let wider: Vec<u32> = distinct.iter().map(|distinct| bits_for(*distinct)).collect();
        let max_len = self.free_len.max(self.len() * MAX_SPARSITY);
        let len = 1usize.checked_shl(wider.iter().sum()).filter(|len| *len <= max_len);
        self.lookup = match (len, &self.lookup) {
            (Some(len), _) => self.tabled(wider, len),
            (None, Lookup::Hash(_)) => return,
            (None, Lookup::Table { .. }) => self.hashed(),
        };
    }

    fn tabled(&self, bits: Vec<u32>, len: usize) -> Lookup {
        let mut table = vec![0u32; len];
        for (id, tuple) in (0u32..).zip(self.codes.chunks(self.width.max(1))) {
            let place = tuple.iter().zip(&bits).fold(0, |place, (code, bits)| place << bits | u64::from(*code));
            enter(&mut table, place, id);
        }
        Lookup::Table { bits, ids: table }
    }

    fn hashed(&self) -> Lookup {
        let mut hashed = HashIds::new();
        for (id, tuple) in (0u32..).zip(self.codes.chunks(self.width.max(1))) {
            let hash = tuple.iter().fold(0, |hash, code| fold(hash ^ u64::from(*code)));
            hashed.find_or_insert(high(hash), id, |_| false);
        }
        Lookup::Hash(hashed)
    }
}

/// Codes of some rows, column by column.
struct Chunk<'a> {
    columns: &'a [&'a [u32]],
    start: usize,
}

impl Chunk<'_> {
    fn pack(&self, bits: &[u32], places: &mut [u64]) {
        places.fill(0);
        for (column, bits) in self.columns.iter().zip(bits) {
            for (place, code) in places.iter_mut().zip(&column[self.start..]) {
                *place = *place << bits | u64::from(*code);
            }
        }
    }

    fn hash(&self, hashes: &mut [u64]) {
        hashes.fill(0);
        for column in self.columns {
            for (hash, code) in hashes.iter_mut().zip(&column[self.start..]) {
                *hash = fold(*hash ^ u64::from(*code));
            }
        }
    }

    fn is(&self, row: usize, tuple: &[u32]) -> bool {
        self.columns.iter().zip(tuple).all(|(column, code)| column[self.start + row] == *code)
    }

    fn row(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        self.columns.iter().map(move |column| column[self.start + row])
    }
}

/// Writes the ids at places of a table, [`MISSING`] where there is none; whether all have one.
fn find(table: &[u32], places: &[u64], ids: &mut [u32]) -> bool {
    let mut all_found = true;
    for (id, place) in ids.iter_mut().zip(places) {
        let entry = usize::try_from(*place).ok().and_then(|place| table.get(place)).copied().unwrap_or(0);
        all_found &= entry != 0;
        *id = entry.wrapping_sub(1);
    }
    all_found
}

/// The id at a place of a table, `next` after it was entered.
fn enter(table: &mut [u32], place: u64, next: u32) -> u32 {
    let Some(entry) = usize::try_from(place).ok().and_then(|place| table.get_mut(place)) else { return next };
    if *entry == 0 {
        *entry = next.wrapping_add(1);
    }
    entry.wrapping_sub(1)
}

fn tuple(codes: &[u32], width: usize, id: u32) -> &[u32] {
    let start = id as usize * width;
    codes.get(start..start + width).unwrap_or_default()
}

/// Bits that tell `distinct` codes apart.
fn bits_for(distinct: usize) -> u32 {
    usize::BITS - distinct.saturating_sub(1).leading_zeros()
}
