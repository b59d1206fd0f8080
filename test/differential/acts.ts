/** What others do to the machine before and between the calls: the same on both sides. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, ipj } from "../support/command.ts";
import type { Case, Guest } from "./case.ts";
import type { Side } from "./side.ts";

type Preparation = (side: Side, one: Case) => void;
type Act = (side: Side, guest: Guest) => void;

const host =
  (command: string): Preparation =>
  ({ host: ns }) =>
    void attempt(ns, "sh", "-c", command);
const outside =
  (command: string): Act =>
  ({ host: ns }) =>
    void attempt(ns, "sh", "-c", command);
const inside =
  (command: string): Act =>
  ({ containers }, guest) =>
    void attempt(containers[guest], "sh", "-c", command);

/** Things that may be there before the first call. The bridge of most cases is called br0. */
export const PREPARATIONS: Record<string, Preparation> = {
  "an empty bridge": host("ip link add br0 type bridge"),
  "a bridge with a MAC address": host("ip link add br0 address 02:be:ef:00:00:01 type bridge && ip link set br0 up"),
  // With a MAC address of its own: neither side gives it one where it has the gateway, and whether a new port's is lower, so
  // that a CHECK of an earlier result fails, would be chance.
  "a bridge with the gateway": host(
    "ip link add br0 address 02:be:ef:00:00:02 type bridge && ip addr add 10.77.0.1/24 dev br0 && ip link set br0 up",
  ),
  "a bridge of another IPv4 subnet": host("ip link add br0 type bridge && ip addr add 172.20.0.1/16 dev br0"),
  "a bridge with the gateway after another address": host(
    "ip link add br0 address 02:be:ef:00:00:02 type bridge && ip addr add 172.20.0.1/16 dev br0 && ip addr add 10.77.0.1/24 dev br0 && ip link set br0 up",
  ),
  "a bridge of an overlapping IPv6 prefix": host("ip link add br0 type bridge && ip addr add fd77::5/48 nodad dev br0"),
  "a bridge of another IPv6 subnet": host("ip link add br0 type bridge && ip addr add fd88::5/64 nodad dev br0"),
  "another link of the bridge's name": host("ip link add br0 type veth peer name other0"),
  forwarding: host("echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"),
  "the container's interface": ({ containers }) =>
    void attempt(containers[0], "ip", "link", "add", "eth0", "type", "bridge"),
  "an interface in the container": ({ containers }) =>
    void attempt(
      containers[0],
      "sh",
      "-c",
      "ip link add eth0 address 02:be:ef:00:00:03 type veth peer name p0 && ip link set eth0 up",
    ),
  "links to the containers": ({ host: ns, containers }) => {
    for (const [i, container] of containers.entries()) {
      const peer = `type veth peer name eth0 netns ${container} address 02:11:22:33:44:b${i}`;
      attempt(ns, "ip", "link", "add", `port${i}`, "address", `02:11:22:33:44:a${i}`, ...peer.split(" "));
      attempt(container, "ip", "link", "set", "eth0", "addrgenmode", "none", "up");
      attempt(ns, "ip", "link", "set", `port${i}`, "addrgenmode", "none", "up");
      attempt(ns, "ip", "route", "add", `10.77.0.${9 + i}`, "dev", `port${i}`);
    }
    for (const one of [ns, ...containers]) awaitCarriers(one);
    attempt(ns, "sh", "-c", "for t in iptables ip6tables; do $t -t nat -N OTHERS-MARK; done");
  },
  "a veth to the container": ({ host: ns, containers }) => {
    const [guest] = containers;
    attempt(ns, "ip", ..."link add vport0 mtu 1400 type veth peer name eth0 netns".split(" "), guest);
    attempt(guest, "ip", "link", "set", "eth0", "up");
    attempt(ns, "ip", "link", "set", "vport0", "up");
    const runs = (link: string) => `until ip link show ${link} | grep -q 'state UP'; do sleep 0.01; done`;
    attempt(guest, "timeout", "5", "sh", "-c", runs("eth0"));
    attempt(ns, "timeout", "5", "sh", "-c", runs("vport0"));
  },
  "IPv6 off in the container": ({ containers }) =>
    void attempt(
      containers[0],
      "sh",
      "-c",
      "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6",
    ),
  "IPv6 off on new interfaces": host("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"),
  "a lease of somebody": lease("10.77.0.2", "somebody\r\neth0"),
  "a lease of its own": lease("10.77.0.3", "ct-0\r\neth0"),
  "a lease of its other interface": lease("10.77.0.3", "ct-0\r\nnet7"),
  "a lease without interface": lease("10.77.0.4", "ct-0"),
  "a lease with blanks": lease("10.77.0.4", " ct-0\r\neth0\n"),
  "an empty lease": lease("10.77.0.2", ""),
  "a last reserved address": lease("last_reserved_ip.0", "10.77.0.11"),
  "a last reserved address from elsewhere": lease("last_reserved_ip.0", "192.0.2.1"),
  "a last reserved nonsense": lease("last_reserved_ip.0", "nonsense\n"),
  "a foreign file among the leases": lease("README", "hello"),
};

