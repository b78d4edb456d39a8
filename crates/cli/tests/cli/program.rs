//! Running the program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to work in, with helpers to run the program there.
pub struct Place(TempDir);

/// What a run printed, and its exit code.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    /// An empty folder.
    pub fn empty() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    /// A folder with a data set `ts` of three files of 8,640 rows.
    pub fn with_data() -> Place {
        let place = Place::empty();
        place.ok("timeseries --start 2000-01-01 --end 2000-01-04 --freq 10s --seed 7 --out ts");
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Names of everything in the folder, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The program in this folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blockfold"));
        command.args(args).current_dir(self.path()).env("TMPDIR", self.path());
        command
    }

    pub fn run_args(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }

    /// Runs words divided by spaces; single quotes keep words together.
    pub fn run(&self, line: &str) -> Ran {
        let args = words(line);
        self.run_args(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What a run that succeeds prints.
    #[track_caller]
    pub fn ok(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        assert_eq!(ran.err, "", "{line}");
        ran.out
    }

    /// The document that a run with `--json` prints.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        let out = self.ok(&format!("{line} --json"));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}: {out}"))
    }

    /// A run that fails with this code says `wanted` and leaves the folder as it was.
    #[track_caller]
    pub fn fails(&self, line: &str, code: i32, wanted: &str) {
        let before = self.names();
        let ran = self.run(line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.err.starts_with("error: ") && ran.err.contains(wanted), "{line}: wanted '{wanted}' in {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{line}: {}", ran.err);
        assert_eq!(ran.out, "", "{line}");
        assert_eq!(self.names(), before, "{line} left something behind");
        let json = self.run(&format!("{line} --json"));
        assert_eq!(json.code, code, "{line} --json: {json:?}");
        let document: Value = serde_json::from_str(&json.out).unwrap_or_else(|_| panic!("{line} --json: {}", json.out));
        assert!(document["error"].as_str().unwrap().contains(wanted), "{line} --json: {document}");
        assert_eq!(document["exit_code"], code);
    }
}

impl Ran {
    pub fn of(output: &Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match (c, words.last_mut()) {
            ('\'', _) => quoted = !quoted,
            (' ', _) if !quoted => words.push(String::new()),
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words
}
