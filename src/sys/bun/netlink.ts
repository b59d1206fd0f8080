/** Netlink sockets: datagrams, nothing decoded (sys/api.d.ts). */
import { EAGAIN } from "../../base/errno.ts";
import { call } from "./call.ts";
import { monotonic, POLLIN, poll } from "./clock.ts";
import { sysError } from "./errors.ts";
import { close } from "./files.ts";
import { libc } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SOL_NETLINK = 270;
const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;

/**
 * Where datagrams are peeked at, for their length. The kernel makes the parts of a list as long as what is asked for, up to 32 KiB, and
 * begins a set's elements anew for each: short ones make a long list many times as slow.
 */
const scratch = new Uint8Array(32 * 1024);

/** `struct sockaddr_nl`; port 0 is the kernel, or to bind(2) "any". */
const KERNEL = new Uint32Array([AF_NETLINK, 0, 0]);

export function netlinkOpen(protocol: number): number {
  const fd = call("socket", () => libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol));
  try {
    call("bind", () => libc.bind(fd, KERNEL, KERNEL.byteLength));
    return fd;
  } catch (e) {
    close(fd);
    throw e;
  }
}

export function netlinkOption(fd: number, option: number, value: number): void {
  setInt(fd, SOL_NETLINK, option, value);
}

export function sendBuffer(fd: number, bytes: number): void {
  setInt(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes);
}

export function send(fd: number, datagram: Uint8Array): void {
  call("sendto", () => libc.sendto(fd, datagram, datagram.length, 0, KERNEL, KERNEL.byteLength));
}

export function receive(fd: number, timeout?: number): Uint8Array {
  const deadline = timeout === undefined ? undefined : monotonic() + timeout;
  const sender = new Uint32Array(3);
  for (;;) {
    const [ready] = poll([[fd, POLLIN]], deadline);
    if (!ready) throw sysError("recvfrom", EAGAIN);
    const size = call("recvfrom", () =>
      libc.recvfrom(fd, scratch, scratch.length, MSG_PEEK | MSG_TRUNC, sender, new Uint32Array([sender.byteLength])),
    );
    const datagram = new Uint8Array(size);
    const length = new Uint32Array([sender.byteLength]);
    call("recvfrom", () => libc.recvfrom(fd, datagram, size, 0, sender, length));
    if (sender[1] === 0) return datagram;
  }
}

function setInt(fd: number, level: number, option: number, value: number): void {
  const int = new Int32Array([value]);
  call("setsockopt", () => libc.setsockopt(fd, level, option, int, int.byteLength));
}
