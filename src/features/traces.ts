/** For the operator (berth prune): what features have in the kernel of one network, in words. In no plugin's call. */
import type { Client } from "../host/nft.ts";
import { listChains } from "../nft/find-chains.ts";
import { listElements, listSets } from "../nft/find-set.ts";
import { ofNetwork } from "./masquerade/nft-remove.ts";
import { TABLE as MASQUERADE, MASQUERADE_FAMILIES } from "./masquerade/nft-set.ts";
import { networkTag } from "./owner.ts";
import { tagOfKey } from "./port-map/nft-holder.ts";
import { FAMILIES, LAYOUTS, TABLE as PORT_MAP } from "./port-map/nft-layout.ts";

/** Sets, chains and elements that carry the network's tag, as nft names them. What iptables keeps is not looked for. Throws NetlinkError. */
export function tracesOf(client: Client, network: string): string[] {
  const tag = networkTag(network);
  const sets = MASQUERADE_FAMILIES.flatMap((family) =>
    ofNetwork(listSets(client, family, MASQUERADE), tag).map(({ name }) => `set ${family} ${MASQUERADE} ${name}`),
  );
  const ports = FAMILIES.flatMap((family) => {
    const holders = listElements(client, family, PORT_MAP, LAYOUTS[family].holders);
    const own = holders.filter(({ key }) => tagOfKey(key).startsWith(`${tag}-`));
    return own.map(({ comment = "" }) => `published ports of ${family} ${PORT_MAP}: ${comment}`);
  });
  const chains = listChains(client, "bridge", "nat").filter(({ comment }) => comment.startsWith(`${tag}-`));
  return [...sets, ...ports, ...chains.map(({ name }) => `chain bridge nat ${name}`)];
}
