import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onArm64 } from "../../../src/sys/bun/files.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { O } from "../../../src/sys/flags.ts";

// Every function of the interface, with its types: checked by `npm run types`.
sys satisfies typeof import("berth:sys");

const dir = mkdtempSync(join(tmpdir(), "berth-sys-"));
afterAll(() => rmSync(dir, { recursive: true }));

let count = 0;
const fresh = (): string => join(dir, `f${count++}`);
const created = (path = fresh()): number => sys.open(path, O.RDWR | O.CREAT, 0o600);

function thrown(fn: () => unknown): unknown {
  try {
    fn();
  } catch (e) {
    return e;
  }
  throw new Error("did not throw");
}

describe("errors", () => {
  test("open() says call, errno, code and path", () => {
    const path = fresh();
    const error = thrown(() => sys.open(path, 0));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ syscall: "open", errno: 2, code: "ENOENT", path });
    expect((error as Error).message).toBe(`open ${path}: ENOENT (no such file or directory)`);
  });

  test("read() of a bad descriptor has no path", () => {
    const error = thrown(() => sys.read(-1, 1));
    expect(error).toMatchObject({ syscall: "read", errno: 9, code: "EBADF" });
    expect(error).not.toHaveProperty("path");
  });

  test("a NUL byte in a path is EINVAL in every call that takes one", () => {
    const path = "/tmp/a\0b";
    const calls = [
      () => sys.open(path, 0),
      () => sys.stat(path),
      () => sys.lstat(path),
      () => sys.mkdir(path, 0o700),
      () => sys.unlink(path),
      () => sys.readdir(path),
      () => sys.readFile(path),
      () => sys.writeFile(path, ""),
      () => sys.linkFd(0, path),
      () => sys.renameNew("/tmp/a", path),
      () => sys.setMtime(path, 0, 0),
      () => sys.run(path, { env: [] }),
    ];
    for (const call of calls) expect(thrown(call)).toMatchObject({ code: "EINVAL", errno: 22 });
  });

  test("load() knows bundles by their names, and lineTable() has no lines", () => {
    expect(thrown(() => sys.load("none"))).toMatchObject({ code: "ENOENT", path: "none" });
    expect(sys.lineTable("core")).toBe("");
  });
});

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

