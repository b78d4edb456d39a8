//! Runs on a page in the browser: while they go on, from a recording, and as a file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::program::Place;

/// What the page at `url` is told of `path`.
fn get(url: &str, path: &str) -> Value {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Ends a program that would go on.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn url_in(line: &str) -> String {
    line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned()
}

fn first_line(from: impl Read) -> String {
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_recording_is_served_and_a_report_holds_the_run() {
    let place = Place::with_data();
    place.ok("sort ts --by x --out sorted.parquet --record run.bfrun --report report.html -q");
    let html = std::fs::read_to_string(place.join("report.html")).unwrap();
    assert!(html.contains("id=\"recording\"") && !html.contains("src=\"/"), "{} bytes", html.len());

    let mut command = place.command(&["dashboard", "run.bfrun", "--address", "127.0.0.1:0"]);
    let mut served = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let url = url_in(&first_line(served.0.stdout.take().unwrap()));
    let runs = get(&url, "/api/runs");
    let run = runs.as_array().unwrap().last().unwrap();
    assert_eq!((&run["state"], &run["tasks"]), (&Value::from("done"), &run["tasks_done"]));
    let plan = get(&url, &format!("/api/runs/{}/plan", run["id"]));
    let tasks = plan["chains"].as_array().unwrap().iter().map(|chain| chain["tasks_done"].as_u64().unwrap());
    assert_eq!(tasks.sum::<u64>(), run["tasks_done"].as_u64().unwrap());
}

#[test]
fn a_run_is_seen_while_it_goes_on() {
    let place = Place::empty();
    let line = ["timeseries", "--start", "2000", "--end", "2030", "--out", "ts", "--dashboard", "127.0.0.1:0"];
    let mut command = place.command(&line);
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let url = url_in(&first_line(running.0.stderr.take().unwrap()));
    let started = std::time::Instant::now();
    loop {
        let runs = get(&url, "/api/runs");
        if runs.as_array().unwrap().last().is_some_and(|run| run["tasks_done"].as_u64() > Some(0)) {
            break;
        }
        assert!(started.elapsed().as_secs() < 60, "{runs}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn addresses_and_recordings_that_are_none_are_refused() {
    let place = Place::with_data();
    let ran = place.run("head ts --dashboard nowhere");
    assert!(ran.code == 2 && ran.err.contains("`nowhere` is no address"), "{ran:?}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ran = place.run(&format!("head ts --dashboard 127.0.0.1:{port}"));
    assert!(ran.code == 2 && ran.err.contains(&format!("port {port} of 127.0.0.1 is taken")), "{ran:?}");
    let ran = place.run("dashboard no.bfrun");
    assert!(ran.code == 1 && ran.err.contains("no.bfrun"), "{ran:?}");
}
