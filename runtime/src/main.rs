//! berth's host: a JavaScript runtime for one-shot privileged programs.
//!
//! It runs the embedded bundle `core`, whose start is in the executable (`snapshot`), and offers it the module
//! `berth:sys`. It knows nothing of networking. The one thing it knows of CNI is how to report that it died (`fatal`).
#![no_main]

mod engine;
mod fatal;
mod modules;
mod snapshot;
mod sys;

use std::ffi::{c_char, c_int};

use rustix::fs::{Mode, OFlags};

#[global_allocator]
static HEAP: snapshot::Heap = snapshot::Heap;

/// Gives closed standard descriptors /dev/null: else the first file opened would become stdout.
fn fill_standard_descriptors() {
    use rustix::io::fcntl_getfd;
    use rustix::stdio::{stderr, stdin, stdout};
    for descriptor in [stdin(), stdout(), stderr()] {
        if fcntl_getfd(descriptor).is_err()
            && let Ok(null) = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty())
        {
            std::mem::forget(null);
        }
    }
}

/// What a bridge ADD uses of the heap, next to what it writes in the snapshot.
const WARM: usize = 128 << 10;

/// Gives the heap its first memory at once: page faults, one for each 4 KiB, are an eighth of the time of a call.
fn warm_heap() {
    // SAFETY: mallopt and malloc as documented; the advice is about the block alone, which then is free again.
    unsafe {
        // Else the block would be a mapping of its own, and given back.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
        let block = libc::malloc(WARM);
        if block.is_null() {
            fatal::out_of_memory()
        }
        let page = block.map_addr(|address| address.next_multiple_of(4096));
        // Fails before Linux 5.14, without harm.
        libc::madvise(page, WARM - 4096, libc::MADV_POPULATE_WRITE);
        libc::free(block);
    }
}

/// The C library's entry: without std's own start (signal stack, /proc/self/maps), which costs system calls.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    fatal::catch_panics();
    let Some(program) = snapshot::program() else { snapshot::write(engine::start()) };
    warm_heap();
    fill_standard_descriptors();
    sys::signals::install();
    engine::run(program)
}
