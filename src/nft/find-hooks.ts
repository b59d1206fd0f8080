import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { NF_DROP } from "./expr.ts";
import { type Base, FAMILIES, type Family, hookOf } from "./objects.ts";
import { chainAttrs, header, NFT_GETCHAIN } from "./tables.ts";

/** A chain that packets enter by themselves, of whatever table. */
export interface HookedChain {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  readonly base: Base;
}

const NAMES = new Map(Object.entries(FAMILIES).map(([name, number]) => [number as number, name as Family]));

const SHOW_HOOKED: Question<undefined, HookedChain | undefined> = {
  type: NFT_GETCHAIN,
  flags: 0,
  absent: ENOENT,
  text: () => "nft list chains",
  // NFPROTO_UNSPEC: of all families.
  write: (w) => w.u32(0),
  read({ body }) {
    const family = NAMES.get(header.decode(body).family);
    const { table = "", name = "", type, hook, policy } = chainAttrs.decode(body);
    const at = family && hook && hookOf(family, hook.number ?? -1);
    if (!family || !at) return undefined;
    const base: Base = {
      type: type as Base["type"],
      hook: at,
      priority: hook.priority ?? 0,
      policy: policy === NF_DROP ? "drop" : "accept",
    };
    return { family, table, name, base };
  },
};

/** Like `nft list chains`: those of all tables that are at a hook of objects.ts, in the kernel's order. */
export function listHookedChains(client: Client): HookedChain[] {
  return client.dump(SHOW_HOOKED, undefined).filter((chain) => chain !== undefined);
}
