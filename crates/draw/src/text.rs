//! How wide text is, and how it is cut to fit. The widths are those of DejaVu Sans Condensed, the face that PNG files
//! are drawn with; Helvetica, Arial and Roboto, which a browser may use instead, are as wide or narrower. It does no
//! shaping: an estimate slightly too wide is all that sizing a box needs.

/// Faces for the text of an SVG, the embedded one first.
pub(crate) const FONT_FAMILY: &str = "'DejaVu Sans Condensed', Helvetica, Arial, sans-serif";

/// Advance widths of U+0020 to U+007E in thousandths of the font size.
const ASCII_WIDTHS: [u16; 95] = [
    286, 360, 414, 754, 572, 855, 702, 247, 351, 351, 450, 754, 286, 325, 286, 303, 572, 572, 572, 572, 572, 572, 572,
    572, 572, 572, 303, 303, 754, 754, 754, 478, 900, 615, 617, 628, 693, 568, 518, 697, 677, 265, 265, 590, 501, 776,
    673, 708, 542, 708, 625, 571, 549, 659, 615, 890, 616, 549, 616, 351, 303, 351, 754, 450, 450, 551, 571, 495, 571,
    554, 316, 571, 570, 250, 250, 521, 250, 876, 570, 550, 571, 571, 370, 469, 353, 570, 532, 736, 532, 532, 472, 572,
    303, 572, 754,
];

/// Width of one character in thousandths of the font size.
fn advance(character: char) -> u16 {
    let code = u32::from(character);
    let ascii = code.checked_sub(0x20).and_then(|index| usize::try_from(index).ok());
    if let Some(&width) = ascii.and_then(|index| ASCII_WIDTHS.get(index)) {
        return width;
    }
    match code {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0xd7 | 0xf7 | 0x2190..=0x22ff => 790,
        0x80..=0x24f => 640,
        0x2026 => 900,
        // Chinese, Japanese, Korean and pictographs fill a square.
        0x1100..=0x115f | 0x2e80..=0xd7ff | 0xf900..=0xfaff | 0xff00..=0xff60 | 0x1f000..=0x3ffff => 1050,
        _ => 720,
    }
}

/// Width of a line of text at a font size, both in the units of the picture.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|character| f64::from(advance(character))).sum::<f64>() * size / 1000.0
}

/// The lines of a text, each cut with an ellipsis so that it is no wider than `limit`.
pub(crate) fn fitted_lines(text: &str, size: f64, limit: f64) -> Vec<String> {
    text.lines().map(|line| fitted(&shown(line), size, limit)).collect()
}

fn fitted(line: &str, size: f64, limit: f64) -> String {
    if width(line, size) <= limit {
        return line.to_owned();
    }
    let room = limit - width("…", size);
    let mut used = 0.0;
    let mut cut = String::new();
    for character in line.chars() {
        used += f64::from(advance(character)) * size / 1000.0;
        if used > room {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

/// The text with a visible stand-in for characters that no file format here can hold: control characters and the
/// two non-characters that XML forbids. Line breaks become spaces.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' => ' ',
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            // Marks that turn the direction of writing could make a label read as another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other if other.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_to_the_limit() {
        let lines = fitted_lines("short\na line that is far too long for its box", 12.0, 100.0);
        assert_eq!(lines[0], "short");
        assert!(lines[1].ends_with('…') && width(&lines[1], 12.0) <= 100.0);
    }

    #[test]
    fn what_cannot_be_written_is_replaced() {
        assert_eq!(shown("a\u{0}b\u{202e}c\u{ffff}\td"), "a\u{fffd}b\u{fffd}c\u{fffd} d");
    }
}
