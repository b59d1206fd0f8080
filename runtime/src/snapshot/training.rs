//! Which blocks of the snapshot do calls use? Part of the build (scripts/train.mjs): the unfinished executable, run with
//! BERTH_TRAINING=FILE, makes the call that its environment asks for, and counts in FILE which blocks it wrote and which
//! it used. Run with BERTH_TRAINED=FILE, it lays them out by that (`layout`): the fewer pages a call uses, the less the
//! kernel has to do for it.
//!
//! A block is known by its number: the start of the program allocates the same blocks in the same order each time.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int};
use std::os::unix::fs::FileExt;
use std::ptr::{null_mut, without_provenance_mut};

use super::block::{HEADER, UNIT};
use super::layout::{BLOCKS, Block, Knowledge, Layout};
use crate::fatal::fatal;

const PAGE: usize = 4096;
/// What the kernel maps at once around a page that is read: in training, a block has it to itself.
const WINDOW: usize = 16 * PAGE;
const WINDOWS: usize = 1 << 16;
/// Where the windows are: in every address space, nobody's, and the same in each build.
const PLACE: usize = 32 << 30;

/// All zero at first, so that it takes no room in the executable.
struct Training {
    /// Where the blocks are in training, and the memory's file; null else.
    base: *mut u8,
    file: c_int,
    /// The number of the next block, and its window.
    block: usize,
    window: usize,
    /// The block of each window.
    owner: [u16; WINDOWS],
    knowledge: Knowledge,
    layout: Layout,
}

struct Single(UnsafeCell<Training>);

// SAFETY: there is one thread.
unsafe impl Sync for Single {}

static STATE: Single = Single(UnsafeCell::new(Training {
    base: null_mut(),
    file: 0,
    block: 0,
    window: 0,
    owner: [0; WINDOWS],
    knowledge: Knowledge { calls: 0, blocks: [Block { total: 0, written: 0, used: 0 }; BLOCKS] },
    layout: Layout::NONE,
}));

fn state() -> &'static mut Training {
    // SAFETY: one thread, and no function here calls another while it holds this.
    unsafe { &mut *STATE.0.get() }
}

pub fn variable(name: &CStr) -> Option<&'static str> {
    // SAFETY: the environment is not changed.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    // SAFETY: a string of the environment.
    if value.is_null() { None } else { unsafe { CStr::from_ptr(value) }.to_str().ok() }
}

impl Knowledge {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: plain numbers without gaps.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast(), size_of::<Knowledge>()) }
    }
}

/// Reads what is known; in training makes room, else lays out a memory of `size` bytes.
pub fn begin(size: usize) {
    let state = state();
    let training = variable(c"BERTH_TRAINING");
    if let Some(path) = training.or(variable(c"BERTH_TRAINED"))
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.read_exact_at(state.knowledge.bytes(), 0);
    }
    if training.is_none() {
        state.layout = Layout::new(&state.knowledge, size);
        return;
    }
    // SAFETY: memfd_create(2) and mmap(2) as documented.
    unsafe {
        state.file = libc::memfd_create(c"training".as_ptr(), libc::MFD_CLOEXEC);
        libc::ftruncate(state.file, (WINDOWS * WINDOW) as libc::off_t);
        let base = without_provenance_mut(PLACE);
        if !map(base, libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE, state.file) {
            fatal("no memory to train with", "")
        }
        state.base = base;
    }
}

/// SAFETY: the caller's; with MAP_FIXED, what is at `base` is replaced.
unsafe fn map(base: *mut u8, flags: c_int, file: c_int) -> bool {
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, flags | libc::MAP_NORESERVE);
    // SAFETY: mmap(2) as documented.
    unsafe { libc::mmap(base.cast(), WINDOWS * WINDOW, access, flags, file, 0) == base.cast() }
}

/// In training: from here on, the pages that are written are copied. Returns whether this is training.
pub fn start() -> bool {
    let state = state();
    if state.base.is_null() {
        return false;
    }
    // SAFETY: the same content at the same place.
    unsafe {
        if !map(state.base, libc::MAP_PRIVATE | libc::MAP_FIXED, state.file) {
            fatal("no memory to train with", "")
        }
        libc::close(state.file);
    }
    true
}

/// Whether this is training.
pub fn active() -> bool {
    !state().base.is_null()
}

/// In training: where the next block is, in windows of its own; None when there are too many.
pub fn place(total: usize) -> Option<*mut u8> {
    let state = state();
    let first = state.window;
    state.window += (total + HEADER).div_ceil(WINDOW);
    if state.window > WINDOWS || state.block >= BLOCKS {
        return None;
    }
    state.owner[first..state.window].fill(state.block as u16);
    state.knowledge.blocks[state.block].total = total as u32;
    state.block += 1;
    Some(state.base.wrapping_add(first * WINDOW + UNIT - HEADER))
}

/// Otherwise: the offset of the next block in the memory; none when that is full.
pub fn offset(total: usize) -> Option<usize> {
    let state = state();
    state.block += 1;
    state.layout.place(&state.knowledge, state.block - 1, total)
}

/// How much of the memory is used.
pub fn used() -> usize {
    state().layout.used()
}

/// Up to which offset usual calls write most of the memory.
pub fn hot() -> usize {
    state().layout.hot()
}

pub fn holds(block: *mut u8) -> bool {
    let base = state().base;
    !base.is_null() && block.addr().wrapping_sub(base.addr()) < WINDOWS * WINDOW
}

/// Before the process ends: adds what was used to the file of the training, if this is one.
pub fn record() {
    let state = state();
    if state.base.is_null() {
        return;
    }
    let pages = WINDOW / PAGE;
    let mut entries = vec![0; state.window * pages * 8];
    let map = std::fs::File::open("/proc/self/pagemap");
    if map.and_then(|map| map.read_exact_at(&mut entries, (state.base.addr() / PAGE * 8) as u64)).is_err() {
        return;
    }
    // Documentation/admin-guide/mm/pagemap.rst: 63 present, 61 a page of a file.
    let mut last = usize::MAX;
    let (mut used, mut written) = (false, false);
    for (window, entries) in entries.chunks(pages * 8).enumerate() {
        let number = state.owner[window] as usize;
        if number != last {
            (last, used, written) = (number, false, false);
        }
        for entry in entries.as_chunks().0.iter().map(|entry| u64::from_ne_bytes(*entry) >> 61 & 0b101) {
            let block = &mut state.knowledge.blocks[number];
            if entry & 0b100 != 0 && !used {
                used = true;
                block.used += 1;
            }
            if entry == 0b100 && !written {
                written = true;
                block.written += 1;
            }
        }
    }
    state.knowledge.calls += 1;
    if let Some(path) = variable(c"BERTH_TRAINING") {
        let _ = std::fs::write(path, state.knowledge.bytes());
    }
}
