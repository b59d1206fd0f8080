//! The embedded program: bytecode of the bundles, found by file name, and the native module `berth:sys`.

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Module, Object, Result};
use rustix::io::Errno;

use crate::sys::error::failure;
use crate::sys::{Sys, Text};

struct Bundle {
    file: &'static str,
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
        // SAFETY: the bytecode was written by build.rs with this very engine.
        unsafe { Module::load(ctx.clone(), bundle.bytecode) }
    }
}

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
