//! Recordings: runs in a file, to be looked at later. The format is described in `docs/bfrun.md`.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use blockfold_core::{Error, Result};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use crate::log::RunLog;
use crate::view::{Flame, Lanes, PlanView, RunSummary, Series, System, TaskPage, TaskQuery, Watched};

/// The first bytes of a recording.
const MAGIC: &[u8; 8] = b"bfrun\r\n\x1a";

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// Bytes before the body: magic, version, checksum, length.
const HEAD_BYTES: usize = 24;

/// The most bytes of a body once it is decompressed; a recorder keeps far less.
const MOST_BYTES: u64 = 1 << 30;

/// Runs that were recorded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Recording {
    /// The process and its machine.
    pub system: System,
    /// The runs, newest last.
    pub runs: Vec<RunLog>,
}

impl Recording {
    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let hidden = path.with_extension("bfrun.part");
        let write = |bytes: Vec<u8>| {
            let mut file = fs::File::create(&hidden)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&hidden, path)
        };
        let written = self.to_bytes().map(write)?;
        written.map_err(|error| {
            // What is left of a failed write is of no use, and may not be there.
            let _ = fs::remove_file(&hidden);
            Error::io(path, error)
        })
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// None that a recorder's runs can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let external = |error: std::io::Error| Error::External(Box::new(error));
        let plain = postcard::to_stdvec(self).map_err(|error| Error::External(Box::new(error)))?;
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&plain).map_err(external)?;
        let body = encoder.finish().map_err(external)?;
        let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(crc32fast::hash(&body).to_le_bytes());
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(body);
        Ok(bytes)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A file that is not there; [`Error::Corrupt`] for one that is no recording, is damaged or cut off, or was written in
    /// another version of the format, which it names.
    pub fn read(path: impl AsRef<Path>) -> Result<Recording> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| Error::io(path, error))?;
        Recording::from_bytes(&bytes).map_err(|what| Error::corrupt(path, what))
    }

    /// Reads the bytes of a file, or says what is wrong with them.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Recording, String> {
        let (head, body) = bytes.split_at_checked(HEAD_BYTES).ok_or("it is no recording: it is too short")?;
        let word = |at: usize| head.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
        if !head.starts_with(MAGIC) {
            return Err("it is no recording: it does not begin as one".to_string());
        }
        let version = word(8).unwrap_or_default();
        if version != VERSION {
            return Err(format!("it is a recording of version {version}; this program reads version {VERSION}"));
        }
        let length = u64::from(word(16).unwrap_or_default()) | u64::from(word(20).unwrap_or_default()) << 32;
        if length != body.len() as u64 {
            return Err(format!("it has {} bytes where {length} were written: it was cut off", body.len()));
        }
        if word(12) != Some(crc32fast::hash(body)) {
            return Err("its checksum is wrong: it is damaged".to_string());
        }
        let mut plain = Vec::new();
        let decoded = ZlibDecoder::new(body).take(MOST_BYTES + 1).read_to_end(&mut plain);
        decoded.map_err(|error| format!("it cannot be decompressed: {error}"))?;
        if plain.len() as u64 > MOST_BYTES {
            return Err("it is larger than any recording".to_string());
        }
        postcard::from_bytes(&plain).map_err(|error| format!("its contents make no sense: {error}"))
    }

    /// A run by its number.
    pub fn run(&self, run: u64) -> Option<&RunLog> {
        self.runs.iter().find(|log| log.summary.id == run)
    }
}

impl Watched for Recording {
    fn runs(&self) -> Vec<RunSummary> {
        self.runs.iter().map(|log| log.summary(None)).collect()
    }

    fn version(&self, _: Option<u64>) -> u64 {
        1
    }

    fn plan(&self, run: u64) -> Option<PlanView> {
        Some(self.run(run)?.plan(None))
    }

    fn lanes(&self, run: u64, from_us: u64, to_us: Option<u64>, pixels: usize) -> Option<Lanes> {
        let log = self.run(run)?;
        Some(log.tracks.view(from_us, to_us.unwrap_or_else(|| log.end_us(None)), pixels, &[]))
    }

    fn series(&self, run: u64, from_us: u64, to_us: Option<u64>, points: usize) -> Option<Series> {
        let log = self.run(run)?;
        Some(log.samples.view(from_us, to_us.unwrap_or_else(|| log.end_us(None)), points, &log.setting()))
    }

    fn tasks(&self, run: u64, query: &TaskQuery) -> Option<TaskPage> {
        let log = self.run(run)?;
        Some(log.table.query(query, log.summary.tasks, &[], |chain| log.label(chain)))
    }

