//! What the process and the disk have: peak resident memory, free space.

use std::path::Path;

/// The most memory that the process held since its start, or since [`reset_peak`]; `None` where nobody tells.
pub fn peak_memory_bytes() -> Option<u64> {
    from_proc().or_else(from_usage)
}

/// Starts a new peak at what is held now; does nothing where the system cannot.
pub fn reset_peak() {
    // Linux: 5 resets the high-water mark of resident memory.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Bytes that the allocator holds from the system and has not given back, so what the process uses and what is kept warm.
#[allow(unsafe_code)]
pub fn used_bytes() -> u64 {
    let mut committed = 0;
    let none = std::ptr::null_mut;
    // SAFETY: the function writes to the pointers that are not null; the only one outlives the call.
    unsafe { libmimalloc_sys::mi_process_info(none(), none(), none(), none(), none(), &mut committed, none(), none()) }
    committed as u64
}

fn from_proc() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(unix)]
fn from_usage() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    let peak = u64::try_from(getrusage(UsageWho::RUSAGE_SELF).ok()?.max_rss()).ok()?;
    Some(if cfg!(target_vendor = "apple") { peak } else { peak * 1024 })
}

#[cfg(not(unix))]
fn from_usage() -> Option<u64> {
    None
}

/// Bytes that this user may still write to the disk of a folder; `None` where nobody tells.
#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "other systems count blocks in 32 bits")]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    u64::from(disk.blocks_available()).checked_mul(disk.fragment_size())
}

/// Bytes that this user may still write to the disk of a folder; `None` where nobody tells.
#[cfg(not(unix))]
pub fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells() {
        assert!(from_proc().unwrap() > 1 << 20);
        assert!(from_usage().unwrap() > 1 << 20);
        assert!(free_bytes(Path::new("/")).is_some());
        assert!(free_bytes(Path::new("/no/such/folder")).is_none());
    }
}
