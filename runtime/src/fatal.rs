//! The last words of a process that cannot go on: a CNI error on stdout and exit status 1.

use std::fmt::Write;

use rustix::io;
use rustix::stdio::stdout;

use crate::snapshot;

/// CNI reserves codes from 100 on for plugins; 999 is the reference's code for "something else".
const OUT_OF_MEMORY: &str = "{\"code\":999,\"msg\":\"out of memory\",\"details\":\"a call may use 128 MiB: \
    is what came on stdin very large, or the machine's memory used up?\"}\n";

/// Ends the process at once: no destructors, no exit handlers.
pub fn exit(code: i32) -> ! {
    snapshot::record();
    // SAFETY: _exit(2) takes any value and does not return.
    unsafe { libc::_exit(code) }
}

/// Reports `msg` and `details`, then exits with 1.
pub fn fatal(msg: &str, details: &str) -> ! {
    let (msg, details) = (json_string(msg), json_string(details));
    leave(&format!("{{\"code\":999,\"msg\":{msg},\"details\":{details}}}\n"))
}

/// As `fatal`, without allocating.
pub fn out_of_memory() -> ! {
    leave(OUT_OF_MEMORY)
}

/// Makes every Rust panic end in `fatal`.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        fatal(info.payload_as_str().unwrap_or("panic in the host"), &place)
    }));
}

fn leave(text: &str) -> ! {
    let mut rest = text.as_bytes();
    while let Ok(written @ 1..) = io::write(stdout(), rest) {
        rest = &rest[written..];
    }
    exit(1)
}

/// `text` as a JSON string (RFC 8259 section 7).
fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            ..' ' => write!(json, "\\u{:04x}", c as u32).expect("a String grows"),
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}
