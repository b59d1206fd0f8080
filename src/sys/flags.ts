/**
 * Numbers that system calls take and give, as on x86-64. Where another architecture numbers a flag differently
 * (arm64: O_DIRECTORY, O_NOFOLLOW), the host translates.
 */

/** Flags of open(2) (asm-generic/fcntl.h). O_CLOEXEC is always set by the host. */
export const O = {
  RDONLY: 0,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  PATH: 0o10000000,
  /** An unnamed file in the directory that is opened (includes O_DIRECTORY). */
  TMPFILE: 0o20200000,
} as const;

/** The bits of `st_mode` that hold the type of a file (linux/stat.h); the others are its values. */
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFLNK = 0o120000;

/** Flags of mount(2) (linux/mount.h). */
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;

/** A mount namespace (linux/sched.h). */
export const CLONE_NEWNS = 0x20000;

/** What `namespaceType` says of a network namespace (linux/sched.h). */
export const CLONE_NEWNET = 0x40000000;
