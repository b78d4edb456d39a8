//! `blockfold visualize`: pictures of the plans of other commands.

use crate::program::Place;

#[test]
fn plans_of_commands() {
    let place = Place::empty();
    place.ok("timeseries --start 2000-01-01 --end 2000-01-04 --out ts");
    for (name, line) in [
        ("a.svg", "visualize groupby ts --by id --agg x:sum --to a.svg"),
        ("b.mmd", "visualize --view logical --rankdir TB sort ts --by name,-x --to b.mmd"),
        ("c.dot", "visualize join ts ts --on id --view steps --to c.dot"),
        ("d.png", "visualize distinct ts --view tasks --to d.png"),
        ("e.svg", "visualize head ts --view optimized --to e.svg"),
        ("f.svg", "visualize array x+x.T --random x=40,40 --chunks 10 --view tasks --to f.svg"),
        ("g.svg", "visualize array x --random x=40,40 --chunks 10 --view chunks --to g.svg"),
        ("h.svg", "visualize groupby ts --by id --agg x:sum --run --color time --to h.svg"),
    ] {
        let before = place.names().len();
        place.ok(line);
        assert_eq!(place.names().len(), before + 1, "{line}");
        assert!(std::fs::metadata(place.join(name)).unwrap().len() > 200, "{line}");
    }
    let text = std::fs::read_to_string(place.join("b.mmd")).unwrap();
    assert!(text.contains("flowchart TB") && text.contains("sort"), "{text}");
    let document = place.json("visualize sort ts --by x --to a.svg");
    assert_eq!(document["to"], "a.svg");
}

#[test]
fn wrong_pictures_are_told() {
    let place = Place::empty();
    place.ok("timeseries --start 2000-01-01 --end 2000-01-02 --out ts");
    for (line, part) in [
        ("visualize sort ts --by x --to a.bmp", "supported are svg, png"),
        ("visualize sort ts --by x --view chunks", "--view chunks is of arrays"),
        ("visualize sort ts --by x --view tasks --run", "leave --view out"),
        ("visualize sort ts --by x --rankdir up", "LR, TB, RL and BT"),
        ("visualize array x --random x=4,4 --run", "--run is of frames"),
    ] {
        place.fails(line, 2, part);
    }
    assert_eq!(place.names(), ["ts"]);
}
