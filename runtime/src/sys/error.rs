//! System calls from JavaScript: signals first, EINTR retried, failures thrown as Error objects.

use rquickjs::atom::PredefinedAtom;
use rquickjs::{Ctx, Error, Exception, Object, Result, Value};
use rustix::io::Errno;

use super::signals;
use crate::snapshot;

/// Names of the errnos 1 to 133 (asm-generic/errno-base.h, errno.h), which x86-64 and arm64 share; "" is unused.
const NAMES: &str = "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK \
EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE \
EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP E41 ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG \
EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT E58 EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG \
EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD \
ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT \
EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH \
ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN \
EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE \
ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON";

fn code(errno: i32) -> String {
    let index = usize::try_from(errno - 1).unwrap_or(usize::MAX);
    NAMES.split(' ').nth(index).map_or_else(|| format!("E{errno}"), str::to_owned)
}

/// The C library's description without its capital and its "(os error 2)".
fn description(errno: i32) -> String {
    let mut text = std::io::Error::from_raw_os_error(errno).to_string();
    text.truncate(text.rfind(" (os error").unwrap_or(text.len()));
    if text.chars().nth(1).is_some_and(char::is_lowercase) {
        text[..1].make_ascii_lowercase();
    }
    text
}

/// The errno of a failed call of std's; EINVAL for what failed before the call (a NUL byte).
pub fn errno(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::INVAL)
}

/// Throws the failure of a system call. Returns what the binding returns to the engine.
pub fn failure(ctx: &Ctx<'_>, syscall: &str, errno: Errno, path: Option<&str>) -> Error {
    let errno = errno.raw_os_error();
    let code = code(errno);
    let subject = path.map(|path| format!(" {path}")).unwrap_or_default();
    let message = format!("{syscall}{subject}: {code} ({})", description(errno));
    let build = || {
        let exception = without_stack(ctx, || Exception::from_message(ctx.clone(), &message))?;
        let object = exception.as_object();
        object.set("syscall", syscall)?;
        object.set("errno", errno)?;
        object.set("code", code)?;
        if let Some(path) = path {
            object.set("path", path)?;
        }
        Ok(exception)
    };
    build().map_or_else(|error| error, Exception::throw)
}

/// What `make` makes has no stack: an error of a system call says by itself what it is, and many are looked for. To write the
/// stack down takes longer than all else of it.
fn without_stack<T>(ctx: &Ctx<'_>, make: impl FnOnce() -> Result<T>) -> Result<T> {
    let class: Object = ctx.globals().get(PredefinedAtom::Error)?;
    let limit: Value = class.get(LIMIT)?;
    class.set(LIMIT, 0)?;
    let made = make();
    class.set(LIMIT, limit)?;
    made
}

const LIMIT: &str = "stackTraceLimit";

/// Makes a system call: a pending signal is thrown instead, EINTR repeated, an errno thrown.
pub fn call<T>(
    ctx: &Ctx<'_>,
    syscall: &str,
    path: Option<&str>,
    mut function: impl FnMut() -> rustix::io::Result<T>,
) -> Result<T> {
    snapshot::refuse(syscall);
    loop {
        signals::check(ctx)?;
        match function() {
            Err(Errno::INTR) => {}
            other => return other.map_err(|errno| failure(ctx, syscall, errno, path)),
        }
    }
}
