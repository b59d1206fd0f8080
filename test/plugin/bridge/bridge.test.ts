import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";

const need = needs(namespaces, built);

const bridgeOf = (lab: Lab) => lab.ipj(lab.host, "link", "show", "dev", "lab0")[0];

/** A bridge that somebody else made, with an address. */
function foreignBridge(lab: Lab, address: string): void {
  lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
  lab.sh(lab.host, "ip", "addr", "add", address, "dev", "lab0");
}

describe("bridge/ADD: the bridge", () => {
  need(
    "keeps its MAC address while ports come and go",
    inLab((lab) => {
      const ids = Array.from({ length: 12 }, (_, i) => `c${i}`);
      const guests = ids.map((id) => ({ id, ns: lab.container() }));
      const macs = guests.map((guest) => {
        const { interfaces } = lab.add(guest);
        return [interfaces[0].mac, bridgeOf(lab).address];
      });
      for (const guest of guests) {
        lab.del(guest);
        macs.push([bridgeOf(lab).address]);
      }
      expect(new Set(macs.flat()).size).toBe(1);
    }),
  );

  need(
    "and the veth have MAC addresses that are set: udev's policy for random ones does not apply",
    inLab((lab) => {
      const ns = lab.container();
      const { interfaces } = lab.add({ ns });
      const NET_ADDR_SET = "3\n";
      [lab.host, lab.host, ns].forEach((where, i) => {
        // The /sys of that namespace, which only ip-netns mounts.
        const path = `/sys/class/net/${interfaces[i].name}/addr_assign_type`;
        expect([i, lab.sh(lab.host, "ip", "netns", "exec", where, "cat", path)]).toEqual([i, NET_ADDR_SET]);
      });
    }),
  );

  need(
    "that is there already is used, with its MAC address and MTU",
    inLab((lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab0", "mtu", "1450", "type", "bridge");
      const before = bridgeOf(lab);
      const ns = lab.container();
      const { interfaces } = lab.add({ ns, conf: lab.conf({ mtu: 1450 }) });
      const { ifindex, address, mtu } = before;
      expect(bridgeOf(lab)).toMatchObject({ ifindex, address, mtu });
      expect(interfaces[0].mac).toBe(address);
      expect(answers(lab, ns, "10.77.0.1")).toBe(true);
    }),
  );

  need.each([
    ["without a MAC address of its own", []],
    ["with one", ["address", "02:00:00:00:00:01"]],
  ])("that others made %s is not waited for longer than it takes to run, first ADD or next", async (_, words) => {
    await inLab((lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab0", ...words, "type", "bridge");
      for (const id of ["first", "next"]) {
        const ns = lab.container();
        const start = performance.now();
        lab.add({ ns, id });
        expect([id, performance.now() - start < 300, answers(lab, ns, "10.77.0.1", 100)]).toEqual([id, true, true]);
      }
    })();
  });

  need(
    "that others made, with a network card, keeps that one's MAC address as containers come",
    inLab((lab) => {
      const card = "f4:00:00:00:00:01";
      lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
      lab.sh(lab.host, "ip", "link", "add", "card", "address", card, "type", "veth");
      lab.sh(lab.host, "ip", "link", "set", "card", "master", "lab0", "up");
      lab.sh(lab.host, "ip", "addr", "add", "10.77.0.1/24", "dev", "lab0");
      for (const id of ["a", "b", "c", "d"]) {
        lab.add({ ns: lab.container(), id });
        expect(bridgeOf(lab).address).toBe(card);
      }
    }),
  );

  need(
    "keeps an address that is the wanted one",
    inLab((lab) => {
      foreignBridge(lab, "10.77.0.1/24");
      lab.add({ ns: lab.container() });
      expect(lab.addrs(lab.host, "lab0")).toEqual(["10.77.0.1/24"]);
    }),
  );

  need.each([
    ["10.77.0.1/24", "10.99.0.1/24", "10.77.0.0/24"],
    ["fd77::1/64", "fd77::9/48", "fd77::/64"],
  ])("keeps %s, in whatever order it is listed with %s", async (wanted, other, subnet) => {
    for (const addresses of [
      [wanted, other],
      [other, wanted],
    ]) {
      await inLab((lab) => {
        lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
        for (const address of addresses) lab.sh(lab.host, "ip", "addr", "add", address, "dev", "lab0");
        lab.add({ ns: lab.container(), conf: lab.conf({ ipam: { type: "host-local", ranges: [[{ subnet }]] } }) });
        const family = subnet.includes(":") ? "inet6" : "inet";
        expect(lab.addrs(lab.host, "lab0", family).sort()).toEqual([wanted, other].sort());
      })();
    }
  });

  need(
    "carries a link-local gateway beside the kernel's own link-local address",
    inLab((lab) => {
      const range = { subnet: "fe80::/64", gateway: "fe80::1", rangeStart: "fe80::100", rangeEnd: "fe80::1ff" };
      const conf = lab.conf({ ipam: { type: "host-local", ranges: [[range]] } });
      for (const id of ["a", "b", "c"]) {
        const ns = lab.container();
        lab.add({ ns, id, conf });
        expect(answers(lab, ns, "fe80::1%eth0")).toBe(true);
      }
      const { addr_info } = lab.ipj(lab.host, "-6", "addr", "show", "dev", "lab0")[0];
      expect(addr_info).toHaveLength(2);
    }),
  );

  need(
    "has IPv6 switched on, with an IPv6 gateway, where the machine has it off for new interfaces",
    inLab((lab) => {
      for (const name of ["all", "default"]) {
        lab.sh(lab.host, "sysctl", "-qw", `net.ipv6.conf.${name}.disable_ipv6=1`);
      }
      const ipam = { type: "host-local", ranges: [[{ subnet: "fd77::/64" }]] };
      const ns = lab.container();
      lab.add({ ns, conf: lab.conf({ ipam }) });
      expect(answers(lab, ns, "fd77::1")).toBe(true);
    }),
  );

  need(
    "that others made and whose ports have gone, and its MAC address with them, gets one",
    inLab((lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab0", "up", "type", "bridge");
      lab.sh(lab.host, "ip", "link", "add", "p0", "type", "veth");
      lab.sh(lab.host, "ip", "link", "set", "p0", "master", "lab0");
      lab.sh(lab.host, "ip", "link", "set", "p0", "nomaster");
      expect(bridgeOf(lab).address).toBe("00:00:00:00:00:00");
      const ns = lab.container();
      const { interfaces } = lab.add({ ns });
      expect(bridgeOf(lab).address).toBe(interfaces[0].mac);
      expect(answers(lab, ns, "10.77.0.1")).toBe(true);
    }),
  );

  need(
    "that others made, with the gateway's address, keeps its MAC address while ports come and go",
    inLab((lab) => {
      foreignBridge(lab, "10.77.0.1/24");
      const macs = ["a", "b", "c", "d", "e", "f"].map((id) => {
        const ns = lab.container();
        const { interfaces } = lab.add({ ns, id });
        if (id !== "a") lab.del({ ns, id });
        return [interfaces[0].mac, bridgeOf(lab).address];
      });
      expect(new Set(macs.flat()).size).toBe(1);
    }),
  );

  need(
    "with another subnet's address: refused, replaced with forceAddress",
    inLab((lab) => {
      foreignBridge(lab, "10.99.0.1/24");
      const ns = lab.container();
      cniError(lab.call("bridge", "ADD", { ns }), "lab0", "10.99.0.1/24", "10.77.0.1/24", "forceAddress");
      expect(lab.addrs(lab.host, "lab0")).toEqual(["10.99.0.1/24"]);
      lab.add({ ns, conf: lab.conf({ forceAddress: true }) });
      expect(lab.addrs(lab.host, "lab0")).toEqual(["10.77.0.1/24"]);
    }),
  );

  need(
    "of its own making and without ports follows the network to another subnet",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns });
      const moved = lab.conf({ ipam: { type: "host-local", ranges: [[{ subnet: "10.78.0.0/24" }]] } });
      cniError(lab.call("bridge", "ADD", { ns: lab.container(), id: "b", conf: moved }), "10.77.0.1/24", "1 port");
      lab.del({ ns });
      lab.add({ ns, conf: moved });
      expect(lab.addrs(lab.host, "lab0")).toEqual(["10.78.0.1/24"]);
    }),
  );

  need(
    "keeps IPv6 addresses that do not overlap, and adds its own",
    inLab((lab) => {
      foreignBridge(lab, "fd99::1/64");
      const ipam = { type: "host-local", ranges: [[{ subnet: "fd77::/64" }]] };
      lab.add({ ns: lab.container(), conf: lab.conf({ ipam }) });
      expect(lab.addrs(lab.host, "lab0", "inet6").sort()).toEqual(["fd77::1/64", "fd99::1/64"]);
    }),
  );

  need(
    "that is no bridge is refused",
    inLab((lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1");
      cniError(lab.call("bridge", "ADD", { ns: lab.container() }), '"lab0" already exists but is not a bridge');
      expect(lab.leases()).toEqual({});
    }),
  );
});
