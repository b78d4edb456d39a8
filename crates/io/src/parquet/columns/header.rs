//! Headers of pages, which are Thrift structs in the compact protocol.
//!
//! They are read here, not by the parquet crate, so that a header that lies about a size is found out before memory
//! is taken for it. Source: parquet.thrift and thrift-compact-protocol.md.

use parquet::errors::ParquetError;

use super::Result;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    DataV2,
    Dictionary,
    /// An index, or what later versions may bring; to be left out.
    Other,
}

/// A page's header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    kind: i64,
    plain_bytes: i64,
    bytes: i64,
    values: i64,
    encoding: i64,
    level_encoding: i64,
    definition_bytes: i64,
    repetition_bytes: i64,
    is_uncompressed: bool,
    crc: Option<i64>,
    /// Bytes of the header itself.
    pub(super) length: usize,
}

/// A header that goes on behind the bytes at hand, or is none.
pub(super) enum Fault {
    CutOff,
    Damaged,
}

impl Header {
    /// The header at the start of `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> std::result::Result<Header, Fault> {
        let mut input = Input { bytes, at: 0 };
        let mut header = Header { level_encoding: 3, ..Header::default() };
        input.fields(&mut |input, field, wire| match field {
            1 => input.int_to(wire, &mut header.kind),
            2 => input.int_to(wire, &mut header.plain_bytes),
            3 => input.int_to(wire, &mut header.bytes),
            4 => input.int_to(wire, header.crc.insert(0)),
            5 | 7 | 8 if wire == STRUCT => {
                input.fields(&mut |input, inner, wire| header.page(input, field, inner, wire))
            }
            _ => input.skip(wire, 0),
        })?;
        header.length = input.at;
        Ok(header)
    }

    /// A field of the struct of a kind of page: 5 data, 7 dictionary, 8 data of version 2.
    fn page(&mut self, input: &mut Input<'_>, kind: i64, field: i64, wire: u8) -> std::result::Result<(), Fault> {
        match (kind, field) {
            (5 | 7 | 8, 1) => input.int_to(wire, &mut self.values),
            (5, 2) | (7, 2) | (8, 4) => input.int_to(wire, &mut self.encoding),
            (5, 3) => input.int_to(wire, &mut self.level_encoding),
            (8, 5) => input.int_to(wire, &mut self.definition_bytes),
            (8, 6) => input.int_to(wire, &mut self.repetition_bytes),
            (8, 7) => {
                self.is_uncompressed = wire == FALSE;
                input.skip(wire, 0)
            }
            _ => input.skip(wire, 0),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.kind {
            0 => Kind::Data,
            2 => Kind::Dictionary,
            3 => Kind::DataV2,
            _ => Kind::Other,
        }
    }

    /// Bytes of the page in the file.
    pub(super) fn bytes(&self) -> Result<usize> {
        size(self.bytes)
    }

    /// Bytes of the page once decompressed.
    pub(super) fn plain_bytes(&self) -> Result<usize> {
        size(self.plain_bytes)
    }

    /// Values, nulls included.
    pub(super) fn values(&self) -> Result<usize> {
        size(self.values)
    }

    /// Encoding of the values, by its number.
    pub(super) fn encoding(&self) -> i64 {
        self.encoding
    }

    /// Encoding of the levels, by its number.
    pub(super) fn level_encoding(&self) -> i64 {
        self.level_encoding
    }

    /// Bytes of definition and of repetition levels, which come first and uncompressed in version 2.
    pub(super) fn level_bytes(&self) -> Result<(usize, usize)> {
        Ok((size(self.definition_bytes)?, size(self.repetition_bytes)?))
    }

    /// Whether the bytes of the page are those that were written, as far as the writer left a checksum.
    pub(super) fn is_intact(&self, body: &[u8]) -> bool {
        // The format keeps the unsigned checksum in a signed field.
        self.crc.is_none_or(|crc| i64::from(crc32fast::hash(body).cast_signed()) == crc)
    }

    /// Whether the values are compressed, when the chunk is.
    pub(super) fn is_compressed(&self) -> bool {
        !self.is_uncompressed
    }
}

