//! The header of an `.npy` file: format 1.0 to 3.0 of NumPy's `numpy.lib.format`.

use std::path::Path;

use blockfold_core::tensor::{complex, complex_part};
use blockfold_core::{DType, Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Where the elements begin is a multiple of this, in files that are written.
const ALIGNMENT: usize = 64;

/// What the header of a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) dtype: DType,
    /// Whether the bytes of an element come in the other order than this machine has.
    pub(super) is_swapped: bool,
    /// Whether the first axis, not the last one, is the one along which elements stand side by side.
    pub(super) is_fortran: bool,
    pub(super) shape: Vec<u64>,
    /// Where the elements begin.
    pub(super) offset: usize,
}

impl Header {
    /// The header of a file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for what is no header, [`Error::Unsupported`] for objects, records and other types.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Header> {
        let corrupt = |what: &str| Error::corrupt(path, what);
        if !bytes.starts_with(MAGIC) {
            return Err(corrupt("it is no .npy file: it does not begin with \\x93NUMPY"));
        }
        let version = bytes.get(6).copied().ok_or_else(|| corrupt("it ends in its header"))?;
        let length_bytes = match version {
            1 => 2,
            2 | 3 => 4,
            other => return Err(corrupt(&format!("format {other} is not known"))),
        };
        let length = bytes.get(8..8 + length_bytes).ok_or_else(|| corrupt("it ends in its header"))?;
        let length = length.iter().rev().fold(0usize, |all, byte| all << 8 | usize::from(*byte));
        let offset = 8 + length_bytes + length;
        let text = bytes.get(8 + length_bytes..offset).ok_or_else(|| corrupt("it ends in its header"))?;
        let text = std::str::from_utf8(text).map_err(|_| corrupt("its header is no text"))?;
        let value = |key: &str| {
            let at = text.find(&format!("'{key}'")).or_else(|| text.find(&format!("\"{key}\"")));
            let rest = at.map(|at| text[at + key.len() + 2..].trim_start());
            let rest = rest.and_then(|rest| rest.strip_prefix(':')).map(str::trim_start);
            rest.ok_or_else(|| corrupt(&format!("its header does not say '{key}'")))
        };
        let (dtype, is_swapped) = element_type(value("descr")?, path)?;
        let order = value("fortran_order")?;
        let is_fortran = match order {
            order if order.starts_with("True") => true,
            order if order.starts_with("False") => false,
            _ => return Err(corrupt("its header says neither True nor False for 'fortran_order'")),
        };
        let shape = value("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (shape, _) = shape.ok_or_else(|| corrupt("its header has no shape"))?;
        let lengths = shape.split(',').map(str::trim).filter(|length| !length.is_empty());
        let shape: Option<Vec<u64>> = lengths.map(|length| length.trim_end_matches('L').parse().ok()).collect();
        let shape = shape.ok_or_else(|| corrupt("its header has no shape of whole numbers"))?;
        Ok(Header { dtype, is_swapped, is_fortran, shape, offset })
    }

    /// The header of an array, row by row, in this machine's order of bytes.
    pub(super) fn text(dtype: &DType, shape: &[u64]) -> Result<Vec<u8>> {
        let order = if cfg!(target_endian = "big") { '>' } else { '<' };
        let width = blockfold_core::tensor::width(dtype)?;
        let kind = match dtype {
            DType::Boolean => 'b',
            DType::Float32 | DType::Float64 => 'f',
            dtype if complex_part(dtype).is_some() => 'c',
            dtype if dtype.is_unsigned_integer() => 'u',
            _ => 'i',
        };
        let order = if width == 1 { '|' } else { order };
        let shape: String = match shape {
            [one] => format!("({one},)"),
            _ => format!("({})", shape.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        };
        let mut text = format!("{{'descr': '{order}{kind}{width}', 'fortran_order': False, 'shape': {shape}, }}");
        let unpadded = MAGIC.len() + 4 + text.len() + 1;
        text.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
        text.push('\n');
        let length = u16::try_from(text.len()).map_err(|_| Error::argument("npy", "an array of too many axes"))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.into_bytes());
        Ok(bytes)
    }
}

