/** host-local killed, or refused by the kernel, at every system call from its first look at the lease directory on. */
import { describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attributeOf, attributes, setAttribute } from "../../support/attributes.ts";
import type { Verb } from "../../support/conf.ts";
import { built, type Need, needs } from "../../support/needs.ts";
import type { Reply } from "../../support/plugin.ts";
import { type Pool, type PoolOptions, pool } from "./pool.ts";

const strace: Need = { what: "strace", met: () => Bun.which("strace") !== null };
const test = needs(built, strace);

const DUAL: PoolOptions = { ipam: { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }]] } };

interface SystemCall {
  /** As strace prints it. */
  readonly line: string;
  readonly name: string;
  /** It is the nth call of this name in the process: what strace counts. */
  readonly nth: number;
}

/** The system calls of one successful call, from the first that names the lease directory on. */
function calls(net: Pool, verb: Verb, id: string, injected: readonly string[] = []): SystemCall[] {
  const log = join(net.root, "trace");
  const { status, stdout } = net.call(verb, id, { ...DUAL, by: ["strace", "-qq", "-o", log, ...injected] });
  if (status !== 0) throw new Error(stdout);
  const counts = new Map<string, number>();
  const all = readFileSync(log, "utf8").trimEnd().split("\n");
  const counted = all.map((line) => {
    const name = line.split("(")[0] as string;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return { line, name, nth };
  });
  return counted.slice(all.findIndex((line) => line.includes(net.dir)));
}

/** A call during which `what` happens at one system call; throws when that was never reached. */
function disturbed(net: Pool, verb: Verb, id: string, at: SystemCall, what: string, ...more: string[]): Reply {
  const log = join(net.root, "trace");
  const by = ["strace", "-qq", "-o", log, ...more, "-e", `inject=${at.name}:${what}:when=${at.nth}`];
  const reply = net.call(verb, id, { ...DUAL, by });
  const reached = what.startsWith("error") ? readFileSync(log, "utf8").includes("(INJECTED)") : reply.status !== 0;
  if (!reached) throw new Error(`not reached: ${at.line}`);
  return reply;
}

/** What is wrong after a DEL of `id`; also whether its next ADD and DEL work. */
function wreck(net: Pool, id: string, options = DUAL): string[] {
  const wrong: string[] = [];
  const del = net.call("DEL", id, options);
  if (del.status !== 0) wrong.push(`DEL: ${del.stdout}`);
  if (Object.values(net.leases()).some((content) => content !== "other\r\neth0"))
    wrong.push(JSON.stringify(net.leases()));
  wrong.push(...net.strays());
  const add = net.call("ADD", id, options);
  if (add.status !== 0) wrong.push(`ADD: ${add.stdout}`);
  if (net.call("CHECK", id, options).status !== 0) wrong.push("CHECK");
  if (net.call("DEL", id, options).status !== 0) wrong.push("second DEL");
  if (Object.keys(net.leases()).length !== 2) wrong.push(`left: ${JSON.stringify(net.leases())}`);
  return wrong;
}

function half(net: Pool): string[] {
  return Object.values(net.leases()).filter((content) => !/^\w+\r\neth0$/.test(content));
}

const killable = ({ name }: SystemCall) => name !== "exit_group";

describe("host-local killed", () => {
  for (const verb of ["ADD", "DEL"] as const) {
    test(`at any system call of ${verb} leaves nothing after one DEL, and never half a lease`, () => {
      using net = pool();
      net.add("other", DUAL);
      if (verb === "DEL") net.add("probe", DUAL);
      const all = calls(net, verb, "probe").filter(killable);
      net.call("DEL", "probe", DUAL);
      expect(all.length).toBeGreaterThan(10);
      const found = all.flatMap((at, i) => {
        const id = `k${i}`;
        if (verb === "DEL") net.add(id, DUAL);
        const { status } = disturbed(net, verb, id, at, "signal=KILL");
        const wrong = [...(status === 0 ? ["not killed"] : []), ...half(net), ...wreck(net, id)];
        return wrong.length > 0 ? [at.line, ...wrong] : [];
      });
      expect(found).toEqual([]);
    }, 60_000);
  }
});

