//! Names in directories, for the operator's commands.

use rquickjs::{Ctx, Result};
use rustix::fs::{self, CWD, Mode};

use super::error::call;
use super::values::{Text, descriptor};

pub fn rename(ctx: Ctx<'_>, from: Text, to: Text) -> Result<()> {
    call(&ctx, "rename", Some(&to), || fs::rename(&*from, &*to))
}

pub fn symlink(ctx: Ctx<'_>, target: Text, path: Text) -> Result<()> {
    call(&ctx, "symlink", Some(&path), || fs::symlink(&*target, &*path))
}

pub fn readlink(ctx: Ctx<'_>, path: Text) -> Result<String> {
    let target = call(&ctx, "readlink", Some(&path), || fs::readlink(&*path, Vec::new()))?;
    Ok(target.to_string_lossy().into_owned())
}

pub fn chmod(ctx: Ctx<'_>, path: Text, mode: u32) -> Result<()> {
    call(&ctx, "chmod", Some(&path), || fs::chmodat(CWD, &*path, Mode::from_bits_retain(mode), fs::AtFlags::empty()))
}

pub fn rmdir(ctx: Ctx<'_>, path: Text) -> Result<()> {
    call(&ctx, "rmdir", Some(&path), || fs::rmdir(&*path))
}

pub fn clone_file(ctx: Ctx<'_>, from: i32, to: i32) -> Result<()> {
    call(&ctx, "ioctl", None, || fs::ioctl_ficlone(descriptor(to)?, descriptor(from)?))
}
