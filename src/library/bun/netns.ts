import * as sys from "#sys";
import { ENOENT, isErrno } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { Client } from "../../netlink/client.ts";
import { openSocket } from "../../netlink/socket.ts";
import { tap } from "../../netlink/trace.ts";
import type { OpenNetns } from "../../rtnl/link.ts";
import { CLONE_NEWNET, O } from "../../sys/flags.ts";
import { teller } from "../../sys/told.ts";
import { refusal } from "./values.ts";

/**
 * A network namespace: a name of `ip netns` ("c1"), or a path ("/run/netns/c1", "/proc/1234/ns/net").
 */
export type Netns = string;

/** Where `ip netns add NAME` keeps it. */
const NAMED = "/run/netns";

/**
 * What `use` makes of an open namespace. Throws Explained for a path that is not there or is no network namespace, else
 * SysError.
 */
export function withNetns<T>(netns: Netns, use: (open: OpenNetns) => T): T {
  const path = pathOf(netns);
  const fd = openPath(netns, path);
  try {
    if (sys.namespaceType(fd) !== CLONE_NEWNET) {
      throw new Explained(
        `netns: ${path} is no network namespace`,
        "expected what `ip netns add` made, or /proc/PID/ns/net of a process; a file there without a namespace is left when its mount has gone",
      );
    }
    return use({ fd, path });
  } finally {
    sys.close(fd);
  }
}

function pathOf(netns: Netns): string {
  if (typeof netns !== "string" || netns === "") throw refusal("netns", netns, "a name of `ip netns`, or a path");
  return netns.includes("/") ? netns : `${NAMED}/${netns}`;
}

function openPath(netns: Netns, path: string): number {
  try {
    return sys.open(path, O.RDONLY | O.NONBLOCK);
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
    const next = netns.includes("/") ? "its process or container may have ended" : "`ip netns` lists those with names";
    throw new Explained(`netns: there is no ${path}`, next, error);
  }
}

const WORDS: Readonly<Record<number, string>> = { 0: "route", 12: "netfilter" };

/** A client of `protocol` (NETLINK_*) in a namespace; absent: this thread's own. Throws as withNetns. */
export function openClient(protocol: number, netns: Netns | undefined): Client {
  const told = teller(netns === undefined ? undefined : pathOf(netns));
  const open = () => new Client(openSocket(protocol), tap(WORDS[protocol] ?? `${protocol}`), told);
  return netns === undefined ? open() : withNetns(netns, ({ fd }) => sys.inNetns(fd, open));
}
