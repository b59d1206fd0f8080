/** Names in the file system (sys/api.d.ts). */
import { ENOENT } from "../../base/errno.ts";
import { O } from "../flags.ts";
import { call } from "./call.ts";
import { cstr } from "./errors.ts";
import { close, open } from "./files.ts";
import { errno, libc } from "./libc.ts";
import { AT_EMPTY_PATH, AT_FDCWD } from "./stat.ts";

const AT_SYMLINK_FOLLOW = 0x400;
const RENAME_NOREPLACE = 1;
const FICLONE = 0x40049409;
const PATH_MAX = 4096;

export function linkFd(fd: number, path: string): void {
  const target = cstr(path, "linkat");
  const direct = () => libc.linkat(fd, cstr("", "linkat"), AT_FDCWD, target, AT_EMPTY_PATH);
  const byName = cstr(`/proc/self/fd/${fd}`, "linkat");
  call(
    "linkat",
    () => {
      const result = direct();
      // Without CAP_DAC_READ_SEARCH the kernel answers ENOENT to AT_EMPTY_PATH; procfs needs no privilege.
      if (result === 0 || errno() !== ENOENT) return result;
      return libc.linkat(AT_FDCWD, byName, AT_FDCWD, target, AT_SYMLINK_FOLLOW);
    },
    path,
  );
}

export function renameNew(from: string, to: string): void {
  const [source, target] = [cstr(from, "renameat2"), cstr(to, "renameat2")];
  call("renameat2", () => libc.renameat2(AT_FDCWD, source, AT_FDCWD, target, RENAME_NOREPLACE), to);
}

export function unlink(path: string): boolean {
  const name = cstr(path, "unlink");
  const result = call("unlink", () => (libc.unlink(name) === 0 ? 0 : errno() === ENOENT ? 1 : -1), path);
  return result === 0;
}

export function mkdir(path: string, mode: number): void {
  const name = cstr(path, "mkdir");
  call("mkdir", () => libc.mkdir(name, mode), path);
}

export function readdir(path: string): string[] {
  const fd = open(path, O.RDONLY);
  const bytes = new Uint8Array(1 << 15);
  const names: string[] = [];
  try {
    for (;;) {
      const n = call("getdents", () => libc.getdents64(fd, bytes, bytes.length), path);
      if (n === 0) return names;
      names.push(...namesIn(bytes.subarray(0, n)));
    }
  } finally {
    close(fd);
  }
}

/** The names in a row of `struct linux_dirent64`: its length is at 16, the name at 19 up to a NUL byte. */
function namesIn(records: Uint8Array): string[] {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const names: string[] = [];
  for (let at = 0; at < records.length; at += view.getUint16(at + 16, true)) {
    const name = records.subarray(at + 19, records.indexOf(0, at + 19));
    try {
      names.push(utf8.decode(name));
    } catch {
      // Not UTF-8: left out, as the interface says.
    }
  }
  return names.filter((name) => name !== "." && name !== "..");
}

export function rename(from: string, to: string): void {
  const [source, target] = [cstr(from, "rename"), cstr(to, "rename")];
  call("rename", () => libc.rename(source, target), to);
}

export function symlink(target: string, path: string): void {
  const [text, name] = [cstr(target, "symlink"), cstr(path, "symlink")];
  call("symlink", () => libc.symlink(text, name), path);
}

export function readlink(path: string): string {
  const name = cstr(path, "readlink");
  const target = new Uint8Array(PATH_MAX);
  const length = call("readlink", () => libc.readlink(name, target, target.length), path);
  return new TextDecoder().decode(target.subarray(0, length));
}

export function chmod(path: string, mode: number): void {
  const name = cstr(path, "chmod");
  call("chmod", () => libc.chmod(name, mode), path);
}

export function rmdir(path: string): void {
  const name = cstr(path, "rmdir");
  call("rmdir", () => libc.rmdir(name), path);
}

export function cloneFile(from: number, to: number): void {
  call("ioctl", () => libc.ioctl(to, FICLONE, from));
}

/** What Bun runs has no build id. */
export function isThisProgram(_: string): boolean {
  return false;
}
