/** For the operator (berth prune): the tables that features made, once nothing is in them. In no plugin's call. */
import { ERESTART, isErrno } from "../base/errno.ts";
import type { Client } from "../host/nft.ts";
import { Batch } from "../nft/batch.ts";
import { attemptAt } from "../nft/client.ts";
import { hasTable, listRules } from "../nft/find.ts";
import { listChains } from "../nft/find-chains.ts";
import { findGeneration } from "../nft/find-generation.ts";
import { listElements, listSets } from "../nft/find-set.ts";
import type { Family } from "../nft/objects.ts";
import { CHAIN, TABLE as MASQUERADE } from "./masquerade/nft-set.ts";
import { LAYOUTS, TABLE as PORT_MAP } from "./port-map/nft-layout.ts";

/** A table of a feature, and whether it has anything of any attachment. */
interface FeatureTable {
  readonly family: Family;
  readonly table: string;
  isEmpty(client: Client): boolean;
}

const IP = ["ip", "ip6"] as const;

/** What the spoof check shares with the reference (spoof-check/nft.ts). */
const SPOOF = { family: "bridge", table: "nat", chain: "PREROUTING" } as const;

const TABLES: readonly FeatureTable[] = [
  ...IP.map((family) => ({
    family,
    table: MASQUERADE,
    isEmpty: (client: Client) =>
      listSets(client, family, MASQUERADE).length === 0 &&
      listRules(client, family, MASQUERADE, CHAIN.name).length === 0 &&
      hasOnly(client, family, MASQUERADE, CHAIN.name),
  })),
  ...IP.map((family) => ({
    family,
    table: PORT_MAP,
    isEmpty: (client: Client) => listElements(client, family, PORT_MAP, LAYOUTS[family].holders).length === 0,
  })),
  {
    family: SPOOF.family,
    table: SPOOF.table,
    isEmpty: (client) =>
      hasOnly(client, SPOOF.family, SPOOF.table, SPOOF.chain) &&
      listRules(client, SPOOF.family, SPOOF.table, SPOOF.chain).length === 0 &&
      listSets(client, SPOOF.family, SPOOF.table).length === 0,
  },
];

/** How often the ruleset may change between the look and the removal. */
const ROUNDS = 10;

/** The tables of features that have nothing of any attachment, as nft names them: "table ip berth". Throws NetlinkError. */
export function emptyTables(client: Client): string[] {
  return TABLES.filter((one) => isThere(client, one) && one.isEmpty(client)).map(textOf);
}

/**
 * Removes them. That nothing has come into one meanwhile the kernel says: where the ruleset has changed since it was looked at,
 * it is looked at again. An ADD that finds its table gone makes it anew. Throws NetlinkError.
 */
export function removeEmptyTables(client: Client): void {
  for (const one of TABLES) removeIfEmpty(client, one);
}

function removeIfEmpty(client: Client, one: FeatureTable): void {
  for (let left = ROUNDS; left > 0; left--) {
    const generation = findGeneration(client);
    if (!isThere(client, one) || !one.isEmpty(client)) return;
    const [failure] = attemptAt(client, generation, new Batch(one.family, one.table).delete({ kind: "table" }));
    if (!failure) return;
    if (!isErrno(failure.error, ERESTART)) throw failure.error;
  }
}

const isThere = (client: Client, { family, table }: FeatureTable): boolean => hasTable(client, family, table);

function hasOnly(client: Client, family: Family, table: string, chain: string): boolean {
  return listChains(client, family, table).every(({ name }) => name === chain);
}

const textOf = ({ family, table }: FeatureTable): string => `table ${family} ${table}`;
