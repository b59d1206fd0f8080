/** The verbs of rtnl/addr.ts and rtnl/neigh.ts against the kernel, looked at with `ip`. */
import { expect } from "bun:test";
import { addAddr, deleteAddr, ensureAddr, listAddrs } from "../../../src/rtnl/addr.ts";
import { addBridge, setUp } from "../../../src/rtnl/link.ts";
import { forgetNeigh } from "../../../src/rtnl/neigh.ts";
import type { Json } from "../../support/command.ts";
import { inLab } from "../../support/lab.ts";
import { BRIDGE, change, indexOf, ip, look, needsLinks, pair, prefix, refused, using } from "./links.ts";

needsLinks(
  "addAddr() sets address, length and broadcast address",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const index = indexOf(lab, lab.host, "br0");
    change(lab, lab.host, ...["10.1.2.3/24", "10.9.0.2/31", "10.8.0.1/32"].map((text) => addAddr(index, prefix(text))));
    const found = look(lab, lab.host, "br0").addr_info.filter((one: Json) => one.family === "inet");
    expect(found.map(({ local, prefixlen, broadcast, scope }: Json) => [local, prefixlen, broadcast, scope])).toEqual([
      ["10.1.2.3", 24, "10.1.2.255", "global"],
      ["10.9.0.2", 31, undefined, "global"],
      ["10.8.0.1", 32, undefined, "global"],
    ]);
  }),
);

needsLinks(
  "addAddr() sets IPv6 addresses",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    change(lab, lab.host, addAddr(indexOf(lab, lab.host, "br0"), prefix("2001:db8::3/64")));
    const found = look(lab, lab.host, "br0").addr_info;
    expect(found).toMatchObject([{ family: "inet6", local: "2001:db8::3", prefixlen: 64, scope: "global" }]);
  }),
);

needsLinks(
  "addAddr() fails for an address that is there, ensureAddr() does not",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const index = indexOf(lab, lab.host, "br0");
    for (const text of ["10.1.2.3/24", "2001:db8::3/64"]) {
      change(lab, lab.host, addAddr(index, prefix(text)));
      expect(refused(lab, lab.host, addAddr(index, prefix(text))).message).toStartWith(
        `ip addr add ${text} dev if${index}: file exists`,
      );
      change(lab, lab.host, ensureAddr(index, prefix(text)));
    }
    expect(look(lab, lab.host, "br0").addr_info).toHaveLength(2);
  }),
);

needsLinks(
  "deleteAddr() removes it, and fails for one that is not there",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const index = indexOf(lab, lab.host, "br0");
    for (const text of ["10.1.2.3/24", "2001:db8::3/64"]) {
      change(lab, lab.host, addAddr(index, prefix(text)), deleteAddr(index, prefix(text)));
      expect(refused(lab, lab.host, deleteAddr(index, prefix(text))).message).toStartWith(
        `ip addr del ${text} dev if${index}: cannot assign requested address`,
      );
    }
    expect(look(lab, lab.host, "br0").addr_info).toEqual([]);
  }),
);

needsLinks(
  "listAddrs() sees what `ip` sees of one interface",
  inLab((lab) => {
    const ns = pair(lab);
    lab.sh(ns, "ip", "addr", "add", "10.1.2.3/24", "dev", "eth0");
    lab.sh(ns, "ip", "addr", "add", "192.0.2.1", "peer", "192.0.2.9/32", "dev", "eth0");
    lab.sh(ns, "ip", "addr", "add", "2001:db8::3/64", "dev", "eth0", "nodad");
    lab.sh(ns, "ip", "link", "set", "lo", "up");
    const index = indexOf(lab, ns, "eth0");
    const list = (family?: number) =>
      using(lab, ns, (client) => listAddrs(client, index, family)).map(({ prefix, scope }) => [
        prefix.ip.join("."),
        prefix.length,
        scope,
      ]);
    const four = [
      ["10.1.2.3", 24, 0],
      ["192.0.2.1", 32, 0],
    ];
    const six = [["32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.3", 64, 0]];
    expect(list()).toEqual([...four, ...six]);
    expect(list(2)).toEqual(four);
    expect(list(10)).toEqual(six);
  }),
);

needsLinks(
  "listAddrs() gives all flags, also those that the header has no room for",
  inLab((lab) => {
    const ns = pair(lab);
    lab.sh(ns, "ip", "addr", "add", "10.1.2.3/24", "dev", "eth0", "noprefixroute");
    const [found] = using(lab, ns, (client) => listAddrs(client, indexOf(lab, ns, "eth0")));
    // IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE (linux/if_addr.h).
    expect(found?.flags).toBe(0x280);
  }),
);

needsLinks(
  "forgetNeigh() removes an entry, and says where there is none",
  inLab((lab) => {
    const ns = pair(lab);
    const index = indexOf(lab, ns, "eth0");
    change(lab, ns, setUp(index));
    const addresses = ["10.1.2.77", "2001:db8::77"];
    for (const address of addresses)
      lab.sh(ns, ..."ip neigh add lladdr 02:00:00:00:00:99 dev eth0".split(" "), address);
    for (const address of addresses) {
      const unknown: string[] = [];
      const named = ["first", "second"].map((name) => forgetNeigh(index, ip(address), () => void unknown.push(name)));
      change(lab, ns, ...named, forgetNeigh(index, ip(address)));
      expect(unknown).toEqual(["second"]);
    }
    const left = lab.ipj(ns, "neigh", "show", "dev", "eth0").filter(({ dst }) => addresses.includes(dst));
    expect(left).toEqual([]);
  }),
);

needsLinks(
  "one datagram carries many changes, done in their order",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const index = indexOf(lab, lab.host, "br0");
    const all = Array.from({ length: 200 }, (_, i) => addAddr(index, prefix(`10.1.${i}.1/24`)));
    change(lab, lab.host, ...all);
    expect(lab.addrs(lab.host, "br0")).toEqual(Array.from({ length: 200 }, (_, i) => `10.1.${i}.1/24`));
    expect(using(lab, lab.host, (client) => listAddrs(client, index, 2))).toHaveLength(200);
  }),
);
