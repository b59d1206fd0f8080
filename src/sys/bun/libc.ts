/**
 * The C library's functions that this host calls, bound with bun:ffi.
 *
 * Valid for glibc on x86_64 and aarch64: only calls and structures that are the same on both are used
 * (statx instead of stat). The variadic open, fcntl and syscall may be bound like ordinary functions because
 * both calling conventions pass variadic integers in the same registers.
 */
import { dlopen, FFIType, type Pointer, read } from "bun:ffi";

const fd = "i32";
const int = "i32";
const uint = "u32";
const buf = "ptr";
const size = "u64";
const long = FFIType.i64_fast; // a number while it fits, and no result here is larger

const library = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  _exit: { args: [int], returns: "void" },
  chmod: { args: [buf, uint], returns: int },
  clock_gettime: { args: [int, buf], returns: int },
  close: { args: [fd], returns: int },
  fcntl: { args: [fd, int, long], returns: int },
  fgetxattr: { args: [fd, buf, buf, size], returns: long },
  flock: { args: [fd, int], returns: int },
  fsetxattr: { args: [fd, buf, buf, size, int], returns: int },
  fstatfs: { args: [fd, buf], returns: int },
  ftruncate: { args: [fd, long], returns: int },
  getdents64: { args: [fd, buf, size], returns: long },
  getrandom: { args: [buf, size, uint], returns: long },
  getsockopt: { args: [fd, int, int, buf, buf], returns: int },
  ioctl: { args: [fd, long, long], returns: int },
  if_indextoname: { args: [uint, buf], returns: "ptr" },
  kill: { args: [int, int], returns: int },
  linkat: { args: [fd, buf, fd, buf, int], returns: int },
  mount: { args: [buf, buf, buf, long, buf], returns: int },
  mkdir: { args: [buf, uint], returns: int },
  open: { args: [buf, int, uint], returns: fd },
  pipe2: { args: [buf, int], returns: int },
  poll: { args: [buf, size, int], returns: int },
  posix_spawn: { args: [buf, buf, buf, buf, buf, buf], returns: int },
  posix_spawn_file_actions_adddup2: { args: [buf, fd, fd], returns: int },
  posix_spawn_file_actions_destroy: { args: [buf], returns: int },
  posix_spawn_file_actions_init: { args: [buf], returns: int },
  posix_spawnattr_destroy: { args: [buf], returns: int },
  posix_spawnattr_init: { args: [buf], returns: int },
  posix_spawnattr_setflags: { args: [buf, "i16"], returns: int },
  posix_spawnattr_setsigdefault: { args: [buf, buf], returns: int },
  posix_spawnattr_setsigmask: { args: [buf, buf], returns: int },
  pread: { args: [fd, buf, size, long], returns: long },
  pwrite: { args: [fd, buf, size, long], returns: long },
  read: { args: [fd, buf, size], returns: long },
  renameat2: { args: [fd, buf, fd, buf, uint], returns: int },
  readlink: { args: [buf, buf, size], returns: long },
  rename: { args: [buf, buf], returns: int },
  recvfrom: { args: [fd, buf, size, int, buf, buf], returns: long },
  rmdir: { args: [buf], returns: int },
  sendto: { args: [fd, buf, size, int, buf, uint], returns: long },
  setns: { args: [fd, int], returns: int },
  setsockopt: { args: [fd, int, int, buf, uint], returns: int },
  socket: { args: [int, int, int], returns: fd },
  bind: { args: [fd, buf, uint], returns: int },
  connect: { args: [fd, buf, uint], returns: int },
  statx: { args: [fd, buf, int, uint, buf], returns: int },
  symlink: { args: [buf, buf], returns: int },
  syscall: { args: [long, long, long], returns: long },
  unshare: { args: [int], returns: int },
  unlink: { args: [buf], returns: int },
  utimensat: { args: [fd, buf, buf, int], returns: int },
  waitpid: { args: [int, buf, int], returns: int },
  write: { args: [fd, buf, size], returns: long },
});

export const libc = library.symbols;

// Fixed for the thread's life. Looked up once, so that no other call stands between a failure and its errno.
const errnoAt = libc.__errno_location() as Pointer;

/** errno of this thread's last failed call; to be read at once. */
export function errno(): number {
  return read.i32(errnoAt);
}
