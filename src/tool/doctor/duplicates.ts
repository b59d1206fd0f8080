import { formatIp, formatPrefix, type Prefix } from "../../base/ip.ts";
import type { Finding } from "../finding.ts";
import type { AttachmentFacts, Facts } from "./facts.ts";
import { nameOf } from "./ports.ts";
import { takeDown } from "./take-down.ts";
import { inNetns } from "./text/shell.ts";

/** Addresses that two live containers have. */
export function checkDuplicates(facts: Facts): Finding[] {
  const users = new Map<string, Use[]>();
  for (const attachment of facts.attachments) {
    if (attachment.life.is !== "alive") continue;
    for (const use of usesOf(attachment)) {
      const text = formatIp(use.address.ip);
      users.set(text, [...(users.get(text) ?? []), use]);
    }
  }
  return [...users].flatMap(([address, uses]) => {
    const [first, ...others] = uses.sort((a, b) => rank(b, address) - rank(a, address));
    return first ? others.map((other) => findingOf(address, first, other, facts)) : [];
  });
}

interface Use {
  readonly attachment: AttachmentFacts;
  readonly address: Prefix;
  /** Whether an ADD gave it; else somebody else has. */
  readonly isGiven: boolean;
}

const SCOPE_LINK = 253;

function usesOf(attachment: AttachmentFacts): Use[] {
  const given = attachment.result?.ips.map(({ address }) => address) ?? [];
  const texts = new Set(given.map(({ ip }) => formatIp(ip)));
  const inside = (attachment.inside?.addrs ?? [])
    .filter(({ scope }) => scope !== SCOPE_LINK)
    .map(({ prefix }) => prefix);
  const extra = inside.filter(({ ip }) => !texts.has(formatIp(ip)));
  return [
    ...given.map((address) => ({ attachment, address, isGiven: true })),
    ...extra.map((address) => ({ attachment, address, isGiven: false })),
  ];
}

/** Who has the lease keeps the address, then to whom an ADD gave it. */
function rank({ attachment, isGiven }: Use, address: string): number {
  return (attachment.leases.some((lease) => lease.address === address) ? 2 : 0) + (isGiven ? 1 : 0);
}

function findingOf(address: string, first: Use, other: Use, facts: Facts): Finding {
  const { attachment } = other;
  const netns = attachment.cached?.netns ?? "";
  return {
    severity: "error",
    what: `two containers have the address ${address}`,
    evidence: `${nameOf(first.attachment)}, and ${attachment.owner.ifname} of ${nameOf(attachment)} (ip addr show in ${netns})`,
    consequence: "packets for one go to the other, whoever was heard of last",
    mend: other.isGiven
      ? [
          `# ${nameOf(attachment)} must be started anew by its runtime to get another address; this takes it off the network:`,
          ...takeDown(attachment, facts),
        ]
      : [inNetns(netns, "ip", "addr", "del", formatPrefix(other.address), "dev", attachment.owner.ifname)],
  };
}
