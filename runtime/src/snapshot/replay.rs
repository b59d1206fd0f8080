//! What a call in training is told of the machine, so that it goes the same way in each build and on each machine, and
//! changes none: clocks and random numbers that are fixed, a kernel that answers what it has answered once
//! (scripts/training/), and no /proc.

use std::cell::UnsafeCell;
use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::training;

struct Replies(UnsafeCell<Option<File>>);

// SAFETY: there is one thread.
unsafe impl Sync for Replies {}

static REPLIES: Replies = Replies(UnsafeCell::new(None));
static TICKS: AtomicU64 = AtomicU64::new(0);

/// Whether this is training.
pub fn active() -> bool {
    training::active()
}

/// The next netlink message that the kernel sends; None when all have been given.
pub fn message() -> Option<Vec<u8>> {
    // SAFETY: one thread, and nothing here calls this.
    let replies = unsafe { &mut *REPLIES.0.get() };
    if replies.is_none() {
        *replies = training::variable(c"BERTH_REPLIES").and_then(|path| File::open(path).ok());
    }
    let file = replies.as_mut()?;
    let mut length = [0; 4];
    file.read_exact(&mut length).ok()?;
    let mut message = length.to_vec();
    // A message begins with its own length.
    message.resize(u32::from_le_bytes(length) as usize, 0);
    file.read_exact(message.get_mut(4..)?).ok()?;
    Some(message)
}

/// Seconds on each of the clocks: a millisecond goes by from look to look, so that a wait ends.
pub fn seconds() -> f64 {
    TICKS.fetch_add(1, Relaxed) as f64 / 1e3 + 1e6
}

/// What a file of /proc says: a boot id, or that a sysctl is on.
pub fn text(path: &str) -> Option<&'static str> {
    let of_proc = active() && path.starts_with("/proc/sys/");
    of_proc.then_some(if path.ends_with("boot_id") { "00000000-0000-0000-0000-000000000000\n" } else { "1\n" })
}
