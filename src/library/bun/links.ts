import type { Client } from "../../netlink/client.ts";
import { findLink, listLinks } from "../../rtnl/find-link.ts";
import { deleteLink } from "../../rtnl/link.ts";
import { moveLink } from "../../rtnl/place-link.ts";
import { checked, deviceOf, type LinkRef } from "./devices.ts";
import { type LinkInfo, linkInfo } from "./link-info.ts";
import { changesOf, type LinkSettings } from "./link-settings.ts";
import { type Netns, withNetns } from "./netns.ts";
import { additionOf, type NewLink } from "./new-link.ts";
import { nameOf } from "./values.ts";

/** Interfaces of one network namespace: `ip link`. */
export class Links {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Like `ip -d link show`. */
  list(): LinkInfo[] {
    return listLinks(this.#client).map(linkInfo);
  }

  /** Like `ip -d link show LINK`. Undefined when there is none. */
  get(link: LinkRef): LinkInfo | undefined {
    const found = findLink(this.#client, checked(link));
    return found && linkInfo(found);
  }

  /** Like `ip link add`; it is down at first. EEXIST when the name is taken, EOPNOTSUPP for a kind that the kernel lacks. */
  add(link: NewLink): void {
    const netns = link.kind === "veth" ? link.peer.netns : undefined;
    if (netns === undefined) this.#client.change(additionOf(this.#client, link));
    else withNetns(netns, (open) => this.#client.change(additionOf(this.#client, link, open)));
  }

  /**
   * Like `ip link set dev LINK …`. Several settings are one system call but not one transaction: each is tried, and the first
   * failure thrown. ENODEV when there is no such link.
   */
  set(link: LinkRef, settings: LinkSettings): void {
    this.#client.change(...changesOf(this.#client, link, settings));
  }

  /**
   * Like `ip link set dev LINK netns NS [name NAME]`: it is down there, and has no addresses. ENODEV. EEXIST when its name is taken
   * there; when NAME is, it is there all the same, under its old name.
   */
  move(link: LinkRef, netns: Netns, name?: string): void {
    const dev = deviceOf(this.#client, link);
    const wanted = name === undefined ? undefined : nameOf("name", name);
    withNetns(netns, (open) => this.#client.change(moveLink({ dev, netns: open, name: wanted })));
  }

  /** Like `ip link del dev LINK`: a veth goes with its peer. ENODEV when there is none. */
  delete(link: LinkRef): void {
    this.#client.change(deleteLink(checked(link)));
  }
}
