/** MAC addresses that are asked for. */
import { formatMac, type Mac, parseMac } from "../base/mac.ts";
import { CniError, INVALID_CONFIG, INVALID_ENVIRONMENT } from "./errors.ts";

/** @throws CniError 7 where no Ethernet interface can have the address, for which `key` asks */
export function stationMac(mac: Mac, key: string): Mac {
  const group = ((mac[0] ?? 0) & 1) === 1;
  if (mac.length === 6 && !group && mac.some((byte) => byte !== 0)) return mac;
  const fault = mac.length !== 6 ? `it has ${mac.length} bytes` : group ? "it is a group's" : "it is none";
  throw new CniError(
    INVALID_CONFIG,
    `${key}: ${formatMac(mac)} cannot be the MAC address of an interface: ${fault}`,
    "six bytes, of which the first is even: 02:00:00:00:00:01",
  );
}

/** Of MAC in CNI_ARGS. @throws CniError 4 */
export function macOfArgs(text: string): Mac {
  const address = parseMac(text);
  if (address) return address;
  throw new CniError(
    INVALID_ENVIRONMENT,
    `CNI_ARGS: MAC=${text}: address ${text}: invalid MAC address`,
    "six bytes: 02:00:00:00:00:01",
  );
}
