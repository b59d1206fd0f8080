//! The heap of Rust and of the engine: the snapshot while the executable is unfinished; then a stretch of memory from which
//! blocks are cut, and which are used again by their size. A block that is in the snapshot may be written, but is not used
//! again when it is freed.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::{copy_nonoverlapping, null_mut};

use rquickjs::allocator::Allocator;

use super::block::{HEADER, UNIT, mark};
use crate::fatal::out_of_memory;
use crate::snapshot;

pub struct Heap;

/// Up to here a block has the size that was asked for, with its header; above, a power of two.
const SMALL: usize = 512;
/// Far more than the engine is allowed (engine.rs): what a buffer grows out of is not joined again. Reserved, it costs nothing.
const ROOM: usize = 1 << 30;
/// The part of it that may be written at first; smaller than a huge page, which would be cleared for each call.
const FIRST: usize = 1 << 20;
/// What each usual call takes of it; an ADD some pages more.
const WARM: usize = 64 << 10;

const SIZES: usize = SMALL / UNIT + 1 + (ROOM / SMALL).ilog2() as usize;

struct Room {
    start: *mut u8,
    /// How much is reserved: `ROOM`, or what the limit of the address space leaves (ulimit -v).
    size: usize,
    /// Freed blocks by size; each holds the address of the next.
    free: [*mut u8; SIZES],
    next: *mut u8,
    /// Where what may be written ends.
    end: *mut u8,
}

struct Single(UnsafeCell<Room>);

// SAFETY: there is one thread.
unsafe impl Sync for Single {}

static MEMORY: Single = Single(UnsafeCell::new(Room {
    start: null_mut(),
    size: 0,
    free: [null_mut(); _],
    next: null_mut(),
    end: null_mut(),
}));

/// Gives the heap its first memory at once: page faults, one for each 4 KiB, are an eighth of the time of a call.
pub fn warm() {
    // SAFETY: one thread; madvise(2) as documented. Fails before Linux 5.14, without harm.
    unsafe {
        let memory = &mut *MEMORY.0.get();
        if memory.grow(WARM) {
            libc::madvise(memory.start.cast(), WARM, libc::MADV_POPULATE_WRITE);
        }
    }
}

/// The index of a size among the lists of free blocks. The size is one that `total` gives.
fn index(total: usize) -> usize {
    if total <= SMALL { total / UNIT } else { SMALL / UNIT + (total / SMALL).ilog2() as usize }
}

/// Address space of the size; null where there is none.
fn reserve(size: usize) -> *mut u8 {
    // Only what may be written counts where memory is not promised twice (vm.overcommit_memory=2).
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: mmap(2) as documented, of what is nobody's.
    let start = unsafe { libc::mmap(null_mut(), size, libc::PROT_NONE, flags, -1, 0) };
    if start == libc::MAP_FAILED { null_mut() } else { start.cast() }
}

impl Room {
    /// Makes room for `more` bytes, and for as much again as there is. Returns whether there is room.
    fn grow(&mut self, more: usize) -> bool {
        // SAFETY: mmap(2) and mprotect(2) as documented; what cannot be used yet is nobody's.
        unsafe {
            if self.start.is_null() {
                let sizes = (0..).map(|halvings| ROOM >> halvings).take_while(|&size| size >= FIRST);
                let Some((start, size)) = sizes.map(|size| (reserve(size), size)).find(|(start, _)| !start.is_null())
                else {
                    return false;
                };
                (self.start, self.size) = (start, size);
                self.next = self.start.add(UNIT - HEADER);
                self.end = self.start;
            }
            let used = self.next.addr() - self.start.addr();
            let size = (used + more).max(FIRST).next_power_of_two();
            if size > self.size || libc::mprotect(self.start.cast(), size, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return false;
            }
            self.end = self.start.add(size);
            true
        }
    }

