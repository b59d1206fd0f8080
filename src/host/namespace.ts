import { Client } from "../netlink/client.ts";
import type { NetlinkError } from "../netlink/error.ts";
import type { Request } from "../netlink/request.ts";
import { NETLINK_ROUTE, openListener, openSocket, type Socket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import { type Addr, listAddrs } from "../rtnl/addr.ts";
import { findLink, listLinks, SHOW_LINK } from "../rtnl/find-link.ts";
import { forwards } from "../rtnl/netconf.ts";
import type { Link } from "../rtnl/read-link.ts";
import { listRoutes, type Route } from "../rtnl/route.ts";
import { teller } from "../sys/told.ts";
import { awaitLink, type LinkWatch, OpenWatch } from "./link-watch.ts";
import { type Sysctls, sysctlsOf } from "./sysctl.ts";

/** What a plugin may ask of, and do to, one network namespace. Changes are the `Request`s that rtnl's verbs make. */
export interface Namespace extends Disposable {
  findLink(link: string | number): Link | undefined;
  /** The same of several at once, in one system call. */
  findLinks(links: readonly (string | number)[]): (Link | undefined)[];
  listLinks(): Link[];
  listAddrs(index: number, family?: number): Addr[];
  listRoutes(family: number): Route[];
  /** Whether packets of a family (AF_INET, AF_INET6) are forwarded. */
  forwards(family: number): boolean;
  /** Answers one of rtnl's rarer questions. */
  ask<T>(question: (rtnl: Client) => T): T;
  /** Does several changes in one system call, in order. Throws the first failure, after all were tried. */
  change(...requests: Request[]): void;
  /** The same, returning each request's failure. */
  attempt(requests: readonly Request[]): (NetlinkError | undefined)[];
  /** The same, and in the same system call looks at a link as it is then: undefined when there is none. */
  attemptAndFind(requests: readonly Request[], link: string | number): Attempted;
  /** The same, with the link as it was before. */
  findAndAttempt(link: string | number, requests: readonly Request[]): Attempted;
  /**
   * Runs `fn` with the thread in this namespace, where its sysctls are.
   */
  enter<T>(fn: (sysctls: Sysctls) => T): T;
  /**
   * Waits, by the kernel's notifications, until the link is as `wanted` or gone, and returns its last state.
   * Undefined when it is gone, or was not as wanted within `timeout` milliseconds.
   */
  awaitLink(link: string, wanted: (link: Link) => boolean, timeout: number): Link | undefined;
  /** From now on the kernel's notifications about links are kept, to be waited for. Ends the watch before it. To be closed. */
  watchLinks(): LinkWatch;
  /** SO_NETNS_COOKIE in decimal; undefined before Linux 5.14. */
  cookie(): string | undefined;
  /** Closes what has been opened for all this. */
  close(): void;
}

export interface Attempted {
  readonly failures: (NetlinkError | undefined)[];
  readonly link: Link | undefined;
}

const RTNLGRP_LINK = 1;

/** Runs a function with the thread in some namespace. */
export type Enter = <T>(fn: () => T) => T;

/** The namespace that `enter` leads to, over one rtnetlink socket that is opened when first needed. */
export class OpenNamespace implements Namespace {
  readonly #enter: Enter;
  readonly #path: string | undefined;
  #client: Client | undefined;
  #listener: Socket | undefined;

  /** `path`: where it is open, undefined for this process's own. */
  constructor(enter: Enter, path?: string) {
    this.#enter = enter;
    this.#path = path;
  }

  findLink(link: string | number): Link | undefined {
    return findLink(this.#rtnl(), link);
  }

  findLinks(links: readonly (string | number)[]): (Link | undefined)[] {
    return this.#rtnl().getAll(SHOW_LINK, links);
  }

  listLinks(): Link[] {
    return listLinks(this.#rtnl());
  }

  listAddrs(index: number, family?: number): Addr[] {
    return listAddrs(this.#rtnl(), index, family);
  }

  listRoutes(family: number): Route[] {
    return listRoutes(this.#rtnl(), family);
  }

  forwards(family: number): boolean {
    return forwards(this.#rtnl(), family);
  }

  ask<T>(question: (rtnl: Client) => T): T {
    return question(this.#rtnl());
  }

  change(...requests: Request[]): void {
    this.#rtnl().change(...requests);
  }

  attempt(requests: readonly Request[]): (NetlinkError | undefined)[] {
    return this.#rtnl().attempt(requests);
  }

  attemptAndFind(requests: readonly Request[], link: string | number): Attempted {
    return attemptBetween(this.#rtnl(), requests, [], link);
  }

  findAndAttempt(link: string | number, requests: readonly Request[]): Attempted {
    return attemptBetween(this.#rtnl(), [], requests, link);
  }

  /** Coming and going are four system calls: the first visit brings the socket with it. */
  enter<T>(fn: (sysctls: Sysctls) => T): T {
    return this.#enter(() => {
      this.#connect();
      return fn(sysctlsOf(this.#path));
    });
  }

  awaitLink(link: string, wanted: (link: Link) => boolean, timeout: number): Link | undefined {
    return awaitLink(this.#rtnl(), () => this.#subscribe(), link, wanted, timeout);
  }

  watchLinks(): LinkWatch {
    return new OpenWatch(this.#rtnl(), this.#subscribe());
  }

  cookie(): string | undefined {
    return this.#rtnl().cookie();
  }

  /** Closes what it has opened. It can be used again. */
  close(): void {
    this.#client?.close();
    this.#listener?.close();
    this.#client = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #rtnl(): Client {
    return this.#client ?? this.#enter(() => this.#connect());
  }

  #connect(): Client {
    this.#client ??= new Client(openSocket(NETLINK_ROUTE), tap("route"), teller(this.#path));
    return this.#client;
  }

  #subscribe(): Socket {
    this.#listener?.close();
    this.#listener = this.#enter(() => openListener(NETLINK_ROUTE, RTNLGRP_LINK));
    return this.#listener;
  }
}

/** Asks for the link between two series of changes. */
function attemptBetween(
  rtnl: Client,
  before: readonly Request[],
  after: readonly Request[],
  link: string | number,
): Attempted {
  const { failures, answer } = rtnl.attemptAround(before, SHOW_LINK, link, after);
  return { failures, link: answer };
}
