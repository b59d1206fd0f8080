//! Connections to other programs of the machine.

use std::os::fd::IntoRawFd;

use rquickjs::{Ctx, Result};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::error::call;
use super::process::milliseconds;
use super::values::Text;

pub fn connect_unix(ctx: Ctx<'_>, path: Text, timeout: f64) -> Result<i32> {
    call(&ctx, "connect", Some(&path), || {
        let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        for direction in [Timeout::Recv, Timeout::Send] {
            set_socket_timeout(&fd, direction, Some(milliseconds(timeout)))?;
        }
        connect(&fd, &SocketAddrUnix::new(&*path)?)?;
        Ok(fd)
    })
    .map(IntoRawFd::into_raw_fd)
}
