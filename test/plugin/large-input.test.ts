/** What a pod's or a network's author writes is answered in a time that grows with its length, and in words that are true. */
import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bridgeConf, environment } from "../support/conf.ts";
import { BIN, built, needs } from "../support/needs.ts";
import { type PoolOptions, pool } from "./host-local/pool.ts";

const test = needs(built);

/** What a call may take that is answered in a tenth of it, on a busy machine in a quarter. What is quadratic takes many times as long. */
const LIMIT_MS = 5000;

/** The answer, and how long it took, in milliseconds. */
function timed<T>(call: () => T): [T, number] {
  const start = performance.now();
  return [call(), performance.now() - start];
}

const many = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i));
/** The address `i` of 10.0.0.0/8. */
const address = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const subnet = (i: number) => ({ subnet: `${address(4 * i)}/30` });
const wishes = (count: number) => ({ ips: many(count, (i) => address(i + 10)) });

/** Adds a member of this text to a configuration. */
const beside = (text: string) => (json: string) => `${json.slice(0, -1)},"x":${text}}`;
const name = (length: number) => ({ conf: { name: "n".repeat(length) } });
const MIB = 2 ** 20;

/** What is asked for, and the answer: the address, or the code and the beginning of the message of an error. */
const CALLS: [what: string, options: () => PoolOptions, address: string | number, message?: string][] = [
  [
    "4,000 requested addresses",
    () => ({ ipam: { ranges: [[{ subnet: "10.0.0.0/8" }]] }, conf: { runtimeConfig: wishes(4000) } }),
    999,
    "failed to allocate all requested IPs: 10.0.0.11 ",
  ],
  [
    "70,000 times the same requested address",
    () => ({ conf: { runtimeConfig: { ips: many(70_000, () => "10.1.2.9") } } }),
    "10.1.2.9/24",
  ],
  ["a set of 4,000 ranges", () => ({ ipam: { ranges: [many(4000, subnet)] } }), "10.0.0.2/30"],
  [
    "a set of 4,000 ranges, of which the last two overlap",
    () => ({ ipam: { ranges: [[...many(4000, subnet), subnet(4000), subnet(4000)]] } }),
    7,
    "invalid range set 0: subnets 10.0.62.129-10.0.62.130 and 10.0.62.129-10.0.62.130 overlap",
  ],
  [
    "4,000 sets of a range, of which the last two overlap",
    () => ({ ipam: { ranges: [...many(4000, subnet), subnet(4000), subnet(4000)].map((range) => [range]) } }),
    7,
    "range set 4000 overlaps with 4001",
  ],
  ["a name of 10 MiB", () => name(10 * MIB), 7, "network name is too long: 10485760 characters"],
  [
    "an ipam.type that is a list of a million",
    () => ({ ipam: { type: many(MIB, () => 1) } }),
    6,
    "ipam.type: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1… is not a string",
  ],
  [
    "a subnet of 10 MiB",
    () => ({ ipam: { ranges: [[{ subnet: "1:".repeat(5 * MIB) }]] } }),
    7,
    "ipam.ranges[0][0].subnet: ",
  ],
  ["a version of 10 MiB", () => ({ conf: { cniVersion: ".".repeat(10 * MIB) } }), 1, "incompatible CNI versions"],
  ["10,000 levels of arrays", () => ({ written: beside("[".repeat(10_000) + "]".repeat(10_000)) }), "10.1.2.2/24"],
  [
    "a million levels of objects",
    () => ({ written: beside('{"a":'.repeat(1e6)) }),
    6,
    "error unmarshall network config: exceeded max depth",
  ],
  [
    "more objects than there is memory for",
    () => ({ written: beside(`[${"{},".repeat(4 * MIB)}{}]`) }),
    999,
    "out of memory",
  ],
  ["17 MiB", () => ({ conf: { "x-long": "x".repeat(17 * MIB) } }), 5, "error reading from stdin"],
];

describe("host-local/ADD answers within seconds and says what is wrong", () => {
  test.each(CALLS)("%s", (_, options, answer, message = "") => {
    using net = pool();
    const [reply, time] = timed(() => net.call("ADD", "a", options()));
    expect(
      [reply.json?.code ?? reply.json?.ips?.[0].address, reply.json?.msg ?? ""],
      reply.stdout.slice(0, 500),
    ).toEqual([answer, expect.stringMatching(new RegExp(`^${RegExp.escape(message)}`))]);
    expect(time).toBeLessThan(LIMIT_MS);
  });
});

