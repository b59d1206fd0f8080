//! The process itself: command line, environment, clocks, random bytes.

use std::ffi::{CStr, c_char};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rquickjs::{Ctx, Object, Result};
use rustix::buffer::spare_capacity;
use rustix::rand::{GetRandomFlags, getrandom};
use rustix::termios::tcgetwinsize;
use rustix::thread::{NanosleepRelativeResult, nanosleep};
use rustix::time::Timespec;

use super::error::{call, failure};
use super::signals;
use super::values::{Bytes, descriptor};
use crate::fatal;
use crate::snapshot::{self, replay};

/// The command line as `main` was given it: std does not know it without its own start.
static ARGV: AtomicPtr<*const c_char> = AtomicPtr::new(null_mut());

pub fn keep(argv: *const *const c_char) {
    ARGV.store(argv.cast_mut(), Relaxed);
}

pub fn argv() -> Vec<String> {
    snapshot::refuse("argv");
    let argv = ARGV.load(Relaxed).cast_const();
    // SAFETY: strings up to a null pointer, that stay as they are.
    let word = |i| unsafe { NonNull::new((*argv.add(i)).cast_mut()).map(|word| CStr::from_ptr(word.as_ptr())) };
    (0..).map_while(word).map(|word| word.to_string_lossy().into_owned()).collect()
}

pub fn environ() -> Vec<Vec<String>> {
    snapshot::refuse("environ");
    let pair = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        vec![name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()]
    };
    std::env::vars_os().map(pair).collect()
}

pub fn exit(code: i32) {
    fatal::exit(code)
}

fn seconds(clock: libc::clockid_t) -> f64 {
    snapshot::refuse("clock_gettime");
    if replay::active() {
        return replay::seconds();
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is the timespec that the call fills; these clocks are always there.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(target_env = "musl")]
unsafe extern "C" {
    fn __clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int;
}

/// In place of musl's, for std as well: it looks for the kernel's clock page first, which in a process that asks a few times
/// takes longer than the system calls, and four page faults. Where such a call is refused, musl's own: std cannot do without.
#[cfg(target_env = "musl")]
#[unsafe(no_mangle)]
extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
    // SAFETY: the caller's contract is the system call's.
    unsafe {
        match libc::syscall(libc::SYS_clock_gettime, clock, time) {
            0 => 0,
            _ => __clock_gettime(clock, time),
        }
    }
}

pub fn monotonic() -> f64 {
    seconds(libc::CLOCK_MONOTONIC) * 1e3
}

pub fn realtime() -> f64 {
    seconds(libc::CLOCK_REALTIME) * 1e3
}

pub fn boottime() -> f64 {
    seconds(libc::CLOCK_BOOTTIME)
}

pub fn random(ctx: Ctx<'_>, n: usize) -> Result<Bytes> {
    if replay::active() {
        return Ok(Bytes(vec![1; n]));
    }
    let mut bytes = Vec::with_capacity(n);
    while bytes.len() < n {
        call(&ctx, "getrandom", None, || getrandom(spare_capacity(&mut bytes), GetRandomFlags::empty()))?;
    }
    bytes.truncate(n);
    Ok(Bytes(bytes))
}

/// A duration from JavaScript's milliseconds; negative and NaN are zero.
pub fn milliseconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value.max(0.0) / 1e3).unwrap_or(Duration::from_secs(u32::MAX.into()))
}

pub fn sleep(ctx: Ctx<'_>, duration: f64) -> Result<()> {
    let end = Instant::now() + milliseconds(duration);
    loop {
        signals::check(&ctx)?;
        let rest = end.saturating_duration_since(Instant::now()).min(signals::TICK);
        if rest.is_zero() {
            return Ok(());
        }
        let request = Timespec { tv_sec: 0, tv_nsec: rest.subsec_nanos().into() };
        if let NanosleepRelativeResult::Err(errno) = nanosleep(&request) {
            return Err(failure(&ctx, "nanosleep", errno, None));
        }
    }
}

/// The terminal that a descriptor is open on.
pub fn terminal<'js>(ctx: Ctx<'js>, fd: i32) -> Result<Option<Object<'js>>> {
    let Some(size) = descriptor(fd).and_then(tcgetwinsize).ok() else { return Ok(None) };
    let object = Object::new(ctx)?;
    object.set("columns", size.ws_col)?;
    Ok(Some(object))
}
