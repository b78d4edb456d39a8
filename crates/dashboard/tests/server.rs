//! The server as a client sees it: over a socket, by hand, so that every header is what the test says.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use blockfold_dashboard::{Dashboard, Error, Options, Watched, report};
use serde_json::Value;

#[path = "../examples/synthetic/made.rs"]
mod made;
#[path = "../examples/synthetic/watched.rs"]
mod watched;

use watched::{Clock, Synthetic};

struct Served {
    dashboard: Dashboard,
    synthetic: Arc<Synthetic>,
}

impl Served {
    fn with(options: Options) -> Self {
        let synthetic = Arc::new(Synthetic::new(Clock::Set(AtomicU64::new(0)), 60));
        let dashboard = Dashboard::start("127.0.0.1:0", Arc::clone(&synthetic) as _, options).unwrap();
        Self { dashboard, synthetic }
    }

    fn host(&self) -> &str {
        self.dashboard.url().strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    fn open(&self, path: &str, headers: &[(&str, &str)]) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let host = [("Host", self.host())];
        let own_host: &[_] = if headers.iter().any(|(name, _)| *name == "Host") { &[] } else { &host };
        let lines: String =
            own_host.iter().chain(headers).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(stream, "GET {path} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n").unwrap();
        BufReader::new(stream)
    }

