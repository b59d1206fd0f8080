/** Open files and their content (sys/api.d.ts). */
import { EFBIG, EINVAL } from "../../base/errno.ts";
import { O, S_IFMT, S_IFREG } from "../flags.ts";
import { call } from "./call.ts";
import { cstr, sysError } from "./errors.ts";
import { libc } from "./libc.ts";
import { fstat } from "./stat.ts";

export const O_CLOEXEC = 0x80000;

/** Flags that arm64 numbers otherwise (asm/fcntl.h): [x86-64's, arm64's]. */
const ARM64_FLAGS = [
  [0o200000, 0o40000], // O_DIRECTORY
  [0o400000, 0o100000], // O_NOFOLLOW
] as const;

const MIB = 1 << 20;
const CHUNK = 1 << 16;

export function open(path: string, flags: number, mode = 0): number {
  const name = cstr(path, "open");
  const native = (process.arch === "arm64" ? onArm64(flags) : flags) | O_CLOEXEC;
  return call("open", () => libc.open(name, native, mode), path);
}

/** `flags` as x86-64 numbers them (sys/flags.ts), in arm64's numbers. */
export function onArm64(flags: number): number {
  return ARM64_FLAGS.reduce((all, [from, to]) => (all & from ? (all & ~from) | to : all), flags);
}

export function close(fd: number): void {
  libc.close(fd);
}

export function read(fd: number, max: number): Uint8Array {
  const bytes = new Uint8Array(max);
  return bytes.subarray(
    0,
    call("read", () => libc.read(fd, bytes, max)),
  );
}

export function pread(fd: number, max: number, offset: number): Uint8Array {
  const bytes = new Uint8Array(max);
  return bytes.subarray(
    0,
    call("pread", () => libc.pread(fd, bytes, max, offset)),
  );
}

export function write(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at);
    at += call("write", () => libc.write(fd, rest, rest.length));
  }
}

export function pwrite(fd: number, data: Uint8Array, offset: number): void {
  for (let at = 0; at < data.length; ) {
    const rest = data.subarray(at);
    const from = offset + at;
    at += call("pwrite", () => libc.pwrite(fd, rest, rest.length, from));
  }
}

export function truncate(fd: number, size: number): void {
  call("ftruncate", () => libc.ftruncate(fd, size));
}

export function readText(fd: number, max = 16 * MIB): string {
  return textOf(fd, max);
}

export function readFile(path: string, max = MIB): string {
  const fd = open(path, O.RDONLY | O.NONBLOCK | O.NOCTTY);
  try {
    if ((fstat(fd).mode & S_IFMT) !== S_IFREG) throw sysError("read", EINVAL, path);
    return textOf(fd, max, path);
  } finally {
    close(fd);
  }
}

export function writeFile(path: string, data: string, flags = 0, mode = 0o600): void {
  const fd = open(path, O.WRONLY | flags, mode);
  try {
    const bytes = Buffer.from(data);
    for (let at = 0; at < bytes.length; ) {
      const rest = bytes.subarray(at);
      at += call("write", () => libc.write(fd, rest, rest.length), path);
    }
  } finally {
    close(fd);
  }
}

function textOf(fd: number, max: number, path?: string): string {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const bytes = new Uint8Array(CHUNK);
    const n = call("read", () => libc.read(fd, bytes, CHUNK), path);
    if (n === 0) return decodeText(chunks);
    total += n;
    if (total > max) throw sysError("read", EFBIG, path);
    chunks.push(bytes.subarray(0, n));
  }
}

/** UTF-8 as `readText` promises it: invalid bytes become U+FFFD, a byte order mark stays. */
export function decodeText(chunks: Uint8Array[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(chunks));
}
