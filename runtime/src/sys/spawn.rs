//! Running a program: one poll loop for its three streams and its end.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rquickjs::convert::List;
use rquickjs::{Ctx, Object, Result};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{self, Errno, FdFlags, fcntl_setfd};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::error::{errno, failure};
use super::process::milliseconds;
use super::signals::{self, TICK};
use super::values::{Data, Text, descriptor};
use crate::snapshot;

const BUSY_RETRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(200);
/// How long a child may take to end once it was sent the signal that we got.
const GRACE: Duration = Duration::from_secs(2);
const OUTPUT_LIMIT: usize = 16 << 20;

/// Starts the program, again while another process still has it open for writing. std empties the child's signal
/// mask and gives SIGPIPE its default action back.
fn start(path: &str, args: Vec<Text>, env: Vec<List<(Text, Text)>>) -> io::Result<Child> {
    // exec(2) takes a path; std would look a bare name up in PATH.
    let mut command = Command::new(if path.contains('/') { path.to_owned() } else { format!("./{path}") });
    command.args(args.iter().map(|text| &**text)).env_clear();
    command.envs(env.iter().map(|List((name, value))| (&**name, &**value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for _ in 0..BUSY_RETRIES {
        match command.spawn().map_err(errno) {
            Err(Errno::TXTBSY) => std::thread::sleep(BUSY_PAUSE),
            result => return result,
        }
    }
    command.spawn().map_err(errno)
}

/// Whether a child that is started now has the descriptor too.
fn keep_open(fd: Option<i32>, keep: bool) -> io::Result<()> {
    let flags = if keep { FdFlags::empty() } else { FdFlags::CLOEXEC };
    fd.map_or(Ok(()), |fd| fcntl_setfd(descriptor(fd)?, flags))
}

/// Where no pidfd tells of its end, a child is asked for it so often.
const ASKING: Duration = Duration::from_millis(5);

/// A child, and our ends of its streams. None: closed.
struct Streams {
    child: Child,
    /// Readable once it has ended; None where the kernel or a filter refuses one.
    pidfd: Option<OwnedFd>,
    ended: bool,
    stdin: Option<OwnedFd>,
    outputs: [(Option<OwnedFd>, Vec<u8>); 2],
}

impl Streams {
    fn of(mut child: Child) -> Self {
        let stdin = child.stdin.take().map(OwnedFd::from);
        let (stdout, stderr) = (child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from));
        let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).ok();
        Streams { child, pidfd, ended: false, stdin, outputs: [(stdout, Vec::new()), (stderr, Vec::new())] }
    }

    fn open(&self) -> bool {
        !self.ended || self.outputs.iter().any(|(stream, _)| stream.is_some())
    }

    fn kill(&self, signal: Signal) {
        // Fails only if the child has ended, which is what is wanted.
        let _ = if self.ended { Ok(()) } else { kill_process(Pid::from_child(&self.child), signal) };
    }

    /// Waits for any of them, at most `limit`, and moves what there is to move.
    fn step(&mut self, data: &mut &[u8], limit: Duration) -> io::Result<()> {
        let limit = if self.ended || self.pidfd.is_some() { limit } else { limit.min(ASKING) };
        let end = self.pidfd.iter().filter(|_| !self.ended);
        let inputs = end.chain(self.outputs.iter().flat_map(|(stream, _)| stream));
        let mut polled: Vec<_> = inputs.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        polled.extend(self.stdin.iter().map(|fd| PollFd::new(fd, PollFlags::OUT)));
        poll(&mut polled, Some(&limit.try_into().map_err(|_| Errno::INVAL)?))?;
        let ready = polled.iter().filter(|fd| !fd.revents().is_empty());
        let ready: Vec<i32> = ready.map(|fd| fd.as_fd().as_raw_fd()).collect();
        let is_ready = |fd: &OwnedFd| ready.contains(&fd.as_raw_fd());
        self.ended = self.ended
            || match &self.pidfd {
                Some(fd) => is_ready(fd),
                None => self.child.try_wait().map_err(errno)?.is_some(),
            };
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
        if self.stdin.as_ref().is_some_and(is_ready) { self.feed(data) } else { Ok(()) }
    }

    /// Writes what the pipe takes, and closes it at the end or when the child has closed it.
    fn feed(&mut self, data: &mut &[u8]) -> io::Result<()> {
        let Some(stream) = &self.stdin else { return Ok(()) };
        match io::write(stream, data) {
            Ok(written) if written < data.len() => *data = &data[written..],
            Ok(_) | Err(Errno::PIPE) => self.stdin = None,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    }
}

/// Moves the streams until the child has ended and closed them. A signal for us is passed on to it and returned once
/// it has ended. @fails ETIMEDOUT
fn supervise(streams: &mut Streams, mut input: &[u8], timeout: Option<f64>) -> io::Result<Option<i32>> {
    fcntl_setfl(streams.stdin.as_ref().ok_or(Errno::BADF)?, OFlags::NONBLOCK)?;
    let mut deadline = timeout.map(|timeout| Instant::now() + milliseconds(timeout));
    let mut interrupted = None;
    while streams.open() {
        if let Some(signal) = signals::take() {
            streams.kill(if signal == libc::SIGINT { Signal::INT } else { Signal::TERM });
            let grace = Instant::now() + GRACE;
            deadline = Some(deadline.map_or(grace, |deadline| deadline.min(grace)));
            interrupted = Some(signal);
        }
        let rest = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
        if rest.is_zero() {
            return interrupted.map(Some).ok_or(Errno::TIMEDOUT);
        }
        match streams.step(&mut input, rest.min(TICK)) {
            Err(Errno::INTR) => {}
            result => result?,
        }
    }
    Ok(interrupted)
}

fn result<'js>(ctx: &Ctx<'js>, status: ExitStatus, streams: Streams) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("status", status.code())?;
    object.set("signal", status.signal())?;
    for (name, (_, bytes)) in ["stdout", "stderr"].into_iter().zip(streams.outputs) {
        object.set(name, String::from_utf8_lossy(&bytes).as_ref())?;
    }
    Ok(object)
}

pub fn run<'js>(ctx: Ctx<'js>, path: Text, options: Object<'js>) -> Result<Object<'js>> {
    snapshot::refuse("run");
    signals::check(&ctx)?;
    let args: Option<Vec<Text>> = options.get("args")?;
    let env: Vec<List<(Text, Text)>> = options.get("env")?;
    let stdin: Option<Data> = options.get("stdin")?;
    let timeout: Option<f64> = options.get("timeout")?;
    let keep: Option<i32> = options.get("keep")?;
    let fail = |errno| failure(&ctx, "run", errno, Some(&path));

    keep_open(keep, true).map_err(fail)?;
    let started = start(&path, args.unwrap_or_default(), env);
    keep_open(keep, false).map_err(fail)?;
    let mut streams = Streams::of(started.map_err(fail)?);
    let supervised = supervise(&mut streams, stdin.as_ref().map_or(&[], |data| &data.0), timeout);
    if streams.open() {
        streams.kill(Signal::KILL);
    }
    let status = streams.child.wait().map_err(errno).map_err(fail)?;
    match supervised.map_err(fail)? {
        Some(signal) => Err(signals::thrown(&ctx, signal)),
        None => result(&ctx, status, streams),
    }
}
