//! Running a program: posix_spawn, one poll loop for its three streams and its end.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use rquickjs::{Ctx, Object, Result};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{self, Errno};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, kill_process, pidfd_open, waitpid};

use super::error::failure;
use super::process::milliseconds;
use super::signals::{self, TICK};
use super::values::{Data, Text};

const BUSY_RETRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(200);
/// How long a child may take to end after it was sent our own SIGTERM or SIGINT.
const GRACE: Duration = Duration::from_secs(2);
const OUTPUT_LIMIT: usize = 16 << 20;

/// A child and our ends of its streams; None once closed.
struct Child {
    pid: Pid,
    /// A pidfd: readable once the child has ended.
    end: Option<OwnedFd>,
    stdin: Option<OwnedFd>,
    outputs: [(Option<OwnedFd>, Vec<u8>); 2],
}

/// NUL-terminated strings and the array of pointers to them that exec takes.
struct Vector(Vec<CString>);

impl Vector {
    fn new(strings: impl Iterator<Item = String>) -> io::Result<Self> {
        let strings: std::result::Result<_, _> = strings.map(CString::new).collect();
        strings.map(Vector).map_err(|_| Errno::INVAL)
    }
    fn pointers(&self) -> Vec<*mut libc::c_char> {
        self.0.iter().map(|s| s.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect()
    }
}

/// posix_spawn(3) with `streams` as descriptors 0, 1 and 2, no signal blocked and SIGPIPE not ignored.
fn spawn(path: &CString, argv: &Vector, env: &Vector, streams: [&OwnedFd; 3]) -> io::Result<Pid> {
    let (argv, env) = (argv.pointers(), env.pointers());
    let mut pid = 0;
    // SAFETY: every object is initialised before use and destroyed after; the arrays end with null and outlive the call.
    let error = unsafe {
        let mut actions = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&mut actions);
        for (target, stream) in (0..).zip(streams) {
            libc::posix_spawn_file_actions_adddup2(&mut actions, stream.as_raw_fd(), target);
        }
        let mut attributes = std::mem::zeroed();
        libc::posix_spawnattr_init(&mut attributes);
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        libc::posix_spawnattr_setsigmask(&mut attributes, &signals);
        libc::sigaddset(&mut signals, libc::SIGPIPE);
        libc::posix_spawnattr_setsigdefault(&mut attributes, &signals);
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        libc::posix_spawnattr_setflags(&mut attributes, flags as _);
        let error = libc::posix_spawn(&mut pid, path.as_ptr(), &actions, &attributes, argv.as_ptr(), env.as_ptr());
        libc::posix_spawnattr_destroy(&mut attributes);
        libc::posix_spawn_file_actions_destroy(&mut actions);
        error
    };
    if error == 0 { Pid::from_raw(pid).ok_or(Errno::CHILD) } else { Err(Errno::from_raw_os_error(error)) }
}

