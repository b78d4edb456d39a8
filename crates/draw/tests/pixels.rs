//! PNG files have the size asked for and show boxes and text, with no font but the embedded one.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "png")]

use blockfold_draw::{Background, Edge, Format, Graph, Node, Options, array_picture, draw};

/// Columns, rows and RGBA bytes.
fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgba);
    (info.width, info.height, pixels)
}

fn graph(label: &str) -> Graph {
    Graph { nodes: vec![Node::new(label, "x"), Node::new("", "x")], edges: vec![Edge::new(0, 1)] }
}

fn dark(pixels: &[u8]) -> usize {
    pixels.chunks(4).filter(|p| p[3] > 200 && p[..3].iter().all(|&channel| channel < 0x50)).count()
}

#[test]
fn a_png_has_the_right_size_and_is_not_blank() {
    for ratio in [1.0f32, 2.0] {
        let options = Options { pixel_ratio: ratio, ..Options::default() };
        let picture = draw(&graph("some text"), Format::Png, &options).unwrap();
        let (width, height, pixels) = decoded(&picture.bytes);
        let expected = (picture.size_px.0 * f64::from(ratio), picture.size_px.1 * f64::from(ratio));
        assert!((f64::from(width) - expected.0).abs() <= 1.0 && (f64::from(height) - expected.1).abs() <= 1.0);
        assert_eq!(pixels[3], 0, "the page shows through at the corner");
        assert!(pixels.chunks(4).any(|p| p[3] == 255));
    }
}

#[test]
fn text_is_visible_without_any_fonts() {
    let options = Options { background: Background::White, ..Options::default() };
    let (_, _, blank) = decoded(&draw(&graph("          "), Format::Png, &options).unwrap().bytes);
    assert_eq!(dark(&blank), 0);
    for label in ["some text", "Σ λ → ≤ ×", "данные", "…", "\u{0}"] {
        let (_, _, pixels) = decoded(&draw(&graph(label), Format::Png, &options).unwrap().bytes);
        assert!(dark(&pixels) > 4, "{label:?} cannot be seen");
        assert!(pixels[..4] == [255; 4]);
    }
}

#[test]
fn a_picture_too_big_is_drawn_smaller() {
    let nodes: Vec<Node> = (0..1200).map(|index| Node::new(format!("n{index}"), "x")).collect();
    let edges = (1..1200).map(|to| Edge::new(to - 1, to)).collect();
    let options = Options { max_nodes: 2000, pixel_ratio: 8.0, ..Options::default() };
    let picture = draw(&Graph { nodes, edges }, Format::Png, &options).unwrap();
    assert!(picture.note.unwrap().contains("% of the asked size"));
    assert!(decoded(&picture.bytes).0 <= 30_000);
}

#[test]
fn arrays_are_drawn_too() {
    let chunks = [vec![5; 3], vec![5; 3]];
    let picture = array_picture(&[15, 15], &chunks, "f8", 8, Format::Png, &Options::default()).unwrap();
    let (width, height, pixels) = decoded(&picture.bytes);
    assert!(width > 300 && height > 300);
    assert!(pixels.chunks(4).filter(|p| p[3] == 255).count() > 10_000);
}
