import { describe, expect } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import type { Conf } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";

const need = needs(namespaces, built);

interface Attached {
  lab: Lab;
  ns: string;
  /** Name of the host's end. */
  port: string;
  conf: Conf;
  result: Json;
}

/** An attachment with all that CHECK looks at, and its configuration with the result in it. */
function attached(lab: Lab): Attached {
  const ns = lab.container();
  const base = lab.conf({ ipMasq: true, ipam: DUAL_STACK });
  const result = lab.add({ ns, conf: base });
  return { lab, ns, port: result.interfaces[1].name, conf: { ...base, prevResult: result }, result };
}

const check = ({ lab, ns, conf }: Attached) => lab.call("bridge", "CHECK", { ns, conf });

const ip = ({ lab, ns }: Attached, ...args: string[]) => lab.sh(ns, "ip", ...args);
const hostIp = ({ lab }: Attached, ...args: string[]) => lab.sh(lab.host, "ip", ...args);
const nft = ({ lab }: Attached, ...args: string[]) => lab.sh(lab.host, "nft", ...args);

/** The set of a family's masqueraded addresses: "ip berth NAME". */
function setName({ lab }: Attached, family: string): string {
  const { name } = lab.nftj(lab.host).find((row) => row.set?.family === family)?.set ?? {};
  return name;
}

/** [what is damaged, how, what the message must name] */
const DAMAGES: [string, (at: Attached) => unknown, ...string[]][] = [
  ["default route", (at) => ip(at, "route", "del", "default"), "Expected Route 0.0.0.0/0 not found"],
  ["IPv6 default route", (at) => ip(at, "-6", "route", "del", "default"), "Expected Route ::/0 not found"],
  ["subnet route", (at) => ip(at, "route", "flush", "10.77.0.0/24"), "10.77.0.0/24"],
  ["IPv4 address", (at) => ip(at, "addr", "del", "10.77.0.2/24", "dev", "eth0"), "10.77.0.2/24", "eth0"],
  ["IPv6 address", (at) => ip(at, "addr", "del", "fd77::2/64", "dev", "eth0"), "fd77::2/64", "eth0"],
  ["MAC address", (at) => ip(at, "link", "set", "eth0", "address", "02:00:00:00:00:99"), "eth0", "02:00:00:00:00:99"],
  ["interface", (at) => ip(at, "link", "del", "eth0"), "Interface eth0 not found"],
  ["port", (at) => hostIp(at, "link", "set", at.port, "nomaster"), "lab0"],
  ["bridge", (at) => hostIp(at, "link", "del", "lab0"), "Interface lab0 not found"],
  ["bridge promiscuity", (at) => hostIp(at, "link", "set", "lab0", "promisc", "on"), "lab0", "Promisc"],
  ["masquerade element", (at) => nft(at, "flush", "set", "ip", "berth", setName(at, "ip")), "10.77.0.2", "masquerad"],
  [
    "IPv6 masquerade element",
    (at) => nft(at, "flush", "set", "ip6", "berth", setName(at, "ip6")),
    "fd77::2",
    "masquerad",
  ],
  ["masquerade rule", (at) => nft(at, "flush", "chain", "ip", "berth", "postrouting"), "masquerad"],
  ["ruleset", (at) => nft(at, "flush", "ruleset"), "masquerad"],
  ["lease", ({ lab }) => dropLeases(lab), "cid-1"],
];

function dropLeases(lab: Lab): void {
  const directory = join(lab.store, "labnet");
  for (const name of readdirSync(directory).filter((file) => /^[0-9a-f]/.test(file))) rmSync(join(directory, name));
}