    /// Status line with headers in lower case, and body.
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> (String, String) {
        let mut answer = Vec::new();
        self.open(path, headers).read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    fn status(&self, path: &str, headers: &[(&str, &str)]) -> String {
        self.get(path, headers).0.split(' ').nth(1).unwrap().to_owned()
    }

    fn json(&self, path: &str) -> Value {
        let (head, body) = self.get(path, &[]);
        assert!(head.starts_with("http/1.1 200"), "{head}");
        serde_json::from_str(&body).unwrap()
    }
}

#[test]
fn every_method_has_its_path() {
    let served = Served::with(Options::default());
    served.synthetic.set_us(1_000_000);
    assert_eq!(served.json("/api/runs").as_array().unwrap().len(), 4);
    assert_eq!(served.json("/api/system")["cores"], 2);
    assert_eq!(served.json("/api/runs/2/plan")["chains"][1]["state"], "failed");
    assert_eq!(served.json("/api/runs/1/lanes?fineness=4000")["lanes"].as_array().unwrap().len(), 64);
    assert_eq!(served.json("/api/runs/1/series?fineness=100")["columns"]["cpu"].as_array().unwrap().len(), 100);
    assert_eq!(served.json("/api/runs/2/tasks?state=failed&limit=5")["rows"][0]["task"], 137);
    assert_eq!(served.json("/api/runs/1/flame")["children"].as_array().unwrap().len(), 3);
    assert!(served.json("/api/runs/2/causes")[0].as_str().unwrap().contains("failed"));
    assert_eq!(served.status("/api/runs/99/plan", &[]), "404");
    assert_eq!(served.status("/nothing", &[]), "404");
    assert_eq!(served.status("/api/runs/1/lanes?from_us=minus", &[]), "400");
}

#[test]
fn all_tasks_are_in_the_stream_at_any_fineness() {
    let served = Served::with(Options::default());
    for (run, tasks) in [(1, 100_000), (3, 10_000_000)] {
        for fineness in [10, 1000] {
            let lanes = served.json(&format!("/api/runs/{run}/lanes?fineness={fineness}"));
            let rects =
                lanes["lanes"].as_array().unwrap().iter().flat_map(|lane| lane["rects"].as_array().unwrap().chunks(7));
            assert_eq!(rects.map(|rect| rect[5].as_u64().unwrap()).sum::<u64>(), tasks);
        }
    }
}

#[test]
fn changes_are_pushed_within_a_tenth_of_a_second() {
    let served = Served::with(Options::default());
    let mut lines = served.open("/api/live", &[]).lines().map(Result::unwrap);
    let mut done = || {
        let data = lines.find_map(|line| Some(line.strip_prefix("data: ")?.to_owned())).unwrap();
        let data: Value = serde_json::from_str(&data).unwrap();
        data["changing"][0]["run"]["tasks_done"].as_u64().unwrap()
    };
    assert_eq!(done(), 0);
    let mut slowest = Duration::ZERO;
    for step in 1..=10 {
        served.synthetic.set_us(step * 500_000);
        let changed = Instant::now();
        let expected = served.synthetic.runs().last().unwrap().tasks_done;
        assert!(expected >= (step - 1) * 20, "five tasks of each of four workers in a step");
        while done() != expected {}
        slowest = slowest.max(changed.elapsed());
    }
    println!("slowest of ten pushes: {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}, on however busy a machine");
}

#[test]
fn other_origins_and_rebound_names_are_refused() {
    let served = Served::with(Options::default());
    let origin = format!("http://{}", served.host());
    assert_eq!(served.status("/api/runs", &[("Origin", &origin)]), "200");
    assert_eq!(served.status("/api/runs", &[("Origin", "http://example.org")]), "403");
    assert_eq!(served.status("/api/runs", &[("Origin", "null")]), "403");
    assert_eq!(served.status("/api/runs", &[("Host", "example.org")]), "421");
    assert_eq!(served.status("/api/runs", &[("Host", "127.0.0.1.example.org")]), "421");
    assert_eq!(served.status("/api/runs", &[("Host", "localhost:1234")]), "200");
    assert_eq!(served.status("/api/runs", &[("Host", "[::1]:1234")]), "200");
}

#[test]
fn a_token_is_asked_for_and_remembered() {
    let served = Served::with(Options::default().token("secret"));
    assert!(served.dashboard.url().ends_with("/?token=secret"));
    assert_eq!(served.status("/", &[]), "401");
    assert_eq!(served.status("/api/live", &[]), "401");
    assert_eq!(served.status("/?token=secreT", &[]), "401");
    let (head, _) = served.get("/?token=secret", &[]);
    assert!(head.starts_with("http/1.1 303"), "{head}");
    assert!(head.contains("location: /\r\n") && head.contains("httponly; samesite=strict"), "{head}");
    let port = served.host().rsplit_once(':').unwrap().1;
    assert_eq!(served.status("/api/runs", &[("Cookie", &format!("other=1; blockfold_{port}=secret"))]), "200");
    assert_eq!(served.status("/api/runs", &[("Cookie", "blockfold_1=secret")]), "401");
    assert_eq!(served.status("/api/runs", &[("Authorization", "Bearer secret")]), "200");
    assert_eq!(served.status("/api/runs?token=secret", &[]), "200");
}

#[test]
fn open_to_other_machines_means_a_random_token() {
    let watched = || Arc::new(Synthetic::new(Clock::Set(AtomicU64::new(0)), 1)) as Arc<dyn Watched>;
    let one = Dashboard::start("0.0.0.0:0", watched(), Options::default()).unwrap();
    let two = Dashboard::start("0.0.0.0:0", watched(), Options::default()).unwrap();
    let token = |dashboard: &Dashboard| dashboard.url().split_once("?token=").unwrap().1.to_owned();
    assert_ne!(token(&one), token(&two));
    assert_eq!(token(&one).len(), 32);
    assert!(!one.url().contains("0.0.0.0"), "{}", one.url());
}

#[test]
fn the_page_may_load_what_is_ours_alone() {
    let served = Served::with(Options::default());
    for path in ["/", "/page.js", "/page.css", "/LICENSES.txt", "/api/runs"] {
        let (head, body) = served.get(path, &[]);
        assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
        assert!(!body.is_empty(), "{path}");
    }
    let (head, _) = served.get("/page.js", &[("Accept-Encoding", "br, gzip")]);
    assert!(head.contains("content-encoding: gzip"), "{head}");
}

#[test]
fn bad_and_taken_addresses_are_named() {
    let served = Served::with(Options::default());
    let start = |address: &str| Dashboard::start(address, Arc::clone(&served.synthetic) as _, Options::default());
    assert!(matches!(start("nowhere"), Err(Error::Address { address }) if address == "nowhere"));
    assert!(matches!(start(served.host()), Err(Error::PortTaken { .. })));
    assert!(matches!(start("192.0.2.1:0"), Err(Error::Listen { .. })));
}

#[test]
fn dropping_it_stops_it_at_once_and_frees_the_port() {
    let served = Served::with(Options::default());
    let mut page = served.open("/api/live", &[]);
    page.read_line(&mut String::new()).unwrap();
    let host = served.host().to_owned();
    let start = Instant::now();
    drop(served.dashboard);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    page.read_to_end(&mut Vec::new()).unwrap();
    let watched = Arc::new(Synthetic::new(Clock::Set(AtomicU64::new(0)), 1));
    Dashboard::start(&host, watched, Options::default()).unwrap();
}

#[test]
fn a_report_holds_its_data_and_names_nothing_outside() {
    let synthetic = Synthetic::new(Clock::Set(AtomicU64::new(0)), 60);
    assert!(report(&synthetic, 99).is_none());
    let html = report(&synthetic, 2).unwrap();
    assert!(!html.contains("src=\"/") && !html.contains("href=\"/page"), "names a file");
    let (_, rest) = html.split_once("id=\"recording\">").unwrap();
    let data: Value = serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap();
    assert_eq!(data["run"]["tasks_failed"], 1);
    assert!(data["run"]["error"].as_str().unwrap().contains("<corrupt> & unreadable"));
    let failed = data["tasks"]["rows"].as_array().unwrap().iter().filter(|row| row["state"] == "failed");
    assert_eq!(failed.count(), 1);
}
