import { ENODEV } from "../../base/errno.ts";
import type { Client } from "../../netlink/client.ts";
import { NetlinkError } from "../../netlink/error.ts";
import type { Dev } from "../../rtnl/dev.ts";
import { findLink } from "../../rtnl/find-link.ts";
import { nameOf, wholeOf } from "./values.ts";

/** An interface by its name or by its index. */
export type LinkRef = string | number;

const INDEX_MAX = 0x7fffffff;

/** @throws Explained for what can be no name and no index */
export function checked(link: LinkRef, field = "link"): LinkRef {
  return typeof link === "number" ? wholeOf(field, link, 1, INDEX_MAX) : nameOf(field, link);
}

/** Index and name of a link that there must be. @throws NetlinkError ENODEV, Explained */
export function deviceOf(client: Client, link: LinkRef, field = "link"): Exclude<Dev, number> {
  const found = findLink(client, checked(link, field));
  if (!found) throw new NetlinkError(`ip link show ${link}`, ENODEV);
  return { index: found.index, name: found.name };
}
