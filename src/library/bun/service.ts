/**
 * `berth/service`: what berthd is made of, for a program of one's own that knows of services: a store, sources that tell it what
 * there is, and the kernel as what makes it come true. For Bun on Linux with glibc, as root. docs/services.md shows its use.
 */
import { Explained } from "../../base/explained.ts";
import { type Prefix, parsePrefix } from "../../base/ip.ts";
import { directoryAt, recordsAt } from "../../service/bun/directory.ts";
import { probing } from "../../service/bun/probe.ts";
import { surroundings } from "../../service/bun/surroundings.ts";
import { startThread } from "../../service/bun/thread.ts";
import { checked } from "../../service/config.ts";
import { Metrics } from "../../service/operate/metrics.ts";
import { readDocument } from "../../service/schema/read.ts";
import type { Source } from "../../service/seams.ts";
import { NftSink } from "../../service/sinks/nft/sink.ts";
import { CniSource } from "../../service/sources/cni.ts";
import { FilesSource } from "../../service/sources/files.ts";
import { Prober } from "../../service/sources/probes.ts";
import type { ObjectRecord } from "../../service/store/records.ts";
import { leaveSignals } from "../../sys/bun/signals.ts";

export { Explained } from "../../base/explained.ts";
export { serviceObject, sliceObject } from "../../service/schema/objects.ts";
export type { Change, Changes, Gone, Intake, Listing, Sink, Source, View } from "../../service/seams.ts";
export type { Difference } from "../../service/sinks/nft/compare.ts";
export type { NftSink } from "../../service/sinks/nft/sink.ts";
export type { Place } from "../../service/store/endpoints.ts";
export type {
  EndpointRecord,
  ObjectRecord,
  PortRecord,
  ServiceRecord,
  SlicePort,
  SliceRecord,
} from "../../service/store/records.ts";
export type { Frontend, ServicePort, Target } from "../../service/store/resolve.ts";
export { Store } from "../../service/store/store.ts";

/**
 * The records of Services and EndpointSlices in Kubernetes' shapes, or of lists of them; what a program makes itself may leave out
 * apiVersion. @throws Explained that names path and value of all that is wrong
 */
export function recordsOf(...objects: readonly unknown[]): ObjectRecord[] {
  const readings = objects.map((object, i) => readDocument(object, `objects[${i}]`));
  const problems = readings.flatMap(({ problems }) => problems);
  if (problems.length > 0) throw new Explained(problems.join("\n"), "objects are as kubectl get -o json gives them");
  return readings.flatMap(({ records }) => [...records]);
}

/** A directory of JSON and YAML files as a source, watched. */
export function filesSource(path: string): Source {
  return new FilesSource(directoryAt(path));
}

/** A readiness probe, in the words and with the defaults of Kubernetes' pods. */
export interface ReadinessProbe {
  /** The port takes a connection: its number, or the name that the record gives it. Either this or `httpGet` is there. */
  readonly tcpSocket?: { readonly port: number | string };
  /** A GET of the path, "/" when absent, is answered with a status from 200 to 399. */
  readonly httpGet?: { readonly port: number | string; readonly path?: string; readonly host?: string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

export interface CniSourceOptions {
  /** The directory of the records. Default: that of berthd. */
  readonly path?: string;
  /** By `NAMESPACE/NAME` of a service: what its containers are asked before they count. Default: they count at once. */
  readonly readinessProbes?: Readonly<Record<string, ReadinessProbe>>;
}

/**
 * The endpoint records that the plugins write on this node, whose name is `node`, in this process's network namespace.
 * @throws Explained that names the option and the value
 */
export function cniSource(node: string, { path, readinessProbes = {} }: CniSourceOptions = {}): Source {
  const config = checked({ readinessProbes, ...(path !== undefined && { cni: path }) }, "cniSource");
  const prober = new Prober(new Map(Object.entries(config.readinessProbes)), probing);
  return new CniSource(recordsAt(config.cni), surroundings(), prober, node);
}

export interface NftSinkOptions {
  /** Networks of this machine's own containers: "10.1.0.0/16". What comes from elsewhere gets the node's address. Default: none. */
  readonly containers?: readonly string[] | undefined;
  /** Networks that services' own addresses are of: what no service has of them is refused. Default: none. */
  readonly serviceCIDRs?: readonly string[] | undefined;
  /** What goes to a service gets the node's address, wherever it comes from. Default: false. */
  readonly masqueradeAll?: boolean | undefined;
  /** Told of what is worth knowing. Default: nobody is. */
  readonly log?: ((level: "info" | "warn" | "error", message: string, fields?: object) => void) | undefined;
}

/**
 * The kernel of this process's network namespace as a sink: tables `ip berth-services` and `ip6 berth-services`, written by a thread of
 * its own. One for a namespace: another, berthd's too, would undo what it does. Its rules stay at `close`; `cleanup` removes them.
 * @throws Explained for a network that is none
 */
export function openNftSink(options: NftSinkOptions = {}): NftSink {
  const { containers = [], serviceCIDRs = [], masqueradeAll = false, log = () => {} } = options;
  const thread = startThread({
    containers: prefixesOf("containers", containers),
    serviceCIDRs: prefixesOf("serviceCIDRs", serviceCIDRs),
    masqueradeAll,
  });
  return new NftSink(thread, { metrics: new Metrics(), now: () => Date.now(), wait: (ms) => Bun.sleep(ms), log });
}

// The importing program's signals are its own.
leaveSignals();

function prefixesOf(key: string, texts: readonly string[]): Prefix[] {
  return texts.map((text) => {
    const prefix = parsePrefix(text);
    if (prefix) return prefix;
    throw new Explained(`${key}: ${JSON.stringify(text)} is no network`, "expected one such as 10.1.0.0/16");
  });
}
