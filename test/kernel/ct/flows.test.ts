/** The verbs of conntrack, looked at in /proc/net/nf_conntrack; and where packets to an address go, with ip. */
import { expect } from "bun:test";
import { countFlows, deleteFlow, listFlows } from "../../../src/ct/flows.ts";
import { Client } from "../../../src/netlink/client.ts";
import { NETLINK_ROUTE, openSocket } from "../../../src/netlink/socket.ts";
import { findRouteTo } from "../../../src/rtnl/route.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { can, namespaces, needs, nftables } from "../../support/needs.ts";
import { ip, nftClient } from "../../support/nft.ts";

const conntrack = can("root and /proc/net/nf_conntrack", "cat", "/proc/net/nf_conntrack");

const TRACKED = `
  table inet t { chain out { type filter hook output priority 0; ct state new; }; }
  table ip n { chain out { type nat hook output priority -100; udp dport 5353 dnat to 192.0.2.9:53; }; }`;

/** Sends from each port to 5353. */
const SENDER = `
  for (const [host, port] of [["192.0.2.1", 4001], ["192.0.2.2", 4002], ["fd00::1", 4003]]) {
    const socket = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.bind(port, () => socket.send("?", 5353, host));
  }
  setTimeout(() => process.exit(0), 50);`;

const ports = (lab: Lab) =>
  [...lab.sh(lab.host, "cat", "/proc/net/nf_conntrack").matchAll(/sport=(400\d)/g)].map(([, port]) => port).sort();

needs(
  namespaces,
  nftables,
  conntrack,
)(
  "listFlows() gives those of a port and address, deleteFlow() removes one",
  inLab((lab) => {
    lab.sh(lab.host, "ip", "addr", "add", "fd00::1/64", "dev", "lo", "nodad");
    for (const address of ["192.0.2.1", "192.0.2.2"])
      lab.sh(lab.host, "ip", "addr", "add", `${address}/32`, "dev", "lo");
    lab.sh(lab.host, "ip", "route", "add", "192.0.2.9", "dev", "lo");
    lab.sh(lab.host, "nft", TRACKED);
    const client = nftClient(lab);
    expect(countFlows(client)).toBe(0);
    lab.sh(lab.host, process.execPath, "-e", SENDER);
    expect(ports(lab)).toEqual(["4001", "4002", "4003"]);
    expect(countFlows(client)).toBe(Number(lab.sh(lab.host, "cat", "/proc/sys/net/netfilter/nf_conntrack_count")));
    const of = { family: 4, protocol: 17, dstPort: 5353 } as const;
    expect(
      listFlows(client, of)
        .map(({ srcPort }) => srcPort)
        .sort(),
    ).toEqual([4001, 4002]);
    expect(listFlows(client, { ...of, dstPort: 53 })).toEqual([]);
    expect(listFlows(client, { family: 6, protocol: 17 }).map(({ srcPort }) => srcPort)).toEqual([4003]);
    expect(listFlows(client, { family: 4, protocol: 6 })).toEqual([]);
    const [one, ...more] = listFlows(client, { ...of, dst: ip("192.0.2.2") });
    expect([one, more]).toMatchObject([{ srcPort: 4002, dst: ip("192.0.2.2"), replySrc: ip("192.0.2.9") }, []]);
    const [six] = listFlows(client, { ...of, family: 6, dst: ip("fd00::1") });
    expect(six).toMatchObject({ srcPort: 4003, replySrc: ip("fd00::1") });
    const requests = [one, six, one].flatMap((flow) => (flow ? [deleteFlow(flow)] : []));
    expect(client.attempt(requests)).toEqual([undefined, undefined, undefined]);
    expect(ports(lab)).toEqual(["4001"]);
  }),
);

needs(namespaces)(
  "findRouteTo() says what ip route get says",
  inLab((lab) => {
    const ns = lab.container();
    lab.sh(lab.host, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", ns);
    lab.sh(lab.host, "ip", "addr", "add", "10.1.2.1/24", "dev", "v0");
    lab.sh(lab.host, "ip", "addr", "add", "fd00::1/64", "dev", "v0", "nodad");
    lab.sh(lab.host, "ip", "link", "set", "v0", "up");
    const client = lab.within(lab.host, () => new Client(openSocket(NETLINK_ROUTE)));
    const [{ ifindex }] = lab.ipj(lab.host, "link", "show", "dev", "v0") as [{ ifindex: number }];
    expect(findRouteTo(client, ip("10.1.2.9"))).toEqual({ oif: ifindex, isLocal: false });
    expect(findRouteTo(client, ip("10.1.2.1"))?.isLocal).toBe(true);
    expect(findRouteTo(client, ip("127.0.0.1"))?.isLocal).toBe(true);
    expect(findRouteTo(client, ip("fd00::9"))?.isLocal).toBe(false);
    expect(findRouteTo(client, ip("fd00::1"))?.isLocal).toBe(true);
    expect(findRouteTo(client, ip("192.0.2.1"))).toBeUndefined();
  }),
);
