//! Where a block goes in the snapshot, by what training found of it: blocks that most calls write come first, then those
//! that fewer write, those that are only read, and those that no call uses. Among those of some calls, the ones of the same
//! calls are together, so that a call has few pages of them. What was freed before the start was over is not in it at all.

pub const BLOCKS: usize = 1 << 16;
/// Calls of a training: a bit of a number is one.
pub const CALLS: u32 = u32::BITS;
pub const PAGE: usize = 4096;

/// What is known of a block.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Block {
    /// Its size with its header; 0 of what is not a block.
    pub total: u32,
    /// The calls that wrote it, and those that used it at all.
    pub written: u32,
    pub used: u32,
    /// The first of its pages that a call wrote.
    pub first: u16,
    /// 1 when it was freed before the start was over.
    pub freed: u16,
}

impl Block {
    /// A call used it, or `wrote` its `page`th page.
    pub fn mark(&mut self, call: u32, wrote: bool, page: usize) {
        self.used |= call;
        if wrote {
            self.first = if self.written == 0 { page as u16 } else { self.first.min(page as u16) };
            self.written |= call;
        }
    }
}

/// What training knows; nothing when there are no calls. Written to a file as it is.
#[repr(C)]
pub struct Knowledge {
    pub calls: usize,
    pub blocks: [Block; BLOCKS],
}

/// What most calls write, what some write, what most read, what some read, and the rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Hot,
    Written,
    Read,
    ReadBySome,
    Unused,
}

impl Knowledge {
    fn class_of(&self, block: &Block) -> Class {
        let most = |calls: u32| calls.count_ones() as usize * 2 >= self.calls;
        match block {
            Block { written: 1.., .. } if most(block.written) => Class::Hot,
            Block { written: 1.., .. } => Class::Written,
            Block { used: 1.., .. } if most(block.used) => Class::Read,
            Block { used: 1.., .. } => Class::ReadBySome,
            _ => Class::Unused,
        }
    }

    /// The numbers of the blocks that are kept, in the order in which they are laid out.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<_> = (0..BLOCKS).filter(|&number| self.blocks[number].total > 0).collect();
        order.retain(|&number| self.blocks[number].freed == 0);
        // Of a table of pages only some are written: it comes first, so that they are beside the others that are.
        let key = |&number: &usize| {
            let block = &self.blocks[number];
            match self.class_of(block) {
                Class::Hot => (Class::Hot, u32::from(u16::MAX - block.first)),
                Class::Written => (Class::Written, u32::MAX - rank(block.written)),
                Class::ReadBySome => (Class::ReadBySome, u32::MAX - rank(block.used)),
                class => (class, 0),
            }
        };
        // Stable: what was made together stays together.
        order.sort_by_key(key);
        order
    }
}

/// The place of a set of calls in a Gray code: sets that differ by one call are neighbours, and the first call has all of its
/// own together.
fn rank(calls: u32) -> u32 {
    [1, 2, 4, 8, 16].into_iter().fold(calls.reverse_bits(), |code, shift| code ^ code >> shift)
}

/// Where the blocks are, as offsets into the snapshot's memory. All zero at first.
pub struct Layout {
    /// By number, of those that are known and kept.
    places: [u32; BLOCKS],
    /// What most calls write of the memory.
    hot: (usize, usize),
    /// Where the next block is that is not what it was in training.
    next: usize,
}

impl Layout {
    /// Lays out what is known, from the offset `at` on.
    pub fn fill(&mut self, knowledge: &Knowledge, at: usize) {
        (self.hot, self.next) = ((at, at), at);
        for number in knowledge.order() {
            let block = &knowledge.blocks[number];
            self.places[number] = self.next as u32;
            if knowledge.class_of(block) == Class::Hot {
                if self.next == at {
                    self.hot.0 += block.first as usize * PAGE;
                }
                self.hot.1 = self.next + block.total as usize;
            }
            self.next += block.total as usize;
        }
    }

    /// The offset of the `number`th block of the start, which takes `total` bytes.
    pub fn place(&mut self, knowledge: &Knowledge, number: usize, total: usize) -> usize {
        match (knowledge.blocks.get(number), self.places.get(number)) {
            (Some(block), Some(&place)) if block.total as usize == total && block.freed == 0 => place as usize,
            _ => {
                self.next += total;
                self.next - total
            }
        }
    }

    /// Up to where blocks are, all that are known among them.
    pub fn used(&self) -> usize {
        self.next
    }

    /// From where to where most calls write the memory.
    pub fn hot(&self) -> (usize, usize) {
        self.hot
    }
}
