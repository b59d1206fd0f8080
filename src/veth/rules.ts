import type { Ip, Prefix } from "../base/ip.ts";
import { featuresOf, wishedFeatures } from "../features/all.ts";
import type { Feature } from "../features/feature.ts";
import type { Machine } from "../features/machine.ts";
import type { Veth } from "./pair.ts";
import { type AddContext, type Addressing, prefixesOf, type VethPlan } from "./plan.ts";

/** The rules of an attachment: what the features (features/all.ts) do that its configuration asks for. */

/** What this machine may lack is found out before anything is leased. @throws CniError, Explained */
export function assertFeatures({ config }: VethPlan, machine: Machine): void {
  for (const { feature, wish } of wishedFeatures(config.wishes)) {
    const obstacle = feature.possible(machine, wish, true);
    if (obstacle) throw obstacle;
  }
}

/** Makes the rules that are about the link, or those about its addresses. Returns their letters. @throws CniError, Explained */
export function addRules(
  { plan: { config, owner }, host, undo }: Pick<AddContext, "plan" | "host" | "undo">,
  binds: Feature<unknown>["binds"],
  { outer, mac }: Veth,
  addresses: readonly Prefix[],
): string {
  let letters = "";
  for (const { feature, wish } of wishedFeatures(config.wishes)) {
    if (feature.binds !== binds) continue;
    const ips = addresses.map(({ ip }) => ip);
    undo.push(() => feature.drop(host, wish, owner, ips));
    letters += feature.add(host, wish, { owner, port: { name: outer.name, index: outer.index, mac }, addresses });
  }
  return letters;
}

/** The last step of an ADD: others may be led to the container from now on. @throws CniError, Explained */
export function openToOthers(add: AddContext, veth: Veth, addressing: Addressing): void {
  if (!add.plan.config.wishes.register) return;
  add.call.phase?.("rules");
  addRules(add, "service", veth, prefixesOf(addressing));
}

/** What an earlier attachment left would bind the new one: its veth has the same name. @throws NetlinkError, Explained */
export function dropRules({ owner }: VethPlan, machine: Machine, letters: string, addresses: readonly Ip[]): void {
  for (const { feature, wish } of featuresOf(letters)) feature.drop(machine, wish, owner, addresses);
}