    /// A block for at most SMALL bytes with its header; None when there is none without more memory.
    #[inline]
    fn take_small(&mut self, size: usize) -> Option<*mut u8> {
        let total = (size + HEADER).next_multiple_of(UNIT);
        let first = &mut self.free[total / UNIT];
        let block = *first;
        if !block.is_null() {
            // SAFETY: a free block, which `give` filled.
            *first = unsafe { block.cast::<*mut u8>().read() };
            return Some(block);
        }
        let start = self.next;
        let next = start.wrapping_add(total);
        if next.addr() > self.end.addr() {
            return None;
        }
        self.next = next;
        Some(mark(start, total))
    }

    /// A block of `total` bytes with its header. Null when there is no memory.
    fn take(&mut self, total: usize) -> *mut u8 {
        let Some(first) = self.free.get_mut(index(total)) else { return null_mut() };
        if !first.is_null() {
            let block = *first;
            // SAFETY: a free block, which `give` filled.
            *first = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        if self.end.addr().saturating_sub(self.next.addr()) < total && !self.grow(total) {
            return null_mut();
        }
        let start = self.next;
        self.next = start.wrapping_add(total);
        mark(start, total)
    }

    fn give(&mut self, block: *mut u8, total: usize) {
        let first = &mut self.free[index(total)];
        // SAFETY: the block is at least as large as an address, and nobody's.
        unsafe { block.cast::<*mut u8>().write(*first) };
        *first = block;
    }
}

/// The size of a block with its header; in the snapshot, which nothing is given back to, without rounding.
fn total(size: usize, exact: bool) -> usize {
    let total = (size + HEADER).next_multiple_of(UNIT);
    if exact || total <= SMALL { total } else { total.next_power_of_two() }
}

/// The size that a block has room for.
fn capacity(block: *mut u8) -> usize {
    // SAFETY: a block of this heap, with its header.
    unsafe { block.cast::<usize>().sub(1).read() }
}

// SAFETY: blocks are disjoint, writable, aligned to UNIT, and keep their content until they are freed.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        let open = snapshot::open();
        // SAFETY: one thread, and the room calls nothing that allocates here.
        let memory = unsafe { &mut *MEMORY.0.get() };
        // As good as all blocks: two in a hundred instructions of a call are here.
        if !open
            && size <= SMALL - HEADER
            && let Some(block) = memory.take_small(size)
        {
            return block;
        }
        if size > ROOM {
            return null_mut();
        }
        let total = total(size, open);
        if open { snapshot::take(total) } else { memory.take(total) }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let block = self.alloc(count * size);
        if !block.is_null() {
            // SAFETY: as large as asked for.
            unsafe { block.write_bytes(0, count * size) };
        }
        block
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        if block.is_null() {
            return;
        }
        if snapshot::holds(block) {
            return snapshot::free(block);
        }
        // SAFETY: the caller's block, and one thread.
        unsafe { (*MEMORY.0.get()).give(block, capacity(block) + HEADER) }
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(size);
        }
        let had = capacity(block);
        if size <= had {
            return block;
        }
        let moved = self.alloc(size);
        if !moved.is_null() {
            // SAFETY: `moved` is larger than `block`, which is the caller's.
            unsafe {
                copy_nonoverlapping(block, moved, had);
                Allocator::dealloc(self, block);
            }
        }
        moved
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        capacity(block)
    }
}

// SAFETY: as above; a larger alignment is refused, and a null result never reaches the caller.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = if layout.align() > UNIT { null_mut() } else { Allocator::alloc(&mut Heap, layout.size()) };
        if block.is_null() { out_of_memory() } else { block }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller's block.
        unsafe { Allocator::dealloc(&mut Heap, block) }
    }

    unsafe fn realloc(&self, block: *mut u8, _: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's block.
        let moved = unsafe { Allocator::realloc(&mut Heap, block, size) };
        if moved.is_null() { out_of_memory() } else { moved }
    }
}
