//! Byte counts as people read and write them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A number of bytes; prints in binary units (`256.0 MiB`) and parses decimal and binary ones.
///
/// # Examples
/// ```
/// use blockfold_core::ByteSize;
/// assert_eq!("256MiB".parse::<ByteSize>()?, ByteSize::mib(256));
/// assert_eq!("1.5 GB".parse::<ByteSize>()?.0, 1_500_000_000);
/// assert_eq!(ByteSize::mib(256).to_string(), "256.0 MiB");
/// # Ok::<(), blockfold_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

impl ByteSize {
    /// `n` times 2^20 bytes.
    pub const fn mib(n: u64) -> Self {
        ByteSize(n << 20)
    }

    /// `n` times 2^30 bytes.
    pub const fn gib(n: u64) -> Self {
        ByteSize(n << 30)
    }
}

impl From<u64> for ByteSize {
    fn from(bytes: u64) -> Self {
        ByteSize(bytes)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 1023.95 && unit + 1 < units.len() {
            value /= 1024.0;
            unit += 1;
        }
        write!(f, "{value:.1} {}", units[unit])
    }
}

impl FromStr for ByteSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::argument("memory size", format!("'{text}' is not a size; write for example 256MiB, 4GiB or 500MB"))
        };
        let lower = text.trim().to_lowercase();
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|number| (number.trim_end(), *factor)))
            .unwrap_or((lower.as_str(), 1));
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(factor).map(ByteSize).ok_or_else(bad);
        }
        let value: f64 = number.parse().map_err(|_| bad())?;
        let bytes = value * factor as f64;
        if !bytes.is_finite() || !(0.0..9.0e18).contains(&bytes) {
            return Err(bad());
        }
        Ok(ByteSize(bytes as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints() {
        for (text, bytes) in [("0", 0), ("64 KiB", 65536), ("1kb", 1000), ("2GiB", 2 << 30), ("10b", 10)] {
            assert_eq!(text.parse::<ByteSize>().unwrap(), ByteSize(bytes));
        }
        for text in ["", "MiB", "-1", "nan", "1e300GB", "12 parsecs", "99999999999GiB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        assert_eq!(ByteSize(1 << 30).to_string(), "1.0 GiB");
        assert_eq!(ByteSize(1023).to_string(), "1023 B");
    }
}
