//! Turns SVG into PNG with `resvg` and the one embedded face, DejaVu Sans Condensed, so that text looks the same on a
//! machine without any fonts. Fonts of the machine are not looked at, or the same picture would differ from one
//! machine to the next.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Tree, fontdb::Database};

use crate::Error;
use crate::scene::Drawing;

/// Most pixels of a PNG: 64 million take 256 MiB while it is drawn.
const PIXELS_LIMIT: f32 = 64.0e6;
/// Most pixels along one side; viewers refuse more.
const SIDE_LIMIT: f32 = 30_000.0;

/// The PNG of a drawing, and a note if it had to be drawn smaller than asked for.
pub(crate) fn rasterise(drawing: &Drawing, pixel_ratio: f32) -> Result<(Vec<u8>, Option<String>), Error> {
    let refused = |reason: String| Error::Raster { reason };
    let fonts = fonts();
    let mut options = usvg::Options { fontdb: fonts, ..usvg::Options::default() };
    options.font_family = family(&options.fontdb);
    let tree = Tree::from_str(&drawing.svg, &options).map_err(|error| refused(error.to_string()))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let asked = if pixel_ratio.is_finite() { pixel_ratio.clamp(0.25, 8.0) } else { 1.0 };
    let ratio = asked.min(SIDE_LIMIT / width.max(height)).min((PIXELS_LIMIT / (width * height)).sqrt());
    let (columns, rows) = (pixels(width * ratio), pixels(height * ratio));
    let mut pixmap = Pixmap::new(columns, rows).ok_or_else(|| refused(format!("{columns} x {rows} pixels")))?;
    resvg::render(&tree, Transform::from_scale(ratio, ratio), &mut pixmap.as_mut());
    let bytes = pixmap.encode_png().map_err(|error| refused(error.to_string()))?;
    let note = (ratio < asked * 0.999).then(|| format!("drawn at {:.0}% of the asked size", ratio / asked * 100.0));
    Ok((bytes, note))
}

/// A length in whole pixels, at least 1.
fn pixels(length: f32) -> u32 {
    // Float to integer saturates in Rust, and the limits above keep the value small.
    (length.round() as u32).max(1)
}

/// The embedded face, parsed once.
fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        fonts.load_font_data(dejavu::sans_condensed::regular().to_vec());
        let family = family(&fonts);
        fonts.set_sans_serif_family(family);
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}

/// The name that the embedded face goes by.
fn family(fonts: &Database) -> String {
    let mut names = fonts.faces().flat_map(|face| face.families.iter().map(|(name, _)| name.clone()));
    names.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    /// Width of the ink of a line of text in the embedded face.
    fn ink_width(line: &str, size: f64) -> f64 {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"2000\" height=\"50\">\
             <text y=\"30\" font-size=\"{size}\" \
             font-family=\"sans-serif\">{line}</text></svg>"
        );
        let options = usvg::Options { fontdb: fonts(), ..usvg::Options::default() };
        let tree = Tree::from_str(&svg, &options).unwrap();
        f64::from(tree.root().abs_bounding_box().width())
    }

    #[test]
    fn estimated_widths_hold_the_text() {
        for line in
            ["the quick brown fox JUMPS over 1234567890 dogs", "(a + b) * {c} / [d], e_f", "été × größe", "Σλω → ≤"]
        {
            let (estimate, ink) = (width(line, 12.0), ink_width(line, 12.0));
            assert!(estimate >= ink - 1.0 && estimate < ink * 1.25 + 4.0, "{line}: {estimate} for {ink}");
        }
    }
}
