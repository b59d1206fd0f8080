/** Whoever may not look, must not conclude: host-local where it cannot see what is leased. */
import { describe, expect } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import { attempt } from "../../support/command.ts";
import { built, type Need, needs } from "../../support/needs.ts";
import { type Pool, pool } from "./pool.ts";

/** Root without the right to pass over permissions: as SELinux has it, or another user. */
const AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const anybody: Need = { what: "setpriv, as root", met: () => attempt(undefined, ...AS_ANYBODY, "true").status === 0 };
const strace: Need = { what: "strace", met: () => Bun.which("strace") !== null };

const testAnybody = needs(built, anybody);
const testStrace = needs(built, strace);

function refusing(path: string, error: string): string[] {
  return ["strace", "-qq", "-o", "/dev/null", "-P", path, "-e", `inject=open,openat:error=${error}`];
}

/** DEL, CHECK and GC fail, naming `path`, and touch nothing; later they succeed. */
function concludesNothing(net: Pool, path: string, by: readonly string[]): void {
  const before = net.leases();
  for (const verb of ["DEL", "CHECK"] as const) {
    const { code, details } = cniError(net.call(verb, "a", { by }), path);
    expect([verb, code, details]).toEqual([verb, 5, expect.stringMatching(/./)]);
  }
  cniError(net.call("GC", "", { by, conf: { "cni.dev/valid-attachments": [] } }), path);
  expect(net.leases()).toEqual(before);
}

describe("host-local/DEL, CHECK and GC conclude nothing", () => {
  testAnybody.each(["lock", "10.1.2.2", "."])("from a file that may not be read: %s", (name) => {
    using net = pool();
    net.add("a");
    const path = name === "." ? net.dir : join(net.dir, name);
    chmodSync(path, 0);
    const before = { "10.1.2.2": "a\r\neth0" };
    for (const verb of ["DEL", "CHECK"] as const) {
      expect([verb, cniError(net.call(verb, "a", { by: AS_ANYBODY }), path).code]).toEqual([verb, 5]);
    }
    cniError(net.call("GC", "", { by: AS_ANYBODY, conf: { "cni.dev/valid-attachments": [] } }), path);
    chmodSync(path, 0o755);
    expect(net.leases()).toEqual(before);
    expect(net.call("DEL", "a", { by: AS_ANYBODY })).toMatchObject({ status: 0, stdout: "" });
    expect(net.leases()).toEqual({});
  });

  testStrace.each(["EACCES", "EMFILE", "ENFILE", "ENOMEM", "EIO"])("from %s", (error) => {
    for (const name of ["lock", "10.1.2.2"]) {
      using net = pool();
      net.add("a");
      const path = join(net.dir, name);
      concludesNothing(net, path, refusing(path, error));
      expect(net.call("DEL", "a").status).toBe(0);
      expect(net.leases()).toEqual({});
    }
  });

  testAnybody("of an attachment that holds another lease than the one that may not be read", () => {
    using net = pool();
    for (const id of ["a", "b"]) net.add(id);
    chmodSync(join(net.dir, "10.1.2.2"), 0);
    expect(net.call("DEL", "b", { by: AS_ANYBODY }).status).toBe(0);
    expect(net.call("DEL", "a", { by: AS_ANYBODY }).status).toBe(1);
  });
});

testStrace.each(["ENOSYS", "EPERM", "EACCES", "EOPNOTSUPP"])("host-local lives with fgetxattr refused: %s", (error) => {
  using net = pool();
  const by = ["strace", "-qq", "-o", "/dev/null", "-e", `inject=fgetxattr:error=${error}`];
  const calls = [net.call("ADD", "a", { by }), net.call("CHECK", "a", { by }), net.call("STATUS", "", { by })];
  expect(calls.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(cniError(net.call("ADD", "a", { by }), "duplicate allocation").code).toBe(999);
  expect(net.call("DEL", "a", { by })).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(net.leases()).toEqual({});
  net.add("b", { by });
  Bun.sleepSync(50);
  const gc = net.call("GC", "", { by, conf: { "cni.dev/valid-attachments": [] } });
  expect(gc).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(net.leases()).toEqual({});
});
