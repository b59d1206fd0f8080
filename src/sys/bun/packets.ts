/** IP packets as a program writes them (sys/api.d.ts). */
import { ptr } from "bun:ffi";
import { EINVAL, ENAMETOOLONG } from "../../base/errno.ts";
import { O } from "../flags.ts";
import { call } from "./call.ts";
import { sysError } from "./errors.ts";
import { close, open } from "./files.ts";
import { libc } from "./libc.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
/** Of which the program writes the header. */
const IPPROTO_RAW = 255;

const TUN = "/dev/net/tun";
const TUNSETIFF = 0x400454ca;
/** IFF_TUN | IFF_NO_PI: IP packets, and nothing before them. */
const IP_ONLY = 0x1001;
/** struct ifreq, and the name in it with its NUL. */
const IFREQ = 40;
const IFNAMSIZ = 16;

export function sendPacket(packet: Uint8Array, to: Uint8Array): void {
  const address = socketAddress(to);
  const fd = call("socket", () => libc.socket(to.length === 4 ? AF_INET : AF_INET6, SOCK_RAW_CLOEXEC, IPPROTO_RAW));
  try {
    call("sendto", () => libc.sendto(fd, packet, packet.length, 0, address, address.length));
  } finally {
    close(fd);
  }
}

/** struct sockaddr_in or sockaddr_in6, of port 0. */
function socketAddress(ip: Uint8Array): Uint8Array {
  if (ip.length !== 4 && ip.length !== 16) throw sysError("sendto", EINVAL);
  const address = new Uint8Array(ip.length === 4 ? 16 : 28);
  address[0] = ip.length === 4 ? AF_INET : AF_INET6;
  address.set(ip, ip.length === 4 ? 4 : 8);
  return address;
}

export function openTun(name: string): number {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length >= IFNAMSIZ) throw sysError("ioctl", ENAMETOOLONG, name);
  const request = new Uint8Array(IFREQ);
  request.set(bytes);
  new DataView(request.buffer).setInt16(IFNAMSIZ, IP_ONLY, true);
  const fd = open(TUN, O.RDWR);
  try {
    call("ioctl", () => libc.ioctl(fd, TUNSETIFF, ptr(request)), name);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}