describe("bridge/CHECK", () => {
  need(
    "passes, says nothing and changes nothing",
    inLab((lab) => {
      const at = attached(lab);
      for (const _ of [1, 2]) expect(check(at)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    }),
  );

  need.each(DAMAGES)("finds damage: %s", async (_, damage, ...words) => {
    await inLab((lab) => {
      const at = attached(lab);
      damage(at);
      cniError(check(at), ...words);
    })();
  });

  need(
    "passes again after a repair",
    inLab((lab) => {
      const at = attached(lab);
      ip(at, "route", "del", "default");
      cniError(check(at), "0.0.0.0/0");
      ip(at, "route", "add", "default", "via", "10.77.0.1");
      expect(check(at).status).toBe(0);
    }),
  );

  need(
    "passes with routes of another priority and table",
    inLab((lab) => {
      const ns = lab.container();
      const routes = [
        { dst: "192.0.2.0/24", gw: "10.77.0.9", priority: 7 },
        { dst: "198.51.100.0/24", table: 1234 },
      ];
      const conf = lab.conf({ ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]], routes } });
      const prevResult = lab.add({ ns, conf });
      expect(lab.call("bridge", "CHECK", { ns, conf: { ...conf, prevResult } })).toMatchObject({
        status: 0,
        stdout: "",
      });
    }),
  );

  const ROUTES: [string, object[]][] = [
    ["on the link", [{ dst: "192.0.2.0/24", gw: "0.0.0.0" }]],
    [
      "on the link, and one that leads over it",
      [
        { dst: "192.0.2.1/32", gw: "0.0.0.0", scope: 253 },
        { dst: "0.0.0.0/0", gw: "192.0.2.1" },
      ],
    ],
    ["on the link, of its scope", [{ dst: "192.0.2.0/24", gw: "0.0.0.0", scope: 253 }]],
    ["a default route on the link", [{ dst: "0.0.0.0/0", gw: "0.0.0.0" }]],
    [
      "two to one destination",
      [
        { dst: "192.0.2.0/24", gw: "10.77.0.8" },
        { dst: "192.0.2.0/24", gw: "10.77.0.9" },
      ],
    ],
    [
      "two of IPv6, which become one",
      [
        { dst: "2001:db8::/32", gw: "fd77::8" },
        { dst: "2001:db8::/32", gw: "fd77::9" },
      ],
    ],
    ["with a table and a priority below zero, which are none", [{ dst: "192.0.2.0/24", table: -1, priority: -1 }]],
  ];
  need.each(ROUTES)("passes with routes as ADD has made them: %s", async (_, routes) => {
    await inLab((lab) => {
      const ns = lab.container();
      const conf = lab.conf({ ipam: { ...DUAL_STACK, routes } });
      const prevResult = lab.add({ ns, conf });
      expect(lab.call("bridge", "CHECK", { ns, conf: { ...conf, prevResult } })).toMatchObject({
        status: 0,
        stdout: "",
      });
    })();
  });

  need(
    "takes a gateway of zeros in the result for none",
    inLab((lab) => {
      const at = attached(lab);
      const routes = [
        { dst: "192.0.2.0/24", gw: "0.0.0.0" },
        { dst: "2001:db8::/32", gw: "::" },
      ];
      const conf = { ...at.conf, prevResult: { ...at.result, routes } };
      for (const { dst } of routes) {
        cniError(check({ ...at, conf }), `Expected Route ${dst}`);
        ip(at, "route", "add", dst, "dev", "eth0");
      }
      expect(check({ ...at, conf })).toMatchObject({ status: 0, stdout: "" });
      ip(at, "route", "replace", "192.0.2.0/24", "via", "10.77.0.1");
      cniError(check({ ...at, conf }), "Expected Route 192.0.2.0/24 on the link");
    }),
  );

  need(
    "passes in layer 2, where the reference fails",
    inLab((lab) => {
      const ns = lab.container();
      const conf = lab.conf({ ipam: {} });
      const prevResult = lab.add({ ns, conf });
      expect(lab.call("bridge", "CHECK", { ns, conf: { ...conf, prevResult } })).toMatchObject({
        status: 0,
        stdout: "",
      });
    }),
  );

  need(
    "needs prevResult, and the namespace of the ADD",
    inLab((lab) => {
      const at = attached(lab);
      const { prevResult: _, ...bare } = at.conf;
      cniError(lab.call("bridge", "CHECK", { ns: at.ns, conf: bare as Conf }), "prevResult");
      const other = lab.container();
      cniError(lab.call("bridge", "CHECK", { ns: other, conf: at.conf }), at.ns, other);
    }),
  );
});
