//! The stack that the program runs on. The kernel's may be limited to less than the engine needs (ulimit -s), and where it
//! is differs from process to process: what an unfinished executable leaves of it in the snapshot would, too.

use std::arch::asm;
use std::ffi::c_char;
use std::ptr::without_provenance_mut;

use crate::fatal::fatal;

/// Less than a huge page, which would be cleared for each call. Untouched, it costs nothing.
pub const SIZE: usize = (2 << 20) - (64 << 10);
/// What each call uses of it.
const WARM: usize = 24 << 10;
/// Where it is while the snapshot is made: in every address space, and nobody's.
const FIXED: usize = 16 << 30;

pub type Argv = *const *const c_char;

/// Runs `start` on a stack of its own, at a fixed place if `fixed`.
pub fn run(argv: Argv, fixed: bool, start: extern "C" fn(Argv) -> !) -> ! {
    let place = if fixed { (FIXED, libc::MAP_FIXED_NOREPLACE) } else { (0, 0) };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE | place.1;
    // SAFETY: mmap(2) as documented.
    let bottom =
        unsafe { libc::mmap(without_provenance_mut(place.0), SIZE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if bottom == libc::MAP_FAILED {
        fatal("no memory for a stack", "")
    }
    // SAFETY: one past the end of what was mapped, aligned as both calling conventions ask. madvise(2) as documented: it
    // fails before Linux 5.14, without harm.
    unsafe {
        let top = bottom.cast::<u8>().add(SIZE);
        libc::madvise(top.sub(WARM).cast(), WARM, libc::MADV_POPULATE_WRITE);
        enter(argv, top, start)
    }
}

/// SAFETY: `top` is the end of a stack that nobody uses.
unsafe fn enter(argv: Argv, top: *mut u8, start: extern "C" fn(Argv) -> !) -> ! {
    // SAFETY: the caller's stack; `start` does not return, so nothing of the old one is needed again.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("mov rsp, {top}", "xor ebp, ebp", "call {start}", top = in(reg) top, start = in(reg) start,
            in("rdi") argv, options(noreturn))
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("mov sp, {top}", "mov x29, xzr", "mov x30, xzr", "br {start}", top = in(reg) top, start = in(reg) start,
            in("x0") argv, options(noreturn))
    }
}
