//! The heap of a program that has started, as part of the executable.
//!
//! The executable that cargo builds is unfinished: run, it starts the engine and evaluates `core` in memory that is
//! part of its own image, and prints itself with that memory filled in (scripts/finish.mjs). The finished executable
//! finds everything in place where the kernel maps it, a page at a time, copied when written. The addresses in it hold
//! because the executable is static and not relocated (.cargo/config.toml).

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::io::Write;
use std::ptr::{copy_nonoverlapping, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use rquickjs::allocator::Allocator;

use crate::engine::Program;
use crate::fatal::{exit, fatal, out_of_memory};

/// What the engine and the bundles that `core` loads take, and a little more.
const SIZE: usize = 1540 << 10;
/// As malloc(3) aligns. In front of each block is its size.
const ALIGN: usize = 16;

#[repr(C, align(4096))]
struct Image {
    mark: [u8; 32],
    /// Null in the unfinished executable.
    program: AtomicPtr<Program>,
    used: AtomicUsize,
    memory: UnsafeCell<[u8; SIZE]>,
}

// SAFETY: there is one thread.
unsafe impl Sync for Image {}

#[unsafe(link_section = ".snapshot")]
static IMAGE: Image = Image {
    mark: *b"berth: the snapshot starts here\n",
    program: AtomicPtr::new(null_mut()),
    used: AtomicUsize::new(0),
    memory: UnsafeCell::new([0; SIZE]),
};

/// The program of the finished executable.
pub fn program() -> Option<&'static Program> {
    // SAFETY: `write` left it there, in this very executable; nothing moves or frees it.
    unsafe { IMAGE.program.load(Relaxed).as_ref() }
}

/// Prints the executable with `program`, and all that it refers to, in it.
pub fn write(program: Program) -> ! {
    // From here on nothing is allocated in the image.
    IMAGE.program.store(Box::into_raw(Box::new(program)), Relaxed);
    // SAFETY: initialised, and from here on only read.
    let image = unsafe { std::slice::from_raw_parts((&raw const IMAGE).cast::<u8>(), size_of::<Image>()) };
    let mut executable = std::fs::read("/proc/self/exe").unwrap_or_default();
    let place = executable.chunks(align_of::<Image>()).position(|page| page.starts_with(&IMAGE.mark));
    let Some(start) = place.map(|page| page * align_of::<Image>()) else {
        fatal("the executable has no place for the snapshot", "")
    };
    let place = &mut executable[start..start + image.len()];
    place.copy_from_slice(image);
    // Where the stack was: of no use to the next process, and not the same in each build.
    let stack = (&raw const place).addr();
    for word in place.as_chunks_mut().0 {
        if usize::from_ne_bytes(*word).abs_diff(stack) < 8 << 20 {
            *word = [0; 8];
        }
    }
    match std::io::stdout().write_all(&executable) {
        Ok(()) => exit(0),
        Err(error) => fatal("the executable cannot be printed", &error.to_string()),
    }
}

/// The heap of Rust and of the engine: the image while the executable is unfinished, then the C library's. What is in
/// the image may be written but is not used again when it is freed.
pub struct Heap;

fn unfinished() -> bool {
    IMAGE.program.load(Relaxed).is_null()
}

fn in_image(block: *mut u8) -> bool {
    block.addr().wrapping_sub(IMAGE.memory.get().addr()) < SIZE
}

/// A new block of the image, zeroed as the whole image is.
fn take(size: usize) -> *mut u8 {
    let start = IMAGE.used.load(Relaxed) + ALIGN;
    if size > SIZE.saturating_sub(start) {
        fatal("the snapshot is full: raise SIZE in runtime/src/snapshot.rs", "")
    }
    IMAGE.used.store((start + size).next_multiple_of(ALIGN), Relaxed);
    // SAFETY: inside `memory`, and no part of another block.
    unsafe {
        let block = IMAGE.memory.get().cast::<u8>().add(start);
        block.cast::<usize>().sub(1).write(size);
        block
    }
}

/// The seeds of hash tables in the image: the same in each build, as the image is. Later as getrandom(2).
#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut u8, size: usize, flags: u32) -> isize {
    if !unfinished() {
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
        if !unfinished() {
            libc::clock_gettime(libc::CLOCK_REALTIME, &mut now);
        }
        *time = libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1000 };
    }
    0
}

// SAFETY: malloc(3) and its kin as documented, or a block of the image, which is aligned as theirs.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if unfinished() { take(size) } else { unsafe { libc::malloc(size).cast() } }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if unfinished() { take(count * size) } else { unsafe { libc::calloc(count, size).cast() } }
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        if !in_image(block) {
            unsafe { libc::free(block.cast()) }
        }
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if !in_image(block) && !unfinished() {
            return unsafe { libc::realloc(block.cast(), size).cast() };
        }
        let moved = self.alloc(size);
        if !block.is_null() && !moved.is_null() {
            unsafe { copy_nonoverlapping(block, moved, size.min(Self::usable_size(block))) }
        }
        moved
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        if in_image(block) {
            unsafe { block.cast::<usize>().sub(1).read() }
        } else {
            unsafe { libc::malloc_usable_size(block.cast()) }
        }
    }
}

// SAFETY: as above; a larger alignment is refused, and a null result never reaches the caller.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = if layout.align() > ALIGN { null_mut() } else { Allocator::alloc(&mut Heap, layout.size()) };
        if block.is_null() { out_of_memory() } else { block }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        unsafe { Allocator::dealloc(&mut Heap, block) }
    }
}
