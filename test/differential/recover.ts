/** Brings both sides to the same state after an intended difference, as a runtime and an administrator would. */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt, ipj } from "../support/command.ts";
import { aloneAt, type CallStep, type Case, hasPlugin } from "./case.ts";
import { perform, type Side, type Twins } from "./side.ts";

/** DEL of all attachments, then what is shared goes too: the bridge without ports, forwarding, round robin's memory. */
export function recover({ berth, reference }: Twins, one: Case, { ifname, id, guest }: CallStep): void {
  const forwards = one.before.includes("forwarding");
  for (const side of [berth, reference]) {
    for (const which of [0, 1] as const) detach(side, one, { guest: which });
    if (ifname !== undefined) detach(side, one, { guest, ifname });
    if (id !== undefined) detach(side, one, { guest, id });
    removeBridges(side);
    if (hasPlugin(one, "portmap")) unmapPorts(side);
    if (!forwards)
      attempt(
        side.host,
        "sh",
        "-c",
        "echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding",
      );
    if (hasPlugin(one, "tuning")) rmSync(join(side.store, "tuning"), { recursive: true, force: true });
    if (hasPlugin(one, "firewall")) attempt(side.host, "nft", "flush", "ruleset");
    forgetLast(side);
    side.results.clear();
  }
}

function detach(side: Side, one: Case, whose: Omit<CallStep, "verb">): void {
  for (const at of one.list?.keys().toArray().reverse() ?? [undefined]) {
    const chained = at !== undefined && { at, prevResult: "own" };
    perform(side, aloneAt(one, { ...chained }), { ...whose, ...chained, verb: "DEL" });
  }
}

function removeBridges({ host }: Side): void {
  const links = ipj(host, "-d", "link", "show");
  for (const { ifname, linkinfo } of links) {
    if (linkinfo?.info_kind === "bridge" && !links.some(({ master }) => master === ifname))
      attempt(host, "ip", "link", "del", ifname);
  }
}

/** What portmap leaves when nothing is mapped too: the next ADD makes it again. */
function unmapPorts({ host }: Side): void {
  attempt(host, "nft", "flush", "ruleset");
  attempt(host, "sh", "-c", "for t in iptables ip6tables; do $t -t nat -N OTHERS-MARK; done");
  attempt(host, "sh", "-c", "for f in /proc/sys/net/ipv4/conf/port*/route_localnet; do echo 0 >$f; done");
}

function forgetLast({ store }: Side): void {
  for (const network of readdirSync(store)) {
    const directory = join(store, network);
    for (const name of readdirSync(directory))
      if (/^(last_reserved_ip|lock$)/.test(name)) rmSync(join(directory, name));
    if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
  }
}
