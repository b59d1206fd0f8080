/** Rules: what the plugins made, asked of the plugins, and what others have in the way. */

import type { Finding } from "../finding.ts";
import { CACHE_DIRECTORY } from "../node/cache.ts";
import type { AttachmentFacts, Facts, Missing } from "./facts.ts";
import { checkNat } from "./nat.ts";
import { nameOf } from "./ports.ts";
import { berth } from "./take-down.ts";
import { command, inNetns } from "./text/shell.ts";

export function checkRules(facts: Facts): Finding[] {
  return [...checkMissing(facts), ...checkNat(facts)];
}

interface Lack {
  readonly attachment: AttachmentFacts;
  readonly missing: Missing;
}

/** What a network's containers lack of one thing is one finding: a flush takes it from all. */
function checkMissing(facts: Facts): Finding[] {
  const groups = new Map<string, Lack[]>();
  for (const attachment of facts.attachments) {
    if (attachment.life.is !== "alive") continue;
    for (const missing of attachment.missing) {
      const key = `${attachment.owner.network} ${missing.what} ${isTuning(missing) ? attachment.owner.containerId : ""}`;
      groups.set(key, [...(groups.get(key) ?? []), { attachment, missing }]);
    }
  }
  return [...groups.values()].flatMap(([first, ...others]) => (first ? findingOf(first, others, facts) : []));
}

const isTuning = ({ what }: Missing): boolean => what === "tuning" || what === "bandwidth";

const CONSEQUENCES: Readonly<Record<string, string>> = {
  masquerading: "answers from outside find no way back to the containers: their addresses are known to nobody there",
  portmap: "who connects to a published port gets no answer, or another container's",
  firewall: "the containers' packets are dropped, or let through where they should not be",
};

function findingOf({ attachment, missing }: Lack, others: readonly Lack[], facts: Facts): Finding {
  const { what, message } = missing;
  const { network } = attachment.owner;
  const more = others.length === 0 ? "" : ` and of ${others.length} more of network ${network}`;
  return {
    severity: "error",
    what: `${what} of ${nameOf(attachment)}${more} is not as it was made`,
    evidence: message,
    consequence: CONSEQUENCES[what] ?? "the container is not as its network is configured",
    mend: isTuning(missing) ? retune(attachment, missing) : [repair(network, facts)],
  };
}

function repair(network: string, facts: Facts): string {
  const { cache } = facts.places;
  return command(berth(facts), "repair", network, ...(cache === CACHE_DIRECTORY ? [] : ["--cache-dir", cache]));
}

/** tuning says which sysctl it is, and what it should be. */
function retune({ cached }: AttachmentFacts, { message }: Missing): string[] {
  const [, path, value] = /\/proc\/sys\/(\S+) is (.*), current value is/.exec(message) ?? [];
  const netns = cached?.netns ?? "";
  if (path !== undefined && value !== undefined) {
    // With a slash in the name dots are no separators: eth0.5 stays whole.
    return [inNetns(netns, "sysctl", "-w", `${path}=${value}`)];
  }
  const [, what, ifname, wanted] = /configured (\w+) of (\S+) is (\S+), current/.exec(message) ?? [];
  const words: Readonly<Record<string, string[]>> = {
    mtu: ["mtu", wanted ?? ""],
    mac: ["address", wanted ?? ""],
    promisc: ["promisc", wanted === "true" ? "on" : "off"],
    promiscuous: ["promisc", wanted === "true" ? "on" : "off"],
    allmulti: ["allmulticast", wanted === "true" ? "on" : "off"],
  };
  const change = words[what?.toLowerCase() ?? ""];
  if (change && ifname) return [inNetns(netns, "ip", "link", "set", "dev", ifname, ...change)];
  return ["# have the runtime start the container anew: only an ADD sets this"];
}
