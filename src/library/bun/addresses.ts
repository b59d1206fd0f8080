import { formatPrefix } from "../../base/ip.ts";
import type { Client } from "../../netlink/client.ts";
import {
  type Addr,
  addAddr,
  deleteAddr,
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_TENTATIVE,
  listAddrs,
  listAllAddrs,
} from "../../rtnl/addr.ts";
import { deviceOf, type LinkRef } from "./devices.ts";
import { FAMILIES, familyOf, type IpFamily, oneOf, prefixOf, wordOf } from "./values.ts";

/** RT_SCOPE_* (linux/rtnetlink.h). */
export const SCOPES = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export type Scope = keyof typeof SCOPES;

export interface AddressInfo {
  /** Index of its interface. */
  readonly link: number;
  /** With the prefix length: "10.0.0.2/24". */
  readonly address: string;
  readonly family: IpFamily;
  /** A number, as text, for one that has no word. */
  readonly scope: Scope | `${number}`;
  /** Duplicate address detection has not ended: it cannot be used yet. */
  readonly isTentative: boolean;
  /** Somebody else has it. */
  readonly isDuplicate: boolean;
}

/** Addresses of one network namespace: `ip addr`. */
export class Addresses {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Like `ip addr show`, of one link or of all, of one family or of both. ENODEV when there is no such link. */
  list({ link, family }: { readonly link?: LinkRef; readonly family?: IpFamily } = {}): AddressInfo[] {
    const number = family === undefined ? 0 : FAMILIES[oneOf("family", family, FAMILIES)];
    const client = this.#client;
    const found =
      link === undefined ? listAllAddrs(client, number) : listAddrs(client, deviceOf(client, link).index, number);
    return found.map(addressInfo);
  }

  /**
   * Like `ip addr add ADDRESS brd + dev LINK`; `noDad` (IPv6) uses it at once, without asking whether somebody has it. EEXIST
   * when it is there, ENODEV.
   */
  add(link: LinkRef, address: string, { noDad = false }: { readonly noDad?: boolean } = {}): void {
    const prefix = prefixOf("address", address);
    this.#client.change(addAddr(deviceOf(this.#client, link), prefix, noDad ? IFA_F_NODAD : 0));
  }

  /** Like `ip addr del ADDRESS dev LINK`. EADDRNOTAVAIL when it is not there, ENODEV. */
  delete(link: LinkRef, address: string): void {
    const prefix = prefixOf("address", address);
    this.#client.change(deleteAddr(deviceOf(this.#client, link), prefix));
  }
}

function addressInfo({ index, prefix, flags, scope }: Addr): AddressInfo {
  return {
    link: index,
    address: formatPrefix(prefix),
    family: familyOf(prefix.ip),
    scope: wordOf(SCOPES, scope),
    isTentative: (flags & IFA_F_TENTATIVE) !== 0,
    isDuplicate: (flags & IFA_F_DADFAILED) !== 0,
  };
}