describe("host-local told to end", () => {
  const EARLIER_BOOT = "v1 b=000000000000 n=1 t=5 h=veth0 i=7 c=9";
  const owned = (net: Pool, id: string) =>
    Object.entries(net.leases()).flatMap(([ip, content]) => (content === `${id}\r\neth0` ? [ip] : []));

  /** An ADD with SIGTERM at one system call: what is wrong then, if it did not succeed. */
  function ended(net: Pool, id: string, at: SystemCall, before: readonly string[]): string[] {
    const log = join(net.root, "trace");
    const by = ["strace", "-qq", "-o", log, "-e", `inject=${at.name}:signal=TERM:when=${at.nth}`];
    const { status, stderr, json } = net.call("ADD", id, { ...DUAL, by });
    if (status === 0) return [];
    const wrong = stderr === "" ? [] : [stderr];
    // Who closes a descriptor twice may some day close another's.
    wrong.push(
      ...readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.includes("EBADF")),
    );
    if (typeof json?.code !== "number") wrong.push(`exit ${status} and no CNI error`);
    const after = owned(net, id);
    return after.join() === before.join() ? wrong : [...wrong, `leases ${after.join()}`];
  }

  test("at any system call of ADD takes everything back, each thing once", () => {
    using net = pool();
    net.add("other", DUAL);
    const all = calls(net, "ADD", "probe").filter(killable);
    const found = all.flatMap((at, i) => {
      const wrong = ended(net, `k${i}`, at, []);
      return wrong.length > 0 ? [at.line, ...wrong] : [];
    });
    expect(found).toEqual([]);
  }, 60_000);

  needs(built, strace, attributes)(
    "at any system call of an ADD that takes its earlier lease over leaves that as it was",
    () => {
      using net = pool();
      const leases = net.add("old", DUAL).map((ip) => join(net.dir, ip));
      const age = () => {
        for (const path of leases) setAttribute(path, EARLIER_BOOT);
      };
      age();
      const all = calls(net, "ADD", "old").filter(killable);
      const before = owned(net, "old");
      const found = all.flatMap((at) => {
        age();
        const wrong = ended(net, "old", at, before);
        const attributes = leases.map(attributeOf);
        // All or none of them: of a successful ADD both are new.
        if (new Set(attributes.map((text) => text === EARLIER_BOOT)).size !== 1) wrong.push(...attributes);
        return wrong.length > 0 ? [at.line, ...wrong] : [];
      });
      expect(found).toEqual([]);
    },
    60_000,
  );
});

describe.each([
  ["O_TMPFILE is", []],
  ["O_TMPFILE and hard links are", ["-e", "inject=linkat:error=EPERM"]],
])("host-local where %s refused", (_, more) => {
  /** What to give strace so that O_TMPFILE is refused for both addresses. */
  function refusal(net: Pool): string[] {
    const asked = (injected: string[] = []) => {
      const at = calls(net, "ADD", "probe", injected).filter(({ line }) => line.includes("O_TMPFILE"));
      net.call("DEL", "probe", DUAL);
      expect(at.length).toBe(2);
      return at as [SystemCall, SystemCall];
    };
    const [{ name, nth: first }] = asked();
    const refused = `inject=${name}:error=EOPNOTSUPP:when=${first}`;
    const [, { nth: second }] = asked(["-e", refused]);
    return ["-e", `${refused}..${second}+${second - first}`, ...more];
  }

  test("writes the same leases, and leaves no temporary file", () => {
    using net = pool();
    net.add("other", DUAL);
    const made = calls(net, "ADD", "a", refusal(net));
    expect(made.filter(({ line }) => /^open.*\.berth-pool.*O_EXCL/.test(line)).length).toBe(2);
    expect(Object.values(net.leases()).filter((content) => content === "a\r\neth0").length).toBe(2);
    expect(net.strays()).toEqual([]);
    expect(wreck(net, "a")).toEqual([]);
  });

  test("leaves nothing after a kill and one DEL either", () => {
    using net = pool();
    net.add("other", DUAL);
    const refused = refusal(net);
    const [name] = (refused[1] as string).slice("inject=".length).split(":");
    const all = calls(net, "ADD", "probe", refused).filter((at) => killable(at) && at.name !== name);
    net.call("DEL", "probe", DUAL);
    const found = all.flatMap((at, i) => {
      const { status } = disturbed(net, "ADD", `k${i}`, at, "signal=KILL", ...refused);
      const wrong = [...(status === 0 ? ["not killed"] : []), ...half(net), ...wreck(net, `k${i}`)];
      return wrong.length > 0 ? [at.line, ...wrong] : [];
    });
    expect(found).toEqual([]);
  }, 60_000);
});

describe("host-local refused by the kernel", () => {
  const harmless = ["close", "exit_group", "brk", "mmap", "munmap", "mremap", "prctl", "rt_sigprocmask"];

  for (const errno of ["EIO", "ENOSPC", "ENOMEM"]) {
    for (const verb of ["ADD", "DEL"] as const) {
      test(`with ${errno} at any call of ${verb}: done, or a CNI error and nothing left`, () => {
        using net = pool();
        net.add("other", DUAL);
        if (verb === "DEL") net.add("probe", DUAL);
        const all = calls(net, verb, "probe").filter(({ name }) => !harmless.includes(name));
        net.call("DEL", "probe", DUAL);
        const found = all.flatMap((at, i) => {
          const id = `k${i}`;
          if (verb === "DEL") net.add(id, DUAL);
          const { status, json, stdout } = disturbed(net, verb, id, at, `error=${errno}`);
          const wrong: string[] = [];
          const held = Object.values(net.leases()).filter((content) => content.startsWith(`${id}\r`)).length;
          // The result itself could not be written: then the ADD is taken back, and nobody can be told.
          const mute = at.line.startsWith("write(1,");
          if (status !== 0 && !mute && typeof json?.code !== "number") wrong.push(`no CNI error: ${status} ${stdout}`);
          if (verb === "ADD" && held !== (status === 0 ? 2 : 0)) wrong.push(`${held} leases, ${status}: ${stdout}`);
          if (verb === "DEL" && status === 0 && held !== 0) wrong.push(`success, and ${held} leases left`);
          wrong.push(...half(net), ...wreck(net, id));
          return wrong.length > 0 ? [at.line, ...wrong] : [];
        });
        expect(found).toEqual([]);
        expect(existsSync(join(net.dir, "lock"))).toBe(true);
      }, 60_000);
    }
  }
});
