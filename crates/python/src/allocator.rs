//! The allocator of the module, told to keep what is freed for half a second: blocks come and go, and a page that the
//! system takes back costs ten times the work on it when it is faulted in anew. Python's own objects are not its business.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of mimalloc's option `purge_delay`, in both of its versions; the bindings leave it out.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

const PURGE_DELAY_MS: std::ffi::c_long = 500;

/// Keeps freed memory warm, unless `MIMALLOC_PURGE_DELAY` says how long.
#[expect(unsafe_code, reason = "a call of C")]
pub fn keep_warm() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        // SAFETY: sets a number in a table of the allocator; any thread may do so at any time.
        unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_DELAY_MS) }
    }
}
