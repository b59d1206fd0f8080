import { close, openTun, random, write } from "#sys";
import type { Ip, Prefix } from "../../base/ip.ts";
import type { Host } from "../../host/host.ts";
import { addAddr, IFA_F_NODAD } from "../../rtnl/addr.ts";
import { setUp } from "../../rtnl/link.ts";

/** A place outside of the machine, as far as its kernel can tell: what comes from there comes in by an interface. */
export interface Outside {
  /** From where packets come. */
  readonly address: Ip;
  /** Has one come in. */
  send(packet: Uint8Array): void;
  /** Takes the interface away; whoever is killed before takes it along as well. */
  [Symbol.dispose](): void;
}

/**
 * Opens one: a TUN device with an address of the networks for such tests (RFC 2544, RFC 5180), so that a strict rp_filter
 * takes what comes from there. Throws SysError where the kernel has no TUN, NetlinkError.
 */
export function openOutside(host: Host, like: Ip): Outside {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  const digits = [a, b, c].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const name = `berth${digits}`;
  const own: Prefix =
    like.length === 4 ? { ip: Uint8Array.of(198, 18 + (a & 1), b, d & 0xfe), length: 31 } : test6(a, b);
  const fd = openTun(name);
  try {
    const index = host.findLink(name)?.index ?? 0;
    host.change(addAddr({ index, name }, own, IFA_F_NODAD), setUp({ index, name }));
  } catch (error) {
    close(fd);
    throw error;
  }
  const address = own.ip.slice();
  address[address.length - 1] = (address.at(-1) ?? 0) + 1;
  return { address, send: (packet) => write(fd, packet), [Symbol.dispose]: () => close(fd) };
}

/** 2001:2::/48 is for benchmarks. */
function test6(a: number, b: number): Prefix {
  const ip = new Uint8Array(16);
  ip.set([0x20, 0x01, 0x00, 0x02, 0, 0, a, b]);
  return { ip, length: 127 };
}
