//! The heap of Rust and of the engine: the snapshot while the executable is unfinished; then small blocks from a pool,
//! others from the C library. A block that is in the snapshot may be written, but is not used again when it is freed.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::{copy_nonoverlapping, null_mut};

use rquickjs::allocator::Allocator;

use crate::fatal::out_of_memory;
use crate::snapshot;

pub struct Heap;

/// Blocks are aligned as malloc(3) aligns. In front of each is its size, so that it begins in the middle of a unit.
pub const UNIT: usize = 16;
pub const HEADER: usize = size_of::<usize>();
/// The largest block of the pool, with its header. The engine's objects are smaller.
const SMALL: usize = 512;
/// What the pool takes from the C library at a time.
const CHUNK: usize = 128 << 10;

struct Pool {
    /// Freed blocks by size in units; each holds the address of the next.
    free: [*mut u8; SMALL / UNIT + 1],
    next: *mut u8,
    end: *mut u8,
}

struct Single(UnsafeCell<Pool>);

// SAFETY: there is one thread.
unsafe impl Sync for Single {}

static POOL: Single = Single(UnsafeCell::new(Pool { free: [null_mut(); _], next: null_mut(), end: null_mut() }));

/// Gives the pool its first memory at once: page faults, one for each 4 KiB, are an eighth of the time of a call.
pub fn warm() {
    // SAFETY: mallopt as documented; one thread.
    unsafe {
        // Else each large block would be a mapping of its own, and given back.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
        let pool = &mut *POOL.0.get();
        if !pool.grow() {
            out_of_memory()
        }
        let page = pool.next.map_addr(|address| address.next_multiple_of(4096));
        // Fails before Linux 5.14, without harm.
        libc::madvise(page.cast(), (pool.end.addr() - page.addr()) & !4095, libc::MADV_POPULATE_WRITE);
    }
}

impl Pool {
    fn grow(&mut self) -> bool {
        // SAFETY: malloc as documented.
        let chunk: *mut u8 = unsafe { libc::malloc(CHUNK).cast() };
        self.next = chunk.wrapping_add(UNIT - HEADER);
        self.end = chunk.wrapping_add(CHUNK);
        !chunk.is_null()
    }

    /// `total` is a multiple of UNIT. Null when there is no memory.
    fn take(&mut self, total: usize) -> *mut u8 {
        let first = &mut self.free[total / UNIT];
        if !first.is_null() {
            let block = *first;
            // SAFETY: a free block, which `give` filled.
            *first = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        if self.end.addr() - self.next.addr() < total && !self.grow() {
            self.end = self.next;
            return null_mut();
        }
        let start = self.next;
        self.next = start.wrapping_add(total);
        mark(start, total)
    }

    fn give(&mut self, block: *mut u8, total: usize) {
        let first = &mut self.free[total / UNIT];
        // SAFETY: the block is at least as large as an address, and nobody's.
        unsafe { block.cast::<*mut u8>().write(*first) };
        *first = block;
    }
}

/// Writes the header of the block that takes `total` bytes from `start`.
pub fn mark(start: *mut u8, total: usize) -> *mut u8 {
    // SAFETY: the caller's memory, aligned as an address.
    unsafe {
        start.cast::<usize>().write(total - HEADER);
        start.add(HEADER)
    }
}

/// The block in what malloc(3) returned, null included.
fn large(memory: *mut u8, total: usize) -> *mut u8 {
    if memory.is_null() { memory } else { mark(memory.wrapping_add(UNIT - HEADER), total) }
}

/// The size of a block with its header.
pub fn total(size: usize) -> usize {
    (size + HEADER).next_multiple_of(UNIT)
}

/// The size that a block has room for.
fn capacity(block: *mut u8) -> usize {
    // SAFETY: a block of this heap, with its header.
    unsafe { block.cast::<usize>().sub(1).read() }
}

// SAFETY: blocks are disjoint, writable, aligned to UNIT, and keep their content until they are freed.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        let total = total(size);
        if snapshot::open() {
            return snapshot::take(total);
        }
        if total <= SMALL {
            // SAFETY: one thread, and the pool calls nothing that allocates here.
            return unsafe { (*POOL.0.get()).take(total) };
        }
        // SAFETY: malloc as documented.
        large(unsafe { libc::malloc(total + HEADER).cast() }, total)
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
        if block.is_null() || snapshot::holds(block) {
            return;
        }
        let total = capacity(block) + HEADER;
        // SAFETY: the caller's block, of the pool or of malloc by its size.
        unsafe { if total <= SMALL { (*POOL.0.get()).give(block, total) } else { libc::free(block.sub(UNIT).cast()) } }
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(size);
        }
        let (had, total) = (capacity(block), total(size));
        if total > SMALL && had + HEADER > SMALL && !snapshot::holds(block) {
            // SAFETY: a block of malloc.
            return large(unsafe { libc::realloc(block.sub(UNIT).cast(), total + HEADER).cast() }, total);
        }
        let moved = self.alloc(size);
        if !moved.is_null() {
            // SAFETY: both are at least so large, and `block` is the caller's.
            unsafe {
                copy_nonoverlapping(block, moved, size.min(had));
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
        unsafe { Allocator::dealloc(&mut Heap, block) }
    }

    unsafe fn realloc(&self, block: *mut u8, _: Layout, size: usize) -> *mut u8 {
        let moved = unsafe { Allocator::realloc(&mut Heap, block, size) };
        if moved.is_null() { out_of_memory() } else { moved }
    }
}
