import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { lazyAttrs } from "../wire/attrs.ts";
import { u8 } from "../wire/coder.ts";
import { Reader } from "../wire/cursor.ts";
import type { LinkRef } from "./dev.ts";
import { SHOW_LINK } from "./find-link.ts";
import { linkHeader, readLinkAttrs, readLinkInfo } from "./tables.ts";

/** BR_STATE_*: what a bridge's port does with frames (linux/if_bridge.h). */
const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"] as const;
export type PortState = (typeof STATES)[number];

/** IFLA_BRPORT_STATE. */
const readState = lazyAttrs({ state: [1, u8] });

const SHOW_PORT: Question<LinkRef, PortState | undefined> = {
  ...SHOW_LINK,
  read({ body }) {
    linkHeader.decode(body);
    const { linkInfo } = readLinkAttrs(new Reader(body.buf, body.at, body.end));
    const { slaveKind, slaveData } = linkInfo ? readLinkInfo(linkInfo) : {};
    return slaveKind === "bridge" && slaveData ? STATES[readState(slaveData).state ?? -1] : undefined;
  },
};

/** Like `bridge -d link show dev LINK`: the state of a bridge's port; undefined for a link that is none, or is not there. */
export function findPortState(client: Client, link: LinkRef): PortState | undefined {
  return client.get(SHOW_PORT, link);
}
