import { fnv1a } from "../../base/hash.ts";
import { formatMac, type Mac } from "../../base/mac.ts";
import { randomMac } from "../../veth/names.ts";

/**
 * A random MAC address for a bridge, with a hash in its second half of the name and of the first half: a bridge whose ADD was killed
 * before it gave it the alias is known by that.
 */
export function bridgeMac(bridge: string): Mac {
  const mac = randomMac();
  mac.set(signatureOf(bridge, mac), 3);
  return mac;
}

/** Whether only `bridgeMac` can have given the address to a bridge of this name (or chance, 1 in 2^24). */
export function isBridgeMac(bridge: string, mac: Mac): boolean {
  return signatureOf(bridge, mac).every((byte, i) => byte === mac[3 + i]);
}

function signatureOf(bridge: string, mac: Mac): [number, number, number] {
  const hash = fnv1a(`berth ${bridge} ${formatMac(mac.subarray(0, 3))}`);
  return [hash >>> 24, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff];
}