function awaitCarriers(ns: string): void {
  for (let left = 500; left > 0; left--) {
    if (ipj(ns, "link", "show", "type", "veth").every(({ operstate }) => operstate === "UP")) return;
    Bun.sleepSync(20);
  }
  throw new Error(`a link in ${ns} has no carrier after ten seconds`);
}

function lease(file: string, content: string): Preparation {
  return ({ store }, { conf }) => {
    const name = typeof conf.name === "string" && /^[\w.-]+$/.test(conf.name) ? conf.name : "net";
    mkdirSync(join(store, name), { recursive: true });
    writeFileSync(join(store, name, file), content, { mode: 0o600 });
  };
}

function bothTables(...commands: readonly string[]): Act {
  const all = ["iptables", "ip6tables"].flatMap((tool) => commands.map((command) => `${tool} ${command}`));
  return ({ host: ns }) => void attempt(ns, "sh", "-c", all.join("; "));
}

/** Things that may happen between two calls. */
export const ACTS: Record<string, Act> = {
  "deletes the container's interface": inside("ip link del eth0"),
  "sets the container's interface down": inside("ip link set eth0 down"),
  "renames the container's interface": inside("ip link set eth0 down && ip link set eth0 name was0"),
  "changes the container's MAC address": inside("ip link set eth0 address 02:00:00:00:00:77"),
  "changes the container's MTU": inside("ip link set eth0 mtu 1300"),
  "listens on the container's interface": inside("ip link add hears type bridge; ip link set eth0 master hears"),
  "flushes the container's addresses": inside("ip addr flush dev eth0 scope global"),
  "deletes the container's default route": inside("ip route del default"),
  "adds a route in the container": inside("ip route add 10.200.0.0/16 dev eth0"),
  "moves the default route to another table": inside("ip route del default; ip route add default dev eth0 table 100"),
  "deletes the bridge": ({ host: ns }) => void attempt(ns, "ip", "link", "del", "br0"),
  "takes the port off the bridge": ({ host: ns }) => {
    const ports = ipj(ns, "link", "show", "type", "veth").filter(({ master }) => master === "br0");
    for (const { ifname } of ports) attempt(ns, "ip", "link", "set", ifname, "nomaster");
  },
  "makes the bridge promiscuous": ({ host: ns }) => void attempt(ns, "ip", "link", "set", "br0", "promisc", "on"),
  "flushes the table filter": bothTables("-F"),
  "deletes the chains of the table filter": bothTables("-F", "-X"),
  "flushes the isolation of bridges": bothTables("-F CNI-ISOLATION-STAGE-2"),
  "stops shaping what the container gets": outside("tc qdisc del dev vport0 root"),
  "shapes what the container gets": outside(
    "tc qdisc add dev vport0 root handle 5: tbf rate 3mbit burst 9000 limit 30000",
  ),
  "filters what the container sends": outside("tc qdisc add dev vport0 ingress"),
  "deletes the device that the container sends through": outside(
    "ip -o link show type ifb | cut -d: -f2 | xargs -rn1 ip link del",
  ),
  "deletes the leases": ({ store }) => {
    for (const entry of readdirSync(store, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()))
      if (/^[0-9a-f]+[.:]/.test(entry.name)) rmSync(join(entry.parentPath, entry.name));
  },
};
