//! Colours: a calm categorical palette for operations, a perceptually even scale for amounts, and the text colour that
//! can be read on each. Both are safe for colour-blind readers: the first is Paul Tol's "light" scheme, the second
//! follows viridis. It decides no colour by the meaning of a name.

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(pub u8, pub u8, pub u8);

/// Dark text and lines.
pub(crate) const INK: Rgb = Rgb(0x1f, 0x23, 0x28);
/// Text beside the drawing: readable on white and on a dark page.
pub(crate) const QUIET: Rgb = Rgb(0x6e, 0x77, 0x81);
/// Lines between nodes: readable on white and on a dark page.
pub(crate) const LINE: Rgb = Rgb(0x7d, 0x87, 0x93);
/// A node without the value that the colours show.
pub(crate) const NO_VALUE: Rgb = Rgb(0xe3, 0xe5, 0xe8);
const WHITE: Rgb = Rgb(0xff, 0xff, 0xff);
const BLACK: Rgb = Rgb(0, 0, 0);

const CATEGORIES: [Rgb; 8] = [
    Rgb(0x77, 0xaa, 0xdd),
    Rgb(0xee, 0xdd, 0x88),
    Rgb(0x44, 0xbb, 0x99),
    Rgb(0xee, 0x88, 0x66),
    Rgb(0x99, 0xdd, 0xff),
    Rgb(0xff, 0xaa, 0xbb),
    Rgb(0xbb, 0xcc, 0x33),
    Rgb(0xc5, 0xb0, 0xd5),
];

const SCALE: [Rgb; 10] = [
    Rgb(0x44, 0x01, 0x54),
    Rgb(0x48, 0x28, 0x78),
    Rgb(0x3e, 0x49, 0x89),
    Rgb(0x31, 0x68, 0x8e),
    Rgb(0x26, 0x82, 0x8e),
    Rgb(0x1f, 0x9e, 0x89),
    Rgb(0x35, 0xb7, 0x79),
    Rgb(0x6e, 0xce, 0x58),
    Rgb(0xb5, 0xde, 0x2b),
    Rgb(0xfd, 0xe7, 0x25),
];

impl Rgb {
    /// The form that SVG, Graphviz and Mermaid all accept: `#77aadd`.
    pub(crate) fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// This colour with a share (0 to 1) of another mixed in.
    pub(crate) fn mixed(self, other: Rgb, share: f64) -> Rgb {
        // The sum lies between two bytes, so the rounded value always fits one.
        let channel = |a: u8, b: u8| (f64::from(a) * (1.0 - share) + f64::from(b) * share).round() as u8;
        Rgb(channel(self.0, other.0), channel(self.1, other.1), channel(self.2, other.2))
    }

    /// A darker line around an area of this colour.
    pub(crate) fn outline(self) -> Rgb {
        self.mixed(BLACK, 0.38)
    }

    /// Dark or white: the text colour with more contrast on this one (WCAG 2 relative luminance).
    pub(crate) fn text_on(self) -> Rgb {
        let luminance = self.luminance();
        let on_white = (1.05) / (luminance + 0.05);
        let on_ink = (luminance + 0.05) / (INK.luminance() + 0.05);
        if on_ink >= on_white { INK } else { WHITE }
    }

    fn luminance(self) -> f64 {
        let channel = |value: u8| {
            let v = f64::from(value) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(self.0) + 0.7152 * channel(self.1) + 0.0722 * channel(self.2)
    }
}

/// The colour of the n-th operation. After eight they come again, lighter.
pub(crate) fn category(index: usize) -> Rgb {
    let base = CATEGORIES[index % CATEGORIES.len()];
    match index / CATEGORIES.len() {
        0 => base.mixed(WHITE, 0.15),
        1 => base.mixed(WHITE, 0.55),
        _ => base.mixed(INK, 0.25),
    }
}

/// The colour of a share from 0 (dark violet) to 1 (yellow); anything else is clamped, NaN is 0.
pub(crate) fn scale(share: f64) -> Rgb {
    let position = share.clamp(0.0, 1.0).max(0.0) * (SCALE.len() - 1) as f64;
    (0..SCALE.len() - 1)
        .find(|&stop| position <= stop as f64 + 1.0)
        .map_or(SCALE[SCALE.len() - 1], |stop| SCALE[stop].mixed(SCALE[stop + 1], position - stop as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_on_every_colour() {
        let all = (0..24).map(category).chain((0..=20).map(|step| scale(f64::from(step) / 20.0)));
        for color in all {
            let (a, b) = (color.luminance(), color.text_on().luminance());
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.0, "{} has contrast {contrast}", color.hex());
        }
    }

    #[test]
    fn the_scale_grows_lighter_and_stays_in_range() {
        let steps: Vec<f64> = (0..=40).map(|step| scale(f64::from(step) / 40.0).luminance()).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(scale(f64::NAN), SCALE[0]);
        assert_eq!((scale(-3.0), scale(9.0)), (SCALE[0], SCALE[9]));
    }
}
