//! Which blocks of the snapshot do calls use? Part of the build (scripts/train.mjs): the unfinished executable, run with
//! BERTH_TRAINING=FILE, makes the call that its environment asks for, and counts in FILE which blocks it wrote and which
//! it used. Run with BERTH_TRAINED=FILE, it lays them out by that (`layout`): the fewer pages a call uses, the less the
//! kernel has to do for it.
//!
//! A block is known by its number: the start of the program allocates the same blocks in the same order each time.

//! What the start freed again is outside of the memory when it is laid out, so that it is no part of the executable.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int};
use std::os::unix::fs::FileExt;
use std::ptr::{null_mut, without_provenance_mut};

use super::block::{HEADER, UNIT};
use super::layout::{BLOCKS, Block, CALLS, Knowledge, Layout, PAGE};
use crate::fatal::fatal;

/// What the kernel maps at once around a page that is read: in training, a block has it to itself.
const WINDOW: usize = 16 * PAGE;
const WINDOWS: usize = 1 << 16;
/// Where the windows are, or what is freed again: in every address space, nobody's, and the same in each build.
const PLACE: usize = 32 << 30;

/// All zero at first, so that it takes no room in the executable.
struct Training {
    /// Where blocks are that are not in the snapshot's memory: all of them in training, else those that are freed again. Null
    /// when there are none.
    base: *mut u8,
    active: bool,
    file: c_int,
    /// The number of the next block, and where it is beyond `base`: in training, its window.
    block: usize,
    next: usize,
    /// The block of each window.
    owner: [u16; WINDOWS],
    /// How many blocks have been laid out to be freed again, and are not yet.
    pending: usize,
    knowledge: Knowledge,
    layout: Layout,
}

/// Where a block is: beside the snapshot's memory, or in it, at an offset.
pub enum Place {
    Beside(*mut u8),
    Memory(usize),
}

struct Single(UnsafeCell<Training>);

// SAFETY: there is one thread.
unsafe impl Sync for Single {}

static STATE: Single = Single(UnsafeCell::new(Training {
    base: null_mut(),
    active: false,
    file: 0,
    block: 0,
    next: 0,
    owner: [0; WINDOWS],
    pending: 0,
    knowledge: Knowledge { calls: 0, blocks: [Block::NONE; BLOCKS] },
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

/// Reads what is known; in training makes room, else lays out a memory whose first block is at the offset `at`.
pub fn begin(at: usize) {
    let state = state();
    let training = variable(c"BERTH_TRAINING");
    if let Some(path) = training.or(variable(c"BERTH_TRAINED"))
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.read_exact_at(state.knowledge.bytes(), 0);
    }
    state.active = training.is_some();
    if !state.active {
        state.layout.fill(&state.knowledge, at);
    } else if state.knowledge.calls >= CALLS as usize {
        fatal("there are too many calls in training", "")
    }
    let base = without_provenance_mut(PLACE);
    // SAFETY: memfd_create(2) and mmap(2) as documented.
    unsafe {
        state.file = libc::memfd_create(c"training".as_ptr(), libc::MFD_CLOEXEC);
        libc::ftruncate(state.file, (WINDOWS * WINDOW) as libc::off_t);
        if !map(base, libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE, state.file) {
            fatal("no memory to train with", "")
        }
    }
    state.base = base;
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
    if !state.active {
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
    state().active
}

/// Where the next block is, which takes `total` bytes; None when there are too many.
pub fn place(total: usize) -> Option<Place> {
    let state = state();
    let (number, first) = (state.block, state.next);
    state.block += 1;
    let known = state.knowledge.blocks.get_mut(number);
    if state.active {
        let known = known?;
        state.next += (total + HEADER).div_ceil(WINDOW);
        known.total = total as u32;
        state.owner.get_mut(first..state.next)?.fill(number as u16);
        return Some(Place::Beside(state.base.wrapping_add(first * WINDOW + UNIT - HEADER)));
    }
    if known.is_some_and(|block| block.freed != 0 && block.total as usize == total) {
        state.next += total;
        state.pending += 1;
        return (state.next < WINDOWS * WINDOW).then(|| Place::Beside(state.base.wrapping_add(first + UNIT - HEADER)));
    }
    Some(Place::Memory(state.layout.place(&state.knowledge, number, total)))
}

/// The start frees a block that is beside the snapshot's memory.
pub fn free(block: *mut u8) {
    let state = state();
    if state.active {
        let number = state.owner[(block.addr() - state.base.addr()) / WINDOW];
        state.knowledge.blocks[number as usize].freed = 1;
    } else {
        state.pending -= 1;
    }
}

/// How many blocks are not freed that were in training: they would be missing.
pub fn pending() -> usize {
    state().pending
}

/// How much of the memory is used.
pub fn used() -> usize {
    state().layout.used()
}

/// From where to where usual calls write most of the memory.
pub fn hot() -> (usize, usize) {
    state().layout.hot()
}

/// Whether a block is beside the snapshot's memory.
pub fn holds(block: *mut u8) -> bool {
    let base = state().base;
    !base.is_null() && block.addr().wrapping_sub(base.addr()) < WINDOWS * WINDOW
}

/// Before the process ends: adds what was used to the file of the training, if this is one.
pub fn record() {
    let state = state();
    if !state.active {
        return;
    }
    let pages = WINDOW / PAGE;
    let mut entries = vec![0; state.next * pages * 8];
    let map = std::fs::File::open("/proc/self/pagemap");
    if map.and_then(|map| map.read_exact_at(&mut entries, (state.base.addr() / PAGE * 8) as u64)).is_err() {
        return;
    }
    let call = 1 << state.knowledge.calls;
    let mut start = 0;
    for (page, entry) in entries.as_chunks().0.iter().map(|entry| u64::from_ne_bytes(*entry) >> 61 & 0b101).enumerate()
    {
        let number = state.owner[page / pages];
        if page > 0 && number != state.owner[(page - 1) / pages] {
            start = page;
        }
        // Documentation/admin-guide/mm/pagemap.rst: 63 present, 61 a page of a file.
        if entry & 0b100 != 0 {
            state.knowledge.blocks[number as usize].mark(call, entry == 0b100, page - start);
        }
    }
    state.knowledge.calls += 1;
    if let Some(path) = variable(c"BERTH_TRAINING") {
        let _ = std::fs::write(path, state.knowledge.bytes());
    }
}
