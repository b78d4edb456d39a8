//! What the system tells of the process and its machine; `None` where it does not.

use std::fs::read_to_string;
use std::path::Path;

use blockfold_core::ByteSize;

use crate::view::System;

/// Bytes of the process that are resident.
pub fn resident_bytes() -> Option<u64> {
    kib_of(&read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Bytes that the process read from disks and wrote to disks so far.
pub fn disk_bytes() -> Option<(u64, u64)> {
    let text = read_to_string("/proc/self/io").ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some((field("read_bytes:")?, field("write_bytes:")?))
}

/// Processor time of the process so far, of all its threads.
#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "other systems count microseconds in 32 bits")]
pub fn cpu_us() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let us = |time: nix::sys::time::TimeVal| {
        u64::try_from(i64::from(time.tv_sec()) * 1_000_000 + i64::from(time.tv_usec())).ok()
    };
    Some(us(usage.user_time())? + us(usage.system_time())?)
}

/// Processor time of the process so far, of all its threads.
#[cfg(not(unix))]
pub fn cpu_us() -> Option<u64> {
    None
}

/// Bytes that this user may still write to the disk of a folder.
#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "other systems count blocks in 32 bits")]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    u64::from(disk.blocks_available()).checked_mul(disk.fragment_size().into())
}

/// Bytes that this user may still write to the disk of a folder.
#[cfg(not(unix))]
pub fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

/// Cores that the process may use.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// The process and its machine, with what a session knows of itself.
pub fn system(threads: u32, budget_bytes: u64, scratch: &Path) -> System {
    let mut more = Vec::new();
    if let Some(release) = read_to_string("/proc/sys/kernel/osrelease").ok().filter(|text| !text.trim().is_empty()) {
        more.push(("kernel".to_string(), release.trim().to_string()));
    }
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = kib_of(&status, "VmHWM:") {
        more.push(("peak resident".to_string(), ByteSize(peak).to_string()));
    }
    System {
        version: env!("CARGO_PKG_VERSION").to_string(),
        pid: std::process::id(),
        threads,
        cores: cores(),
        cpu: cpu_name().unwrap_or_else(|| std::env::consts::ARCH.to_string()),
        budget_bytes,
        memory_bytes: memory_bytes().unwrap_or(0),
        resident_bytes: kib_of(&status, "VmRSS:").unwrap_or(0),
        scratch: scratch.display().to_string(),
        scratch_free_bytes: free_bytes(scratch).unwrap_or(0),
        more,
    }
}

fn cpu_name() -> Option<String> {
    let text = read_to_string("/proc/cpuinfo").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'))?;
    Some(name.1.trim().to_string())
}

/// Memory of the machine, or of the control group when that is less.
fn memory_bytes() -> Option<u64> {
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().find_map(|path| read_to_string(path).ok()?.trim().parse::<u64>().ok());
    let total = kib_of(&read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:");
    limit.into_iter().chain(total).min()
}

/// The amount of a line as `VmRSS:  1234 kB`.
fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells() {
        assert!(resident_bytes().unwrap() > 1 << 20);
        assert!(free_bytes(Path::new("/")).unwrap() > 0);
        let before = cpu_us().unwrap();
        let sum: u64 = (0..20_000_000u64).map(std::hint::black_box).sum();
        assert!(cpu_us().unwrap() > before, "{sum}");
        let system = system(2, 5, Path::new("/tmp"));
        assert!(system.cores > 0 && system.memory_bytes > 1 << 20 && !system.cpu.is_empty());
        assert_eq!((system.threads, system.budget_bytes, system.scratch.as_str()), (2, 5, "/tmp"));
    }
}
