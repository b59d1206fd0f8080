//! Namespaces: the network's, and for rehearsals the mounts'.

use rquickjs::{Ctx, Function, Result, Value};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::net::netdevice::index_to_name_inlined;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::mount::MountFlags;
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use super::error::{call, errno};
use super::values::{Text, descriptor};
use crate::fatal::fatal;
use crate::snapshot::replay;

/// How often coming back is tried before giving up.
const RETURNS: u32 = 5;

const OWN: &str = "/proc/thread-self/ns/net";
const NETWORK: Option<LinkNameSpaceType> = Some(LinkNameSpaceType::Network);

/// Calls `function` in the namespace and comes back, also when it throws.
pub fn in_netns<'js>(ctx: Ctx<'js>, fd: i32, function: Function<'js>) -> Result<Value<'js>> {
    if replay::active() {
        return function.call(());
    }
    let home = call(&ctx, "open", Some(OWN), || open(OWN, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()))?;
    call(&ctx, "setns", None, || move_into_link_name_space(descriptor(fd)?, NETWORK))?;
    let result = function.call(());
    let back = || move_into_link_name_space(rustix::fd::AsFd::as_fd(&home), NETWORK);
    // What fails for want of memory may succeed at once; the rest of the program would work in the wrong namespace.
    if let Err(errno) = (0..RETURNS).map(|_| back()).find(|back| back.is_ok()).unwrap_or_else(back) {
        fatal(&format!("cannot return to the own network namespace: {errno}"), "")
    }
    result
}

/// The CLONE_NEW* flag of a namespace; None for what is none.
pub fn namespace_type(fd: i32) -> Option<i32> {
    if replay::active() {
        return Some(libc::CLONE_NEWNET);
    }
    /// linux/nsfs.h
    const NS_GET_NSTYPE: libc::Ioctl = 0xb703u32 as libc::Ioctl;
    // SAFETY: the request takes no argument; what is no namespace refuses it.
    Some(unsafe { libc::ioctl(fd, NS_GET_NSTYPE) }).filter(|kind| *kind >= 0)
}

/// SO_NETNS_COOKIE (since Linux 5.14) of a socket.
pub fn cookie(ctx: Ctx<'_>, socket: i32) -> Result<Option<String>> {
    if replay::active() {
        return Ok(Some("1".to_owned()));
    }
    let (mut cookie, mut size) = (0u64, 8);
    let known = call(&ctx, "getsockopt", None, || {
        // SAFETY: `cookie` is the u64 that the option fills and `size` its size.
        let result = unsafe {
            libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE, (&raw mut cookie).cast(), &mut size)
        };
        if result == 0 {
            return Ok(true);
        }
        match errno(std::io::Error::last_os_error()) {
            _ if result == 0 => Ok(true),
            Errno::NOPROTOOPT => Ok(false),
            errno => Err(errno),
        }
    })?;
    Ok(known.then(|| cookie.to_string()))
}

/// SIOCGIFNAME in the current network namespace: whether there is an interface of this index.
pub fn has_ifindex(ctx: Ctx<'_>, index: u32) -> Result<bool> {
    if replay::active() {
        return Ok(true);
    }
    call(&ctx, "ioctl", None, || {
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        match index_to_name_inlined(socket, index) {
            Ok(_) => Ok(true),
            Err(Errno::NODEV) => Ok(false),
            Err(errno) => Err(errno),
        }
    })
}

/// CLONE_NEW* of the kernel.
pub fn unshare(ctx: Ctx<'_>, flags: u32) -> Result<()> {
    // SAFETY: new namespaces share no memory and no descriptors anew.
    call(&ctx, "unshare", None, || unsafe { unshare_unsafe(UnshareFlags::from_bits_retain(flags)) })
}

/// MS_* of the kernel.
pub fn mount(ctx: Ctx<'_>, source: Text, target: Text, kind: Text, flags: u32) -> Result<()> {
    let flags = MountFlags::from_bits_retain(flags);
    call(&ctx, "mount", Some(&target), || rustix::mount::mount(&*source, &*target, &*kind, flags, None))
}
