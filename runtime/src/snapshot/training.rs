//! Which blocks of the snapshot do calls use? Part of the build (scripts/train.mjs): the unfinished executable, run with
//! BERTH_TRAINING=FILE, makes the call that its environment asks for, and counts in FILE which blocks it wrote and which
//! it used. Run with BERTH_TRAINED=FILE, it lays them out by that (`layout`): the fewer pages a call uses, the less the
//! kernel has to do for it.
//!
//! A block is known by its number: the start of the program allocates the same blocks in the same order each time.

//! What the start freed again is outside of the memory when it is laid out, so that it is no part of the executable.

use std::ffi::{CStr, c_int};
use std::os::unix::fs::FileExt;
use std::ptr::{null_mut, without_provenance_mut};
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use super::block::{HEADER, UNIT};
use super::layout::{CALLS, Knowledge, Layout, PAGE};
use crate::fatal::fatal;

/// What the kernel maps at once around a page that is read: in training, a block has it to itself.
const WINDOW: usize = 16 * PAGE;
const WINDOWS: usize = 1 << 16;
/// Where the windows are, or what is freed again: in every address space, nobody's, and the same in each build.
const PLACE: usize = 32 << 30;

/// All zero at first.
struct Training {
    active: bool,
    /// Of the memory of blocks that are not in the snapshot's: all of them in training, else those that are freed again.
    file: c_int,
    /// The number of the next block, and where it is in that memory: in training, its window.
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

/// Null in a finished executable.
static STATE: AtomicPtr<Training> = AtomicPtr::new(null_mut());

fn state() -> Option<&'static mut Training> {
    // SAFETY: `begin` left it there; one thread, and no function here calls another while it holds this.
    unsafe { STATE.load(Relaxed).as_mut() }
}

fn memory() -> *mut u8 {
    without_provenance_mut(PLACE)
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
    // SAFETY: zero is a value of each of its parts; mmap(2) and memfd_create(2) as documented.
    let state = unsafe {
        let size = size_of::<Training>();
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let state = libc::mmap(null_mut(), size, access, flags, -1, 0).cast::<Training>();
        let file = libc::memfd_create(c"training".as_ptr(), libc::MFD_CLOEXEC);
        libc::ftruncate(file, (WINDOWS * WINDOW) as libc::off_t);
        if state == libc::MAP_FAILED.cast() || !map(libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE, file) {
            fatal("no memory to train with", "")
        }
        (*state).file = file;
        STATE.store(state, Relaxed);
        &mut *state
    };
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
}

/// SAFETY: the caller's; with MAP_FIXED, what is there is replaced.
unsafe fn map(flags: c_int, file: c_int) -> bool {
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, flags | libc::MAP_NORESERVE);
    // SAFETY: mmap(2) as documented.
    unsafe { libc::mmap(memory().cast(), WINDOWS * WINDOW, access, flags, file, 0) == memory().cast() }
}

/// In training: from here on, the pages that are written are copied. Returns whether this is training.
pub fn start() -> bool {
    let Some(state) = state().filter(|state| state.active) else { return false };
    // SAFETY: the same content at the same place.
    unsafe {
        if !map(libc::MAP_PRIVATE | libc::MAP_FIXED, state.file) {
            fatal("no memory to train with", "")
        }
        libc::close(state.file);
    }
    true
}

/// Whether this is training.
pub fn active() -> bool {
    state().is_some_and(|state| state.active)
}

/// Where the next block is, which takes `total` bytes; None when there are too many.
pub fn place(total: usize) -> Option<Place> {
    let state = state()?;
    let (number, first) = (state.block, state.next);
    state.block += 1;
    let known = state.knowledge.blocks.get_mut(number);
    if state.active {
        let known = known?;
        state.next += (total + HEADER).div_ceil(WINDOW);
        known.total = total as u32;
        state.owner.get_mut(first..state.next)?.fill(number as u16);
        return Some(Place::Beside(memory().wrapping_add(first * WINDOW + UNIT - HEADER)));
    }
    if known.is_some_and(|block| block.freed != 0 && block.total as usize == total) {
        state.next += total;
        state.pending += 1;
        return (state.next < WINDOWS * WINDOW).then(|| Place::Beside(memory().wrapping_add(first + UNIT - HEADER)));
    }
    Some(Place::Memory(state.layout.place(&state.knowledge, number, total)))
}

/// The start frees a block that is beside the snapshot's memory.
pub fn free(block: *mut u8) {
    let Some(state) = state() else { return };
    if state.active {
        let number = state.owner[(block.addr() - PLACE) / WINDOW];
        state.knowledge.blocks[number as usize].freed = 1;
    } else {
        state.pending -= 1;
    }
}

/// Where what has been laid out ends.
pub struct Extent {
    /// How much of the memory is used.
    pub used: usize,
    /// From where to where usual calls write most of it.
    pub hot: (usize, usize),
}

/// How the memory has been laid out; None when a block is still there that was freed in training: it would be missing.
pub fn extent() -> Option<Extent> {
    let state = state().filter(|state| state.pending == 0)?;
    Some(Extent { used: state.layout.used(), hot: state.layout.hot() })
}

/// Whether a block is beside the snapshot's memory.
pub fn holds(block: *mut u8) -> bool {
    state().is_some() && block.addr().wrapping_sub(PLACE) < WINDOWS * WINDOW
}

/// Before the process ends: adds what was used to the file of the training, if this is one.
pub fn record() {
    let Some(state) = state().filter(|state| state.active) else { return };
    let pages = WINDOW / PAGE;
    let mut entries = vec![0; state.next * pages * 8];
    let map = std::fs::File::open("/proc/self/pagemap");
    if map.and_then(|map| map.read_exact_at(&mut entries, (PLACE / PAGE * 8) as u64)).is_err() {
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
