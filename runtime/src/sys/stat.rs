//! What is known of a file: stat, time stamps, file system, extended attributes.

use rquickjs::{Ctx, Object, Result};
use rustix::buffer::spare_capacity;
use rustix::fs::{self, Stat, Timespec, Timestamps, UTIME_OMIT, XattrFlags};
use rustix::io::Errno;

use super::error::call;
use super::values::{Text, descriptor};

fn object<'js>(ctx: &Ctx<'js>, stat: &Stat) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("id", format!("{}-{}", stat.st_dev, stat.st_ino))?;
    object.set("mode", stat.st_mode)?;
    object.set("nlink", stat.st_nlink as f64)?;
    object.set("size", stat.st_size as f64)?;
    object.set("mtimeSec", stat.st_mtime as f64)?;
    object.set("mtimeNsec", stat.st_mtime_nsec as f64)?;
    Ok(object)
}

pub fn stat<'js>(ctx: Ctx<'js>, path: Text) -> Result<Object<'js>> {
    let stat = call(&ctx, "stat", Some(&path), || fs::stat(&*path))?;
    object(&ctx, &stat)
}

pub fn lstat<'js>(ctx: Ctx<'js>, path: Text) -> Result<Object<'js>> {
    let stat = call(&ctx, "lstat", Some(&path), || fs::lstat(&*path))?;
    object(&ctx, &stat)
}

pub fn fstat<'js>(ctx: Ctx<'js>, fd: i32) -> Result<Object<'js>> {
    let stat = call(&ctx, "fstat", None, || fs::fstat(descriptor(fd)?))?;
    object(&ctx, &stat)
}

pub fn set_mtime(ctx: Ctx<'_>, path: Text, sec: i64, nsec: i64) -> Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: sec, tv_nsec: nsec },
    };
    call(&ctx, "utimensat", Some(&path), || fs::utimensat(fs::CWD, &*path, &times, fs::AtFlags::empty()))
}

pub fn fs_magic(ctx: Ctx<'_>, fd: i32) -> Result<f64> {
    call(&ctx, "fstatfs", None, || fs::fstatfs(descriptor(fd)?)).map(|statfs| statfs.f_type as f64)
}

/// Also where a filter or a policy refuses to tell.
pub fn getxattr(ctx: Ctx<'_>, fd: i32, name: Text) -> Result<Option<String>> {
    let mut value = Vec::with_capacity(512);
    let length = call(&ctx, "fgetxattr", None, || {
        loop {
            match fs::fgetxattr(descriptor(fd)?, &*name, spare_capacity(&mut value)) {
                Err(Errno::RANGE) => value.reserve(64 << 10),
                Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS | Errno::PERM | Errno::ACCESS) => return Ok(None),
                result => return result.map(Some),
            }
        }
    })?;
    Ok(length.map(|_| String::from_utf8_lossy(&value).into_owned()))
}

pub fn setxattr(ctx: Ctx<'_>, fd: i32, name: Text, value: Text) -> Result<()> {
    let flags = XattrFlags::empty();
    call(&ctx, "fsetxattr", None, || fs::fsetxattr(descriptor(fd)?, &*name, value.as_bytes(), flags))
}
