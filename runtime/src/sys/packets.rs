//! IP packets as a program writes them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, IntoRawFd};

use rquickjs::{Ctx, Result};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with};

use super::error::{call, errno};
use super::values::{Data, Text};

/// What a raw socket's address says: 4 or 16 bytes, and no port.
fn address(bytes: &[u8]) -> std::result::Result<SocketAddr, Errno> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    let ip = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes))));
    ip.map(|ip| SocketAddr::new(ip, 0)).map_err(|_| Errno::INVAL)
}

pub fn send(ctx: Ctx<'_>, packet: Data, to: Data) -> Result<()> {
    let to = call(&ctx, "sendto", None, || address(&to.0))?;
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = call(&ctx, "socket", None, || {
        socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC, Some(ipproto::RAW))
    })?;
    call(&ctx, "sendto", None, || sendto(&socket, &packet.0, SendFlags::empty(), &to)).map(drop)
}

const TUN: &str = "/dev/net/tun";

pub fn open_tun(ctx: Ctx<'_>, name: Text) -> Result<i32> {
    // SAFETY: all zeros are a struct ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return call(&ctx, "ioctl", Some(&name), || Err(Errno::NAMETOOLONG));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    let fd = call(&ctx, "open", Some(TUN), || open(TUN, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()))?;
    call(&ctx, "ioctl", Some(&name), || {
        // SAFETY: the request reads and writes a struct ifreq.
        match unsafe { libc::ioctl(fd.as_raw_fd(), libc::TUNSETIFF as libc::Ioctl, &raw mut request) } {
            0 => Ok(()),
            _ => Err(errno(std::io::Error::last_os_error())),
        }
    })?;
    Ok(fd.into_raw_fd())
}
