/** host-local's leases, against the containers that there are. */
import { equalIp, formatIp, type Ip } from "../../base/ip.ts";
import { capacityOf, type RangeSet, rangeOf } from "../../plugins/host-local/ranges.ts";
import type { Finding } from "../finding.ts";
import type { Lease } from "../node/leases.ts";
import { checkDuplicates } from "./duplicates.ts";
import type { AttachmentFacts, Facts, NetworkFacts } from "./facts.ts";
import { nameOf } from "./ports.ts";
import { command, word } from "./text/shell.ts";

export function checkLeases(facts: Facts): Finding[] {
  const stale = staleLeases(facts);
  return [
    ...facts.networks.flatMap((network) => checkDirectory(network, facts)),
    ...checkGarbled(facts),
    ...stale.map(({ finding }) => finding),
    ...checkHolders(facts),
    ...checkDuplicates(facts),
    ...facts.networks.flatMap((network) => checkPool(network, facts, stale.length > 0)),
  ];
}

const NOT_AVAILABLE = 50;

function checkDirectory({ name, dataDir = "", leaseRefusal }: NetworkFacts, { mounts }: Facts): Finding[] {
  if (leaseRefusal?.code !== NOT_AVAILABLE) return [];
  const isReadOnly = /read-only/i.test(leaseRefusal.message);
  const isUnder = (mount: string) => mount === "/" || dataDir === mount || dataDir.startsWith(`${mount}/`);
  const mount = mounts.filter(isUnder).sort((a, b) => b.length - a.length)[0] ?? "/";
  return [
    {
      severity: "error",
      what: `no address can be leased in network ${name}`,
      evidence: `${leaseRefusal.message}; dataDir is ${dataDir}`,
      consequence: `no container gets into network ${name}, and those that end keep their addresses`,
      mend: isReadOnly ? [command("mount", "-o", "remount,rw", mount)] : [`# ${leaseRefusal.details}`],
    },
  ];
}

const removal = ({ path }: Lease): string => command("rm", path);

/** Writes a lease as the reference does. */
const leaseFor = (path: string, { owner }: AttachmentFacts): string =>
  `printf '%s\\r\\n%s' ${word(owner.containerId)} ${word(owner.ifname)} > ${word(path)}`;

const isLive = ({ life }: AttachmentFacts): boolean => life.is === "alive";

const hasAddress =
  (ip: Ip) =>
  ({ result }: AttachmentFacts): boolean =>
    result?.ips.some(({ address }) => equalIp(address.ip, ip)) ?? false;

function checkGarbled({ leases, attachments }: Facts): Finding[] {
  return leases.flatMap((lease) => {
    if (lease.holder) return [];
    const user = attachments.find(
      (one) => isLive(one) && one.owner.network === lease.network && hasAddress(lease.ip)(one),
    );
    return {
      severity: "error" as const,
      what: `the lease of ${lease.address} in network ${lease.network} names nobody`,
      evidence: `${lease.path} is empty or garbled (od -c ${lease.path})`,
      consequence: user
        ? `${nameOf(user)} has the address; nothing frees it when that ends`
        : "the address is never given out again: no DEL and no GC of the reference finds whose it is",
      mend: [user ? leaseFor(lease.path, user) : removal(lease)],
    };
  });
}

interface Stale {
  readonly lease: Lease;
  readonly finding: Finding;
}

/** Those that no container needs. What libcni still remembers is told as a dead container (attachments.ts). */
function staleLeases(facts: Facts): Stale[] {
  return facts.attachments.flatMap((attachment) => {
    const { life, leases, cached } = attachment;
    if (life.is === "alive" || cached) return [];
    return leases.map((lease) => ({ lease, finding: staleFinding(attachment, lease, facts) }));
  });
}

function staleFinding({ owner, life }: AttachmentFacts, lease: Lease, { booted, places }: Facts): Finding {
  const id = owner.containerId;
  const isOld = booted > 0 && lease.time < booted;
  const because = life.is === "gone" ? life.because : isOld ? "it was made before the last boot" : undefined;
  const unknown = `nothing on this node knows it: no link, no result in ${places.cache}/results`;
  return {
    severity: "warning",
    what: `the lease of ${lease.address} in network ${lease.network} is of a container that is gone: ${id.slice(0, 64)}`,
    evidence: `${lease.path}: ${because ?? unknown}`,
    consequence: "the address is taken for as long as the file is there",
    mend: because
      ? [removal(lease)]
      : [`# if no runtime knows ${id} (crictl ps -a, nerdctl ps -a, podman ps -a):`, removal(lease)],
  };
}

/** Containers whose address another, or nobody, has a lease of. */
function checkHolders(facts: Facts): Finding[] {
  return facts.attachments.filter(isLive).flatMap((attachment) => {
    const { network, result } = attachment;
    if (network?.dataDir === undefined) return [];
    const addresses = result?.ips.map(({ address }) => address.ip) ?? [];
    return addresses.flatMap((ip) => holderFinding(attachment, network, ip, facts) ?? []);
  });
}

function holderFinding(
  attachment: AttachmentFacts,
  network: NetworkFacts,
  ip: Ip,
  { leases, attachments }: Facts,
): Finding | undefined {
  const { owner } = attachment;
  const isOfPool = network.pool.length === 0 || network.pool.some((set) => rangeOf(set, ip));
  const lease = leases.find((one) => one.network === owner.network && equalIp(one.ip, ip));
  const path = lease?.path ?? `${network.dataDir}/${network.name}/${formatIp(ip)}`;
  if (!lease && !isOfPool) return undefined;
  if (lease && (!lease.holder || isOf(lease, attachment))) return undefined;
  // Of two containers that have the address, the one with the lease keeps it: checkDuplicates tells of the other.
  if (lease && attachments.some((one) => isLive(one) && isOf(lease, one) && hasAddress(ip)(one))) return undefined;
  return {
    severity: "error",
    what: `${nameOf(attachment)} has ${formatIp(ip)} without a lease`,
    evidence: lease?.holder ? `${path} names ${lease.holder.id}` : `${path} is not there`,
    consequence: "host-local gives the address to another container, and both lose packets",
    mend: [
      ...(lease ? [] : [command("mkdir", "-p", `${network.dataDir}/${network.name}`)]),
      leaseFor(path, attachment),
    ],
  };
}

const isOf = ({ holder }: Lease, { owner }: AttachmentFacts): boolean =>
  holder?.id === owner.containerId && (holder.ifname ?? owner.ifname) === owner.ifname;

function checkPool(network: NetworkFacts, { leases }: Facts, hasStale: boolean): Finding[] {
  const { name, pool, file } = network;
  const own = leases.filter((lease) => lease.network === name);
  return pool.flatMap((set) => {
    const used = own.filter(({ ip }) => rangeOf(set, ip)).length;
    const capacity = capacityOf(set);
    return file && used >= capacity ? fullPool(name, file.path, set, used, hasStale) : [];
  });
}

function fullPool(name: string, path: string, set: RangeSet, used: number, hasStale: boolean): Finding {
  const ranges = set.map(({ start, end }) => `${formatIp(start)}-${formatIp(end)}`).join(", ");
  return {
    severity: hasStale ? "error" : "warning",
    what: `network ${name} has no free address`,
    evidence: `${used} leases in ${ranges}`,
    consequence: "the next container gets none: no IP addresses available in range set",
    mend: hasStale
      ? ["# remove the leases that no container needs: the commands above"]
      : [`# end containers, or add a range to ${path} (\${EDITOR:-vi} ${path})`],
  };
}
