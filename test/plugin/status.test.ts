/** What STATUS finds before an ADD does: it fails where every ADD does, and only there. */
import { describe, expect } from "bun:test";
import { cniError } from "../support/cni-error.ts";
import type { Json } from "../support/command.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, can, namespaces, needs } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";
import { openRoom, type Room } from "../support/room.ts";

/** Where the module is loaded, each namespace has the setting; elsewhere there is nothing to leave alone. */
const brNetfilter = can("br_netfilter", "test", "-e", "/proc/sys/net/bridge/bridge-nf-call-iptables");
const need = needs(namespaces, built);
const needIptables = needs(namespaces, built, can("root and iptables", "iptables", "-S"));

const NODE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };

const network = (lab: Lab, over: object = {}) => lab.conf({ cniVersion: "1.1.0", ipMasq: true, ...over });
const status = (lab: Lab, over: object = {}) => lab.call("bridge", "STATUS", { conf: network(lab, over), env: NODE });
const add = (lab: Lab, over: object = {}, id = "cid-1") =>
  lab.call("bridge", "ADD", { ns: lab.container(), id, conf: network(lab, over) });
const ip = (lab: Lab, ...args: string[]) => lab.sh(lab.host, "ip", ...args);

/** Ready, without a word. */
const READY = { status: 0, stdout: "", stderr: "" };

const hostLocal = (...sets: object[][]) => ({ ipam: { type: "host-local", ranges: sets } });
const V6 = hostLocal([{ subnet: "fd77::/64" }]);

describe("bridge/STATUS says 50, as ADD fails, and is ready when the cause is cured:", () => {
  need(
    "another kind of link has the bridge's name",
    inLab((lab) => {
      ip(lab, "link", "add", "lab0", "type", "veth", "peer", "name", "p0");
      expect(cniError(status(lab), "lab0", "not a bridge", "veth").code).toBe(50);
      cniError(add(lab), "not a bridge");
      ip(lab, "link", "del", "lab0");
      expect(status(lab)).toMatchObject(READY);
    }),
  );

  const RANGES: [string, Json, string][] = [
    ["of a range", { ranges: [[{ subnet: "10.77.0.0/24" }]] }, "10.77.0.1/24"],
    ["of a subnet", { subnet: "10.77.0.0/24" }, "10.77.0.1/24"],
    ["configured", { ranges: [[{ subnet: "10.77.0.0/24", gateway: "10.77.0.254" }]] }, "10.77.0.254/24"],
    ["of IPv6", { ranges: [[{ subnet: "fd77::/64" }]] }, "fd77::1/64"],
    ["of both ranges of a set", { ranges: [[{ subnet: "10.77.0.0/24" }, { subnet: "10.78.0.0/24" }]] }, "10.77.0.1/24"],
  ];
  need.each(RANGES)("another subnet is on the bridge: the gateway %s", async (_, ranges, gateway) => {
    await inLab((lab) => {
      const over = { ipam: { type: "host-local", ...ranges } };
      ip(lab, "link", "add", "lab0", "type", "bridge");
      const foreign = gateway.includes(":") ? "fd77::9/48" : "192.0.2.1/24";
      ip(lab, "addr", "add", foreign, "dev", "lab0");
      expect(cniError(status(lab, over), gateway, foreign).code).toBe(50);
      cniError(add(lab, over), gateway, foreign);
      for (const cure of [{ forceAddress: true }, { isGateway: false }]) {
        expect(status(lab, { ...over, ...cure })).toMatchObject(READY);
      }
      ip(lab, "addr", "del", foreign, "dev", "lab0");
      expect(status(lab, over)).toMatchObject(READY);
      expect(add(lab, over).status).toBe(0);
      expect(status(lab, over)).toMatchObject(READY);
    })();
  });

  need(
    "IPv6 is off on a bridge of others",
    inLab((lab) => {
      const disable = (value: number) => lab.sh(lab.host, "sysctl", "-qw", `net.ipv6.conf.lab0.disable_ipv6=${value}`);
      ip(lab, "link", "add", "lab0", "up", "type", "bridge");
      disable(1);
      for (const over of [V6, { ...V6, forceAddress: true }]) {
        expect(cniError(status(lab, over), "fd77::1/64", "net.ipv6.conf.lab0.disable_ipv6=0").code).toBe(50);
        cniError(add(lab, over), "fd77::1/64");
      }
      expect(status(lab, { ...V6, isGateway: false })).toMatchObject(READY);
      disable(0);
      expect(status(lab, V6)).toMatchObject(READY);
      expect(add(lab, V6).status).toBe(0);
    }),
  );

  need(
    "the bridge's mtu is too small for IPv6",
    inLab((lab) => {
      ip(lab, "link", "add", "lab0", "mtu", "1200", "type", "bridge");
      expect(cniError(status(lab, V6), "fd77::1/64", "1200", "1280").code).toBe(50);
      cniError(add(lab, V6), "fd77::1/64");
      ip(lab, "link", "set", "lab0", "mtu", "1280");
      expect(status(lab, V6)).toMatchObject(READY);
      expect(add(lab, V6).status).toBe(0);
    }),
  );
});

/** A call in the room. */
function callIn(lab: Lab, room: Room, over: object, env: string) {
  const variables = `${env} CNI_PATH=${lab.bin}`;
  const conf = JSON.stringify(network(lab, over));
  const output = room.run("sh", "-c", `echo '${conf}' | env -i ${variables} ${lab.bin}/bridge`);
  return { ...output, json: JSON.parse(output.stdout) };
}

/** Where something of the machine's is another, STATUS and the ADD that it rehearses must both fail. `ns` is older than the room. */
function bothFail(lab: Lab, room: Room, ns: string, over: object, ...words: string[]): void {
  expect(cniError(callIn(lab, room, over, "CNI_COMMAND=STATUS"), ...words).code).toBe(50);
  const env = `CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/${ns}`;
  cniError(callIn(lab, room, over, env), ...words);
}

