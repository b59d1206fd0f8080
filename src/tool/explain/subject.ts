import { readdir, stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import type { Host } from "../../host/host.ts";
import { openSandbox } from "../../host/sandbox.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Attachment } from "../node/attachments.ts";
import type { Expected, Subject } from "./facts.ts";
import { hostEndsOf, resultOf } from "./find.ts";

/** Where the container of an attachment is; undefined where no namespace of it can be found. */
export function subjectOf(host: Host, attachment: Attachment): Subject | undefined {
  const { owner, cached, link } = attachment;
  const isThere = cached?.netns !== undefined && attempt(() => stat(cached.netns ?? "")) !== undefined;
  const netns = isThere ? cached?.netns : link && namespaceOf(link);
  if (netns === undefined) return undefined;
  return { netns, ifname: owner.ifname, network: owner.network, expected: expectedOf(host, attachment) };
}

/** A namespace of which nobody knows: what its first interface with an address leads to. */
export function bareSubject(netns: string): Subject {
  const sandbox = openSandbox(netns);
  try {
    const links = sandbox.listLinks().filter(({ name }) => name !== "lo");
    const first = links.find(({ name }) => name === "eth0") ?? links[0];
    const expected = { addresses: [], gateways: [], bridge: undefined, hostEnd: undefined };
    return { netns, ifname: first?.name ?? "eth0", network: undefined, expected };
  } finally {
    sandbox.close();
  }
}

function expectedOf(host: Host, attachment: Attachment): Expected {
  const result = resultOf(attachment);
  const ends = [attachment.link?.name, ...hostEndsOf(attachment)];
  const others = result?.interfaces.filter(({ sandbox, name }) => !sandbox && !ends.includes(name)) ?? [];
  // A bridge that is gone is no link any more: the result names it before the host's end.
  const bridge = others.find(({ name }) => host.findLink(name)?.kind === "bridge") ?? others[0];
  return {
    addresses: result?.ips.map(({ address }) => address) ?? [],
    gateways: result?.ips.flatMap(({ gateway }) => gateway ?? []) ?? [],
    bridge: bridge?.name,
    hostEnd: ends.find((name) => name !== undefined),
  };
}

/** Where namespaces have names, and processes. */
const NAMED = ["/run/netns", "/var/run/docker/netns"];

/** The namespace that has the other end of a host's veth, where its runtime's cache is not at hand. */
function namespaceOf(link: Link): string | undefined {
  const named = NAMED.flatMap((directory) => names(directory).map((name) => `${directory}/${name}`));
  const processes = names("/proc").filter((name) => /^\d+$/.test(name));
  const seen = new Set<string>();
  return [...named, ...processes.map((pid) => `/proc/${pid}/ns/net`)].find((path) => {
    const id = attempt(() => stat(path).id);
    if (id === undefined || seen.has(id)) return false;
    seen.add(id);
    return hasPeer(path, link);
  });
}

const names = (directory: string): string[] => attempt(() => readdir(directory)) ?? [];

function hasPeer(path: string, { index, peer }: Link): boolean {
  try {
    const sandbox = openSandbox(path);
    try {
      const other = sandbox.findLink(peer);
      return other?.kind === "veth" && other.peer === index;
    } finally {
      sandbox.close();
    }
  } catch {
    // Gone meanwhile, or no network namespace.
    return false;
  }
}