/// The type that NumPy writes as `<f8`, and whether its bytes are to be swapped.
fn element_type(text: &str, path: &Path) -> Result<(DType, bool)> {
    let unsupported = |what: &str, instead: &str| Error::Unsupported {
        what: format!("'{}': {what}", path.display()),
        instead: instead.to_string(),
    };
    let quoted = text.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next());
    let Some(name) = quoted else {
        return Err(unsupported("an array of records", "write each field as an array of its own"));
    };
    let (order, kind) = match name.chars().next() {
        Some(order @ ('<' | '>' | '|' | '=')) => (order, &name[1..]),
        _ => ('=', name),
    };
    let dtype = match kind {
        "b1" | "?" => DType::Boolean,
        "i1" => DType::Int8,
        "i2" => DType::Int16,
        "i4" => DType::Int32,
        "i8" => DType::Int64,
        "u1" => DType::UInt8,
        "u2" => DType::UInt16,
        "u4" => DType::UInt32,
        "u8" => DType::UInt64,
        "f4" => DType::Float32,
        "f8" => DType::Float64,
        "c8" => complex(&DType::Float32),
        "c16" => complex(&DType::Float64),
        kind if kind.starts_with('O') => {
            return Err(unsupported(
                "an array of Python objects",
                "save numbers: numpy.save(path, array.astype(float))",
            ));
        }
        other => {
            return Err(unsupported(&format!("elements of type {other}"), "save them as float64, float32 or integers"));
        }
    };
    let other = if cfg!(target_endian = "big") { '<' } else { '>' };
    Ok((dtype, order == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(descr: &str, rest: &str) -> Result<Header> {
        let text = format!("{{'descr': {descr}, {rest}}}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        Header::parse(&bytes, Path::new("x.npy"))
    }

    #[test]
    fn headers_say_what_was_written() {
        for (dtype, shape) in [
            (DType::Float64, vec![3, 4]),
            (DType::Boolean, vec![7]),
            (DType::UInt16, vec![]),
            (complex(&DType::Float32), vec![2]),
        ] {
            let text = Header::text(&dtype, &shape).unwrap();
            assert_eq!(text.len() % ALIGNMENT, 0);
            let header = Header::parse(&text, Path::new("x")).unwrap();
            assert_eq!(header, Header { dtype, is_swapped: false, is_fortran: false, shape, offset: text.len() });
        }
        let header = parse("'>i4'", "'fortran_order': True, 'shape': (2, 3), ").unwrap();
        assert!(header.is_swapped && header.is_fortran);
    }

    #[test]
    fn damage_and_other_types_are_told() {
        let good = "'fortran_order': False, 'shape': (2,), ";
        assert!(matches!(parse("'|O'", good), Err(Error::Unsupported { .. })));
        assert!(matches!(parse("[('a', '<f8')]", good), Err(Error::Unsupported { .. })));
        assert!(matches!(parse("'<M8[s]'", good), Err(Error::Unsupported { .. })));
        for (descr, rest) in [
            ("'<f8'", "'shape': (2,), "),
            ("'<f8'", "'fortran_order': False, 'shape': (x,), "),
            ("'<f8'", "'fortran_order': 1, 'shape': (1,)"),
        ] {
            assert!(matches!(parse(descr, rest), Err(Error::Corrupt { .. })), "{rest}");
        }
        for bytes in [&b"\x93NUMPY"[..], b"\x93NUMPY\x01\x00\xff\xff{", b"PK\x03\x04", b"\x93NUMPY\x09\x00\x00\x00"] {
            assert!(matches!(Header::parse(bytes, Path::new("x")), Err(Error::Corrupt { .. })));
        }
    }
}
