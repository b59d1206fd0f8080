/** The implementation of sys on Bun: children. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import * as sys from "../../../src/sys/bun/sys.ts";
import { scratch, thrown } from "./scratch.ts";

const { fresh } = scratch();

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
