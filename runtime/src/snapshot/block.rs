//! A block of memory: in front of it is its size, so that it begins in the middle of a unit.

/// Blocks are aligned as malloc(3) aligns.
pub const UNIT: usize = 16;
pub const HEADER: usize = size_of::<usize>();

/// Writes the header of the block that takes `total` bytes from `start`. Returns the block.
pub fn mark(start: *mut u8, total: usize) -> *mut u8 {
    // SAFETY: the caller's memory, aligned as an address.
    unsafe {
        start.cast::<usize>().write(total - HEADER);
        start.add(HEADER)
    }
}
