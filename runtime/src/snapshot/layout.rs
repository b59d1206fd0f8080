//! Where a block goes in the snapshot, by what training found of it: blocks that most calls write come first, then those
//! that fewer write, those that are only read, and those that no call uses.

use super::block::{HEADER, UNIT};

pub const BLOCKS: usize = 1 << 16;

/// What is known of a block: its size with its header, and how many calls wrote it, and used it at all.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Block {
    pub total: u32,
    pub written: u16,
    pub used: u16,
}

/// What training knows; all zero when it knows nothing. Written to a file as it is.
#[repr(C)]
pub struct Knowledge {
    pub calls: usize,
    pub blocks: [Block; BLOCKS],
}

const CLASSES: usize = 7;
/// Of these classes a usual call writes most pages.
const HOT: usize = 2;

impl Knowledge {
    /// By quarters of the calls that write it, then halves of those that use it, then the rest.
    fn class_of(&self, number: usize) -> usize {
        let Some(block) = self.blocks.get(number) else { return CLASSES - 1 };
        let below = |parts: usize, count: u16| parts - (count as usize * parts).div_ceil(self.calls.max(1)).min(parts);
        match block {
            Block { written: 1.., .. } => below(4, block.written),
            Block { used: 1.., .. } => 4 + below(2, block.used),
            _ => CLASSES - 1,
        }
    }
}

/// The free room of each class, as offsets into the snapshot's memory.
pub struct Layout {
    next: [usize; CLASSES],
    end: [usize; CLASSES],
}

impl Layout {
    pub const NONE: Layout = Layout { next: [0; CLASSES], end: [0; CLASSES] };

    /// For a memory of `size` bytes.
    pub fn new(knowledge: &Knowledge, size: usize) -> Layout {
        let mut sums = [0; CLASSES];
        for (number, block) in knowledge.blocks.iter().enumerate() {
            sums[knowledge.class_of(number)] += block.total as usize;
        }
        let mut layout = Layout::NONE;
        let mut at = UNIT - HEADER;
        for (class, sum) in sums.into_iter().enumerate() {
            layout.next[class] = at;
            at += sum;
            layout.end[class] = at;
        }
        layout.end[CLASSES - 1] = size;
        layout
    }

    /// The offset of the `number`th block; none when the memory is full.
    pub fn place(&mut self, knowledge: &Knowledge, number: usize, total: usize) -> Option<usize> {
        // A block that is not what it was in training goes where there is room for any.
        let class = knowledge.class_of(number);
        let fits = |class: usize| total <= self.end[class].saturating_sub(self.next[class]);
        let class = [class, CLASSES - 1].into_iter().find(|&class| fits(class))?;
        let start = self.next[class];
        self.next[class] += total;
        Some(start)
    }

    /// Up to where blocks have been placed.
    pub fn used(&self) -> usize {
        self.next[CLASSES - 1]
    }

    /// Up to where most of the memory is written by a usual call.
    pub fn hot(&self) -> usize {
        self.end[HOT - 1]
    }
}
