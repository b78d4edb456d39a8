//! A short demo.

use crate::program::Place;

#[test]
fn a_fortnight() {
    let place = Place::empty();
    let out = place.ok("demo --days 14");
    for part in [
        "1,209,600 rows of timestamp, name, id, x, y",
        "The memory budget: 256.0 MiB",
        "optimized:",
        "columns [id, x]",
        "The ten largest of",
        "What this showed",
        "chain  88 in",
        "tree   88 in",
        "a chain of 7 calls of add that was 7 deep is a balanced tree 3 deep",
        "Removed '",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(out.lines().count() <= 70, "{} lines", out.lines().count());
    assert!(out.lines().all(|line| line.chars().count() <= 150), "{out}");
    assert!(!out.contains("MORE than the budget"), "{out}");
    // Pictures stay; data does not.
    let pictures = ["blockfold-demo-chain.svg", "blockfold-demo-tree.svg"];
    assert_eq!(place.names(), pictures);
    for picture in pictures {
        let svg = std::fs::read_to_string(place.join(picture)).unwrap();
        // Eight calls, and the legend.
        assert_eq!(svg.matches(">double</text>").count(), 9, "{svg}");
    }
}

#[test]
fn keeps_and_gives_json() {
    let place = Place::empty();
    std::fs::create_dir(place.join("here")).unwrap();
    let document = place.json("demo --days 2 --keep --dir here --memory 64MiB");
    assert_eq!(document["num_rows"], 172_800);
    assert_eq!(document["budget_bytes"], 64 << 20);
    assert!(document["largest_difference"].as_f64().unwrap() < 1e-9, "{document}");
    assert_eq!(document["largest"].as_array().unwrap().len(), 10);
    let entries = std::fs::read_dir(place.join("here")).unwrap().map(|entry| entry.unwrap().path());
    let kept = entries.filter(|path| path.is_dir()).last().unwrap();
    assert_eq!(place.json(&format!("schema {}/measurements", kept.display()))["num_rows"], 172_800);
    assert!(kept.ends_with(document["folder"].as_str().unwrap()), "{document}");
}
