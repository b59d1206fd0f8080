import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";

const need = needs(namespaces, built);

const linkOf = (lab: Lab, ns: string, name: string) => lab.ipj(ns, "-d", "link", "show", "dev", name)[0];
const macOf = (lab: Lab, ns: string) => linkOf(lab, ns, "eth0").address;

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const C = "02:00:00:00:00:0c";

describe("bridge/ADD: MAC address", () => {
  need.each([
    ["runtimeConfig.mac", { runtimeConfig: { mac: A } }, undefined, A],
    ["args.cni.mac", { args: { cni: { mac: B } } }, undefined, B],
    ["MAC in CNI_ARGS", {}, `IgnoreUnknown=1;MAC=${C}`, C],
    [
      "runtimeConfig before all",
      { runtimeConfig: { mac: A }, args: { cni: { mac: B } } },
      `IgnoreUnknown=1;MAC=${C}`,
      A,
    ],
    ["args.cni before CNI_ARGS", { args: { cni: { mac: B } } }, `IgnoreUnknown=1;MAC=${C}`, B],
    ["keys in any case", { RuntimeConfig: { MAC: "02-00-00-00-00-0A" } }, undefined, A],
  ] as const)("takes %s", async (_, over, args, mac) => {
    await inLab((lab) => {
      const ns = lab.container();
      const result = lab.add({ ns, conf: lab.conf(over), ...(args && { args }) });
      expect([macOf(lab, ns), result.interfaces[2].mac]).toEqual([mac, mac]);
      expect(answers(lab, ns, "10.77.0.1")).toBe(true);
    })();
  });
});

describe("bridge/ADD: dns", () => {
  const ipamWith = (resolvConf: string) => ({ type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]], resolvConf });

  need(
    "comes from IPAM unless the configuration has its own",
    inLab((lab) => {
      const resolvConf = join(lab.dir, "resolv.conf");
      writeFileSync(resolvConf, "nameserver 192.0.2.53\nsearch example.org\n");
      const dnsOf = (id: string, dns?: object) =>
        lab.add({ ns: lab.container(), id, conf: lab.conf({ ipam: ipamWith(resolvConf), dns }) }).dns;
      expect(dnsOf("a")).toEqual({ nameservers: ["192.0.2.53"], search: ["example.org"] });
      expect(dnsOf("b", { nameservers: ["192.0.2.99"] })).toEqual({ nameservers: ["192.0.2.99"] });
      expect(dnsOf("c", { domain: "" })).toEqual({ nameservers: ["192.0.2.53"], search: ["example.org"] });
      expect(dnsOf("d", { search: [] })).toBeUndefined();
    }),
  );
});

describe("bridge/ADD: routes", () => {
  const withRoutes = (lab: Lab, routes: object[]) =>
    lab.conf({ ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]], routes } });

  need(
    "are installed with gateway, priority, table and scope",
    inLab((lab) => {
      const ns = lab.container();
      const routes = [
        { dst: "192.0.2.0/24", gw: "10.77.0.9" },
        { dst: "198.51.100.0/24", priority: 77 },
        { dst: "203.0.113.0/24", table: 1234 },
        { dst: "203.0.113.0/24", table: 12, gw: "10.77.0.8" },
      ];
      const result = lab.add({ ns, conf: withRoutes(lab, routes) });
      expect(result.routes).toEqual(routes);
      const shown = (...args: string[]) => lab.ipj(ns, "route", "show", ...args);
      expect(shown("192.0.2.0/24")).toMatchObject([{ gateway: "10.77.0.9", dev: "eth0" }]);
      expect(shown("198.51.100.0/24")).toMatchObject([{ gateway: "10.77.0.1", metric: 77 }]);
      expect(shown("table", "1234")).toMatchObject([{ dst: "203.0.113.0/24", gateway: "10.77.0.1" }]);
      expect(shown("table", "12")).toMatchObject([{ dst: "203.0.113.0/24", gateway: "10.77.0.8" }]);
    }),
  );

  need(
    "keep a scope of 0, and fail with one that the kernel does not take with a gateway",
    inLab((lab) => {
      const ns = lab.container();
      const ipam = {
        type: "host-local",
        ranges: [[{ subnet: "10.77.0.0/24" }]],
        routes: [{ dst: "192.0.2.0/24", scope: 253, gw: "10.77.0.1" }],
      };
      const reply = lab.call("bridge", "ADD", { ns, conf: lab.conf({ ipam }) });
      // Scope link with a gateway: the next hop must be of a narrower scope than the route.
      cniError(reply, "192.0.2.0/24");
      const fine = { ...ipam, routes: [{ dst: "192.0.2.0/24", scope: 0, gw: "10.77.0.1" }] };
      expect(lab.add({ ns, conf: lab.conf({ ipam: fine }) }).routes).toEqual(fine.routes);
    }),
  );

  need(
    "isDefaultGateway adds a default route for each family, and the gateway",
    inLab((lab) => {
      const ns = lab.container();
      const { routes: _, ...ipam } = DUAL_STACK;
      const { routes } = lab.add({ ns, conf: lab.conf({ isGateway: undefined, isDefaultGateway: true, ipam }) });
      expect(routes).toEqual([
        { dst: "0.0.0.0/0", gw: "10.77.0.1" },
        { dst: "::/0", gw: "fd77::1" },
      ]);
      expect(lab.ipj(ns, "route", "show", "default")).toMatchObject([{ gateway: "10.77.0.1" }]);
      expect(lab.ipj(ns, "-6", "route", "show", "default")).toMatchObject([{ gateway: "fd77::1" }]);
      expect(answers(lab, ns, "10.77.0.1")).toBe(true);
    }),
  );

  need(
    "isDefaultGateway adds none beside a default route of IPAM's without a gateway",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: lab.conf({ isDefaultGateway: true }) });
      expect(lab.ipj(ns, "route", "show", "default")).toMatchObject([{ gateway: "10.77.0.1" }]);
    }),
  );
});

