/**
 * What a host gives a program: the system calls of a one-shot privileged process, and nothing of networking.
 *
 * `berth:sys` is the native module of the Rust host (runtime/); `sys/bun/sys.ts` implements the same
 * interface on bun:ffi. Everything else imports "#sys", which package.json resolves to one of the two.
 *
 * Every call is synchronous. A failing call throws a `SysError` (base/errno.ts):
 * an Error with `syscall`, `errno`, `code` ("EEXIST") and, where a path was given, `path`.
 * EINTR is retried inside. A pending SIGTERM or SIGINT makes the next call throw `Signalled`-shaped
 * errors: an Error with `signal` ("SIGTERM" or "SIGINT"), unless inside `deferSignals`.
 * A path with a NUL byte throws EINVAL.
 */
declare module "berth:sys" {
  // ---- process -------------------------------------------------------------------------------
  /** The command line, argv[0] first. */
  export function argv(): string[];
  /** The environment in its order, duplicates kept; bytes that are not UTF-8 become U+FFFD. */
  export function environ(): [name: string, value: string][];
  /** Ends the process at once (no destructors). */
  export function exit(code: number): never;
  /** CLOCK_MONOTONIC in milliseconds, with fraction. */
  export function monotonic(): number;
  /** CLOCK_BOOTTIME in seconds, with fraction: time since boot, suspend included. */
  export function boottime(): number;
  /** CLOCK_REALTIME in milliseconds since the epoch, with fraction. */
  export function realtime(): number;
  /** `n` bytes of getrandom(2). */
  export function random(n: number): Uint8Array;
  export interface RunOptions {
    /** argv after argv[0]; argv[0] is `path`. */
    args?: string[];
    /** The whole environment, in this order. */
    env: [name: string, value: string][];
    stdin?: string | Uint8Array;
    /** A descriptor that the child keeps open, under the same number. */
    keep?: number;
    /** Milliseconds; on expiry the child is killed (SIGKILL) and ETIMEDOUT thrown. Absent: no limit. */
    timeout?: number;
  }
  export interface RunResult {
    /** Exit code, or undefined when a signal ended the child. */
    status: number | undefined;
    /** Signal number that ended the child, else undefined. */
    signal: number | undefined;
    stdout: string;
    stderr: string;
  }
  /**
   * Runs a program and waits: stdin, stdout and stderr are polled together, SIGPIPE and the signal mask are reset in
   * the child, ETXTBSY is retried (up to 5 times, 200 ms apart). A child that closes stdin early is no error.
   * @throws the errno of the failing exec (ENOENT, EACCES, ENOEXEC …), ETIMEDOUT
   */
  export function run(path: string, options: RunOptions): RunResult;
  /** Runs `fn` while a pending SIGTERM or SIGINT does not make calls throw: for undoing. Nests. */
  export function deferSignals<T>(fn: () => T): T;
  /** Sleeps; for bounded waits on something that gives no event. */
  export function sleep(milliseconds: number): void;
  /** The terminal that a descriptor is open on, and its columns, 0 where it does not say; undefined for what is none. */
  export function terminal(fd: number): { columns: number } | undefined;

