//! The heap of a program that has started, as part of the executable.
//!
//! The executable that cargo builds is unfinished: run, it starts the engine and evaluates `core` in memory that is
//! part of its own image, and prints itself with that memory filled in (scripts/finish.mjs). The finished executable
//! finds everything in place where the kernel maps it, a page at a time, copied when written. The addresses in it hold
//! because the executable is static and not relocated (.cargo/config.toml).
//!
//! A call uses a part of it, and writes a tenth, in thousands of small blocks. `training` tells which; they are laid
//! together.

mod block;
pub mod heap;
mod layout;
pub mod replay;
mod training;

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::io::Write;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering::Relaxed};

use block::{HEADER, UNIT};
use training::{Extent, Place};

use crate::engine::Program;
use crate::fatal::{exit, fatal};
pub use training::record;

/// What the engine and the bundles that `core` loads take. The build tries one and measures (scripts/build.mjs).
const SIZE: usize = match usize::from_str_radix(env!("BERTH_SNAPSHOT_SIZE"), 10) {
    Ok(size) => size,
    Err(_) => panic!("BERTH_SNAPSHOT_SIZE is a number of bytes"),
};

/// At the beginning of a page: arm64 has kernels with pages of 16 and 64 KiB.
#[repr(C)]
#[cfg_attr(target_arch = "aarch64", repr(align(65536)))]
#[cfg_attr(not(target_arch = "aarch64"), repr(align(4096)))]
struct Image {
    mark: [u8; 32],
    /// A hash of the finished executable without it: scripts/finish.mjs.
    build: [AtomicU8; 16],
    /// Where in the finished executable this is; 0 in the unfinished one.
    offset: AtomicUsize,
    /// Null in the unfinished executable.
    program: AtomicPtr<Program>,
    /// Whether blocks are taken from `memory`.
    open: AtomicBool,
    /// Usual calls write most pages of `memory` from the first of these offsets to the second.
    hot: [AtomicUsize; 2],
    memory: UnsafeCell<[u8; SIZE]>,
}

// SAFETY: there is one thread.
unsafe impl Sync for Image {}

#[unsafe(link_section = ".snapshot")]
static IMAGE: Image = Image {
    mark: *b"berth: the snapshot starts here\n",
    build: [const { AtomicU8::new(0) }; 16],
    offset: AtomicUsize::new(0),
    program: AtomicPtr::new(null_mut()),
    open: AtomicBool::new(true),
    hot: [const { AtomicUsize::new(0) }; 2],
    memory: UnsafeCell::new([0; SIZE]),
};

/// Whether this is the finished executable.
pub fn finished() -> bool {
    !IMAGE.program.load(Relaxed).is_null()
}

/// The program of the finished executable; that of the unfinished one, if it is in training.
pub fn program(start: fn() -> Program) -> &'static Program {
    // SAFETY: `write` left it there, in this very executable; nothing moves or frees it.
    if let Some(program) = unsafe { IMAGE.program.load(Relaxed).as_ref() } {
        return program;
    }
    // What lays out is itself not laid out.
    IMAGE.open.store(false, Relaxed);
    training::begin(UNIT - HEADER);
    IMAGE.open.store(true, Relaxed);
    let program = Box::leak(Box::new(start()));
    IMAGE.open.store(false, Relaxed);
    if training::start() { program } else { write(program) }
}

/// What all copies of this executable and no other have at a place in their file: mark and build id. None where it is
/// unfinished.
pub fn build() -> Option<(usize, [u8; 48])> {
    let offset = IMAGE.offset.load(Relaxed);
    let byte = |i: usize| IMAGE.mark.get(i).copied().unwrap_or_else(|| IMAGE.build[i - IMAGE.mark.len()].load(Relaxed));
    (offset != 0).then(|| (offset, std::array::from_fn(byte)))
}

