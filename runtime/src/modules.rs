//! The embedded program: bytecode of the bundles, found by file name, and the native module `berth:sys`. Bundles that the
//! snapshot has evaluated are not embedded: the unfinished executable has their bytecode in a file beside it (build.rs).

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Module, Object, Result};
use rustix::io::Errno;

use crate::sys::error::failure;
use crate::sys::{Sys, Text};

struct Bundle {
    file: &'static str,
    /// Empty for those of the snapshot.
    bytecode: &'static [u8],
    lines: &'static str,
}

/// Written by build.rs, sorted by file name.
static BUNDLES: &[Bundle] = include!(concat!(env!("OUT_DIR"), "/bundles.rs"));

const NATIVE: &str = "berth:sys";

fn find(file: &str) -> Option<&'static Bundle> {
    BUNDLES.iter().find(|bundle| bundle.file == file)
}

/// Resolver and loader of the modules embedded in this executable; there are no others.
pub struct Bundles;

impl Resolver for Bundles {
    fn resolve<'js>(&mut self, _: &Ctx<'js>, _: &str, name: &str, _: Option<ImportAttributes<'js>>) -> Result<String> {
        Ok(name.trim_start_matches("./").to_owned())
    }
}

impl Loader for Bundles {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        if name == NATIVE {
            return Module::declare_def::<Sys, _>(ctx.clone(), name);
        }
        let bundle = find(name).ok_or_else(|| Error::new_loading(name))?;
        let bytecode = if bundle.bytecode.is_empty() { started(name) } else { Some(bundle.bytecode) };
        // SAFETY: the bytecode was written by build.rs with this very engine.
        unsafe { Module::load(ctx.clone(), bytecode.ok_or_else(|| Error::new_loading(name))?) }
    }
}

/// The bytecode of a bundle in `<this executable>.started`: for each its name, then that, each after its length. Mapped, since
/// what is allocated now would be in the snapshot.
fn started(name: &str) -> Option<&'static [u8]> {
    let mut path = [0; 4096];
    let room = path.len() - SUFFIX.len();
    // SAFETY: readlink(2), open(2) and mmap(2) as documented; the file is not changed while the executable is finished.
    let mut rest: &'static [u8] = unsafe {
        let length = libc::readlink(c"/proc/self/exe".as_ptr(), path.as_mut_ptr().cast(), room);
        let end = usize::try_from(length).ok()?;
        path[end..end + SUFFIX.len()].copy_from_slice(SUFFIX);
        let file = libc::open(path.as_ptr().cast(), libc::O_RDONLY | libc::O_CLOEXEC);
        let size = usize::try_from(libc::lseek(file, 0, libc::SEEK_END)).ok()?;
        let content = libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ, libc::MAP_PRIVATE, file, 0);
        libc::close(file);
        if content == libc::MAP_FAILED {
            return None;
        }
        std::slice::from_raw_parts(content.cast(), size)
    };
    let mut part = || {
        let (length, after) = rest.split_first_chunk()?;
        let (part, others) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = others;
        Some(part)
    };
    loop {
        let (found, bytecode) = (part()?, part()?);
        if found == name.as_bytes() {
            return Some(bytecode);
        }
    }
}

const SUFFIX: &[u8] = b".started\0";

/// Evaluates a bundle, once, and returns its exports.
pub fn load<'js>(ctx: Ctx<'js>, bundle: Text) -> Result<Object<'js>> {
    let file = format!("{}.js", &*bundle);
    if find(&file).is_none() {
        return Err(failure(&ctx, "load", Errno::NOENT, Some(&bundle)));
    }
    Module::import(&ctx, file)?.finish()
}

/// The line table of a bundle; empty for an unknown one.
pub fn line_table(bundle: Text) -> &'static str {
    find(&format!("{}.js", &*bundle)).map_or("", |bundle| bundle.lines)
}
