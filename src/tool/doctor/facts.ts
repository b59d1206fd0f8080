import type { PortMapping } from "../../features/port-map/wish.ts";
import type { FoundRule } from "../../nft/find.ts";
import type { HookedChain } from "../../nft/find-hooks.ts";
import type { BridgeConfig } from "../../plugins/bridge/config.ts";
import type { RangeSet } from "../../plugins/host-local/ranges.ts";
import type { Addr } from "../../rtnl/addr.ts";
import type { Neigh } from "../../rtnl/neighbours.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Route } from "../../rtnl/route.ts";
import type { NamedDifference } from "../../service/operate/compare.ts";
import type { Listing } from "../../service/seams.ts";
import type { Result } from "../../spec/result.ts";
import type { VethConfig } from "../../veth/plan.ts";
import type { Finding } from "../finding.ts";
import type { Attachment } from "../node/attachments.ts";
import type { CachedAttachment } from "../node/cache.ts";
import type { Lease } from "../node/leases.ts";
import type { ConfFile } from "../node/networks.ts";

/** A check: what is wrong of what was gathered. It asks nothing more of the machine. */
export type Check = (facts: Facts) => Finding[];

/** What was gathered of this node, once (gather/): all that checks look at. */
export interface Facts {
  /** Where it was looked. */
  readonly places: {
    readonly conf: string;
    readonly cache: string;
    /** The directories of plugins, in their order. */
    readonly path: readonly string[];
    /** The path of berth itself. */
    readonly self: string;
  };
  /** All files of the configuration directory, also those of other networks than the one that is asked about. */
  readonly files: readonly ConfFile[];
  /** The networks that are configured or only cached, or the one that is asked about. */
  readonly networks: readonly NetworkFacts[];
  readonly directories: readonly Directory[];
  /** Of each type that a network names, in the order of the lists. */
  readonly executables: readonly Executable[];
  readonly kernel: Kernel;
  readonly links: readonly Link[];
  readonly addrs: readonly Addr[];
  /** Of both families. */
  readonly routes: readonly Route[];
  readonly neighs: readonly Neigh[];
  readonly chains: readonly ChainRules[];
  readonly leases: readonly Lease[];
  readonly attachments: readonly AttachmentFacts[];
  /** Where file systems are mounted, as /proc/self/mountinfo has them. */
  readonly mounts: readonly string[];
  /** When the machine was started, in seconds since the epoch; 0: nobody says. */
  readonly booted: number;
  /** Of berthd; undefined: it is not on this machine, or a network was asked about. */
  readonly services: ServiceFacts | undefined;
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}

/** What carries traffic to services. */
export interface ServiceFacts {
  /** Where berthd answers. */
  readonly socket: string;
  /** The families whose tables of services are in the kernel. */
  readonly tables: readonly ("ip" | "ip6")[];
  readonly berthd: Berthd;
}

export type Berthd =
  /** absent: there is no socket. dead: nobody listens at it. unseen: who asks may not. */
  | { readonly is: "absent" | "dead" | "unseen" }
  /** stopped: by a signal (SIGSTOP). hanging: it takes questions, and does not answer. */
  | { readonly is: "stopped" | "hanging"; readonly pid: string }
  | {
      readonly is: "answering";
      readonly status: BerthdStatus;
      /** Undefined: it could not compare. */
      readonly differences: readonly NamedDifference[] | undefined;
      readonly stale: readonly StaleSource[];
    };

/** What berthd says of itself (service/operate/control.ts). */
export interface BerthdStatus {
  readonly version: string;
  readonly pid: number;
  readonly services: number;
  readonly revision: number;
  readonly applied: number;
  readonly problems: Readonly<Record<string, readonly string[]>>;
  readonly conflicts: readonly string[];
  readonly sources: Readonly<Record<string, Listing & { readonly id: string }>>;
}

/** A source that has not taken what is in its directory. */
export interface StaleSource {
  readonly name: string;
  readonly path: string;
  /** How many seconds ago it listed last. */
  readonly age: number;
  /** The directory that it has at that path is another than doctor has. */
  readonly isElsewhere: boolean;
  /** The names that are otherwise than it has them. */
  readonly files: readonly string[];
}

