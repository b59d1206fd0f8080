import { JUMPS, PUBLISHED } from "../../features/firewall/layout.ts";
import type { Left } from "./left.ts";

/** What whoever puts the reference's plugins back should know of live attachments; "" where there is nothing. */
export function leftText(left: readonly Left[] | undefined): string {
  if (left === undefined) return "\nWhat live attachments would leave could not be looked at: root may.\n";
  if (left.length === 0) return "";
  const lines = left.map(({ place, owner }) => `  ${place}: ${owner}\n`).join("");
  const places = [...new Set(left.map(({ place }) => place))];
  return `
These attachments were made by berth and have something there of berth's own, which the reference's DEL leaves:
${lines}End them before, with berth's plugins still in place: then nothing stays. Or, when all of them are gone:
${places.flatMap((place) => removal(place).map((line) => `  ${line}\n`)).join("")}Until then a mapped port may lead to an address that another container has by then. Debian's build of the reference fails once
at the DEL of an attachment with ipMasq, and succeeds when the runtime repeats it (docs/differences.md#rolling-back).
`;
}

/** The commands that remove it. */
function removal(place: string): string[] {
  if (place.startsWith("table ")) return [`nft delete ${place}`];
  if (place.startsWith("/")) return [`rm -r ${place}`];
  const tool = place.includes(" ip6 ") ? "ip6tables" : "iptables";
  return [`${tool} -D FORWARD ${JUMPS.published}`, `${tool} -F ${PUBLISHED}`, `${tool} -X ${PUBLISHED}`];
}
