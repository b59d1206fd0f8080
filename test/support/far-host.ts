import { answers } from "./answers.ts";
import type { Lab } from "./lab.ts";

/** A machine beyond the lab's host that has no route back to containers, and counts whose echo requests arrive. */
export interface FarHost {
  /** Its namespace. */
  readonly ns: string;
  /** Its addresses; the host's are `host`. */
  readonly addresses: readonly [v4: string, v6: string];
  /** The source addresses that it has been asked from, each once. */
  seen(): string[];
}

/** The addresses of the host's side of the link to the far host. */
export const UPLINK = { device: "up0", v4: "192.0.2.1", v6: "2001:db8::1", second: "192.0.2.77" };

/** Joins a far host to the lab's host by a link of its own. */
export function farHost(lab: Lab): FarHost {
  const ns = lab.container();
  lab.sh(lab.host, "ip", "link", "add", UPLINK.device, "type", "veth", "peer", "name", "far0", "netns", ns);
  const give = (where: string, device: string, ...addresses: string[]) => {
    // Nobody waits for duplicate address detection, not even on the link-local addresses.
    lab.sh(where, "sh", "-c", `echo 0 >/proc/sys/net/ipv6/conf/${device}/accept_dad`);
    for (const address of addresses) lab.sh(where, "ip", "addr", "add", address, "dev", device);
    lab.sh(where, "ip", "link", "set", device, "up");
  };
  give(lab.host, UPLINK.device, `${UPLINK.v4}/24`, `${UPLINK.second}/24`, `${UPLINK.v6}/64`);
  give(ns, "far0", "192.0.2.2/24", "2001:db8::2/64");
  const addresses = ["192.0.2.2", "2001:db8::2"] as const;
  awaitAnswers(lab, addresses);
  lab.sh(ns, "nft", RECORDER);
  return { ns, addresses, seen: () => recorded(lab, ns) };
}

/** The kernel takes up to a second to call a new link ready for IPv6. */
function awaitAnswers(lab: Lab, addresses: readonly string[]): void {
  for (let left = 30; !addresses.every((address) => answers(lab, lab.host, address, 100)); left--) {
    if (left === 0) throw new Error(`the far host does not answer on ${addresses}`);
  }
}

/** Adds the source of each echo request to a set. */
const RECORDER = `
table inet recorder {
  set v4 { type ipv4_addr; flags dynamic; }
  set v6 { type ipv6_addr; flags dynamic; }
  chain input {
    type filter hook input priority 0;
    icmp type echo-request add @v4 { ip saddr }
    icmpv6 type echo-request add @v6 { ip6 saddr }
  }
}`;

function recorded(lab: Lab, ns: string): string[] {
  return lab.nftj(ns).flatMap((row) => row.set?.elem ?? []);
}
