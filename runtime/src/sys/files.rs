//! Files and directories.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::time::Instant;

use rquickjs::function::Opt;
use rquickjs::{Ctx, Result};
use rustix::buffer::spare_capacity;
use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RawDir, RawDirEntry, RenameFlags};
use rustix::io::{self, Errno};

use super::error::{call, failure};
use super::process::milliseconds;
use super::signals::Ticker;
use super::values::{Bytes, Data, Text, descriptor};
use crate::snapshot::{self, replay};

const TEXT_LIMIT: usize = 16 << 20;
const FILE_LIMIT: usize = 1 << 20;
const FILE_MODE: u32 = 0o600;

/// The flags of src/sys/flags.ts are x86-64's; arm64 numbers two of them differently.
fn kernel_flags(flags: u32) -> OFlags {
    let (x86_directory, x86_nofollow) = (0x10000, 0x20000);
    let mut kernel = OFlags::from_bits_retain(flags & !(x86_directory | x86_nofollow));
    kernel.set(OFlags::DIRECTORY, flags & x86_directory != 0);
    kernel.set(OFlags::NOFOLLOW, flags & x86_nofollow != 0);
    kernel
}

fn open_at(path: &str, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    fs::open(path, flags | OFlags::CLOEXEC, Mode::from_bits_retain(mode))
}

pub fn open(ctx: Ctx<'_>, path: Text, flags: u32, mode: Opt<u32>) -> Result<i32> {
    call(&ctx, "open", Some(&path), || open_at(&path, kernel_flags(flags), mode.0.unwrap_or(0)))
        .map(IntoRawFd::into_raw_fd)
}

/// Not interrupted by signals: it is what `finally` blocks call.
pub fn close(fd: i32) {
    if fd >= 0 {
        // SAFETY: the program owns its descriptors; the kernel answers EBADF for others.
        unsafe { io::close(fd) }
    }
}

pub fn read(ctx: Ctx<'_>, fd: i32, max: usize) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(max);
    call(&ctx, "read", None, || io::read(descriptor(fd)?, spare_capacity(&mut bytes)))?;
    Ok(Bytes(bytes))
}

pub fn pread(ctx: Ctx<'_>, fd: i32, max: usize, offset: u64) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(max);
    call(&ctx, "pread", None, || io::pread(descriptor(fd)?, spare_capacity(&mut bytes), offset))?;
    Ok(Bytes(bytes))
}

fn write_all(
    ctx: &Ctx<'_>,
    path: Option<&str>,
    mut data: &[u8],
    write: impl Fn(&[u8]) -> io::Result<usize>,
) -> Result<()> {
    while !data.is_empty() {
        let written = call(ctx, "write", path, || write(data))?;
        data = &data[written..];
    }
    Ok(())
}

pub fn write(ctx: Ctx<'_>, fd: i32, data: Data) -> Result<()> {
    write_all(&ctx, None, &data.0, |rest| io::write(descriptor(fd)?, rest))
}

pub fn pwrite(ctx: Ctx<'_>, fd: i32, data: Data, offset: u64) -> Result<()> {
    let end = offset + data.0.len() as u64;
    write_all(&ctx, None, &data.0, |rest| io::pwrite(descriptor(fd)?, rest, end - rest.len() as u64))
}

pub fn truncate(ctx: Ctx<'_>, fd: i32, size: u64) -> Result<()> {
    call(&ctx, "ftruncate", None, || fs::ftruncate(descriptor(fd)?, size))
}