fn size(value: i64) -> Result<usize> {
    let size = i32::try_from(value).ok().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| ParquetError::General("a page header with an impossible size".into()))
}

const FALSE: u8 = 2;
const STRUCT: u8 = 12;
/// Structs within structs.
const DEPTH: usize = 8;

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Parsed<T> = std::result::Result<T, Fault>;

impl Input<'_> {
    fn byte(&mut self) -> Parsed<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Fault::CutOff)?;
        self.at += 1;
        Ok(byte)
    }

    fn unsigned(&mut self) -> Parsed<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::Damaged)
    }

    fn int(&mut self) -> Parsed<i64> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }

    fn int_to(&mut self, wire: u8, to: &mut i64) -> Parsed<()> {
        if !(4..=6).contains(&wire) {
            return Err(Fault::Damaged);
        }
        *to = self.int()?;
        Ok(())
    }

    /// Hands each field of a struct with its number and wire type to `take`, which reads its value.
    fn fields(&mut self, take: &mut dyn FnMut(&mut Self, i64, u8) -> Parsed<()>) -> Parsed<()> {
        let mut field = 0i64;
        loop {
            let byte = self.byte()?;
            let wire = byte & 0x0f;
            if wire == 0 {
                return Ok(());
            }
            field = match byte >> 4 {
                0 => self.int()?,
                delta => field.saturating_add(delta.into()),
            };
            take(self, field, wire)?;
        }
    }

    fn skip_bytes(&mut self, count: u64) -> Parsed<()> {
        let count = usize::try_from(count).map_err(|_| Fault::Damaged)?;
        self.at = self.at.checked_add(count).ok_or(Fault::Damaged)?;
        if self.at > self.bytes.len() { Err(Fault::CutOff) } else { Ok(()) }
    }

    fn skip(&mut self, wire: u8, depth: usize) -> Parsed<()> {
        if depth > DEPTH {
            return Err(Fault::Damaged);
        }
        match wire {
            1 | 2 => Ok(()),
            3 => self.skip_bytes(1),
            4..=6 => self.unsigned().map(drop),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.unsigned()?;
                self.skip_bytes(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.unsigned()? } else { u64::from(byte >> 4) };
                for _ in 0..count {
                    match byte & 0x0f {
                        1 | 2 => self.skip_bytes(1)?,
                        wire => self.skip(wire, depth + 1)?,
                    }
                }
                Ok(())
            }
            12 => self.fields(&mut |input, _, wire| input.skip(wire, depth + 1)),
            _ => Err(Fault::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type 0, sizes 300 and 200, and a data page of 100 values, RLE dictionary, levels RLE, statistics.
    const HEADER: [u8; 26] = [
        0x15, 0, 0x15, 0xd8, 0x04, 0x15, 0x90, 0x03, 0x2c, 0x15, 0xc8, 0x01, 0x15, 16, 0x15, 6, 0x15, 6, 0x1c, 0x18, 1,
        b'x', 0, 0, 0, 0xff,
    ];

    #[test]
    fn reads_a_header() {
        let header = Header::parse(&HEADER).ok().unwrap();
        assert_eq!(header.kind(), Kind::Data);
        assert_eq!((header.plain_bytes().unwrap(), header.bytes().unwrap()), (300, 200));
        assert_eq!((header.values().unwrap(), header.encoding(), header.level_encoding()), (100, 8, 3));
        assert_eq!(header.length, 25);
    }

    #[test]
    fn cut_headers_want_more() {
        for length in 0..25 {
            assert!(matches!(Header::parse(&HEADER[..length]), Err(Fault::CutOff)), "{length}");
        }
    }
}
