import type { Client } from "../../netlink/client.ts";
import { forwards } from "../../rtnl/netconf.ts";
import { Addresses } from "./addresses.ts";
import { Links } from "./links.ts";
import { Neighbours } from "./neighbours.ts";
import { Qdiscs } from "./qdiscs.ts";
import { Routes } from "./routes.ts";
import { Rules } from "./rules.ts";
import { FAMILIES, type IpFamily, oneOf } from "./values.ts";

/**
 * rtnetlink of one network namespace, over one socket: the verbs of `ip` and `tc`. Calls are synchronous. They throw NetlinkError
 * for what the kernel refuses, Explained for values that are none, and SysError for system calls.
 */
export class Rtnetlink implements Disposable {
  readonly #client: Client;
  readonly link: Links;
  readonly addr: Addresses;
  readonly route: Routes;
  readonly neigh: Neighbours;
  readonly rule: Rules;
  readonly qdisc: Qdiscs;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
    this.link = new Links(client);
    this.addr = new Addresses(client);
    this.route = new Routes(client);
    this.neigh = new Neighbours(client);
    this.rule = new Rules(client);
    this.qdisc = new Qdiscs(client);
  }

  /** Whether packets of a family are forwarded: net.ipv4.ip_forward, net.ipv6.conf.all.forwarding. */
  forwards(family: IpFamily): boolean {
    return forwards(this.#client, FAMILIES[oneOf("family", family, FAMILIES)]);
  }

  /** SO_NETNS_COOKIE in decimal, by which the namespace is known until the machine boots again; undefined before Linux 5.14. */
  cookie(): string | undefined {
    return this.#client.cookie();
  }

  /** May be called again. */
  close(): void {
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
