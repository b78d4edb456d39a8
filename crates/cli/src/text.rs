//! Numbers, times and types as people read them.

use std::time::Duration;

use blockfold::ByteSize;

/// A whole number in groups of three: `31,622,400`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 row`, `1,006 rows`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Seconds with three digits that matter: `0.123 s`, `12.3 s`.
pub fn seconds(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    match seconds {
        s if s < 1.0 => format!("{s:.3} s"),
        s if s < 10.0 => format!("{s:.2} s"),
        s => format!("{s:.1} s"),
    }
}

/// Rows a second: `123 M rows/s`.
pub fn rate(rows: u64, elapsed: Duration) -> String {
    let rate = rows as f64 / elapsed.as_secs_f64().max(1e-9);
    match rate {
        r if r >= 1e8 => format!("{:.0} M rows/s", r / 1e6),
        r if r >= 1e6 => format!("{:.1} M rows/s", r / 1e6),
        r if r >= 1e3 => format!("{:.1} k rows/s", r / 1e3),
        r => format!("{r:.0} rows/s"),
    }
}

/// Bytes as text: `256.0 MiB`.
pub fn bytes(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}

/// `text` with every line indented.
pub fn indented(text: &str, by: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("{:by$}{line}", "")).collect();
    lines.join("\n")
}

/// The first `width` characters, the last of them an ellipsis when there were more.
pub fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockfold::{DType, TimeUnit, short_type};

    #[test]
    fn numbers() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (31_622_400, "31,622,400")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!((count(1, "row"), count(2, "row")), ("1 row".into(), "2 rows".into()));
        assert_eq!(rate(1_000_000, Duration::from_millis(10)), "100 M rows/s");
        assert_eq!(seconds(Duration::from_millis(1234)), "1.23 s");
        assert_eq!((shortened("abc", 3), shortened("abcd", 3)), ("abc".into(), "ab…".into()));
    }

    #[test]
    fn types() {
        let dictionary = DType::Dictionary(Box::new(DType::Int8), Box::new(DType::Utf8));
        let zoned = DType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        for (dtype, text) in [
            (DType::Int8, "i8"),
            (DType::UInt64, "u64"),
            (DType::Float32, "f32"),
            (dictionary, "dictionary[str]"),
            (zoned, "timestamp[ms, UTC]"),
            (DType::Duration(TimeUnit::Microsecond), "duration[µs]"),
        ] {
            assert_eq!(short_type(&dtype), text);
        }
    }
}
