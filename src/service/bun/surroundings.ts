/** Where this process runs (sources/cni.ts). */
import { hasIfindex } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { EAGAIN, ENOBUFS, isErrno } from "../../base/errno.ts";
import { Client } from "../../netlink/client.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE, openListener, openSocket, type Socket } from "../../netlink/socket.ts";
import { bootId } from "../../sys/boot.ts";
import type { Surroundings } from "../sources/cni.ts";
import { forgetDead } from "../sources/dead-flows.ts";

const RTNLGRP_LINK = 1;
const RTM_DELLINK = 17;

/** How often is looked whether links have gone: one system call. */
const LOOK_MS = 50;

/** A DEL takes its link some milliseconds after its record; the rules have come to it by then. How often that is looked for. */
const PARTING_MS = 25;
const PARTINGS = 80;

/** That of the thread's network namespace. */
export function surroundings(): Surroundings {
  const socket = openListener(NETLINK_ROUTE, RTNLGRP_LINK);
  const host = socket.cookie();
  return {
    boot: bootId(),
    host,
    hasLink: hasIfindex,
    forget: (ifindex, addresses) => void part(ifindex, addresses),
    watchLinks(changed) {
      const look = setInterval(() => {
        if (hasLost(socket)) changed();
      }, LOOK_MS);
      return () => {
        clearInterval(look);
        socket.close();
      };
    },
  };
}

/** What cannot be forgotten times out. */
async function part(ifindex: number, addresses: readonly string[]): Promise<void> {
  for (let i = 0; i < PARTINGS; i++) {
    await Bun.sleep(PARTING_MS);
    if (hasIfindex(ifindex)) continue;
    for (const address of addresses) {
      const client = new Client(openSocket(NETLINK_NETFILTER));
      attempt(() => forgetDead(client, address));
      client.close();
      // Some milliseconds where conntrack has many buckets: others' turn.
      await Bun.sleep(0);
    }
    return;
  }
}

/** Whether links have gone since this was last asked, or may have. */
function hasLost(socket: Socket): boolean {
  let lost = false;
  for (;;) {
    try {
      const message = socket.receive(0);
      // The type, in the machine's own order (linux/netlink.h: struct nlmsghdr).
      lost ||= new DataView(message.buffer, message.byteOffset).getUint16(4, true) === RTM_DELLINK;
    } catch (error) {
      if (isErrno(error, EAGAIN)) return lost;
      if (!isErrno(error, ENOBUFS)) throw error;
      lost = true;
    }
  }
}
