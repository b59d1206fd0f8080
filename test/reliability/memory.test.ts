/** What is read is bounded: a plugin's memory does not grow with what somebody left in its directories. */
import { describe, expect } from "bun:test";
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pool, type PoolOptions, pool } from "../plugin/host-local/pool.ts";
import { attempt } from "../support/command.ts";
import { built, type Need, needs } from "../support/needs.ts";

const time: Need = {
  what: "time (GNU)",
  met: () => attempt(undefined, "/usr/bin/time", "-f", "%M", "true").status === 0,
};
const test = needs(built, time);

/** A call's answer, and the most memory that it had, in KiB. */
function measured(net: Pool, options: PoolOptions = {}) {
  const log = join(net.root, "time");
  const reply = net.call("ADD", "a", { ...options, by: ["/usr/bin/time", "-q", "-f", "%M", "-o", log] });
  return { reply, peak: Number(readFileSync(log, "utf8").trim()) };
}

/** A terabyte that takes no room. */
function terabyte(path: string, start: string): void {
  writeFileSync(path, start);
  truncateSync(path, 2 ** 40);
}

const LIMIT = 8 * 1024;

describe("host-local/ADD stays within 8 MiB with a terabyte", () => {
  test.each([
    ["as a lease of the range", (net: Pool) => terabyte(join(net.dir, "10.1.2.2"), "a\r\neth0"), "10.1.2.3"],
    [
      "as the round robin's position",
      (net: Pool) => terabyte(join(net.dir, "last_reserved_ip.0"), "10.1.2.9"),
      "10.1.2.",
    ],
    [
      "as the index",
      (net: Pool) => {
        const { dev, ino } = statSync(net.dir);
        mkdirSync(join(net.root, "index"));
        terabyte(join(net.root, "index", `${dev}-${ino}`), "");
      },
      "10.1.2.2",
    ],
  ])("%s", (_, plant, address) => {
    using net = pool();
    mkdirSync(net.dir, { recursive: true });
    plant(net);
    const { reply, peak } = measured(net);
    expect(reply.json?.ips?.[0].address ?? reply.stdout).toStartWith(address);
    expect(peak).toBeWithin(1024, LIMIT);
  });

  test("as resolv.conf, which is refused", () => {
    using net = pool();
    const resolvConf = join(net.root, "resolv.conf");
    terabyte(resolvConf, "nameserver 192.0.2.1\n");
    const { reply, peak } = measured(net, { ipam: { resolvConf } });
    expect([reply.status, typeof reply.json?.code]).toEqual([1, "number"]);
    expect(peak).toBeWithin(1024, LIMIT);
  });
});

test("host-local/ADD takes a configuration of 4 MiB within 32 MiB, and refuses one of 20 MiB", () => {
  using net = pool();
  const long = (mebibytes: number) => measured(net, { conf: { "x-long": "x".repeat(mebibytes * 2 ** 20) } });
  const { reply, peak } = long(4);
  expect(reply.status, reply.stdout).toBe(0);
  expect(peak).toBeWithin(4096, 32 * 1024);
  expect(long(20).reply).toMatchObject({ status: 1, json: { code: 5 } });
});
