import { ENODEV } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { encoded } from "../wire/coder.ts";
import { type LinkRef, wordFor, writeLink } from "./dev.ts";
import { decodeLink, type Link } from "./read-link.ts";
import { linkAttrs, RTM_GETLINK, SKIP_STATS, writeLinkHeader } from "./tables.ts";

const MASK = encoded(linkAttrs, { extMask: SKIP_STATS });

/** Like `ip -d link show NAME`. */
export const SHOW_LINK: Question<LinkRef, Link> = {
  type: RTM_GETLINK,
  flags: 0,
  absent: ENODEV,
  text: (link) => `ip link show ${wordFor(link)}`,
  write(w, link) {
    writeLink(w, link);
    w.bytes(MASK);
  },
  read: decodeLink,
};

const SHOW_LINKS: Question<undefined, Link> = {
  type: RTM_GETLINK,
  flags: 0,
  text: () => "ip link show",
  write(w) {
    writeLinkHeader(w, 0, 0, 0);
    w.bytes(MASK);
  },
  read: decodeLink,
};

/** Like `ip -d link show NAME`. Undefined when there is no such interface. */
export function findLink(client: Client, link: string | number): Link | undefined {
  return client.get(SHOW_LINK, link);
}

/** Like `ip -d link show`: every interface of the namespace. */
export function listLinks(client: Client): Link[] {
  return client.dump(SHOW_LINKS, undefined);
}
