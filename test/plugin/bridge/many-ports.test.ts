/** What changes on a bridge of many ports: an announcement would go to every one of them. */
import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";

const need = needs(namespaces, built);

const WITHIN_MS = 100;
/** More than MANY_PORTS of plugins/bridge/port.ts. */
const MANY = 260;
const ADDRESS = "10.77.0.9";
const OWN_MAC = "0a:58:0a:4d:00:09";
const STRANGER = "02:00:00:00:00:99";

const range = (rangeStart: string, rangeEnd = rangeStart) => [{ subnet: "10.77.0.0/24", rangeStart, rangeEnd }];
const ipv4 = (first: string, last?: string) => ({ type: "host-local", ranges: [range(first, last)] });
const conf = (lab: Lab, over = {}) => lab.conf({ ipMasq: true, ipam: ipv4(ADDRESS), ...over });

/** A container on the bridge, which that makes, and `count` more ports: the container's namespace. */
function neighbourOf(lab: Lab, count: number): string {
  const ns = lab.container();
  lab.add({ ns, id: "neighbour", conf: conf(lab, { name: "others", ipam: ipv4("10.77.0.100", "10.77.0.110") }) });
  lab.sh(lab.host, "sh", "-c", `seq ${count} | sed 's/.*/link add d& master lab0 type veth/' | ip -batch -`);
  return ns;
}

/** Has `ns` believe that ADDRESS is a stranger's. */
function mislead(lab: Lab, ns: string, dev: string): void {
  lab.sh(ns, "ip", "neigh", "replace", ADDRESS, "lladdr", STRANGER, "nud", "stale", "dev", dev);
}

function believed(lab: Lab, ns: string): string | undefined {
  return lab.ipj(ns, "neigh", "show", ADDRESS).find((entry) => entry.lladdr)?.lladdr;
}

/** The IPv6 addresses of a container's interface, as `ip` shows them. */
function inet6(lab: Lab, ns: string): Json[] {
  return lab.ipj(ns, "-6", "addr", "show", "dev", "eth0").flatMap(({ addr_info }) => addr_info ?? []);
}

