//! Netlink sockets: datagrams in and out, nothing decoded.

use std::mem::MaybeUninit;
use std::num::NonZeroU32;
use std::os::fd::IntoRawFd;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::time::Instant;

use rquickjs::function::Opt;
use rquickjs::{Ctx, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{self, Errno};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{bind, recvfrom, sendto, socket_with};

use super::error::{call, errno, failure};
use super::process::milliseconds;
use super::signals::TICK;
use super::values::{Bytes, Data, descriptor};
use crate::snapshot::replay;

/// Where datagrams arrive, once one has: as good as always a page of it.
static ARRIVALS: AtomicPtr<MaybeUninit<u8>> = AtomicPtr::new(null_mut());

fn arrivals() -> &'static mut [MaybeUninit<u8>] {
    if ARRIVALS.load(Relaxed).is_null() {
        ARRIVALS.store(Box::leak(Box::new_uninit_slice(DATAGRAM)).as_mut_ptr(), Relaxed);
    }
    // SAFETY: as large; there is one thread, and nobody refers to what was here before.
    unsafe { std::slice::from_raw_parts_mut(ARRIVALS.load(Relaxed), DATAGRAM) }
}

/// A descriptor that is not open, for a socket in training.
const NONE: i32 = i32::MAX;

/// The kernel builds datagrams of at most 32 KiB, but an error repeats the request it refuses.
const DATAGRAM: usize = 128 << 10;

fn kernel() -> SocketAddrNetlink {
    SocketAddrNetlink::new(0, 0)
}

pub fn open(ctx: Ctx<'_>, protocol: u32) -> Result<i32> {
    if replay::active() {
        return Ok(NONE);
    }
    let protocol = NonZeroU32::new(protocol).map(Protocol::from_raw);
    let fd = call(&ctx, "socket", None, || {
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)
    })?;
    call(&ctx, "bind", None, || bind(&fd, &kernel()))?;
    Ok(fd.into_raw_fd())
}

pub fn option(ctx: Ctx<'_>, fd: i32, option: i32, value: i32) -> Result<()> {
    set_int(&ctx, fd, libc::SOL_NETLINK, option, value)
}

pub fn send_buffer(ctx: Ctx<'_>, fd: i32, bytes: i32) -> Result<()> {
    set_int(&ctx, fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, bytes)
}

fn set_int(ctx: &Ctx<'_>, fd: i32, level: i32, option: i32, value: i32) -> Result<()> {
    if replay::active() {
        return Ok(());
    }
    call(ctx, "setsockopt", None, || {
        let size = size_of_val(&value) as libc::socklen_t;
        // SAFETY: the option's value is an int of that size.
        match unsafe { libc::setsockopt(fd, level, option, (&raw const value).cast(), size) } {
            0 => Ok(()),
            _ => Err(errno(std::io::Error::last_os_error())),
        }
    })
}

pub fn send(ctx: Ctx<'_>, fd: i32, datagram: Data) -> Result<()> {
    if replay::active() {
        return Ok(());
    }
    call(&ctx, "sendto", None, || sendto(descriptor(fd)?, &datagram.0, SendFlags::empty(), &kernel())).map(drop)
}

/// Waits until something can be read. @fails EAGAIN when the deadline has passed
fn readable(fd: i32, deadline: Instant) -> io::Result<()> {
    let rest = deadline.saturating_duration_since(Instant::now());
    let slice = rest.min(TICK).try_into().map_err(|_| Errno::INVAL)?;
    let mut polled = [PollFd::from_borrowed_fd(descriptor(fd)?, PollFlags::IN)];
    match poll(&mut polled, Some(&slice))? {
        0 if rest <= TICK => Err(Errno::AGAIN),
        0 => Err(Errno::INTR),
        _ => Ok(()),
    }
}

pub fn receive(ctx: Ctx<'_>, fd: i32, timeout: Opt<f64>) -> Result<Bytes> {
    if replay::active() {
        return replay::message().map(Bytes).ok_or_else(|| failure(&ctx, "recvfrom", Errno::AGAIN, None));
    }
    let deadline = timeout.0.map(|timeout| Instant::now() + milliseconds(timeout));
    let flags = if deadline.is_some() { RecvFlags::TRUNC | RecvFlags::DONTWAIT } else { RecvFlags::TRUNC };
    loop {
        let received = call(&ctx, "recvfrom", None, || match recvfrom(descriptor(fd)?, arrivals(), flags) {
            Err(Errno::AGAIN) => deadline.map_or(Err(Errno::AGAIN), |_| Ok(None)),
            received => received.map(Some),
        })?;
        let Some(((datagram, _), length, sender)) = received else {
            call(&ctx, "poll", None, || deadline.map_or(Ok(()), |deadline| readable(fd, deadline)))?;
            continue;
        };
        if length > DATAGRAM {
            return Err(failure(&ctx, "recvfrom", Errno::MSGSIZE, None));
        }
        let from_kernel = |sender| SocketAddrNetlink::try_from(sender).is_ok_and(|sender| sender.pid() == 0);
        if sender.is_some_and(from_kernel) {
            return Ok(Bytes(datagram.to_vec()));
        }
    }
}
