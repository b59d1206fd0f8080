/** Where this process runs (sources/cni.ts). */
import { hasIfindex } from "#sys";
import { EAGAIN, ENOBUFS, isErrno } from "../../base/errno.ts";
import { NETLINK_ROUTE, openListener, type Socket } from "../../netlink/socket.ts";
import { bootId } from "../../sys/boot.ts";
import type { Surroundings } from "../sources/cni.ts";

const RTNLGRP_LINK = 1;
const RTM_DELLINK = 17;

/** How often is looked whether links have gone: one system call. */
const LOOK_MS = 50;

/** That of the thread's network namespace. */
export function surroundings(): Surroundings {
  const socket = openListener(NETLINK_ROUTE, RTNLGRP_LINK);
  const host = socket.cookie();
  return {
    boot: bootId(),
    host,
    hasLink: hasIfindex,
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
