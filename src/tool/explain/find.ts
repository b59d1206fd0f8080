import { stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { equalIp, type Ip, parseIp } from "../../base/ip.ts";
import type { PortMapping } from "../../features/port-map/wish.ts";
import { readRemains } from "../../plugins/portmap/config.ts";
import { CniError } from "../../spec/errors.ts";
import type { Result } from "../../spec/result.ts";
import { parseResult } from "../../spec/result-parse.ts";
import type { Attachment } from "../node/attachments.ts";
import type { Node } from "../node/node.ts";
import type { Container } from "../runtimes/container.ts";
import { isCalled, namesOf } from "./names.ts";

/** What a word on the command line means. */
export type Found =
  /** Of one container, or of one that is gone. */
  | { readonly is: "attachments"; readonly attachments: readonly Attachment[]; readonly because: string }
  /** A namespace of which nothing on the node knows. */
  | { readonly is: "netns"; readonly path: string }
  /** Of several: which are they? */
  | { readonly is: "ambiguous"; readonly names: readonly string[] }
  | { readonly is: "nothing"; readonly near: readonly string[] };

/** The ports of the host that lead to an attachment, as its runtime asked for them. */
export function portsOf({ cached }: Pick<Attachment, "cached">): PortMapping[] {
  return cached ? readRemains({ runtimeConfig: cached.capabilityArgs }) : [];
}

/** What its ADD gave; undefined where nobody remembers. */
export function resultOf({ cached }: Pick<Attachment, "cached">): Result | undefined {
  if (!cached) return undefined;
  try {
    return parseResult(cached.result, cached.version);
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}

/** Whether a word is what an attachment is known by; `why` says by what. */
interface Reading {
  readonly why: string;
  has(attachment: Attachment): boolean;
}

/** What a word can mean, the surest first. */
function readingsOf(word: string): Reading[] {
  const port = /^(?::(\d+)|(\d+)\/(tcp|udp|sctp))$/.exec(word);
  if (port) return [byPort(Number(port[1] ?? port[2]), port[3])];
  const ip = parseIp(word);
  if (ip) return [{ why: `has the address ${word}`, has: (one) => addressesOf(one).some((has) => equalIp(has, ip)) }];
  return word.startsWith("/") ? pathReadings(word) : nameReadings(word);
}

function byPort(port: number, protocol: string | undefined): Reading {
  const fits = (one: PortMapping) => one.hostPort === port && (protocol ?? one.protocol) === one.protocol;
  return { why: `asked for port ${port} of the host`, has: (one) => portsOf(one).some(fits) };
}

function addressesOf(attachment: Attachment): Ip[] {
  const given = resultOf(attachment)?.ips.map(({ address }) => address.ip) ?? [];
  return [...given, ...attachment.leases.map(({ ip }) => ip)];
}

function pathReadings(path: string): Reading[] {
  const id = fileId(path);
  const same = (other: string | undefined) =>
    other !== undefined && (other === path || (id !== undefined && fileId(other) === id));
  return [
    { why: `has the lease ${path}`, has: ({ leases }) => leases.some((lease) => same(lease.path)) },
    { why: `is in the namespace ${path}`, has: ({ cached }) => same(cached?.netns) },
  ];
}

const fileId = (path: string): string | undefined => attempt(() => stat(path).id);

/** How much of an id must be given. */
const PREFIX = 4;

function nameReadings(word: string): Reading[] {
  const named = (name: string | undefined) => name === word;
  return [
    { why: `has the container id ${word}`, has: ({ owner }) => named(owner.containerId) },
    { why: `has the host's end ${word}`, has: (one) => named(one.link?.name) || hostEndsOf(one).includes(word) },
    { why: `is pod ${word}`, has: ({ pod }) => pod !== undefined && named(`${pod.namespace}/${pod.name}`) },
    { why: `is pod ${word}`, has: ({ pod }) => named(pod?.name) },
    { why: `is in the namespace ${word}`, has: ({ cached }) => named(cached?.netns?.split("/").at(-1)) },
    // With nerdctl and ctr the runtime's namespace stands before the id.
    {
      why: `has a container id that begins so`,
      has: ({ owner }) => word.length >= PREFIX && beginsSo(owner.containerId, word),
    },
  ];
}

function beginsSo(id: string, word: string): boolean {
  return id.startsWith(word) || id.slice(id.lastIndexOf("-") + 1).startsWith(word);
}

/** Names of the interfaces of the host that its ADD told of. */
export function hostEndsOf(attachment: Attachment): string[] {
  const { interfaces = [] } = resultOf(attachment) ?? {};
  return interfaces.filter(({ sandbox, name }) => !sandbox && name.startsWith("veth")).map(({ name }) => name);
}

/** Reads a word: a container's id or its beginning, a pod, an address, an interface of the host, a port of it, a lease, a namespace. */
export function findTarget(word: string, { attachments }: Pick<Node, "attachments">): Found {
  for (const { why, has } of readingsOf(word)) {
    const found = attachments.filter(has);
    const containers = [...new Set(found.map(({ owner }) => owner.containerId))];
    if (containers.length === 1) return { is: "attachments", attachments: found, because: why };
    const alive = found.filter(({ life }) => life.is !== "gone");
    const living = new Set(alive.map(({ owner }) => owner.containerId));
    if (living.size === 1) return { is: "attachments", attachments: alive, because: why };
    if (containers.length > 1) return { is: "ambiguous", names: containers };
  }
  const path = namespacePath(word);
  if (path !== undefined) return { is: "netns", path };
  return { is: "nothing", near: nearNames(word, attachments) };
}

/** The path of a namespace that is not in any cache: as given, `ip netns`' name of it, or that of a process. */
function namespacePath(word: string): string | undefined {
  const own = fileId("/proc/self/ns/net");
  const device = own?.split("-")[0];
  const paths = word.startsWith("/") ? [word] : [`/run/netns/${word}`, `/proc/${word}/ns/net`];
  return paths.find((path) => {
    const id = fileId(path);
    return id !== undefined && id.split("-")[0] === device;
  });
}

/** Asks others than the node's files for containers: their names are in no cache. */
export type AskContainers = () => readonly Container[];

/** The same, and asks the runtimes of the node where the files know of none that is called so. */
export function findAnywhere(word: string, node: Pick<Node, "attachments">, ask: AskContainers): Found {
  const found = findTarget(word, node);
  // Ports, paths and addresses are no names of containers.
  if (found.is !== "nothing" || /^[:/]/.test(word) || parseIp(word)) return found;
  const containers = ask();
  const called = containers.filter((container) => isCalled(container, word));
  const [first, ...others] = called;
  if (!first) {
    const names = containers.flatMap(namesOf);
    return { is: "nothing", near: [...new Set([...alike(word, names), ...found.near])].slice(0, NEAR) };
  }
  if (others.length > 0) return { is: "ambiguous", names: called.map(({ id }) => id) };
  const attached = findTarget(first.id, node);
  if (attached.is !== "nothing" || first.netns === undefined) return attached;
  return { is: "netns", path: first.netns };
}

const NEAR = 5;

/** Names that look like the word, or, where none does, some of all. */
function alike(word: string, names: readonly string[]): string[] {
  const start = word.slice(0, 3).toLowerCase();
  const near = names.filter((name) => name.toLowerCase().includes(start));
  return (near.length > 0 ? near : names).slice(0, NEAR);
}

function nearNames(word: string, attachments: readonly Attachment[]): string[] {
  const names = attachments.flatMap(({ owner, pod }) => [
    owner.containerId,
    ...(pod ? [`${pod.namespace}/${pod.name}`] : []),
  ]);
  return alike(word, [...new Set(names)]);
}
