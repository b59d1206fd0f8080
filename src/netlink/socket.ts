import * as sys from "#sys";
import { EMSGSIZE, isErrno } from "../base/errno.ts";

/** The seam to the kernel: datagrams out, datagrams in. Tests script it; production opens one below. */
export interface Socket {
  send(datagram: Uint8Array): void;
  /** One whole datagram, which is the caller's from then on. Throws ENOBUFS when the kernel dropped some, EAGAIN after `timeout` milliseconds if given. */
  receive(timeout?: number): Uint8Array;
  /** SO_NETNS_COOKIE of the namespace it was opened in, decimal; undefined where the kernel has none. */
  cookie(): string | undefined;
  /** May be called again. */
  close(): void;
}

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** Options at SOL_NETLINK (linux/netlink.h). */
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** A socket of `protocol` in the current network namespace, with the kernel's error texts switched on. */
export function openSocket(protocol: number): Socket {
  const fd = sys.netlinkOpen(protocol);
  sys.netlinkOption(fd, NETLINK_EXT_ACK, 1);
  sys.netlinkOption(fd, NETLINK_CAP_ACK, 1);
  if (protocol === NETLINK_ROUTE) sys.netlinkOption(fd, NETLINK_GET_STRICT_CHK, 1);
  return socketOf(fd);
}

/** A socket that nothing is asked on, for the notifications of a multicast group. */
export function openListener(protocol: number, group: number): Socket {
  const fd = sys.netlinkOpen(protocol);
  sys.netlinkOption(fd, NETLINK_ADD_MEMBERSHIP, group);
  return socketOf(fd);
}

/** A batch is one datagram, whatever its length: it cannot be split, and the send buffer is 208 KiB at first. */
function sendAny(fd: number, datagram: Uint8Array): void {
  try {
    sys.send(fd, datagram);
  } catch (error) {
    if (!isErrno(error, EMSGSIZE)) throw error;
    sys.sendBuffer(fd, datagram.length);
    sys.send(fd, datagram);
  }
}

function socketOf(fd: number): Socket {
  let isOpen = true;
  return {
    send: (datagram) => sendAny(fd, datagram),
    receive: (timeout) => (timeout === undefined ? sys.receive(fd) : sys.receive(fd, timeout)),
    cookie: () => sys.netnsCookie(fd),
    close: () => {
      if (isOpen) sys.close(fd);
      isOpen = false;
    },
  };
}
