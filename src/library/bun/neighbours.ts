import { formatIp } from "../../base/ip.ts";
import type { Client } from "../../netlink/client.ts";
import { DELETE_NEIGH } from "../../rtnl/neigh.ts";
import {
  addNeigh,
  listNeighs,
  NEIGH_STATES,
  type Neigh,
  type NeighState,
  replaceNeigh,
} from "../../rtnl/neighbours.ts";
import { deviceOf, type LinkRef } from "./devices.ts";
import { familiesOf, familyOf, type IpFamily, ipOf, macOf, macText, oneOf, wordOf } from "./values.ts";

export interface NeighbourInfo {
  /** Index of the interface. */
  readonly link: number;
  readonly address: string;
  readonly family: IpFamily;
  /** Absent while nobody has answered. */
  readonly mac?: string;
  readonly state: NeighState | `${number}`;
}

export interface NewNeighbour {
  readonly link: LinkRef;
  readonly address: string;
  readonly mac: string;
  /** Absent: permanent. */
  readonly state?: "permanent" | "noarp" | "reachable" | "stale";
}

/** Neighbours of one network namespace: `ip neigh`. */
export class Neighbours {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Like `ip neigh show nud all`, of one link or of all, of one family or of both. ENODEV when there is no such link. */
  list({ link, family }: { readonly link?: LinkRef; readonly family?: IpFamily } = {}): NeighbourInfo[] {
    const index = link === undefined ? undefined : deviceOf(this.#client, link).index;
    const found = familiesOf(family).flatMap((number) => listNeighs(this.#client, number));
    return found.map(neighbourInfo).filter((neighbour) => index === undefined || neighbour.link === index);
  }

  /** Like `ip neigh add`. EEXIST when there is one, ENODEV. */
  add(neighbour: NewNeighbour): void {
    this.#client.change(addNeigh(this.#neighOf(neighbour)));
  }

  /** Like `ip neigh replace`. */
  replace(neighbour: NewNeighbour): void {
    this.#client.change(replaceNeigh(this.#neighOf(neighbour)));
  }

  /** Like `ip neigh del ADDRESS dev LINK`. ENOENT when there is none, ENODEV. */
  delete(link: LinkRef, address: string): void {
    const object = { dev: deviceOf(this.#client, link), address: ipOf("address", address) };
    this.#client.change({ form: DELETE_NEIGH, object });
  }

  #neighOf({ link, address, mac, state = "permanent" }: NewNeighbour): Neigh {
    return {
      dev: deviceOf(this.#client, link),
      address: ipOf("address", address),
      mac: macOf("mac", mac),
      state: NEIGH_STATES[oneOf("state", state, NEIGH_STATES)],
    };
  }
}

function neighbourInfo({ dev, address, mac, state }: Neigh): NeighbourInfo {
  const text = mac && macText(mac);
  return {
    link: dev as number,
    address: formatIp(address),
    family: familyOf(address),
    ...(text !== undefined && { mac: text }),
    state: wordOf(NEIGH_STATES, state),
  };
}
