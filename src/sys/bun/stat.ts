/** What the kernel knows of a file (sys/api.d.ts), by statx(2): its structure is the same on every architecture. */
import type { Stat } from "berth:sys";
import { call } from "./call.ts";
import { cstr } from "./errors.ts";
import { libc } from "./libc.ts";

export const AT_FDCWD = -100;
export const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC_STATS = 0x7ff;
const UTIME_OMIT = (1n << 30n) - 2n;

export function stat(path: string): Stat {
  return statx("stat", AT_FDCWD, path, 0);
}

export function lstat(path: string): Stat {
  return statx("lstat", AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
}

export function fstat(fd: number): Stat {
  return statx("fstat", fd, "", AT_EMPTY_PATH);
}

export function setMtime(path: string, sec: number, nsec: number): void {
  const name = cstr(path, "utimensat");
  const times = new BigInt64Array([0n, UTIME_OMIT, BigInt(sec), BigInt(nsec)]);
  call("utimensat", () => libc.utimensat(AT_FDCWD, name, times, 0), path);
}

export function fsMagic(fd: number): number {
  const statfs = new BigInt64Array(16);
  call("fstatfs", () => libc.fstatfs(fd, statfs));
  return Number(statfs[0]);
}

function statx(syscall: string, fd: number, path: string, flags: number): Stat {
  const name = cstr(path, syscall);
  const bytes = new Uint8Array(256);
  call(syscall, () => libc.statx(fd, name, flags, STATX_BASIC_STATS, bytes), path === "" ? undefined : path);
  const view = new DataView(bytes.buffer);
  return {
    nlink: view.getUint32(16, true),
    mode: view.getUint16(28, true),
    size: Number(view.getBigUint64(40, true)),
    mtimeSec: Number(view.getBigInt64(112, true)),
    mtimeNsec: view.getUint32(120, true),
    id: `${makedev(view.getUint32(136, true), view.getUint32(140, true))}-${view.getBigUint64(32, true)}`,
  };
}

/** makedev(3): st_dev as stat(2) would give it. */
function makedev(major: number, minor: number): bigint {
  const low = ((major & 0xfff) << 8) | (minor & 0xff);
  return BigInt(low) + (BigInt(minor >>> 8) << 20n) + (BigInt(major >>> 12) << 44n);
}
