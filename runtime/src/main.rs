//! berth's host: a JavaScript runtime for one-shot privileged programs.
//!
//! It runs the embedded bundle `core`, whose start is in the executable (`snapshot`), and offers it the module
//! `berth:sys`. It knows nothing of networking. The one thing it knows of CNI is how to report that it died (`fatal`).
#![no_main]

mod engine;
mod fatal;
mod modules;
mod relro;
mod snapshot;
mod stack;
mod sys;
#[cfg(target_env = "musl")]
mod unwind;

use std::ffi::{c_char, c_int};

use rustix::fs::{Mode, OFlags};

use snapshot::heap::Heap;

#[global_allocator]
static HEAP: Heap = Heap;

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

/// The C library's entry: without std's own start (signal stack, /proc/self/maps), which costs system calls.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, argv: *const *const c_char) -> c_int {
    relro::protect();
    stack::run(argv, !snapshot::finished(), start)
}

extern "C" fn start(argv: stack::Argv) -> ! {
    sys::process::keep(argv);
    fatal::catch_panics();
    let program = snapshot::program(engine::start);
    snapshot::warm();
    snapshot::heap::warm();
    fill_standard_descriptors();
    sys::signals::install();
    engine::run(program)
}
