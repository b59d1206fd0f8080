//! Which blocks of the snapshot do calls write? Part of the build (scripts/train.mjs): the unfinished executable, run
//! with BERTH_TRAINING=FILE, gives each block pages of its own, makes the call that its environment asks for, and adds
//! to FILE the blocks whose pages the kernel had to copy. Run without, it lays the blocks of BERTH_WRITTEN=FILE together.
//!
//! A block is known by its number: the start of the program allocates the same blocks in the same order each time.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::ptr::null_mut;

use crate::fatal::fatal;
use crate::heap::{HEADER, UNIT};
use crate::snapshot::full;

const PAGE: usize = 4096;
const PAGES: usize = 1 << 16;
const BLOCKS: usize = 1 << 16;

struct Training {
    /// Where the blocks are in training; null else.
    base: *mut u8,
    file: Option<OwnedFd>,
    /// The number of the next block, and its page.
    block: usize,
    page: usize,
    /// The block of each page.
    owner: [u16; PAGES],
    /// A bit for each block.
    written: [u8; BLOCKS / 8],
}

struct Single(UnsafeCell<Training>);

// SAFETY: there is one thread.
unsafe impl Sync for Single {}

static STATE: Single = Single(UnsafeCell::new(Training {
    base: null_mut(),
    file: None,
    block: 0,
    page: 0,
    owner: [0; PAGES],
    written: [0; BLOCKS / 8],
}));

fn state() -> &'static mut Training {
    // SAFETY: one thread, and no function here calls another while it holds this.
    unsafe { &mut *STATE.0.get() }
}

fn variable(name: &CStr) -> Option<&'static str> {
    // SAFETY: the environment is not changed.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() { None } else { unsafe { CStr::from_ptr(value) }.to_str().ok() }
}

/// Reads what is known, and in training makes room.
pub fn begin() {
    let state = state();
    let training = variable(c"BERTH_TRAINING");
    if let Some(path) = training.or(variable(c"BERTH_WRITTEN"))
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.read_at(&mut state.written, 0);
    }
    if training.is_none() {
        return;
    }
    // SAFETY: memfd_create(2) and mmap(2) as documented.
    unsafe {
        let file = libc::memfd_create(c"training".as_ptr(), libc::MFD_CLOEXEC);
        libc::ftruncate(file, (PAGES * PAGE) as libc::off_t);
        let base = map(null_mut(), libc::MAP_SHARED, file);
        if base == libc::MAP_FAILED.cast() {
            fatal("no memory to train with", "")
        }
        state.base = base;
        state.file = Some(OwnedFd::from_raw_fd(file));
    }
}

/// SAFETY: the caller's; with MAP_FIXED, what is at `base` is replaced.
unsafe fn map(base: *mut u8, flags: i32, file: i32) -> *mut u8 {
    unsafe { libc::mmap(base.cast(), PAGES * PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, file, 0).cast() }
}

/// In training: from here on, the pages that are written are copied. Returns whether this is training.
pub fn start() -> bool {
    let state = state();
    if let Some(file) = state.file.take() {
        // SAFETY: the same content at the same place.
        unsafe { map(state.base, libc::MAP_PRIVATE | libc::MAP_FIXED, file.as_raw_fd()) };
    }
    !state.base.is_null()
}

/// In training: where the next block is, in pages of its own.
pub fn place(total: usize) -> Option<*mut u8> {
    let state = state();
    if state.base.is_null() {
        return None;
    }
    let first = state.page;
    state.page += (total + HEADER).div_ceil(PAGE);
    if state.page > PAGES || state.block >= BLOCKS {
        full("the snapshot has too many blocks: raise PAGES and BLOCKS in runtime/src/training.rs")
    }
    state.owner[first..state.page].fill(state.block as u16);
    state.block += 1;
    Some(state.base.wrapping_add(first * PAGE + UNIT - HEADER))
}

pub fn holds(block: *mut u8) -> bool {
    let base = state().base;
    !base.is_null() && block.addr().wrapping_sub(base.addr()) < PAGES * PAGE
}

/// Whether training saw the next block written.
pub fn next_is_written() -> bool {
    let state = state();
    let block = state.block;
    state.block += 1;
    state.written.get(block / 8).is_some_and(|bits| bits >> (block % 8) & 1 == 1)
}

/// Before the process ends: adds what was written to the file of the training, if this is one.
pub fn record() {
    let state = state();
    if state.base.is_null() {
        return;
    }
    let mut pages = vec![0; state.page * 8];
    let map = std::fs::File::open("/proc/self/pagemap");
    if map.and_then(|map| map.read_exact_at(&mut pages, (state.base.addr() / PAGE * 8) as u64)).is_err() {
        return;
    }
    // Documentation/admin-guide/mm/pagemap.rst: 63 present, 61 a page of a file.
    let copied = |entry: &[u8; 8]| u64::from_ne_bytes(*entry) >> 61 & 0b101 == 0b100;
    for (page, _) in pages.as_chunks().0.iter().enumerate().filter(|(_, entry)| copied(entry)) {
        let block = state.owner[page] as usize;
        state.written[block / 8] |= 1 << (block % 8);
    }
    if let Some(path) = variable(c"BERTH_TRAINING") {
        let _ = std::fs::write(path, state.written);
    }
}
