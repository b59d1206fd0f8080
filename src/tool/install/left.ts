import { assertErrno } from "../../base/errno.ts";
import { TABLE as MASQUERADE } from "../../features/masquerade/nft-set.ts";
import { TABLE as PORT_MAP } from "../../features/port-map/nft-layout.ts";
import { type Client, Nftables } from "../../host/nft.ts";
import { listElements, listSets } from "../../nft/find-set.ts";

/** Something of an attachment in a table of berth's that another's DEL would leave there. */
export interface Left {
  /** With its family: "ip berth". */
  readonly table: string;
  /** As the comment says it: "net: mynet, if: eth0, id: 3f2a". */
  readonly owner: string;
}

const TABLES = [MASQUERADE, PORT_MAP];
const FAMILIES = ["ip", "ip6"] as const;

/** Of this network namespace, each owner once for a table; undefined where nobody may look. */
export function leftBehind(): Left[] | undefined {
  const nft = new Nftables();
  try {
    return nft.orWithout(ownersOf, () => []);
  } catch (error) {
    assertErrno(error);
    return undefined;
  } finally {
    nft.close();
  }
}

function ownersOf(client: Client): Left[] {
  return TABLES.flatMap((name) => FAMILIES.flatMap((family) => ownersIn(client, family, name)));
}

function ownersIn(client: Client, family: (typeof FAMILIES)[number], name: string): Left[] {
  const elements = listSets(client, family, name).flatMap((set) => listElements(client, family, name, set));
  const owners = elements.flatMap(({ comment }) => /(net: .*)$/.exec(comment ?? "")?.[1] ?? []);
  return [...new Set(owners)].sort().map((owner) => ({ table: `${family} ${name}`, owner }));
}
