//! Amounts as people read them: counts with thousands separators, bytes in powers of 1024, times in a fitting unit.
//! Nothing here parses, and nothing depends on the reader's language.

/// A count with a comma between thousands: 1048575 is "1,048,575".
pub(crate) fn count_text(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes: "512 B", "1.50 KiB", "7.63 MiB".
pub(crate) fn bytes_text(bytes: u128) -> String {
    const UNITS: [&str; 8] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Precision lost above 2^53 bytes cannot be seen in three digits.
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.995 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.2} {}", UNITS[unit])
}

/// A time in milliseconds: "0.25 ms", "13 ms", "2.4 s", "3 min 20 s".
pub(crate) fn elapsed_text(elapsed_ms: f64) -> String {
    if !elapsed_ms.is_finite() {
        "unknown time".to_owned()
    } else if elapsed_ms < 10.0 {
        format!("{elapsed_ms:.2} ms")
    } else if elapsed_ms < 1000.0 {
        format!("{elapsed_ms:.0} ms")
    } else if elapsed_ms < 120_000.0 {
        format!("{:.1} s", elapsed_ms / 1000.0)
    } else {
        let minutes = (elapsed_ms / 60_000.0).floor();
        format!("{minutes:.0} min {:.0} s", (elapsed_ms / 1000.0 - minutes * 60.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_read_them() {
        assert_eq!(["0", "999", "1,000", "1,048,575"], [0, 999, 1000, 1_048_575].map(count_text)[..]);
        assert_eq!(["1023 B", "1.50 KiB", "1.00 MiB"], [1023, 1536, 1_048_575].map(bytes_text)[..]);
        assert_eq!(["0.25 ms", "13 ms", "2.4 s", "3 min 20 s"], [0.25, 13.4, 2400.0, 200_500.0].map(elapsed_text)[..]);
        assert_eq!(elapsed_text(f64::NAN), "unknown time");
    }
}