fn read_to_end(ctx: &Ctx<'_>, fd: BorrowedFd<'_>, path: Option<&str>, size: usize, max: usize) -> Result<String> {
    let mut bytes = Vec::with_capacity(size);
    loop {
        bytes.reserve(512);
        if call(ctx, "read", path, || io::read(fd, spare_capacity(&mut bytes)))? == 0 {
            break;
        }
        if bytes.len() > max {
            return Err(failure(ctx, "read", Errno::FBIG, path));
        }
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

pub fn read_text(ctx: Ctx<'_>, fd: i32, max: Opt<usize>) -> Result<String> {
    let fd = call(&ctx, "read", None, || descriptor(fd))?;
    read_to_end(&ctx, fd, None, 4096, max.0.unwrap_or(TEXT_LIMIT))
}

pub fn read_file(ctx: Ctx<'_>, path: Text, max: Opt<usize>) -> Result<String> {
    if let Some(text) = replay::text(&path) {
        return Ok(text.to_owned());
    }
    let (path, max) = (&*path, max.0.unwrap_or(FILE_LIMIT));
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = call(&ctx, "open", Some(path), || open_at(path, flags, 0))?;
    let stat = call(&ctx, "fstat", Some(path), || fs::fstat(&fd))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(failure(&ctx, "read", Errno::INVAL, Some(path)));
    }
    read_to_end(&ctx, fd.as_fd(), Some(path), (stat.st_size as usize).min(max) + 512, max)
}

pub fn write_file(ctx: Ctx<'_>, path: Text, data: Text, flags: Opt<u32>, mode: Opt<u32>) -> Result<()> {
    if replay::text(&path).is_some() {
        return Ok(());
    }
    let flags = OFlags::WRONLY | kernel_flags(flags.0.unwrap_or(0));
    let mode = mode.0.unwrap_or(FILE_MODE);
    let fd = call(&ctx, "open", Some(&path), || open_at(&path, flags, mode))?;
    write_all(&ctx, Some(&path), data.as_bytes(), |rest| io::write(&fd, rest))
}

/// By the descriptor (needs CAP_DAC_READ_SEARCH), else through /proc.
pub fn link_fd(ctx: Ctx<'_>, fd: i32, path: Text) -> Result<()> {
    call(&ctx, "linkat", Some(&path), || match fs::linkat(descriptor(fd)?, "", CWD, &*path, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT) => fs::linkat(CWD, format!("/proc/self/fd/{fd}"), CWD, &*path, AtFlags::SYMLINK_FOLLOW),
        result => result,
    })
}

pub fn rename_new(ctx: Ctx<'_>, from: Text, to: Text) -> Result<()> {
    call(&ctx, "renameat2", Some(&to), || fs::renameat_with(CWD, &*from, CWD, &*to, RenameFlags::NOREPLACE))
}

pub fn unlink(ctx: Ctx<'_>, path: Text) -> Result<bool> {
    call(&ctx, "unlink", Some(&path), || match fs::unlink(&*path) {
        Err(Errno::NOENT) => Ok(false),
        other => other.map(|()| true),
    })
}

pub fn mkdir(ctx: Ctx<'_>, path: Text, mode: u32) -> Result<()> {
    call(&ctx, "mkdir", Some(&path), || fs::mkdir(&*path, Mode::from_bits_retain(mode)))
}

pub fn readdir(ctx: Ctx<'_>, path: Text) -> Result<Vec<String>> {
    let flags = OFlags::DIRECTORY | OFlags::NONBLOCK;
    let fd = call(&ctx, "open", Some(&path), || open_at(&path, flags, 0))?;
    let mut buffer = vec![MaybeUninit::uninit(); 32 << 10];
    let mut entries = RawDir::new(&fd, &mut buffer);
    let mut names = Vec::new();
    // An entry whose name is not UTF-8 becomes "", and is left out.
    let mut next = || {
        let name = |entry: RawDirEntry<'_>| entry.file_name().to_str().unwrap_or_default().to_owned();
        entries.next().map(|entry| entry.map(name)).transpose()
    };
    while let Some(name) = call(&ctx, "getdents", Some(&path), &mut next)? {
        if !matches!(&*name, "" | "." | "..") {
            names.push(name);
        }
    }
    Ok(names)
}

/// By the build id in its image, wherever the copy is; in training, where there is none yet, all are: /proc/self/exe tells
/// nothing where the build emulates another machine.
pub fn is_this_program(path: Text) -> bool {
    let Some((offset, build)) = snapshot::build() else { return replay::active() };
    let mut found = [0; 48];
    let file = open_at(&path, OFlags::NONBLOCK | OFlags::NOCTTY, 0);
    file.and_then(|file| io::pread(&file, &mut found, offset as u64)).is_ok() && found == build
}

/// The kernel waits, not a loop here; a timer interrupts it at the deadline.
pub fn flock(ctx: Ctx<'_>, fd: i32, timeout: f64) -> Result<()> {
    // True when locked. EINTR is not repeated by `call`, so that the deadline is looked at.
    let attempt = |operation| match fs::flock(descriptor(fd)?, operation) {
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        result => result.map(|()| true),
    };
    let timeout = milliseconds(timeout);
    let deadline = Instant::now() + timeout;
    if call(&ctx, "flock", None, || attempt(FlockOperation::NonBlockingLockExclusive))? {
        return Ok(());
    }
    let _ticker = Ticker::start(timeout);
    while Instant::now() < deadline {
        if call(&ctx, "flock", None, || attempt(FlockOperation::LockExclusive))? {
            return Ok(());
        }
    }
    Err(failure(&ctx, "flock", Errno::TIMEDOUT, None))
}
