import { isUseless } from "../ipam/survey.ts";
import type { Attachment } from "../node/attachments.ts";
import type { Subject } from "./subject.ts";

/** Somebody who uses a network, or may. */
export interface User {
  /** For people: "c1 eth0 (shop/web-0): live". */
  readonly text: string;
  /** False where nothing says whether it lives. */
  readonly sure: boolean;
}

/** Who uses the network: by its links and namespaces, by its leases, and by what runtimes say. */
export function usersOf({ node, view }: Subject): User[] {
  const alive = node.attachments.filter(({ life }) => life.is === "alive").map((one) => ({ one, sure: true }));
  const unknown = node.attachments.filter(isUnclear).map((one) => ({ one, sure: false }));
  const seen = [...alive, ...unknown];
  const known = new Set(seen.map(({ one }) => one));
  const leases = (view?.leases ?? []).filter(
    (one) => !isUseless(one) && !(one.attachment && known.has(one.attachment)),
  );
  return [
    ...seen.map(({ one, sure }) => ({ text: `${textOf(one)}: ${sure ? "live" : UNCLEAR}`, sure })),
    ...leases.map(({ lease, state }) => ({
      text: `${lease.holder?.id ?? "?"} ${lease.holder?.ifname ?? ""} (${lease.address}): ${state === "live" ? state : UNCLEAR}`,
      sure: state === "live",
    })),
  ];
}

const UNCLEAR = "nothing says whether it lives";

/** Of what has a lease, that decides. */
function isUnclear({ life, leases }: Attachment): boolean {
  return life.is === "unknown" && leases.length === 0;
}

function textOf({ owner: { containerId, ifname }, pod, leases }: Attachment): string {
  const known = [...(pod ? [`${pod.namespace}/${pod.name}`] : []), ...leases.map(({ address }) => address)];
  return `${containerId} ${ifname}${known.length > 0 ? ` (${known.join(", ")})` : ""}`;
}
