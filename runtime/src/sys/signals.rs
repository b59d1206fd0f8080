//! SIGTERM and SIGINT become exceptions of the next system call; SIGPIPE becomes EPIPE, SIGXFSZ EFBIG.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use rquickjs::{Ctx, Exception, Function, Result, Value};

/// The signal not yet thrown, or 0.
static PENDING: AtomicI32 = AtomicI32::new(0);
/// How many `defer` are under way.
static DEFERRED: AtomicU32 = AtomicU32::new(0);

/// No wait is longer at a stretch, so that a signal that came just before it is seen.
pub const TICK: Duration = Duration::from_millis(250);

extern "C" fn remember(signal: i32) {
    PENDING.store(signal, Relaxed);
}

extern "C" fn interrupt(_: i32) {}

fn handle(signal: i32, handler: usize) {
    // SAFETY: zeroed is a valid sigaction (no flags: calls return EINTR); the handlers only store an atomic.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

/// The caller may have blocked it: a mask is inherited.
fn unblock(signal: i32) {
    // SAFETY: sigemptyset(3) makes a valid set of what is zeroed.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, signal);
        libc::sigprocmask(libc::SIG_UNBLOCK, &set, std::ptr::null_mut());
    }
}

pub fn install() {
    handle(libc::SIGTERM, remember as extern "C" fn(i32) as usize);
    handle(libc::SIGINT, remember as extern "C" fn(i32) as usize);
    handle(libc::SIGPIPE, libc::SIG_IGN);
    handle(libc::SIGXFSZ, libc::SIG_IGN);
}

/// The signal to be thrown now, which is then forgotten.
pub fn take() -> Option<i32> {
    if DEFERRED.load(Relaxed) > 0 || PENDING.load(Relaxed) == 0 {
        return None;
    }
    Some(PENDING.swap(0, Relaxed)).filter(|signal| *signal != 0)
}

/// Throws the pending signal, if any, unless deferred.
pub fn check(ctx: &Ctx<'_>) -> Result<()> {
    take().map_or(Ok(()), |signal| Err(thrown(ctx, signal)))
}

/// The exception for a signal: an Error with `signal`.
pub fn thrown(ctx: &Ctx<'_>, signal: i32) -> rquickjs::Error {
    let name = if signal == libc::SIGINT { "SIGINT" } else { "SIGTERM" };
    let exception = Exception::from_message(ctx.clone(), &format!("interrupted by {name}"));
    match exception.and_then(|e| e.as_object().set("signal", name).map(|()| e)) {
        Ok(exception) => exception.throw(),
        Err(error) => error,
    }
}

/// Calls `function` with signals deferred.
pub fn defer<'js>(function: Function<'js>) -> Result<Value<'js>> {
    DEFERRED.fetch_add(1, Relaxed);
    let result = function.call(());
    DEFERRED.fetch_sub(1, Relaxed);
    result
}

/// While it lives, blocking calls return EINTR every `TICK`, and when `timeout` has passed.
pub struct Ticker;

impl Ticker {
    pub fn start(timeout: Duration) -> Self {
        handle(libc::SIGALRM, interrupt as extern "C" fn(i32) as usize);
        unblock(libc::SIGALRM);
        let rest = timeout.as_micros() % TICK.as_micros();
        set_timer(if rest == 0 { TICK } else { Duration::from_micros(rest as u64) }, TICK);
        Ticker
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        set_timer(Duration::ZERO, Duration::ZERO);
    }
}

fn set_timer(first: Duration, interval: Duration) {
    let timeval = |d: Duration| libc::timeval { tv_sec: d.as_secs() as _, tv_usec: d.subsec_micros() as _ };
    let timer = libc::itimerval { it_value: timeval(first), it_interval: timeval(interval) };
    // SAFETY: a valid itimerval; the old one is not asked for.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) };
}
