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
        "Removed '",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(out.lines().count() <= 62, "{} lines", out.lines().count());
    assert!(out.lines().all(|line| line.chars().count() <= 150), "{out}");
    assert!(!out.contains("MORE than the budget"), "{out}");
    assert!(place.names().is_empty(), "{:?}", place.names());
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
    let kept = std::fs::read_dir(place.join("here")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(place.json(&format!("schema {}/measurements", kept.display()))["num_rows"], 172_800);
    assert!(kept.ends_with(document["folder"].as_str().unwrap()), "{document}");
}
