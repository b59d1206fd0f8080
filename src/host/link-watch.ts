import * as sys from "#sys";
import { EAGAIN, ENOBUFS, isErrno } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Socket } from "../netlink/socket.ts";
import { findLink } from "../rtnl/find-link.ts";
import { type Link, readLinkEvents } from "../rtnl/read-link.ts";

/** What the kernel has said of a namespace's links since the watch began. */
export interface LinkWatch extends Disposable {
  /**
   * Waits until a notification says that the link is as `wanted`, and returns its state then; undefined when it is gone, or
   * was not as wanted within `timeout` milliseconds. Unlike a question, this needs no lock that the kernel may hold.
   */
  await(index: number, wanted: (link: Link) => boolean, timeout: number): Link | undefined;
  close(): void;
}

/** A notification may be lost to a full buffer, or come of a change that makes none: after this long in silence we ask. */
const SILENCE_MS = 250;

/** By `events`, a socket that receives the notifications of RTNLGRP_LINK. */
export class OpenWatch implements LinkWatch {
  readonly #rtnl: Client;
  readonly #events: Socket;

  constructor(rtnl: Client, events: Socket) {
    this.#rtnl = rtnl;
    this.#events = events;
  }

  await(index: number, wanted: (link: Link) => boolean, timeout: number): Link | undefined {
    const deadline = sys.monotonic() + timeout;
    for (;;) {
      const left = deadline - sys.monotonic();
      if (left <= 0) return undefined;
      const news = nextEvents(this.#events, index, Math.min(left, SILENCE_MS)) ?? [
        { link: findLink(this.#rtnl, index), gone: false },
      ];
      for (const { link, gone } of news) {
        if (gone || !link) return undefined;
        if (wanted(link)) return link;
      }
    }
  }

  close(): void {
    this.#events.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The next notifications; undefined when none came, or too many. */
function nextEvents(events: Socket, index: number, timeout: number) {
  try {
    return readLinkEvents(events.receive(timeout), index);
  } catch (error) {
    if (!isErrno(error, EAGAIN, ENOBUFS)) throw error;
    return undefined;
  }
}

/** As Namespace's. */
export function awaitLink(
  rtnl: Client,
  subscribe: () => Socket,
  name: string,
  wanted: (link: Link) => boolean,
  timeout: number,
): Link | undefined {
  const before = findLink(rtnl, name);
  if (!before || wanted(before)) return before;
  const watch = new OpenWatch(rtnl, subscribe());
  try {
    // What has changed before the watch began is not told.
    const link = findLink(rtnl, name);
    return !link || wanted(link) ? link : watch.await(link.index, wanted, timeout);
  } finally {
    watch.close();
  }
}
