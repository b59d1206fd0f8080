//! Compiles the esbuild bundles to bytecode with the engine that will run them, and writes the table that
//! `src/modules.rs` includes. Bundles come from $BERTH_BUNDLES (default ../build/bundles): `NAME.js` and,
//! next to it, `NAME.lines`, its line table. Those that `core.started` names are evaluated before the executable is
//! finished, so that only the unfinished one needs their bytecode: it is in a file beside that, `berth.started`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, WriteOptions, WriteOptionsEndianness};
use rquickjs::{Context, Ctx, Error, Module, Result, Runtime};

/// The compiler resolves every import at once; the native module exists only in the host, so it gets a stub.
const NATIVE: &str = "berth:sys";

struct Bundles(PathBuf);

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
        let source = if name == NATIVE { Vec::new() } else { fs::read(self.0.join(name)).map_err(Error::Io)? };
        Module::declare(ctx.clone(), name, source)
    }
}

fn compile(dir: &Path, file: &str) -> Vec<u8> {
    let source = fs::read(dir.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let runtime = Runtime::new().expect("a QuickJS runtime");
    runtime.set_max_stack_size(4 << 20);
    runtime.set_loader(Bundles(dir.into()), Bundles(dir.into()));
    let context = Context::full(&runtime).expect("a QuickJS context");
    context.with(|ctx| {
        let options =
            WriteOptions { endianness: WriteOptionsEndianness::Little, strip_source: true, ..WriteOptions::default() };
        match Module::declare(ctx.clone(), file, source).and_then(|module| module.write(options)) {
            Ok(bytecode) => bytecode,
            Err(error) => panic!("{file} does not compile: {error}: {:?}", ctx.catch()),
        }
    })
}

/// The names of the bundles, sorted, so that the table is the same in every build.
fn bundles(dir: &Path) -> Vec<String> {
    let hint = "run `npm run build` (scripts/build.mjs), or set BERTH_BUNDLES to the folder with the bundles";
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("no bundles in {}: {e}; {hint}", dir.display()));
    let names = entries.map(|entry| entry.expect("a directory entry").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".js")).collect();
    assert!(names.iter().any(|name| name == "core.js"), "no core.js in {}; {hint}", dir.display());
    names.sort();
    names
}

/// Has the linker leave out tables for unwinding, where nothing unwinds (src/unwind.rs).
fn without_unwinding(here: &Path) {
    let script = here.join("no-unwinding.ld");
    println!("cargo:rerun-if-changed={}", script.display());
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("musl") {
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr,-T,{}", script.display());
    }
}

fn main() {
    println!("cargo:rerun-if-env-changed=BERTH_BUNDLES");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    without_unwinding(&here);
    let dir = env::var_os("BERTH_BUNDLES").map_or_else(|| here.join("../build/bundles"), PathBuf::from);
    println!("cargo:rerun-if-changed={}", dir.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    // <target>/release/build/<package>/out
    let beside = out.ancestors().nth(3).expect("a target directory").join("berth.started");
    println!("cargo:rerun-if-changed={}", beside.display());
    let list = fs::read_to_string(dir.join("core.started")).unwrap_or_default();
    let mut started = Vec::new();
    let mut table = String::from("&[\n");
    for name in bundles(&dir) {
        let stem = name.trim_end_matches(".js");
        let lines = fs::read_to_string(dir.join(format!("{stem}.lines"))).unwrap_or_default();
        let mut bytecode = compile(&dir, &name);
        if list.lines().any(|one| one == name) {
            for part in [name.as_bytes(), &bytecode] {
                started.extend_from_slice(&(part.len() as u32).to_le_bytes());
                started.extend_from_slice(part);
            }
            bytecode.clear();
        }
        fs::write(out.join(format!("{stem}.bin")), bytecode).expect("OUT_DIR is writable");
        fs::write(out.join(format!("{stem}.lines")), lines).expect("OUT_DIR is writable");
        let embed = |kind: &str| format!("include_{kind}!(concat!(env!(\"OUT_DIR\"), \"/{stem}.");
        table += &format!(
            "    Bundle {{ file: {name:?}, bytecode: {}bin\")), lines: {}lines\")) }},\n",
            embed("bytes"),
            embed("str")
        );
    }
    fs::write(out.join("bundles.rs"), table + "]\n").expect("OUT_DIR is writable");
    fs::write(&beside, started).expect("the target directory is writable");
}