describe("run()", () => {
  const shell = (script: string, options: Partial<Parameters<typeof sys.run>[1]> = {}) =>
    sys.run("/bin/sh", { args: ["-c", script], env: [["PATH", "/usr/bin:/bin"]], ...options });

  test("gives status, stdout and stderr", () => {
    expect(shell("echo out; echo err >&2; exit 3")).toEqual({
      status: 3,
      signal: undefined,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("tells the signal that ended the child", () => {
    expect(shell("kill -TERM $$")).toMatchObject({ status: undefined, signal: 15 });
  });

  test("hands over the environment in its order, duplicates kept", () => {
    const env: [string, string][] = [
      ["B", "2"],
      ["A", "1"],
      ["B", "3=x"],
      ["1", ""],
    ];
    expect(sys.run("/usr/bin/env", { env }).stdout).toBe("B=2\nA=1\nB=3=x\n1=\n");
  });

  test("pumps more than a pipe holds both ways", () => {
    const stdin = "0123456789abcdef".repeat(1 << 15);
    const { stdout, stderr } = shell("tee /dev/stderr", { stdin });
    expect(stdout === stdin && stderr === stdin).toBeTrue();
  });

  test("a child that does not read its stdin is no error", () => {
    expect(shell("exit 0", { stdin: new Uint8Array(1 << 20) }).status).toBe(0);
  });

  test("stdin is empty, not the caller's, when absent", () => {
    expect(shell("cat; echo end").stdout).toBe("end\n");
  });

  test("the child keeps the descriptor that is named, and no other", () => {
    const [kept, other] = [sys.open("/", 0), sys.open("/", 0)];
    const { stdout } = shell(`ls /proc/self/fd`, { keep: kept });
    expect(stdout.split("\n")).toContain(`${kept}`);
    expect(stdout.split("\n")).not.toContain(`${other}`);
    expect(shell(`ls /proc/self/fd`).stdout.split("\n")).not.toContain(`${kept}`);
    for (const fd of [kept, other]) sys.close(fd);
  });

  test("kills at the timeout", () => {
    const before = sys.monotonic();
    const error = thrown(() => shell("exec sleep 30", { timeout: 40 }));
    expect(error).toMatchObject({ code: "ETIMEDOUT", path: "/bin/sh" });
    expect(sys.monotonic() - before).toBeWithin(40, 1000);
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
    expect(children.map((pid) => readFileSync(`/proc/${pid}/comm`, "utf8"))).not.toContain("sleep\n");
  });

  test("does not wait for a grandchild that keeps the pipes", () => {
    const before = sys.monotonic();
    expect(shell("sleep 2 & echo done").stdout).toBe("done\n");
    expect(sys.monotonic() - before).toBeLessThan(1000);
  });

  test("throws the errno of the failing exec", () => {
    const text = fresh();
    writeFileSync(text, "not a program");
    expect(thrown(() => sys.run(text, { env: [] }))).toMatchObject({ code: "EACCES", path: text });
    chmodSync(text, 0o755);
    expect(thrown(() => sys.run(text, { env: [] }))).toMatchObject({ code: "ENOEXEC" });
    expect(thrown(() => sys.run(fresh(), { env: [] }))).toMatchObject({ code: "ENOENT" });
  });

  test("the child starts with SIGPIPE at its default and nothing blocked", () => {
    const status = shell("grep -E '^Sig(Blk|Ign)' /proc/self/status").stdout;
    const [blocked, ignored] = status.split("\n").map((line) => BigInt(`0x${line.split("\t")[1] ?? 0}`));
    expect(blocked).toBe(0n);
    expect((ignored ?? 0n) & (1n << 12n)).toBe(0n);
  });

  test("leaves no descriptor open, in success and in failure", () => {
    const open = () => sys.readdir("/proc/self/fd").length;
    const before = open();
    shell("true");
    thrown(() => sys.run("/nope", { env: [] }));
    thrown(() => shell("exec sleep 9", { timeout: 5 }));
    expect(open()).toBe(before);
  });
});

describe("process", () => {
  test("argv() starts with the script, environ() is the kernel's", () => {
    const script = join(dir, "argv.ts");
    writeFileSync(
      script,
      `import { argv, environ, exit, write } from ${JSON.stringify(join(import.meta.dir, "../../../src/sys/bun/sys.ts"))};
       write(1, JSON.stringify([argv(), environ()])); exit(7);`,
    );
    const env: [string, string][] = [
      ["Z", "1"],
      ["A", "a=b"],
    ];
    const { status, stdout } = sys.run(process.execPath, { args: [script, "x", "-y"], env });
    expect(JSON.parse(stdout)).toEqual([[script, "x", "-y"], env]);
    expect(status).toBe(7);
  });

  test("clocks: monotonic and realtime in ms, boottime in s", () => {
    const before = sys.monotonic();
    sys.sleep(5);
    expect(sys.monotonic() - before).toBeWithin(5, 100);
    expect(Math.abs(sys.realtime() - Date.now())).toBeLessThan(50);
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    expect(Math.abs(sys.boottime() - uptime)).toBeLessThan(0.5);
  });

  test("random() gives the bytes asked for", () => {
    expect(sys.random(0)).toHaveLength(0);
    expect(sys.random(1000)).toHaveLength(1000);
    expect(sys.random(16)).not.toEqual(sys.random(16));
  });

  test("a signal makes the next call throw once, except inside deferSignals()", async () => {
    process.kill(process.pid, "SIGTERM");
    await Bun.sleep(5);
    expect(sys.deferSignals(() => sys.stat(dir).nlink)).toBeGreaterThan(0);
    expect(thrown(() => sys.stat(dir))).toMatchObject({ signal: "SIGTERM" });
    expect(sys.stat(dir).nlink).toBeGreaterThan(0);
  });
});

describe("connectUnix()", () => {
  test("reads and writes what the other side does, and says when it takes too long", async () => {
    const path = fresh();
    using server = Bun.listen({ unix: path, socket: { open: (socket) => void socket.write("hello"), data() {} } });
    const fd = sys.connectUnix(path, 50);
    await Bun.sleep(20);
    expect(new TextDecoder().decode(sys.read(fd, 100))).toBe("hello");
    expect(thrown(() => sys.read(fd, 100))).toMatchObject({ code: "EAGAIN" });
    sys.write(fd, "bye");
    sys.close(fd);
    server.stop(true);
  });

  test("throws where nobody listens", () => {
    const path = fresh();
    expect(thrown(() => sys.connectUnix(path, 50))).toMatchObject({ code: "ENOENT", path });
    expect(thrown(() => sys.connectUnix("x".repeat(200), 50))).toMatchObject({ code: "ENAMETOOLONG" });
  });
});
