/** The implementation of sys on Bun: its errors, the process, and sockets. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as sys from "../../../src/sys/bun/sys.ts";
import { scratch, thrown } from "./scratch.ts";

// Every function of the interface, with its types: checked by `npm run types`.
sys satisfies typeof import("berth:sys");

const { dir, fresh } = scratch();

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
    const said = Promise.withResolvers<void>();
    const open = (socket: Bun.Socket) => {
      socket.write("hello");
      said.resolve();
    };
    using server = Bun.listen({ unix: path, socket: { open, data() {} } });
    const fd = sys.connectUnix(path, 50);
    await said.promise;
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
