import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { hasSet } from "../../nft/find-set.ts";
import { LOCALNET, localnetElement, TABLE } from "./nft-layout.ts";

/**
 * For the operator (berth prune): of a bridge that goes, takes away that 127.0.0.0/8 is guarded there. An attachment's own
 * link is taken by its DEL. Absent is success. Throws NetlinkError.
 */
export function forgetLink(client: Client, name: string): void {
  if (!hasSet(client, "ip", TABLE, LOCALNET.name)) return;
  run(client, new Batch("ip", TABLE).destroy(localnetElement(name)));
}