describe("bridge/STATUS says 50 where the machine lacks", () => {
  need("iptables, which is the backend", async () => {
    await inLab(async (lab) => {
      const ns = lab.container();
      using room = await openRoom(lab, [
        "mount -t tmpfs none /usr/local/sbin",
        `mkdir ${lab.dir}/empty`,
        `mount --bind ${lab.dir}/empty /usr/sbin`,
      ]);
      bothFail(lab, room, ns, { ipMasqBackend: "iptables" }, "iptables-restore");
    })();
  });

  need("a writable /proc/sys, and does not forward", async () => {
    await inLab(async (lab) => {
      const ns = lab.container();
      using room = await openRoom(lab, ["mount --bind /proc/sys /proc/sys", "mount -o remount,bind,ro /proc/sys"]);
      bothFail(lab, room, ns, {}, "net.ipv4.ip_forward", "/proc/sys");
      bothFail(lab, room, ns, V6, "net.ipv6.conf.all.forwarding", "/proc/sys");
    })();
  });

  need("IPv6, of which the network has addresses", async () => {
    await inLab(async (lab) => {
      using room = await openRoom(lab, ["mount -t tmpfs none /proc/sys/net/ipv6"]);
      // The container's own /proc/sys is another: an ADD finds it out there.
      const reply = callIn(lab, room, { ...V6, isGateway: false }, "CNI_COMMAND=STATUS");
      expect(cniError(reply, "net.ipv6.conf", "the kernel has no IPv6").code).toBe(50);
    })();
  });
});

const CONFIGURATIONS: [string, object, ...words: string[]][] = [
  ["an unknown backend", { ipMasqBackend: "pf" }, "pf"],
  ["an mtu that no link has", { mtu: 65536 }, "mtu 65536"],
  ["an mtu too small for IPv6", { ...V6, mtu: 1279 }, "mtu 1279", "fd77::/64"],
  ["a MAC address of a group", { args: { cni: { mac: "01:00:5e:00:00:01" } } }, "args.cni.mac"],
  [
    "two IPv4 gateways",
    hostLocal([{ subnet: "10.77.0.0/24" }], [{ subnet: "10.78.0.0/24" }]),
    "10.77.0.1/24",
    "10.78.0.1/24",
  ],
  [
    "a route of two families",
    { ipam: { ...DUAL_STACK, routes: [{ dst: "0.0.0.0/0", gw: "fd77::1" }] } },
    "0.0.0.0/0 via fd77::1",
  ],
  ["a route with host bits", { ipam: { ...DUAL_STACK, routes: [{ dst: "10.0.0.1/8" }] } }, "10.0.0.1/8", "10.0.0.0/8"],
];

describe("bridge/STATUS refuses, as ADD does, the configuration:", () => {
  need.each(CONFIGURATIONS)("%s", async (_, over, ...words) => {
    await inLab((lab) => {
      expect(cniError(status(lab, over), ...words)).toEqual(cniError(add(lab, over), ...words));
    })();
  });
});

describe("bridge/STATUS is ready, without a word, where an ADD works:", () => {
  need(
    "the gateway's address is on the bridge, whatever is listed before it",
    inLab((lab) => {
      ip(lab, "link", "add", "lab0", "type", "bridge");
      for (const address of ["10.99.0.1/24", "10.77.0.1/24"]) ip(lab, "addr", "add", address, "dev", "lab0");
      expect(status(lab)).toMatchObject(READY);
      expect(add(lab).status).toBe(0);
    }),
  );

  need(
    "a link-local gateway on a bridge with ports",
    inLab((lab) => {
      const over = hostLocal([{ subnet: "fe80::/64", rangeStart: "fe80::100", gateway: "fe80::1" }]);
      for (const id of ["a", "b"]) {
        expect([id, add(lab, over, id).status]).toEqual([id, 0]);
        expect(status(lab, over)).toMatchObject(READY);
      }
    }),
  );

  need(
    "one subnet of a set is the bridge's, of another are later addresses",
    inLab((lab) => {
      const over = hostLocal([{ subnet: "10.77.0.0/24" }, { subnet: "10.78.0.0/24" }]);
      for (const id of ["a", "b"]) {
        expect([id, add(lab, over, id).status]).toEqual([id, 0]);
        expect(status(lab, over)).toMatchObject(READY);
      }
    }),
  );

  need(
    "IPv6 is off on a bridge of ours, where an ADD switches it on",
    inLab((lab) => {
      expect(add(lab, V6, "a").status).toBe(0);
      lab.sh(lab.host, "sysctl", "-qw", "net.ipv6.conf.lab0.disable_ipv6=1");
      expect(status(lab, V6)).toMatchObject(READY);
      expect(add(lab, V6, "b").status).toBe(0);
    }),
  );

  needIptables(
    "iptables drops what is forwarded",
    inLab((lab) => {
      lab.sh(lab.host, "iptables", "-P", "FORWARD", "DROP");
      for (const backend of ["nftables", "iptables"])
        expect(status(lab, { ipMasqBackend: backend })).toMatchObject(READY);
    }),
  );

  needs(namespaces, built, brNetfilter).each(["0", "1"])(
    "br_netfilter, which ADD leaves as it is: %s",
    async (value) => {
      await inLab((lab) => {
        const path = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        lab.sh(lab.host, "sh", "-c", `echo ${value} >${path}`);
        expect([status(lab), add(lab).status]).toMatchObject([READY, 0]);
        expect(lab.sh(lab.host, "cat", path)).toBe(`${value}\n`);
      })();
    },
  );
});
