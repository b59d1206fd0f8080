/** The fake at the seam of host/host.ts: two namespaces in memory, a record of what was done to them, failures on cue. */
import type { Owner } from "../../src/base/owner.ts";
import type { Machine } from "../../src/features/machine.ts";
import { NetlinkError } from "../../src/netlink/error.ts";
import type { Link } from "../../src/rtnl/read-link.ts";
import { addLink, copyOf, findIn, space } from "./fake-links.ts";
import { type Effect, namespace } from "./fake-namespace.ts";

/** What happens to an effect (its text in the record, its place there). */
export interface Cues {
  /** The errno with which it is refused; undefined: it is not. */
  refuses?: (effect: string, index: number) => number | undefined;
  /** It is done, but instead of the answer a SIGTERM comes. */
  interrupts?: (effect: string, index: number) => boolean;
}

export interface FakeHost extends Machine {
  /** Every effect in order, failed ones too: "host: ip link set v0 up", "ctr: sysctl KEY=1", "masquerade add …". */
  readonly log: string[];
  /** Records an effect on something else, and fails it on cue. */
  effect(text: string): void;
  /** The names of the links in the container. */
  inside(): string[];
  /** The owners of masquerade rules, as "network/containerId/ifname". */
  readonly masqueraded: ReadonlySet<string>;
  /** Puts a link there that somebody else made; `inside` the container, or in the host. */
  put(link: Partial<Link> & { name: string }, inside?: "inside"): Link;
  /** A link in the container as it is now. */
  innerLink(name: string): Link | undefined;
}

/** A host without links of its own, and one container that has none either. */
export function fakeHost({ refuses, interrupts }: Cues = {}): FakeHost {
  const log: string[] = [];
  const masqueraded = new Set<string>();
  const spaces = { host: space("host"), ctr: space("ctr") };
  const effect: Effect = (text, run) => {
    const index = log.push(text) - 1;
    const refused = refuses?.(text, index);
    const errno = refused ?? Number(run() ?? 0);
    if (interrupts?.(text, index)) throw Object.assign(new Error("interrupted by SIGTERM"), { signal: "SIGTERM" });
    return errno;
  };
  const must = (text: string, run: () => void = () => {}) => {
    const errno = effect(text, () => void run());
    if (errno) throw new NetlinkError(text, errno);
  };
  const sandbox = { ...namespace(spaces.ctr, spaces, effect), path: "/run/netns/ctr", fd: 9 };
  return {
    ...namespace(spaces.host, spaces, effect),
    openSandbox: () => sandbox,
    openSandboxIfThere: (path) => (path === "" ? undefined : sandbox),
    masquerade: {
      add: (owner, _, only = "nftables") => {
        if (only === "iptables") must(`iptables add ${nameOf(owner)}`);
        else must(`masquerade add ${nameOf(owner)}`, () => masqueraded.add(nameOf(owner)));
        return only;
      },
      remove: (owner) => {
        const there = masqueraded.has(nameOf(owner));
        must(`masquerade remove ${nameOf(owner)}`, () => masqueraded.delete(nameOf(owner)));
        return there;
      },
      check: (owner) => (masqueraded.has(nameOf(owner)) ? undefined : `nothing for ${nameOf(owner)}`),
      gc: (network) => must(`masquerade gc ${network}`),
      restore: (owner) => {
        const missing = masqueraded.has(nameOf(owner)) ? undefined : `nothing for ${nameOf(owner)}`;
        if (missing) must(`masquerade restore ${nameOf(owner)}`, () => masqueraded.add(nameOf(owner)));
        return missing;
      },
    },
    iptables: {
      assertInstalled: () => {},
      assertWorks: () => {},
      add: (owner) => must(`iptables add ${nameOf(owner)}`),
      remove: (owner) => must(`iptables remove ${nameOf(owner)}`),
      check: () => undefined,
      restore: () => undefined,
      isReferences: () => false,
    },
    spoofCheck: {
      add: (owner, { name }) => must(`spoof-check add ${nameOf(owner)} ${name}`),
      remove: (owner) => must(`spoof-check remove ${nameOf(owner)}`),
      check: () => undefined,
      gc: (network) => must(`spoof-check gc ${network}`),
    },
    nft: {
      client: noNftables,
      failure: () => undefined,
      isLacking: () => false,
      orWithout: noNftables,
      close: () => {},
    },
    log,
    effect: (text) => must(text),
    inside: () => spaces.ctr.links.map(({ name }) => name),
    masqueraded,
    put: (link, inside) => addLink(inside ? spaces.ctr : spaces.host, link.name, link.kind ?? "", link),
    innerLink: (name) => copyOf(findIn(spaces.ctr, name)),
  };
}

function noNftables(): never {
  throw new Error("the fake host has no nfnetlink");
}

function nameOf({ network, containerId, ifname }: Owner): string {
  return `${network}/${containerId}/${ifname}`;
}
