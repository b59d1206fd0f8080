import type { Ip } from "../../base/ip.ts";
import type { Condition } from "./condition.ts";

/** What a container asks of its host's ports. */

export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;
export type Protocol = keyof typeof PROTOCOLS;

/** A port of the host that leads to one of the container. */
export interface PortMapping {
  readonly protocol: Protocol;
  /** 1 to 65535. */
  readonly hostPort: number;
  /** 1 to 65535. */
  readonly containerPort: number;
  /** Absent: of all the host's addresses, of both families. All zeros: the same of its family. */
  readonly hostIp?: Ip;
}

/** What must hold of a packet, by the family that it is of; of a family without one, nothing. */
export type Conditions = Readonly<Partial<Record<"ip" | "ip6", Condition>>>;

/** Ports of the host lead to the container (portmap). */
export interface PortMapWish {
  readonly mappings: readonly PortMapping[];
  /** What comes from the container's own subnet, or from 127.0.0.1, gets the host's address, without which no answer comes back. */
  readonly snat: boolean;
  /** With snat: what comes from anywhere gets it. */
  readonly masqAll: boolean;
  /** Not with `iptables`, which has its own. */
  readonly conditions?: Conditions;
  /** iptables is to keep the mappings; absent: nf_tables. */
  readonly iptables?: IptablesWish;
}

/** What only iptables is told. */
export interface IptablesWish {
  /** Bit of a packet's mark, 0 to 31, by which it is known what gets the host's address. */
  readonly markBit: number;
  /** A chain of others that sets a mark of theirs. */
  readonly setMarkChain?: string;
  /** Further words of each rule that leads to the container. */
  readonly conditions: Readonly<Record<"ip" | "ip6", readonly string[]>>;
}

export function isProtocol(name: string): name is Protocol {
  return Object.hasOwn(PROTOCOLS, name);
}