/** The most that Linux takes as one variable is 128 KiB. */
const LONG = 100_000;

describe("bridge answers within seconds", () => {
  test.each([
    [
      "a CNI_PATH of slashes",
      "DEL",
      { CNI_PATH: `/x${"/".repeat(LONG)}y` },
      'failed to find plugin "host-local" in path [',
    ],
    [
      "a container ID of dots",
      "DEL",
      { CNI_CONTAINERID: `a${".".repeat(LONG)}!` },
      "invalid characters in containerID",
    ],
    ["an interface's name", "ADD", { CNI_IFNAME: "x".repeat(LONG) }, "interface name is too long"],
    ["CNI_ARGS of many pairs", "ADD", { CNI_ARGS: "a=b;".repeat(LONG / 4) }, 'ARGS: invalid pair ""'],
    ["a MAC address", "ADD", { CNI_ARGS: `MAC=${"0:".repeat(LONG / 2)}` }, "CNI_ARGS: MAC=0:0:"],
  ] as const)("%s", (_, verb, env, message) => {
    using net = pool();
    const conf = JSON.stringify(bridgeConf(net.dataDir));
    const variables = { ...environment(verb, BIN, { ns: "nowhere" }), ...env };
    const [{ stdout }, time] = timed(() =>
      Bun.spawnSync([join(BIN, "bridge")], { stdin: Buffer.from(conf), env: variables, timeout: 60_000 }),
    );
    expect(JSON.parse(stdout.toString()).msg).toStartWith(message);
    expect(time).toBeLessThan(LIMIT_MS);
  });

  test("a trunk of 1,000 times all VLANs", () => {
    using net = pool();
    const conf = { ...bridgeConf(net.dataDir), vlanTrunk: many(1000, () => ({ minID: 1, maxID: 4094 })) };
    const [reply, time] = timed(() =>
      Bun.spawnSync([join(BIN, "bridge")], {
        stdin: Buffer.from(JSON.stringify(conf)),
        env: environment("ADD", BIN, { ns: "nowhere" }),
      }),
    );
    expect(JSON.parse(reply.stdout.toString()).msg).toStartWith("failed to open netns");
    expect(time).toBeLessThan(LIMIT_MS);
  });

  test("GC of 100,000 valid attachments", () => {
    using net = pool();
    net.add("a");
    const valid = many(100_000, (i) => ({ containerID: `container-${i}`, ifname: "eth0" }));
    const [{ status, stdout }, time] = timed(() =>
      net.call("GC", "", { conf: { "cni.dev/valid-attachments": valid } }),
    );
    expect([status, stdout, net.leases()]).toEqual([0, "", {}]);
    expect(time).toBeLessThan(LIMIT_MS);
  });
});

test("host-local/CHECK looks for 4,000 addresses among 4,000 ranges within seconds", () => {
  using net = pool();
  const ipam = { ranges: [many(4000, subnet)] };
  const { json } = net.call("ADD", "a", { ipam });
  const others = many(3999, (i) => ({ address: `${address(4 * i + 6)}/30` }));
  const prevResult = { ...json, ips: [...(json?.ips ?? []), ...others] };
  const [reply, time] = timed(() => net.call("CHECK", "a", { ipam, conf: { prevResult } }));
  expect([reply.status, reply.json?.msg ?? ""]).toEqual([1, expect.stringContaining("10.0.0.6")]);
  expect(time).toBeLessThan(LIMIT_MS);
});

test("host-local/ADD reads a resolv.conf of more words than a function has arguments", () => {
  using net = pool();
  const resolvConf = join(net.root, "resolv.conf");
  writeFileSync(resolvConf, `search${" a".repeat(70_000)}\noptions${" \t".repeat(100_000)}b\n`);
  const [{ json }, time] = timed(() => net.call("ADD", "a", { ipam: { resolvConf } }));
  expect([json?.dns?.search?.length, json?.dns?.options]).toEqual([70_000, ["b"]]);
  expect(time).toBeLessThan(LIMIT_MS);
});

test("host-local/GC refuses a version of 10 MiB", () => {
  using net = pool();
  const { json } = net.call("GC", "", { conf: { cniVersion: ".".repeat(10 * MIB) } });
  expect([json?.code, json?.msg.slice(0, 20)]).toEqual([6, 'invalid version "...']);
});