    fn flame(&self, run: u64) -> Option<Flame> {
        let log = self.run(run)?;
        Some(log.profile.flame(&log.summary.label, &log.chains))
    }

    fn causes(&self, run: u64) -> Option<Vec<String>> {
        Some(crate::causes::of_run(self.run(run)?))
    }

    fn system(&self) -> System {
        self.system.clone()
    }

    fn is_live(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lanes::Bar;
    use crate::series::Sample;
    use crate::table::Entry;

    fn recording(tasks: u64) -> Recording {
        let mut log = RunLog::default();
        log.summary.id = 4;
        log.summary.elapsed_us = tasks * 10;
        for task in 0..tasks {
            let start_ns = task * 10_000;
            let bar = Bar { start_ns, end_ns: start_ns + 7000, busy_ns: 7000, task: Some(task), tasks: 1, ..Bar::default() };
            log.tracks.push((task % 3) as u32, bar);
            log.table.push(Entry { task, start_ns, elapsed_ns: 7000, ..Entry::default() });
            log.samples.push(Sample { at_us: task * 10, promised_bytes: task, ..Sample::default() });
            log.profile.add(0, Some(2), 3);
        }
        Recording { system: System { version: "1.2".to_string(), ..System::default() }, runs: vec![log] }
    }

    /// Asks for all that a page asks for.
    fn look_at(recording: &Recording) -> String {
        let mut seen = String::new();
        for summary in recording.runs() {
            let run = summary.id;
            for (from_us, to_us) in [(0, None), (5, Some(u64::MAX)), (u64::MAX, Some(0))] {
                seen += &format!("{:?}", recording.lanes(run, from_us, to_us, 50));
                seen += &format!("{:?}", recording.series(run, from_us, to_us, 50));
            }
            let query = TaskQuery { sort: "-elapsed".to_string(), limit: 5, ..TaskQuery::default() };
            seen += &format!("{:?}{:?}{:?}", recording.plan(run), recording.tasks(run, &query), recording.flame(run));
            seen += &format!("{:?}", recording.causes(run));
        }
        seen
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.bfrun");
        let before = recording(5000);
        before.write(&path).unwrap();
        let after = Recording::read(&path).unwrap();
        assert_eq!(look_at(&before), look_at(&after));
        assert_eq!((after.system.version.as_str(), after.is_live()), ("1.2", false));
        let bytes = fs::metadata(&path).unwrap().len();
        assert!(bytes < 5000 * 20, "{bytes} bytes for 5,000 tasks");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn another_version_is_refused_by_its_number() {
        let mut bytes = recording(3).to_bytes().unwrap();
        bytes[8] = 9;
        let error = Recording::from_bytes(&bytes).unwrap_err();
        assert_eq!(error, "it is a recording of version 9; this program reads version 1");
        assert!(Recording::from_bytes(b"PAR1").unwrap_err().contains("too short"));
        assert!(Recording::from_bytes(&[7; 100]).unwrap_err().contains("does not begin"));
    }

    #[test]
    fn a_file_that_was_cut_off_says_so() {
        let bytes = recording(3).to_bytes().unwrap();
        let error = Recording::from_bytes(&bytes[..bytes.len() - 1]).unwrap_err();
        assert!(error.contains("cut off"), "{error}");
    }

    /// A file whose checksum is right, whatever its body is.
    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        let body = encoder.finish().unwrap();
        let words = [&MAGIC[..], &VERSION.to_le_bytes(), &crc32fast::hash(&body).to_le_bytes()].concat();
        [words, (body.len() as u64).to_le_bytes().to_vec(), body].concat()
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_an_error(at in 0usize..10_000, flip in 1u8..=255) {
            let mut bytes = recording(20).to_bytes().unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert!(Recording::from_bytes(&bytes).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Recording::from_bytes(&bytes).is_err());
            if let Ok(read) = Recording::from_bytes(&sealed(&bytes)) {
                look_at(&read);
            }
        }

        #[test]
        fn nonsense_with_a_right_checksum_is_an_error_or_can_be_looked_at(
            changes in prop::collection::vec((0usize..100_000, any::<u8>()), 1..8),
        ) {
            let mut plain = postcard::to_stdvec(&recording(20)).unwrap();
            for (at, value) in changes {
                let at = at % plain.len();
                plain[at] = value;
            }
            if let Ok(read) = Recording::from_bytes(&sealed(&plain)) {
                look_at(&read);
            }
        }
    }
}