/** A network, as its file configures it or, where no file does any more, as its containers were attached. */
export interface NetworkFacts {
  readonly name: string;
  /** The file that counts; undefined: there is none. */
  readonly file: ConfFile | undefined;
  readonly cniVersion: string;
  /** The plugins' configurations, unchecked. */
  readonly plugins: readonly object[];
  /** Their types, with those of IPAM plugins after that of the plugin that calls them. */
  readonly types: readonly string[];
  /** As the plugin bridge reads its configuration; undefined: another plugin makes the interfaces, or bridge would refuse it. */
  readonly bridge: BridgeConfig | undefined;
  /** The same of bridge or ptp. */
  readonly veth: VethConfig | undefined;
  /** What host-local gives; empty without host-local. */
  readonly pool: readonly RangeSet[];
  /** Where host-local has the leases; undefined without host-local. */
  readonly dataDir: string | undefined;
  /** Whether the chain has a firewall plugin, which lets its containers through. */
  readonly hasFirewall: boolean;
  /** Why a plugin says (STATUS) that no container can be attached. */
  readonly refusal: Refusal | undefined;
  /** Why host-local says that no address can be leased. */
  readonly leaseRefusal: Refusal | undefined;
}

export interface Refusal {
  readonly plugin: string;
  readonly code: number;
  readonly message: string;
  readonly details: string;
}

/** A directory of CNI_PATH. */
export interface Directory {
  readonly path: string;
  readonly isThere: boolean;
}

/** The file that a plugin's type leads to. */
export interface Executable {
  readonly type: string;
  /** Undefined: no directory has it. */
  readonly path: string | undefined;
  /** Where it would be found besides the directories of CNI_PATH. */
  readonly elsewhere: string | undefined;
  readonly canRun: boolean;
  /** "x86-64" …, "a script"; undefined: neither. */
  readonly kind: string | undefined;
  /** Whether this machine runs such programs. */
  readonly fits: boolean;
  /** Of which this program is a copy. */
  readonly isOurs: boolean;
  /** What it says of itself when it is called without CNI_COMMAND: "CNI bridge plugin v1.10.0"; undefined: nothing. */
  readonly about: string | undefined;
  /** What VERSION answered; undefined: nothing that could be understood. */
  readonly versions: readonly string[] | undefined;
}

export interface Kernel {
  readonly forwards4: boolean;
  readonly forwards6: boolean;
  /** The stricter of the interface's own rp_filter and that of "all", by the interface's name; only of those that matter. */
  readonly rpFilter: ReadonlyMap<string, number>;
  /** net.bridge.bridge-nf-call-iptables; undefined: br_netfilter is not loaded. */
  readonly bridgeNf: boolean | undefined;
  /** Whether kube-proxy keeps its services in iptables. */
  readonly hasKubeProxy: boolean;
}

/** A chain with its rules. */
export interface ChainRules {
  readonly family: HookedChain["family"];
  readonly table: string;
  readonly name: string;
  /** Undefined for one that others jump to. */
  readonly base: HookedChain["base"] | undefined;
  readonly rules: readonly FoundRule[];
  /** Of the old iptables: its program, and the rules in its words; their handles are their numbers, from 1. */
  readonly legacy?: { readonly tool: string; readonly rules: readonly (readonly string[])[] };
}

/** A container's place in a network, from both sides. */
export interface AttachmentFacts extends Attachment {
  readonly network: NetworkFacts | undefined;
  /** What the ADD gave; undefined: libcni remembers nothing that can be understood. */
  readonly result: Result | undefined;
  /** Its namespace; "unseen": nobody says where it is, or it may not be looked at. */
  readonly netns: "there" | "gone" | "unseen";
  /** Undefined unless the namespace is there. */
  readonly inside: Inside | undefined;
  /** The host's end; undefined: not found. */
  readonly outer: Link | undefined;
  /** What plugins and features miss. */
  readonly missing: readonly Missing[];
  /** The ports of the host that lead to it. */
  readonly mappings: readonly PortMapping[];
}

/** What a feature or a chained plugin says when it is asked to check an attachment. */
export interface Missing {
  /** "masquerading", "portmap". */
  readonly what: string;
  readonly message: string;
  readonly details: string;
}

/** What is in a container's namespace of the attachment. */
export interface Inside {
  /** The interface; undefined: it is gone. */
  readonly link: Link | undefined;
  /** Its addresses. */
  readonly addrs: readonly Addr[];
  /** Of the whole namespace, of the families that it has addresses of. */
  readonly routes: readonly Route[];
  /** Its neighbours. */
  readonly neighs: readonly Neigh[];
}

/** Of which libcni remembers the ADD. */
export type Cached = AttachmentFacts & { readonly cached: CachedAttachment };