/// Starts the program, again while another process still has it open for writing.
fn start(path: &str, argv: &Vector, env: &Vector) -> io::Result<Child> {
    let (stdin, feed) = pipe_with(PipeFlags::CLOEXEC)?;
    let (output, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
    let (errors, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfl(&feed, OFlags::NONBLOCK)?;
    let path = CString::new(path).map_err(|_| Errno::INVAL)?;
    let mut retries = BUSY_RETRIES;
    let pid = loop {
        match spawn(&path, argv, env, [&stdin, &stdout, &stderr]) {
            Err(Errno::TXTBSY) if retries > 0 => std::thread::sleep(BUSY_PAUSE),
            result => break result?,
        }
        retries -= 1;
    };
    let end = Some(pidfd_open(pid, PidfdFlags::empty())?);
    Ok(Child { pid, end, stdin: Some(feed), outputs: [(Some(output), Vec::new()), (Some(errors), Vec::new())] })
}

impl Child {
    fn kill(&self, signal: Signal) {
        // Fails only when it has ended, which is what is wanted.
        let _ = kill_process(self.pid, signal);
    }

    fn done(&self) -> bool {
        self.end.is_none() && self.outputs.iter().all(|(stream, _)| stream.is_none())
    }

    /// Writes what the pipe takes, and closes it at the end or when the child has closed it.
    fn feed(&mut self, data: &mut &[u8]) {
        let Some(stream) = &self.stdin else { return };
        match if data.is_empty() { Err(Errno::PIPE) } else { io::write(stream, data) } {
            Ok(written) => *data = &data[written..],
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(_) => *data = &[],
        }
        if data.is_empty() {
            self.stdin = None;
        }
    }

    /// Waits for any of its descriptors, at most `limit`, and moves what there is to move.
    fn step(&mut self, data: &mut &[u8], limit: Duration) -> io::Result<()> {
        let inputs = self.end.iter().chain(self.outputs.iter().flat_map(|(stream, _)| stream));
        let mut polled: Vec<_> = inputs.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        polled.extend(self.stdin.iter().map(|fd| PollFd::new(fd, PollFlags::OUT)));
        poll(&mut polled, Some(&limit.try_into().map_err(|_| Errno::INVAL)?))?;
        let ready: Vec<i32> =
            polled.iter().filter(|fd| !fd.revents().is_empty()).map(|fd| fd.as_fd().as_raw_fd()).collect();
        let is_ready = |fd: &OwnedFd| ready.contains(&fd.as_raw_fd());
        self.end.take_if(|fd| is_ready(fd));
        for (stream, bytes) in &mut self.outputs {
            let Some(fd) = stream.as_ref().filter(|fd| is_ready(fd)) else { continue };
            bytes.reserve(4096);
            if io::read(fd, spare_capacity(bytes))? == 0 {
                *stream = None;
            }
            if bytes.len() > OUTPUT_LIMIT {
                return Err(Errno::FBIG);
            }
        }
        self.feed(data);
        Ok(())
    }

    /// Moves its streams until it has ended and closed them. A signal for us is passed on and returned once it has
    /// ended. @fails ETIMEDOUT
    fn supervise(&mut self, mut data: &[u8], timeout: Option<Duration>) -> io::Result<Option<i32>> {
        let mut deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut interrupted = None;
        while !self.done() {
            if let Some(signal) = signals::take() {
                self.kill(if signal == libc::SIGINT { Signal::INT } else { Signal::TERM });
                let grace = Instant::now() + GRACE;
                deadline = Some(deadline.map_or(grace, |deadline| deadline.min(grace)));
                interrupted = Some(signal);
            }
            let rest = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
            if rest.is_zero() {
                return interrupted.map(Some).ok_or(Errno::TIMEDOUT);
            }
            match self.step(&mut data, rest.min(TICK)) {
                Err(Errno::INTR) => {}
                result => result?,
            }
        }
        Ok(interrupted)
    }
}

fn wait(pid: Pid) -> io::Result<WaitStatus> {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            result => return result?.map(|(_, status)| status).ok_or(Errno::CHILD),
        }
    }
}

fn result<'js>(ctx: &Ctx<'js>, status: WaitStatus, child: Child) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("status", status.exit_status())?;
    object.set("signal", status.terminating_signal())?;
    for (name, (_, bytes)) in ["stdout", "stderr"].into_iter().zip(child.outputs) {
        object.set(name, String::from_utf8_lossy(&bytes).as_ref())?;
    }
    Ok(object)
}

pub fn run<'js>(ctx: Ctx<'js>, path: Text, options: Object<'js>) -> Result<Object<'js>> {
    signals::check(&ctx)?;
    let args: Option<Vec<Text>> = options.get("args")?;
    let env: Vec<Vec<Text>> = options.get("env")?;
    let stdin: Option<Data> = options.get("stdin")?;
    let timeout: Option<f64> = options.get("timeout")?;
    let fail = |errno| failure(&ctx, "run", errno, Some(&path.0));

    let argv = [path.0.clone()].into_iter().chain(args.into_iter().flatten().map(|text| text.0));
    let env = env.into_iter().map(|pair| pair.into_iter().map(|text| text.0).collect::<Vec<_>>().join("="));
    let mut child = Vector::new(argv).and_then(|argv| start(&path.0, &argv, &Vector::new(env)?)).map_err(fail)?;
    let supervised = child.supervise(stdin.as_ref().map_or(&[], |data| &data.0), timeout.map(milliseconds));
    if !child.done() {
        child.kill(Signal::KILL);
    }
    let status = wait(child.pid).map_err(fail)?;
    match supervised.map_err(fail)? {
        Some(signal) => Err(signals::thrown(&ctx, signal)),
        None => result(&ctx, status, child),
    }
}