describe("bridge/ADD: interfaces", () => {
  need(
    "mtu is that of both ends and of a new bridge",
    inLab((lab) => {
      const ns = lab.container();
      const { interfaces } = lab.add({ ns, conf: lab.conf({ mtu: 1400 }) });
      const mtus = [lab.host, lab.host, ns].map((where, i) => linkOf(lab, where, interfaces[i].name).mtu);
      expect(mtus).toEqual([1400, 1400, 1400]);
    }),
  );

  need.each([true, false])("hairpinMode %p is set on the port", async (hairpinMode) => {
    await inLab((lab) => {
      const { interfaces } = lab.add({ ns: lab.container(), conf: lab.conf({ hairpinMode }) });
      expect(linkOf(lab, lab.host, interfaces[1].name).linkinfo.info_slave_data.hairpin).toBe(hairpinMode);
    })();
  });

  need(
    "promiscMode is set on the bridge",
    inLab((lab) => {
      lab.add({ ns: lab.container(), conf: lab.conf({ promiscMode: true }) });
      expect(linkOf(lab, lab.host, "lab0").promiscuity).toBeGreaterThan(0);
    }),
  );

  need(
    "portIsolation keeps containers apart, not from the gateway",
    inLab((lab) => {
      const conf = lab.conf({ portIsolation: true });
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, id: "a", conf });
      const { ips } = lab.add({ ns: b, id: "b", conf });
      expect(answers(lab, a, "10.77.0.1")).toBe(true);
      expect(answers(lab, a, ips[0].address, 300)).toBe(false);
    }),
  );

  need(
    "disableContainerInterface leaves the container's end down",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: lab.conf({ ipam: {}, disableContainerInterface: true }) });
      expect(linkOf(lab, ns, "eth0").flags).not.toContain("UP");
    }),
  );

  need(
    "enabledad waits until duplicate address detection is done",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: lab.conf({ enabledad: true, ipam: DUAL_STACK }) });
      expect(lab.sh(ns, "cat", "/proc/sys/net/ipv6/conf/eth0/accept_dad")).toBe("1\n");
      expect(lab.sh(ns, "ip", "-6", "addr", "show", "dev", "eth0", "tentative")).toBe("");
      expect(lab.addrs(ns, "eth0", "inet6")).toEqual(["fd77::2/64"]);
    }),
  );

  need.each([
    ["no ipam", undefined],
    ["an empty ipam", {}],
  ])("with %s: layer 2, no address and no rule", async (_, ipam) => {
    await inLab((lab) => {
      const ns = lab.container();
      const { ipam: __, ...conf } = lab.conf({ ipMasq: true });
      const result = lab.add({ ns, conf: { ...conf, ...(ipam && { ipam }) } });
      expect(Object.keys(result).sort()).toEqual(["cniVersion", "interfaces"]);
      expect(linkOf(lab, ns, "eth0").operstate).toBe("UP");
      expect([lab.addrs(ns), lab.addrs(lab.host, "lab0"), lab.nftj(lab.host)]).toEqual([[], [], []]);
    })();
  });
});
