/** Where a link is, and what it is called there: what `ip link set` does besides link.ts. */
import type { Change, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { cstr, i32, u32 } from "../wire/coder.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import type { OpenNetns } from "./link.ts";
import { IFLA_IFNAME, RTM_NEWLINK, writeLinkHeader } from "./tables.ts";

/** IFLA_*. */
export const placeAttrs = attrs({ ifname: [IFLA_IFNAME, cstr], master: [10, u32], netnsFd: [28, i32] });

export interface Renaming {
  readonly dev: Dev;
  readonly name: string;
}

export const RENAME_LINK: Change<Renaming> = {
  type: RTM_NEWLINK,
  flags: 0,
  text: ({ dev, name }) => `ip link set ${wordFor(dev)} name ${name}`,
  write(w, { dev, name }) {
    writeLinkHeader(w, indexOf(dev), 0, 0);
    placeAttrs.put(w, "ifname", name);
  },
};

/** Like `ip link set dev LINK name NAME`. EEXIST when it is taken; EBUSY, up to Linux 6.1, for a link that is up. */
export function renameLink(dev: Dev, name: string): Request<Renaming> {
  return { form: RENAME_LINK, object: { dev, name } };
}

export const RELEASE_LINK: Change<Dev> = {
  type: RTM_NEWLINK,
  flags: 0,
  text: (dev) => `ip link set ${wordFor(dev)} nomaster`,
  write(w, dev) {
    writeLinkHeader(w, indexOf(dev), 0, 0);
    placeAttrs.put(w, "master", 0);
  },
};

/** Like `ip link set dev LINK nomaster`. Also where it has none. */
export function releaseLink(dev: Dev): Request<Dev> {
  return { form: RELEASE_LINK, object: dev };
}

export interface Move {
  readonly dev: Dev;
  readonly netns: OpenNetns;
  /** Its name there. Absent: the same. */
  readonly name?: string | undefined;
}

export const MOVE_LINK: Change<Move> = {
  type: RTM_NEWLINK,
  flags: 0,
  text: ({ dev, netns, name }) => `ip link set ${wordFor(dev)} netns ${netns.path}${name ? ` name ${name}` : ""}`,
  write(w, { dev, netns, name }) {
    writeLinkHeader(w, indexOf(dev), 0, 0);
    placeAttrs.encode(w, { netnsFd: netns.fd, ifname: name });
  },
};

/** Like `ip link set dev LINK netns NS [name NAME]`: it is down there, without addresses. EEXIST when the name is taken there. */
export function moveLink(move: Move): Request<Move> {
  return { form: MOVE_LINK, object: move };
}