describe("bridge/ADD on a bridge of many ports", () => {
  need(
    "gives an address to the next holder with its MAC address: whoever knew the last reaches it at once",
    inLab((lab) => {
      const seers = [lab.host, neighbourOf(lab, MANY)];
      const [first, second] = [lab.container(), lab.container()];
      const macs = [first, second].map((ns, i) => {
        const { interfaces } = lab.add({ ns, id: `c${i}`, conf: conf(lab) });
        for (const seer of seers) expect([seer, answers(lab, seer, ADDRESS, WITHIN_MS)]).toEqual([seer, true]);
        if (i === 0) lab.del({ ns, id: `c${i}`, conf: conf(lab) });
        return interfaces[2].mac;
      });
      expect(macs).toEqual([OWN_MAC, OWN_MAC]);
      expect(lab.ipj(second, "link", "show", "eth0")[0]?.address).toBe(OWN_MAC);
    }),
  );

  need(
    "announces nothing where no neighbour can know another MAC address",
    inLab((lab) => {
      const neighbour = neighbourOf(lab, MANY);
      mislead(lab, neighbour, "eth0");
      lab.add({ ns: lab.container(), conf: conf(lab) });
      expect(believed(lab, neighbour)).toBe(STRANGER);
    }),
  );

  const TELLS: [why: string, ports: number, prepare: (lab: Lab) => void, over?: Record<string, unknown>][] = [
    ["it has few ports", 200, () => {}],
    ["the machine knew another holder", MANY, (lab) => mislead(lab, lab.host, "lab0")],
    [
      "containers had other MAC addresses",
      MANY,
      (lab) => {
        const ipam = ipv4("10.77.0.120");
        const over = { name: "own", ipam, capabilities: { mac: true }, runtimeConfig: { mac: "02:00:00:00:00:77" } };
        lab.add({ ns: lab.container(), id: "own", conf: conf(lab, over) });
      },
    ],
    ["others made it", MANY, (lab) => void lab.sh(lab.host, "ip", "link", "set", "lab0", "alias", "")],
    [
      "its own MAC address is configured",
      MANY,
      () => {},
      { capabilities: { mac: true }, runtimeConfig: { mac: "02:00:00:00:00:77" } },
    ],
    [
      "it has two addresses",
      MANY,
      () => {},
      { ipam: { type: "host-local", ranges: [range(ADDRESS), [{ subnet: "fd77::/64" }]] } },
    ],
  ];
  need.each(TELLS)("tells the neighbours when %s", (_, ports, prepare, over) =>
    inLab((lab) => {
      const neighbour = neighbourOf(lab, ports);
      prepare(lab);
      mislead(lab, neighbour, "eth0");
      const { interfaces } = lab.add({ ns: lab.container(), id: "last", conf: conf(lab, over) });
      expect(believed(lab, neighbour)).toBe(interfaces[2].mac);
      expect(answers(lab, neighbour, ADDRESS, WITHIN_MS)).toBe(true);
    })(),
  );

  need(
    "gives MAC addresses of the address's own to the containers of a bridge, all different",
    inLab((lab) => {
      const macs = Array.from({ length: 5 }, (_, i) => {
        const { interfaces } = lab.add({
          ns: lab.container(),
          id: `c${i}`,
          conf: conf(lab, { ipam: ipv4("10.77.0.20", "10.77.0.30") }),
        });
        return interfaces[2].mac;
      });
      expect(macs).toEqual([20, 21, 22, 23, 24].map((last) => `0a:58:0a:4d:00:${last.toString(16).padStart(2, "0")}`));
    }),
  );

  need(
    "leaves the host's end without an address",
    inLab((lab) => {
      const { interfaces } = lab.add({ ns: lab.container(), conf: conf(lab) });
      expect(lab.addrs(lab.host, interfaces[1].name, "inet6")).toEqual([]);
      expect(lab.sh(lab.host, "ip", "-6", "-o", "addr", "show", "dev", interfaces[1].name)).toBe("");
    }),
  );

  const LINK_LOCAL = "fe80::858:aff:fe4d:9";

  need.each([
    [200, "0\n"],
    [MANY, "1\n"],
  ])("with %d ports, gives the container a link-local address at once; accept_dad is %j", (ports, acceptDad) =>
    inLab((lab) => {
      const neighbour = neighbourOf(lab, ports);
      const ns = lab.container();
      lab.add({ ns, conf: conf(lab) });
      const [address, ...others] = inet6(lab, ns);
      expect([address?.local, address?.prefixlen, address?.scope, others]).toEqual([LINK_LOCAL, 64, "link", []]);
      expect(address?.tentative).toBeUndefined();
      expect(answers(lab, neighbour, `${LINK_LOCAL}%eth0`, 1000)).toBe(true);
      expect(lab.ipj(ns, "-6", "route", "show", "dev", "eth0").map(({ dst }) => dst)).toEqual(["fe80::/64"]);
      expect(lab.sh(ns, "cat", "/proc/sys/net/ipv6/conf/eth0/accept_dad")).toBe(acceptDad);
    })(),
  );

  need(
    "with many ports, the kernel makes no second link-local address",
    inLab((lab) => {
      neighbourOf(lab, MANY);
      const ns = lab.container();
      lab.add({ ns, conf: conf(lab) });
      Bun.sleepSync(300);
      expect(inet6(lab, ns)).toHaveLength(1);
    }),
  );

  const NOT_OURS: [what: string, key: string, value: string, addresses: number][] = [
    ["makes none where the container wants none", "addr_gen_mode", "1", 0],
    ["leaves it to the kernel where it is not to come of the MAC address", "addr_gen_mode", "3", 1],
    ["makes none without IPv6", "disable_ipv6", "1", 0],
  ];
  need.each(NOT_OURS)("with many ports, %s", (_, key, value, addresses) =>
    inLab((lab) => {
      neighbourOf(lab, MANY);
      const ns = lab.container();
      lab.sh(ns, "sysctl", "-qw", `net.ipv6.conf.default.${key}=${value}`);
      lab.add({ ns, conf: conf(lab) });
      Bun.sleepSync(100);
      const found = inet6(lab, ns);
      expect(found).toHaveLength(addresses);
      expect(found.map(({ local, tentative }) => [local === LINK_LOCAL, tentative])).toEqual(
        found.map(() => [false, undefined]),
      );
    })(),
  );

  need.each([
    [200, ["ff00::/8"]],
    [MANY, []],
  ])("with %d ports, the host's end has these routes: %p", (ports, routes) =>
    inLab((lab) => {
      neighbourOf(lab, ports);
      const { interfaces } = lab.add({ ns: lab.container(), conf: conf(lab) });
      const local = lab.ipj(lab.host, "-6", "route", "show", "table", "local", "dev", interfaces[1].name);
      expect(local.map(({ dst }) => dst)).toEqual(routes);
    })(),
  );

  need(
    "takes nothing but its own from the bridge with DEL",
    inLab((lab) => {
      neighbourOf(lab, MANY);
      const before = lab.ports();
      const ns = lab.container();
      lab.add({ ns, conf: conf(lab) });
      expect(lab.ports()).toHaveLength(before.length + 1);
      lab.del({ ns, conf: conf(lab) });
      expect(lab.ports()).toEqual(before);
      expect(lab.ipj(ns, "link", "show").map(({ ifname }) => ifname)).toEqual(["lo"]);
    }),
  );
});
