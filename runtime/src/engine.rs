//! The engine: its limits, the language features it starts with, and the run of the program.

use rquickjs::context::intrinsic::{Json, MapSet, Promise, RegExp, TypedArrays};
use rquickjs::{
    Coerced, Context, Ctx, Exception, FromJs, Function, Module, Object, Persistent, Runtime, Symbol, Value, qjs,
};

use crate::fatal::{exit, fatal, out_of_memory};
use crate::modules::Bundles;
use crate::snapshot::heap::Heap;
use crate::stack;

/// A plugin needs about 2 MiB, a GC of 100,000 attachments 110; beyond this the node must not suffer. src/skel/failure.ts and
/// fatal.rs say so.
const MEMORY_LIMIT: usize = 128 << 20;
/// Room to describe an exhausted heap.
const MEMORY_RESERVE: usize = 4 << 20;
/// Below it no cycles are collected: a plugin never gets there.
const GC_THRESHOLD: usize = 32 << 20;
/// Names and shapes that a call makes, with plenty to spare.
const ROOM: u32 = 96;

/// A started engine that has evaluated the bundle `core`, and what that loads.
pub struct Program {
    runtime: Runtime,
    context: Context,
    main: Persistent<Function<'static>>,
}

/// Starts the engine and evaluates `core`.
pub fn start() -> Program {
    let Ok(runtime) = Runtime::new_with_alloc(Heap) else { out_of_memory() };
    runtime.set_gc_threshold(GC_THRESHOLD);
    runtime.set_loader(Bundles, Bundles);
    // What a plugin uses. No Eval: all code is compiled at build time, and without it the parser is not linked.
    let Ok(context) = Context::custom::<(RegExp, Json, MapSet, TypedArrays, Promise)>(&runtime) else {
        out_of_memory()
    };
    let evaluate = |ctx: Ctx<'_>| {
        let core: Object = Module::import(&ctx, "core.js")?.finish()?;
        make_functions(&ctx)?;
        make_room(&ctx)?;
        Ok(Persistent::save(&ctx, core.get::<_, Function>("main")?))
    };
    let main = context.with(|ctx| evaluate(ctx.clone()).unwrap_or_else(|error| report(&ctx, &error)));
    Program { runtime, context, main }
}

/// Has the engine make the functions of the language that calls use: else it makes each when a call first asks for it.
fn make_functions(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let symbol: Object = ctx.globals().get("Symbol")?;
    for (path, names) in FUNCTIONS {
        let object = path.split('.').try_fold(ctx.globals(), |object, name| object.get::<_, Object>(name))?;
        for name in names.split(' ') {
            match name.strip_prefix('@') {
                Some(known) => object.get::<_, Value>(symbol.get::<_, Symbol>(known)?)?,
                None => object.get::<_, Value>(name)?,
            };
        }
    }
    Ok(())
}

/// By the object that has them; after @, one that a symbol names.
const FUNCTIONS: &[(&str, &str)] = &[
    ("Array", "from isArray"),
    (
        "Array.prototype",
        "at every filter find flatMap includes indexOf join map pop push reverse slice some sort splice @iterator",
    ),
    ("JSON", "parse stringify"),
    ("Map.prototype", "get has set @iterator"),
    ("Math", "floor max min"),
    ("Number", "isInteger isSafeInteger"),
    ("Object", "entries fromEntries hasOwn keys"),
    ("RegExp.prototype", "exec test toString @replace @split"),
    ("Set.prototype", "add has @iterator"),
    (
        "String.prototype",
        "charCodeAt endsWith includes indexOf lastIndexOf padStart replace replaceAll slice split startsWith toLowerCase trim",
    ),
    ("Uint8Array", "from of"),
    ("Uint8Array.prototype", "every fill join set slice subarray"),
];

/// Has the engine's tables of names and of shapes as large as any call needs them: to grow one takes a call a tenth of what a
/// VERSION takes, and whether one does would hang on how many names the program happens to have.
fn make_room(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let object = |n| {
        let object = Object::new(ctx.clone())?;
        object.set(format!("{n}:"), n)?;
        Ok(object)
    };
    // They grow as long as these live, and stay so.
    (0..ROOM).map(object).collect::<rquickjs::Result<Vec<_>>>().map(drop)
}

/// Calls the function `main` of `core`. Never returns: the runtime is not torn down, the kernel is faster
/// at that.
pub fn run(Program { runtime, context, main }: &Program) -> ! {
    runtime.set_memory_limit(MEMORY_LIMIT);
    // The other half is for calls the engine does not count: a check that fires too late is a SIGSEGV.
    runtime.set_max_stack_size(stack::SIZE / 2);
    let run = |ctx: Ctx<'_>| {
        // SAFETY: the context's own runtime.
        unsafe { qjs::JS_UpdateStackTop(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) };
        main.clone().restore(&ctx)?.call::<_, ()>(())
    };
    match context.with(run) {
        Ok(()) => exit(0),
        Err(error) => {
            runtime.set_memory_limit(MEMORY_LIMIT + MEMORY_RESERVE);
            context.with(|ctx| report(&ctx, &error))
        }
    }
}

/// Ends the process with the text and the stack of the exception that nobody caught.
fn report(ctx: &Ctx<'_>, error: &rquickjs::Error) -> ! {
    if !error.is_exception() {
        fatal(&error.to_string(), "")
    }
    let thrown = ctx.catch();
    // The engine throws null when not even the error object could be allocated.
    if thrown.is_null() {
        out_of_memory()
    }
    let stack = thrown.as_object().and_then(|object| Exception::from_object(object.clone())).and_then(|e| e.stack());
    match Coerced::<String>::from_js(ctx, thrown) {
        Ok(text) if text.starts_with("InternalError: out of memory") => out_of_memory(),
        Ok(text) => fatal(&text, &stack.unwrap_or_default()),
        Err(_) => fatal("an exception without a text", &stack.unwrap_or_default()),
    }
}
