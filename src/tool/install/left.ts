import { readdir } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { assertErrno } from "../../base/errno.ts";
import { PUBLISHED, publishedBy } from "../../features/firewall/layout.ts";
import { specOf } from "../../features/firewall/spec.ts";
import { TABLE as MASQUERADE } from "../../features/masquerade/nft-set.ts";
import { TABLE as PORT_MAP } from "../../features/port-map/nft-layout.ts";
import { DIRECTORY, SUFFIX } from "../../features/register/words.ts";
import { type Client, Nftables } from "../../host/nft.ts";
import { listRules } from "../../nft/find.ts";
import { listElements, listSets } from "../../nft/find-set.ts";

/** Something of an attachment that another's DEL would leave there. */
export interface Left {
  /** What it is in: "table ip berth", "chain CNI-PUBLISHED of table ip filter", "/run/berth/endpoints". */
  readonly place: string;
  /** As it is said there: "net: mynet, if: eth0, id: 3f2a", or the name of a file. */
  readonly owner: string;
}

const TABLES = [MASQUERADE, PORT_MAP];
const FAMILIES = ["ip", "ip6"] as const;

/** Of this network namespace, each owner once for a place; undefined where nobody may look. */
export function leftBehind(): Left[] | undefined {
  const nft = new Nftables();
  try {
    return [...nft.orWithout(inTables, () => []), ...records()];
  } catch (error) {
    assertErrno(error);
    return undefined;
  } finally {
    nft.close();
  }
}

function inTables(client: Client): Left[] {
  const ofTables = TABLES.flatMap((name) => FAMILIES.flatMap((family) => elementsIn(client, family, name)));
  return [...ofTables, ...FAMILIES.flatMap((family) => publishedIn(client, family))];
}

function elementsIn(client: Client, family: (typeof FAMILIES)[number], name: string): Left[] {
  const elements = listSets(client, family, name).flatMap((set) => listElements(client, family, name, set));
  return leftIn(
    `table ${family} ${name}`,
    elements.map(({ comment }) => comment),
  );
}

/** firewall's rules for published ports, as iptables on nf_tables has them: all else of it is the reference's. */
function publishedIn(client: Client, family: (typeof FAMILIES)[number]): Left[] {
  const rules = listRules(client, family, "filter", PUBLISHED);
  return leftIn(
    `chain ${PUBLISHED} of table ${family} filter`,
    rules.map(({ exprs }) => publishedBy(specOf(exprs) ?? "")?.comment),
  );
}

function leftIn(place: string, comments: readonly (string | undefined)[]): Left[] {
  const owners = comments.flatMap((comment) => /(net: .*)$/.exec(comment ?? "")?.[1] ?? []);
  return [...new Set(owners)].sort().map((owner) => ({ place, owner }));
}

/** Endpoint records in their usual directory. */
function records(): Left[] {
  const names = attempt(() => readdir(DIRECTORY)) ?? [];
  const own = names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith("."));
  return own.sort().map((owner) => ({ place: DIRECTORY, owner }));
}
