//! Codes of strings of bytes.

mod find;

use std::hash::BuildHasher;

use arrow::buffer::NullBuffer;
use foldhash::fast::FixedState;

use super::numbers::code_after;
use crate::group::hash::{CHUNK, HashIds, MISSING, high};

/// Distinct strings of bytes, numbered by first appearance, one after the other in one buffer.
#[derive(Debug)]
pub(in crate::group) struct Texts {
    ids: HashIds,
    hasher: FixedState,
    data: Vec<u8>,
    /// Where each code's bytes end; the code of null has none.
    ends: Vec<usize>,
    null: Option<u32>,
}

impl Texts {
    pub(in crate::group) fn new() -> Self {
        let hasher = FixedState::with_seed(0x51_7c_c1_b7_27_22_0a_95);
        Texts { ids: HashIds::new(), hasher, data: Vec::new(), ends: Vec::new(), null: None }
    }

    /// Makes room for so many texts in all, as long as those so far.
    pub(in crate::group) fn reserve(&mut self, texts: usize) {
        self.ids.reserve(texts);
        let data = self.data.len() / self.len().max(1) * texts;
        self.data.reserve(data.saturating_sub(self.data.len()));
        self.ends.reserve(texts.saturating_sub(self.len()));
    }

    pub(in crate::group) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in crate::group) fn null(&self) -> Option<u32> {
        self.null
    }

    pub(in crate::group) fn bytes(&self) -> u64 {
        self.ids.bytes() + (self.data.capacity() + self.ends.capacity() * size_of::<usize>()) as u64
    }

    /// The bytes of a code; of null none.
    #[inline]
    pub(in crate::group) fn value(&self, code: u32) -> &[u8] {
        value(&self.data, &self.ends, code)
    }

    /// Codes sorted by value, null last.
    pub(in crate::group) fn order(&self) -> Vec<u32> {
        let codes = (0u32..).zip(&self.ends).map(|(code, _)| code).filter(|code| Some(*code) != self.null);
        let mut keyed: Vec<(u64, u32)> = codes.map(|code| (prefix(self.value(code)), code)).collect();
        keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.value(a.1).cmp(self.value(b.1))));
        keyed.into_iter().map(|(_, code)| code).chain(self.null).collect()
    }

    /// Writes the code of each row's value.
    pub(in crate::group) fn intern<'a>(
        &mut self,
        get: impl Fn(usize) -> &'a [u8],
        nulls: Option<&NullBuffer>,
        codes: &mut [u32],
    ) {
        let mut start = 0;
        for codes in codes.chunks_mut(CHUNK) {
            let mut hashes = [0; CHUNK];
            for (row, (code, hash)) in codes.iter_mut().zip(&mut hashes).enumerate() {
                *hash = self.hash(get(start + row));
                *code = self.ids.guess(self.ids.peek(*hash), *hash);
            }
            for (row, (code, hash)) in codes.iter_mut().zip(&hashes).enumerate() {
                let row = start + row;
                if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                    *code = self.null_code();
                } else if *code == MISSING || self.value(*code) != get(row) {
                    *code = self.enter(*hash, get(row));
                }
            }
            start += codes.len();
        }
    }

    /// The code of one value.
    pub(in crate::group) fn code_of(&mut self, bytes: &[u8]) -> u32 {
        self.enter(self.hash(bytes), bytes)
    }

    fn hash(&self, bytes: &[u8]) -> u32 {
        high(self.hasher.hash_one(bytes))
    }

    /// The code of a value, which is entered when it is new.
    fn enter(&mut self, hash: u32, bytes: &[u8]) -> u32 {
        let next = code_after(self.ends.len());
        let (data, ends) = (&self.data, &self.ends);
        let code = self.ids.find_or_insert(hash, next, |id| value(data, ends, id) == bytes);
        if code == next {
            self.data.extend_from_slice(bytes);
            self.ends.push(self.data.len());
        }
        code
    }

    /// The code of null.
    pub(in crate::group) fn null_code(&mut self) -> u32 {
        let next = code_after(self.ends.len());
        *self.null.get_or_insert_with(|| {
            self.ends.push(self.data.len());
            next
        })
    }
}

#[inline]
fn value<'a>(data: &'a [u8], ends: &[usize], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = code.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let end = ends.get(code).copied().unwrap_or(start);
    data.get(start..end).unwrap_or_default()
}

/// The first eight bytes as a number that sorts like them.
fn prefix(bytes: &[u8]) -> u64 {
    let mut first = [0u8; 8];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first)
}
