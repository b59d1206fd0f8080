import type { Ip, Prefix } from "../../base/ip.ts";
import type { Neigh } from "../../rtnl/find-neigh.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Journey } from "./journey.ts";
import type { Answer, Cable, Filtering } from "./look.ts";
import type { Transport } from "./packet.ts";

/** The container's place that is explained. */
export interface Subject {
  /** Path of its network namespace. */
  readonly netns: string;
  readonly ifname: string;
  /** Undefined where nothing on the node knows of an attachment: a bare namespace. */
  readonly network: string | undefined;
  readonly expected: Expected;
}

/** What the ADD gave, as far as cache, leases and aliases remember it. */
export interface Expected {
  readonly addresses: readonly Prefix[];
  readonly gateways: readonly Ip[];
  readonly bridge: string | undefined;
  readonly hostEnd: string | undefined;
}

/** Whither, or to which port, a packet is followed. */
export interface Aim {
  readonly to: Ip;
  readonly toPort: number;
  readonly transport: Transport;
  /** The packet came from there, to a published port, and the container answers it. */
  readonly isInward?: true;
}

/** All that was seen, without a judgement: what the hops are made of. */
export interface Facts {
  readonly subject: Subject;
  readonly aim: Aim;
  readonly cable: Cable;
  /** The container's, of the family of the aim, on its interface. */
  readonly addresses: readonly Prefix[];
  /** The container's route to the aim; undefined where it has no interface. */
  readonly wayOut: Answer | undefined;
  /** What the container's neighbour must be: its gateway or, on the link, the aim. */
  readonly next: Ip | undefined;
  /** Whether the links between the two let frames through, so that it makes sense to ask for a neighbour. */
  readonly isConnected: boolean;
  readonly neigh: Neigh | undefined;
  /** Those of the bridge or, without one, of the host's end. */
  readonly hostAddresses: readonly Prefix[];
  /** What the host knows of the container's address, found out now. */
  readonly hostNeigh: Neigh | undefined;
  /** Whether the host forwards packets of this family. */
  readonly forwards: boolean;
  readonly filtering: Filtering | undefined;
  /** The host's route for the container's packet, and back to the container. */
  readonly hostWay: Answer | undefined;
  readonly wayBack: Answer | undefined;
  readonly uplink: Link | undefined;
  /** What the host knows, without asking, of the uplink's gateway. */
  readonly uplinkNeigh: Neigh | undefined;
  /** The packet's way through the rules of the container, and of the host. */
  readonly inside: Journey | undefined;
  readonly outside: Journey | undefined;
  /** Whether the source that the packet left with is the host's own; undefined where it is the container's. */
  readonly translatedIsLocal: boolean | undefined;
  /** Whether the old iptables, of which nf_tables knows nothing, filters here. */
  readonly hasLegacyFilter: boolean;
  /** What the plugins say that is not as they made it; undefined where no cached result says which they are. */
  readonly complaints: readonly Complaint[] | undefined;
  /** Why no packet was sent or followed; undefined where one was. */
  readonly untraced: string | undefined;
  /** What the container's kernel said instead of sending it. */
  readonly refused: string | undefined;
}

/** What CHECK of a plugin failed with. */
export interface Complaint {
  readonly plugin: string;
  readonly message: string;
  readonly details: string;
  /** Whether `berth repair` puts it back. */
  readonly isMended: boolean;
}

/** What the host's side of the cable is called: the bridge or, without one, the host's end. */
export function hostSide({ cable }: Pick<Facts, "cable">): Link | undefined {
  return cable.bridge ?? cable.hostEnd;
}

/** A command in the container's network namespace. */
export const inside = ({ subject }: Pick<Facts, "subject">, command: string): string =>
  `nsenter --net=${subject.netns} ${command}`;
