//! A bound that the system sets on the memory of a process: a memory cgroup where we may make one, else a limit of
//! its data segment (heap, stacks and private writable maps; file pages do not count).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process::output;

/// How memory is bounded on this machine.
#[derive(Debug)]
pub enum Bound {
    /// A cgroup made for each process below `parent`, its limit written to `limit_file`.
    Cgroup { parent: PathBuf, limit_file: &'static str },
    /// `prlimit --data`.
    DataLimit,
    /// No way found, or none wanted.
    None,
}

impl Bound {
    /// The strictest way that works here.
    pub fn find() -> Self {
        let cgroups = [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")];
        for (parent, limit_file) in cgroups {
            let bound = Self::Cgroup { parent: parent.into(), limit_file };
            if bound.works() {
                return bound;
            }
        }
        if Self::DataLimit.works() { Self::DataLimit } else { Self::None }
    }

    fn works(&self) -> bool {
        self.around(1 << 30, |wrap| output(wrap(Path::new("true")).stderr(Stdio::null()))).is_ok()
    }

    /// For people to read.
    pub fn describe(&self, bytes: u64) -> String {
        match self {
            Self::Cgroup { limit_file, .. } => format!("memory cgroup, {limit_file} = {bytes}"),
            Self::DataLimit => format!("prlimit --data={bytes}"),
            Self::None => "none: neither a memory cgroup nor prlimit".to_owned(),
        }
    }

    /// Calls `run` with a function that makes the command for a program, so that the process may use `bytes`.
    pub fn around<T>(&self, bytes: u64, run: impl FnOnce(&dyn Fn(&Path) -> Command) -> Result<T>) -> Result<T> {
        match self {
            Self::None => run(&|program| Command::new(program)),
            Self::DataLimit => {
                run(&|program| with_args("prlimit", [format!("--data={bytes}").as_ref(), program.as_os_str()]))
            }
            Self::Cgroup { parent, limit_file } => {
                let group = Cgroup::new(parent, limit_file, bytes)?;
                let procs = group.0.join("cgroup.procs");
                let enter = "echo $$ > \"$0\" && exec \"$@\"";
                run(&|program| with_args("sh", ["-c".as_ref(), enter.as_ref(), procs.as_os_str(), program.as_os_str()]))
            }
        }
    }
}

fn with_args<const N: usize>(program: &str, args: [&OsStr; N]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// A cgroup's folder, removed at the end.
struct Cgroup(PathBuf);

impl Cgroup {
    fn new(parent: &Path, limit_file: &str, bytes: u64) -> Result<Self> {
        let folder = parent.join(format!("blockfold-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let group = Self(folder);
        let limit = group.0.join(limit_file);
        // Only a controller makes this file: anywhere else it would be an ordinary one.
        anyhow::ensure!(limit.exists(), "{} has no memory controller", parent.display());
        fs::write(limit, bytes.to_string())?;
        Ok(group)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Nothing to be done about an error, and an empty cgroup costs nothing.
        let _ = fs::remove_dir(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tail` keeps what it reads until it meets the end of a line: here, all of it.
    fn take(bound: &Bound, bytes: u64) -> bool {
        let script = format!("head -c {bytes} /dev/zero | tail -n 1 > /dev/null");
        bound.around(100_000_000, |wrap| output(wrap(Path::new("sh")).args(["-c", &script]))).is_ok()
    }

    #[test]
    fn a_bounded_process_gets_no_more_than_its_bound() {
        for bound in [Bound::find(), Bound::DataLimit] {
            if bound.works() && !matches!(bound, Bound::None) {
                assert!(take(&bound, 10_000_000), "{bound:?}");
                assert!(!take(&bound, 200_000_000), "{bound:?}");
            }
        }
    }
}
