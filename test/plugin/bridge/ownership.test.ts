/** What berth takes for its own: a bridge, and an interface at DEL. What is not, stays. */
import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import type { Conf } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, can, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";

const need = needs(namespaces, built);
const needReference = needs(namespaces, built, reference);

const bridgeOf = (lab: Lab) => lab.ipj(lab.host, "link", "show", "dev", "lab0")[0];
const names = (lab: Lab, ns: string) => lab.ipj(ns, "link").map(({ ifname }) => ifname);

describe("a bridge", () => {
  need(
    "that an administrator made, down and bare, stays the administrator's",
    inLab((lab) => {
      const ns = lab.container();
      lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
      lab.add({ ns });
      lab.del({ ns });
      expect(bridgeOf(lab).ifalias).toBeUndefined();
      lab.sh(lab.host, "ip", "addr", "flush", "dev", "lab0");
      lab.sh(lab.host, "ip", "addr", "add", "192.0.2.1/24", "dev", "lab0");
      cniError(lab.call("bridge", "ADD", { ns }), "lab0", "192.0.2.1/24", "10.77.0.1/24", "forceAddress");
      expect(lab.addrs(lab.host, "lab0")).toEqual(["192.0.2.1/24"]);
    }),
  );

  need(
    "whose ADD was killed between its birth and its alias is berth's, and only under its name",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns });
      lab.del({ ns });
      const { address, ifalias } = bridgeOf(lab);
      expect(ifalias).toBe("berth");
      for (const [bridge, alias] of [
        ["lab0", "berth"],
        ["lab1", undefined],
      ] as const) {
        lab.sh(lab.host, "ip", "link", "del", "lab0");
        lab.sh(lab.host, "ip", "link", "add", bridge, "address", address, "type", "bridge");
        if (bridge !== "lab0") lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
        lab.add({ ns, conf: lab.conf({ bridge }) });
        lab.del({ ns, conf: lab.conf({ bridge }) });
        expect(lab.ipj(lab.host, "link", "show", "dev", bridge)[0].ifalias).toBe(alias);
      }
    }),
  );

  need(
    "has another MAC address on each machine",
    inLab((lab) => {
      const macs = new Set<string>();
      for (let i = 0; i < 4; i++) {
        const ns = lab.container();
        lab.add({ ns });
        lab.del({ ns });
        macs.add(bridgeOf(lab).address);
        lab.sh(lab.host, "ip", "link", "del", "lab0");
      }
      expect(macs.size).toBe(4);
    }),
  );
});

/** Ways to make an eth0 in the container `ns` that is not the lab network's. */
const OTHERS: Record<string, (lab: Lab, ns: string) => void> = {
  "a veth without a bridge, as ptp's": (lab, ns) =>
    void lab.sh(lab.host, "ip", "link", "add", "far0", "type", "veth", "peer", "name", "eth0", "netns", ns),
  "a port of another bridge, as the reference's": (lab, ns) =>
    void lab.add({ ns, id: "other", bin: REFERENCE, conf: lab.conf({ name: "other", bridge: "lab9" }) }),
  "a port of the same bridge, of another network of berth's": (lab, ns) =>
    void lab.add({ ns, id: "other", conf: lab.conf({ name: "other" }) }),
};

describe("DEL after an ADD that found the interface name taken", () => {
  needReference.each(Object.keys(OTHERS))("leaves %s", async (kind) => {
    await inLab((lab) => {
      const ns = lab.container();
      OTHERS[kind]?.(lab, ns);
      cniError(lab.call("bridge", "ADD", { ns }), "eth0");
      for (const conf of [lab.conf(), lab.conf({ ipam: undefined })]) {
        for (let again = 0; again < 2; again++) lab.del({ ns, conf });
        expect(names(lab, ns)).toEqual(["lo", "eth0"]);
      }
    })();
  });

  needs(
    namespaces,
    built,
    can(
      "root and the link kind macvlan",
      "sh",
      "-c",
      "ip link add up0 type veth peer name far0 && ip link add link up0 type macvlan",
    ),
  )(
    "leaves a macvlan",
    inLab((lab) => {
      const ns = lab.container();
      lab.sh(lab.host, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "far0");
      lab.sh(lab.host, "ip", "link", "add", "link", "up0", "name", "eth0", "netns", ns, "type", "macvlan");
      cniError(lab.call("bridge", "ADD", { ns }), "eth0");
      lab.del({ ns });
      expect(names(lab, ns)).toEqual(["lo", "eth0"]);
    }),
  );
});

describe("DEL after an ADD of the reference that was killed before the pair joined the bridge", () => {
  const pair = (lab: Lab, ns: string) =>
    void lab.sh(lab.host, ..."ip link add vethdeadbeef up type veth peer name eth0 netns".split(" "), ns);

  need.each([
    ["removes it", undefined, ["lo"]],
    ["leaves one that is in use", "up", ["lo", "eth0"]],
    ["leaves one that has an address", "address", ["lo", "eth0"]],
  ] as const)("%s", async (_, use, left) => {
    await inLab((lab) => {
      const ns = lab.container();
      pair(lab, ns);
      if (use === "up") lab.sh(ns, "ip", "link", "set", "eth0", "up");
      if (use === "address") lab.sh(ns, "ip", "addr", "add", "192.0.2.9/24", "dev", "eth0");
      lab.del({ ns });
      expect(names(lab, ns)).toEqual([...left]);
    })();
  });
});

describe("DEL without prevResult of what the reference made", () => {
  const STATIC = { type: "static", addresses: [{ address: "10.77.0.9/24" }] };
  needReference.each([
    ["host-local", {}],
    ["static", { ipam: STATIC }],
    ["no IPAM", { ipam: undefined }],
  ] as [string, Partial<Conf>][])("removes it: %s", async (_, over) => {
    await inLab((lab) => {
      const ns = lab.container();
      const conf = lab.conf(over);
      lab.add({ ns, conf, bin: REFERENCE });
      expect(names(lab, ns)).toEqual(["lo", "eth0"]);
      lab.del({ ns, conf, path: `${BIN}:${REFERENCE}` });
      expect([names(lab, ns), lab.ports(), lab.leases()]).toEqual([["lo"], [], {}]);
    })();
  });
});

describe("DEL ends", () => {
  need.each(["lo", "looped"])("with CNI_IFNAME=%s", async (ifname) => {
    await inLab((lab) => {
      const ns = lab.container();
      lab.sh(ns, "ip", "link", "property", "add", "dev", "lo", "altname", "looped");
      cniError(lab.call("bridge", "ADD", { ns, ifname }), ifname);
      for (let again = 0; again < 2; again++) lab.del({ ns, ifname });
      expect([names(lab, ns), lab.leases()]).toEqual([["lo"], {}]);
    })();
  });

  need.each(["mnt", "uts"])("with a namespace of another kind as CNI_NETNS: %s", async (kind) => {
    await inLab((lab) => {
      const ns = `/proc/self/ns/${kind}`;
      cniError(lab.call("bridge", "ADD", { ns }), "CNI_NETNS", "network namespace");
      expect([lab.leases(), names(lab, lab.host)]).toEqual([{}, ["lo"]]);
      lab.add({ ns: lab.container() });
      for (let again = 0; again < 2; again++) {
        const { status, stdout, stderr } = lab.call("bridge", "DEL", { ns });
        expect([status, stdout, stderr.includes("taken as gone")]).toEqual([0, "", true]);
      }
      expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    })();
  });
});