  // ---- files ---------------------------------------------------------------------------------
  /** open(2); O_CLOEXEC is always added. `flags` are the kernel's (`O` in sys/flags.ts). */
  export function open(path: string, flags: number, mode?: number): number;
  /** close(2); errors are ignored. */
  export function close(fd: number): void;
  /** One read(2) of at most `max` bytes at the file position; empty at the end. */
  export function read(fd: number, max: number): Uint8Array;
  /** pread(2). */
  export function pread(fd: number, max: number, offset: number): Uint8Array;
  /** Writes all of it (repeats short writes). EPIPE is thrown, SIGPIPE ignored. */
  export function write(fd: number, data: string | Uint8Array): void;
  /** pwrite(2), all of it. */
  export function pwrite(fd: number, data: Uint8Array, offset: number): void;
  /** ftruncate(2). */
  export function truncate(fd: number, size: number): void;
  /** Reads to the end as UTF-8 (invalid bytes become U+FFFD). More than `max` bytes (default 16 MiB): EFBIG. */
  export function readText(fd: number, max?: number): string;
  /**
   * open (O_RDONLY|O_NONBLOCK|O_NOCTTY) + fstat + read + close as one call: text as in `readText`. Anything but a regular file
   * throws EINVAL (procfs files are regular). More than `max` bytes (default 1 MiB): EFBIG.
   */
  export function readFile(path: string, max?: number): string;
  /** open (O_WRONLY [| flags], mode 0600) + write + close as one call; without flags the file must exist (sysctls). */
  export function writeFile(path: string, data: string, flags?: number, mode?: number): void;
  /** linkat(2) of an open file (an O_TMPFILE one too) to `path`: EEXIST if that exists. */
  export function linkFd(fd: number, path: string): void;
  /** renameat2(2) with RENAME_NOREPLACE: EEXIST if `to` exists, EINVAL where the file system has no such thing. */
  export function renameNew(from: string, to: string): void;
  /** Returns false when there is no such name (ENOENT): common where it is called, and an error takes 30 µs. */
  export function unlink(path: string): boolean;
  export function mkdir(path: string, mode: number): void;
  /** rename(2): replaces `to`. */
  export function rename(from: string, to: string): void;
  /** symlink(2): `path` leads to `target`, which need not be there. */
  export function symlink(target: string, path: string): void;
  /** Where a symbolic link leads to, as written. @throws EINVAL for what is none */
  export function readlink(path: string): string;
  /** chmod(2): follows symbolic links. */
  export function chmod(path: string, mode: number): void;
  /** rmdir(2). @throws ENOTEMPTY */
  export function rmdir(path: string): void;
  /** ioctl FICLONE: the file `to` becomes a copy of `from` that shares its blocks. @throws EOPNOTSUPP, EXDEV where that is not possible */
  export function cloneFile(from: number, to: number): void;
  /** Names in a directory, without "." and "..", in the kernel's order. Names that are not UTF-8 are left out. */
  export function readdir(path: string): string[];
  /**
   * Whether the file is a copy of the executable that runs, by the build id in it. False for what cannot be read, and on
   * a host whose programs have none.
   */
  export function isThisProgram(path: string): boolean;
  export interface Stat {
    /** Which file it is: `DEV-INO`, st_dev and st_ino in decimal. Either may have 64 bits (overlayfs with xino=on). */
    id: string;
    /** st_mode, with the type bits (`S_IFMT` in sys/flags.ts). */
    mode: number;
    nlink: number;
    size: number;
    /** Modification time: whole seconds, and the nanoseconds within them. */
    mtimeSec: number;
    mtimeNsec: number;
  }
  /** stat(2): follows symbolic links. */
  export function stat(path: string): Stat;
  export function lstat(path: string): Stat;
  export function fstat(fd: number): Stat;
  /** utimensat(2): sets the modification time, leaves the access time. */
  export function setMtime(path: string, sec: number, nsec: number): void;
  /** f_type of fstatfs(2), the file system's magic. */
  export function fsMagic(fd: number): number;
  /**
   * flock(2) LOCK_EX, waiting at most `timeout` milliseconds. @throws ETIMEDOUT
   */
  export function flock(fd: number, timeout: number): void;
  /** fgetxattr(2) as text; undefined when the file has no such attribute, the file system has none, or who asks is told none. */
  export function getxattr(fd: number, name: string): string | undefined;
  /** fsetxattr(2). @throws ENOTSUP, ENOSPC … */
  export function setxattr(fd: number, name: string, value: string): void;