/// Prints the executable with `program`, and all that it refers to, in it.
fn write(program: &mut Program) -> ! {
    IMAGE.program.store(program, Relaxed);
    let Some(Extent { used, hot: (from, to) }) = training::extent() else {
        fatal("a block that the start freed in training is still there", "")
    };
    IMAGE.hot[0].store(from, Relaxed);
    IMAGE.hot[1].store(to, Relaxed);
    let mut executable = std::fs::read("/proc/self/exe").unwrap_or_default();
    let place = executable.chunks(align_of::<Image>()).position(|page| page.starts_with(&IMAGE.mark));
    let Some(start) = place.map(|page| page * align_of::<Image>()) else {
        fatal("the executable has no place for the snapshot", "")
    };
    IMAGE.offset.store(start, Relaxed);
    // SAFETY: initialised, and from here on only read.
    let image = unsafe { std::slice::from_raw_parts((&raw const IMAGE).cast::<u8>(), size_of::<Image>()) };
    executable[start..start + image.len()].copy_from_slice(image);
    eprintln!("{used}");
    let mut stdout = std::io::stdout();
    match stdout.write_all(&executable).and_then(|()| stdout.flush()) {
        Ok(()) => exit(0),
        Err(error) => fatal("the executable cannot be printed", &error.to_string()),
    }
}

/// Copies what usual calls write at once: it takes less time than a page fault for each 4 KiB.
pub fn warm() {
    let [from, to] = &IMAGE.hot;
    let memory = IMAGE.memory.get().cast::<u8>();
    let start = memory.wrapping_add(from.load(Relaxed)).map_addr(|address| address & !(align_of::<Image>() - 1));
    let size = memory.addr() + to.load(Relaxed) - start.addr();
    // SAFETY: the memory's own pages. Fails before Linux 5.14, without harm.
    unsafe { libc::madvise(start.cast(), size, libc::MADV_POPULATE_WRITE) };
}

/// Whether the snapshot is being made: all blocks are taken from it.
pub fn open() -> bool {
    IMAGE.open.load(Relaxed)
}

/// Nothing of the build machine may be in the snapshot: ends a build that asks for `what` while it is made.
pub fn refuse(what: &str) {
    if open() {
        IMAGE.open.store(false, Relaxed);
        fatal(&format!("{what} is called while the snapshot is made: it would be the build machine's for ever"), "")
    }
}

/// Whether a block is the snapshot's, for ever.
pub fn holds(block: *mut u8) -> bool {
    block.addr().wrapping_sub(IMAGE.memory.get().addr()) < SIZE || training::holds(block)
}

/// A block of the snapshot is freed: it is not used again.
pub fn free(block: *mut u8) {
    if open() && training::holds(block) {
        training::free(block);
    }
}

/// Ends a build for which there is no room, in training or of SIZE. The words are then allocated elsewhere.
fn full() -> ! {
    IMAGE.open.store(false, Relaxed);
    fatal("the snapshot is full", "")
}

/// A new block, which with its header takes `total` bytes; zeroed, as the whole image is.
pub fn take(total: usize) -> *mut u8 {
    let start = match training::place(total) {
        Some(Place::Beside(start)) => start,
        // SAFETY: inside `memory`, and no part of another block.
        Some(Place::Memory(offset)) if offset + total <= SIZE => unsafe { IMAGE.memory.get().cast::<u8>().add(offset) },
        _ => full(),
    };
    block::mark(start, total)
}

/// The seeds of hash tables in the image: the same in each build, as the image is. Later as getrandom(2).
#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut u8, size: usize, flags: u32) -> isize {
    if !open() {
        // SAFETY: the caller's contract is the system call's.
        return unsafe { libc::syscall(libc::SYS_getrandom, buffer, size, flags) as isize };
    }
    // SAFETY: the caller's buffer.
    unsafe { buffer.write_bytes(1, size) };
    size as isize
}

/// As `getrandom`: the engine seeds itself with the time.
#[unsafe(no_mangle)]
extern "C" fn gettimeofday(time: *mut libc::timeval, _: *mut libc::c_void) -> c_int {
    let mut now = libc::timespec { tv_sec: 1, tv_nsec: 0 };
    // SAFETY: clock_gettime(2) fills `now`; `time` is the caller's.
    unsafe {
        if !open() {
            libc::clock_gettime(libc::CLOCK_REALTIME, &mut now);
        }
        *time = libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1000 };
    }
    0
}
