//! Ctrl-C and SIGTERM: the run ends soon, with the shell's exit code, and leaves nothing.

use std::io::Read;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::Place;

const PATIENCE: Duration = Duration::from_secs(30);

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

/// Starts a run that takes long, and ends it once it has begun to write.
fn interrupted(line: &[&str], signal: Signal, code: i32) {
    let place = Place::empty();
    let mut child = place.command(line).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the run writes", || !place.names().is_empty() || child.try_wait().unwrap().is_some());
    std::thread::sleep(Duration::from_millis(200));
    send(&child, signal);
    wait_until("the run ends", || child.try_wait().unwrap().is_some());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code), "{err}");
    assert_eq!(err, "error: cancelled\n");
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn ctrl_c_while_writing() {
    interrupted(&["timeseries", "--start", "2000", "--end", "2030", "--out", "ts"], Signal::SIGINT, 130);
}

#[test]
fn ctrl_c_in_the_demo() {
    interrupted(&["demo", "--days", "180"], Signal::SIGINT, 130);
}

#[test]
fn sigterm_while_writing() {
    interrupted(&["timeseries", "--start", "2000", "--end", "2030", "--out", "ts"], Signal::SIGTERM, 143);
}

#[test]
fn hanging_up_is_ignored_when_asked_for() {
    let place = Place::empty();
    let program = env!("CARGO_BIN_EXE_blockfold");
    let script = format!("trap '' HUP; exec '{program}' timeseries --start 2000 --end 2030 --out ts");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait_until("the run writes", || !place.names().is_empty());
    send(&child, Signal::SIGHUP);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the run ended though it was to go on");
    send(&child, Signal::SIGINT);
    wait_until("the run ends", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(place.names().is_empty(), "{:?}", place.names());
}
