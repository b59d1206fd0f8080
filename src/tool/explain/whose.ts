import { formatIp, formatPrefix } from "../../base/ip.ts";
import { iptablesChain, ownerTag } from "../../features/owner.ts";
import type { Attachment } from "../node/attachments.ts";
import { hostEndsOf, portsOf, resultOf } from "./find.ts";

/** Whose an interface, an address, a port or a rule is, and what else is theirs. */
export interface Belongings {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
  /** "namespace/name"; undefined where no pod is known. */
  readonly pod: string | undefined;
  readonly netns: string | undefined;
  readonly life: string;
  readonly hostEnd: string | undefined;
  readonly addresses: readonly string[];
  /** Paths of lease files. */
  readonly leases: readonly string[];
  /** "0.0.0.0:8080/tcp to 80". */
  readonly ports: readonly string[];
  /** What the comments of its rules and elements begin with, and what its chain of iptables is called. */
  readonly rules: { readonly tag: string; readonly chain: string };
  /** The file of the result cache. */
  readonly cache: string | undefined;
}

/** What is an attachment's. */
export function belongingsOf(attachment: Attachment): Belongings {
  const { owner, pod, cached, leases, link, life } = attachment;
  const given = resultOf(attachment)?.ips.map(({ address }) => formatPrefix(address));
  return {
    ...owner,
    pod: pod && `${pod.namespace}/${pod.name}`,
    netns: cached?.netns,
    life: life.is === "gone" ? `gone: ${life.because}` : life.is,
    hostEnd: link?.name ?? hostEndsOf(attachment)[0],
    addresses: given ?? leases.map(({ ip }) => formatIp(ip)),
    leases: leases.map(({ path }) => path),
    ports: portsOf(attachment).map(({ hostIp, hostPort, protocol, containerPort }) => {
      return `${hostIp ? `${formatIp(hostIp)}:` : ""}${hostPort}/${protocol} to ${containerPort}`;
    }),
    rules: { tag: ownerTag(owner), chain: iptablesChain(owner) },
    cache: cached?.path,
  };
}

/** The same for people, a line each; what there is nothing of is left out. */
export function belongingsText(of: Belongings): string {
  const rows: [string, string | undefined][] = [
    ["container", of.pod ? `${of.containerId} (pod ${of.pod})` : of.containerId],
    ["network", `${of.network}, ${of.ifname}${of.netns ? ` in ${of.netns}` : ""}, ${of.life}`],
    ["host's end", of.hostEnd],
    ["addresses", of.addresses.join(", ") || undefined],
    ["leases", of.leases.join(", ") || undefined],
    ["ports", of.ports.join(", ") || undefined],
    ["rules", `nft: comments that begin with ${of.rules.tag}; iptables: chain ${of.rules.chain}`],
  ];
  const shown = rows.filter(([, value]) => value !== undefined);
  return shown.map(([name, value]) => `${name.padEnd(10)}  ${value}\n`).join("");
}
