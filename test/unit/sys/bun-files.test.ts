/** The implementation of sys on Bun: files, names, locks and extended attributes. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onArm64 } from "../../../src/sys/bun/files.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { O } from "../../../src/sys/flags.ts";
import { scratch, thrown } from "./scratch.ts";

const { dir, fresh } = scratch();
const created = (path = fresh()): number => sys.open(path, O.RDWR | O.CREAT, 0o600);

describe("files", () => {
  test("open() closes on exec", () => {
    const fd = created();
    const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "";
    expect(Number.parseInt(flags, 8) & 0o2000000).toBe(0o2000000);
    sys.close(fd);
  });

  test("open() speaks arm64 where it runs on it", () => {
    expect(onArm64(O.RDWR | O.CREAT | O.NOCTTY)).toBe(O.RDWR | O.CREAT | O.NOCTTY);
    expect(onArm64(O.TMPFILE | O.NOFOLLOW)).toBe(0o20000000 | 0o40000 | 0o100000);
  });

  test("write() and read() go on at the position, pwrite(), pread() and truncate() elsewhere", () => {
    const fd = created();
    sys.write(fd, "hällo");
    sys.write(fd, Uint8Array.of(33));
    sys.pwrite(fd, Uint8Array.of(72), 0);
    expect(sys.read(fd, 10)).toEqual(new Uint8Array(0));
    expect(Buffer.from(sys.pread(fd, 100, 0)).toString()).toBe("Hällo!");
    sys.truncate(fd, 3);
    expect(sys.fstat(fd).size).toBe(3);
    sys.close(fd);
  });

  test("readText() reads all, replaces what is not UTF-8 and keeps to its limit", () => {
    const path = fresh();
    writeFileSync(path, Buffer.concat([Buffer.alloc(100_000, "a"), Buffer.of(0xff)]));
    const fd = sys.open(path, 0);
    expect(sys.readText(fd)).toBe(`${"a".repeat(100_000)}\ufffd`);
    sys.close(fd);
    expect(sys.readFile(path, 100_001)).toHaveLength(100_001);
    expect(thrown(() => sys.readFile(path, 100_000))).toMatchObject({ code: "EFBIG", path });
  });

  test("readFile() takes regular files only and waits for none", () => {
    expect(sys.readFile("/proc/sys/kernel/ostype")).toBe("Linux\n");
    expect(thrown(() => sys.readFile(dir))).toMatchObject({ code: "EINVAL", path: dir });
    const fifo = fresh();
    Bun.spawnSync(["mkfifo", fifo]);
    expect(thrown(() => sys.readFile(fifo))).toMatchObject({ code: "EINVAL", path: fifo });
  });

  test("writeFile() needs the file unless told to create it", () => {
    const path = fresh();
    expect(thrown(() => sys.writeFile(path, "x"))).toMatchObject({ code: "ENOENT", path });
    sys.writeFile(path, "first", O.CREAT | O.EXCL, 0o640);
    sys.writeFile(path, "2");
    expect(readFileSync(path, "utf8")).toBe("2irst");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(thrown(() => sys.writeFile(path, "x", O.CREAT | O.EXCL))).toMatchObject({ code: "EEXIST", errno: 17 });
  });

  test("rename() replaces; symlink() and readlink(); chmod(); rmdir() takes only what is empty", () => {
    const [from, to, link, folder] = [fresh(), fresh(), fresh(), fresh()];
    writeFileSync(from, "new");
    writeFileSync(to, "old");
    sys.rename(from, to);
    expect([readFileSync(to, "utf8"), existsSync(from)]).toEqual(["new", false]);
    sys.symlink(to, link);
    expect([sys.readlink(link), readFileSync(link, "utf8")]).toEqual([to, "new"]);
    expect(thrown(() => sys.readlink(to))).toMatchObject({ syscall: "readlink", code: "EINVAL", path: to });
    sys.chmod(to, 0o751);
    expect(sys.stat(to).mode & 0o777).toBe(0o751);
    mkdirSync(folder);
    writeFileSync(join(folder, "a"), "");
    expect(thrown(() => sys.rmdir(folder))).toMatchObject({ code: "ENOTEMPTY" });
    rmSync(join(folder, "a"));
    sys.rmdir(folder);
    expect(existsSync(folder)).toBe(false);
  });

  test("terminal() knows what is none", () => {
    const fd = sys.open("/dev/null", 0);
    expect(sys.terminal(fd)).toBeUndefined();
    sys.close(fd);
  });

  test("renameNew() moves a file, over no other", () => {
    const [from, to] = [fresh(), fresh()];
    writeFileSync(from, "new");
    writeFileSync(to, "old");
    expect(thrown(() => sys.renameNew(from, to))).toMatchObject({ syscall: "renameat2", code: "EEXIST", path: to });
    rmSync(to);
    sys.renameNew(from, to);
    expect(readFileSync(to, "utf8")).toBe("new");
    expect(thrown(() => sys.renameNew(from, to))).toMatchObject({ code: "ENOENT" });
  });

  test("linkFd() gives an O_TMPFILE a name, once", () => {
    const fd = sys.open(dir, O.RDWR | O.TMPFILE, 0o600);
    sys.write(fd, "whole");
    const path = fresh();
    sys.linkFd(fd, path);
    expect(readFileSync(path, "utf8")).toBe("whole");
    expect(thrown(() => sys.linkFd(fd, path))).toMatchObject({ syscall: "linkat", code: "EEXIST", path });
    expect(thrown(() => sys.linkFd(fd, join(dir, "gone/x")))).toMatchObject({ code: "ENOENT" });
    sys.close(fd);
  });

  test("names: mkdir(), unlink(), readdir()", () => {
    const inner = fresh();
    sys.mkdir(inner, 0o700);
    expect(statSync(inner).mode & 0o777).toBe(0o700);
    writeFileSync(join(inner, "a"), "");
    symlinkSync("a", join(inner, "link"));
    writeFileSync(Buffer.concat([Buffer.from(`${inner}/`), Buffer.of(0xff)]), "");
    expect(sys.readdir(inner).sort()).toEqual(["a", "link"]);
    expect(sys.unlink(join(inner, "a"))).toBe(true);
    expect(sys.unlink(join(inner, "a"))).toBe(false);
    expect(thrown(() => sys.unlink(inner))).toMatchObject({ syscall: "unlink", path: inner });
  });

  test("readdir() of many names", () => {
    const inner = fresh();
    sys.mkdir(inner, 0o700);
    const names = Array.from({ length: 1000 }, (_, i) => `a-name-that-fills-the-buffer-${i}`);
    for (const name of names) sys.writeFile(join(inner, name), "", O.CREAT);
    expect(sys.readdir(inner).sort()).toEqual(names.sort());
  });

  test("stat(), lstat() and fstat() agree with node:fs", () => {
    const path = fresh();
    writeFileSync(path, "12345");
    chmodSync(path, 0o604);
    const { dev, ino, mode, nlink, size } = statSync(path);
    expect(sys.stat(path)).toMatchObject({ id: `${dev}-${ino}`, mode, nlink, size });
    symlinkSync(path, `${path}.link`);
    expect(sys.stat(`${path}.link`).id).toBe(`${dev}-${ino}`);
    expect(sys.lstat(`${path}.link`).mode & 0o170000).toBe(0o120000);
    const fd = sys.open(path, 0);
    expect(sys.fstat(fd)).toEqual(sys.stat(path));
    sys.close(fd);
  });

  test("setMtime() sets seconds and nanoseconds and leaves the access time", () => {
    const path = fresh();
    writeFileSync(path, "");
    const { atimeMs } = statSync(path);
    sys.setMtime(path, 1_234_567_890, 123_456_789);
    expect(sys.stat(path)).toMatchObject({ mtimeSec: 1_234_567_890, mtimeNsec: 123_456_789 });
    expect(statSync(path).atimeMs).toBe(atimeMs);
  });

  test("fsMagic() knows procfs", () => {
    const fd = sys.open("/proc/self/status", 0);
    expect(sys.fsMagic(fd)).toBe(0x9fa0);
    sys.close(fd);
  });

  test("flock() waits, gives up at its limit, and gets what is released", async () => {
    const path = fresh();
    const [holder, waiter] = [created(path), created(path)];
    sys.flock(holder, 0);
    const before = sys.monotonic();
    expect(thrown(() => sys.flock(waiter, 30))).toMatchObject({ syscall: "flock", code: "ETIMEDOUT" });
    expect(sys.monotonic() - before).toBeWithin(30, 200);
    const other = Bun.spawn(["flock", path, "sh", "-c", "echo held; sleep 0.1"]);
    sys.close(holder);
    await other.stdout.getReader().read();
    sys.flock(waiter, 5000);
    sys.close(waiter);
  });

  test("setxattr() and getxattr() keep a text, and tell absence", () => {
    const fd = created();
    expect(sys.getxattr(fd, "user.berth")).toBeUndefined();
    const value = `{"pod":"ü"}${" ".repeat(1500)}`;
    const refused = attemptXattr(fd, value);
    if (refused) return console.log(`${dir} has no extended attributes: only their absence is tested`);
    expect(sys.getxattr(fd, "user.berth")).toBe(value);
    sys.close(fd);
    const proc = sys.open("/proc/self/status", 0);
    expect(sys.getxattr(proc, "user.berth")).toBeUndefined();
    expect(thrown(() => sys.setxattr(proc, "user.berth", "x"))).toMatchObject({ syscall: "fsetxattr" });
    sys.close(proc);
  });
});

/** True where the file system refuses the attribute with the errno that callers fall back on. */
function attemptXattr(fd: number, value: string): boolean {
  try {
    sys.setxattr(fd, "user.berth", value);
    return false;
  } catch (e) {
    expect(e).toMatchObject({ code: "EOPNOTSUPP", errno: 95 });
    return true;
  }
}