  // ---- namespaces ----------------------------------------------------------------------------
  /** Runs `fn` with this thread in the network namespace behind `fd` and always comes back; failing to come back ends the process. */
  export function inNetns<T>(fd: number, fn: () => T): T;
  /** unshare(2): this thread gets namespaces of its own, by CLONE_NEW* (sys/flags.ts). They end with it. */
  export function unshare(flags: number): void;
  /** mount(2) without data, by MS_* (sys/flags.ts). */
  export function mount(source: string, target: string, type: string, flags: number): void;
  /** The CLONE_NEW* flag of the namespace that `fd` is open on (ioctl NS_GET_NSTYPE); undefined when it is on none. */
  export function namespaceType(fd: number): number | undefined;
  /** Whether an interface of this index is in the current network namespace, under whatever name (SIOCGIFNAME). */
  export function hasIfindex(index: number): boolean;
  /** SO_NETNS_COOKIE of a socket's network namespace in decimal; undefined before Linux 5.14. */
  export function netnsCookie(socket: number): string | undefined;

  // ---- netlink -------------------------------------------------------------------------------
  /** A bound AF_NETLINK SOCK_RAW socket of a protocol (0 route, 12 netfilter) in the current network namespace. */
  export function netlinkOpen(protocol: number): number;
  /** setsockopt(2) at SOL_NETLINK with an int. */
  export function netlinkOption(fd: number, option: number, value: number): void;
  /**
   * SO_SNDBUFFORCE, whatever net.core.wmem_max is: a datagram of so many bytes can be sent then. @throws EPERM without
   * CAP_NET_ADMIN
   */
  export function sendBuffer(fd: number, bytes: number): void;
  /** Sends one datagram to the kernel (pid 0). @throws EMSGSIZE for one that is longer than the send buffer */
  export function send(fd: number, datagram: Uint8Array): void;
  /** Receives one whole datagram from the kernel (datagrams of other senders are dropped). @throws ENOBUFS, EAGAIN after `timeout` ms if given */
  export function receive(fd: number, timeout?: number): Uint8Array;

  // ---- packets -------------------------------------------------------------------------------
  /**
   * Sends one IP packet, header and all, in the current network namespace to where `to` (4 or 16 bytes) is routed. IPv4's length
   * and checksum are the kernel's. @throws EPERM without CAP_NET_RAW, ENETUNREACH, ENETDOWN, EMSGSIZE, EAFNOSUPPORT
   */
  export function sendPacket(packet: Uint8Array, to: Uint8Array): void;
  /**
   * A new interface (TUN) of the current network namespace that receives the IP packets which are written to the descriptor,
   * one by one, and goes with it. @throws ENOENT, ENODEV where the kernel has no TUN, EBUSY for a name that is taken, EPERM
   */
  export function openTun(name: string): number;

  // ---- other programs ------------------------------------------------------------------------
  /**
   * A stream connected to the socket of a path (AF_UNIX). A read or write that takes longer than `timeout` milliseconds fails
   * with EAGAIN. @throws ENOENT, ECONNREFUSED where nobody listens
   */
  export function connectUnix(path: string, timeout: number): number;

  /** The SHA-512 (FIPS 180-4) of a text's UTF-8 bytes, 128 hexadecimal digits in lower case. */
  export function sha512(text: string): string;
  /**
   * base/records.ts: walks records that begin with their length and their number. Returns where the first of each of `count`
   * slots has its content, and where the walk ended. @throws EINVAL for an `end` beyond the bytes
   */
  export const walkRecords: import("../base/records.ts").Walk;

  // ---- text ----------------------------------------------------------------------------------
  /** The UTF-8 bytes of a string; a lone surrogate becomes U+FFFD. */
  export function encodeUtf8(text: string): Uint8Array;
  /** The text of bytes; undefined where they are not UTF-8. */
  export function decodeUtf8(bytes: Uint8Array): string | undefined;

  // ---- the program ---------------------------------------------------------------------------
  /** Evaluates an embedded bundle by its name and returns its exports; loaded once. @throws ENOENT */
  export function load(bundle: string): object;
  /** The embedded line table of a bundle ("core", "tool"): see sys/lines.ts. Empty on a host that needs none. */
  export function lineTable(bundle: string): string;
}
