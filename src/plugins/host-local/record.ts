/** What a lease file says. Pure. */
import { formatIp, type Ip, parseIp } from "../../base/ip.ts";

/** Whom an address is leased to. */
export interface LeaseOwner {
  /** Container id. */
  readonly id: string;
  /** Interface name in the container; absent in records of host-local before it knew interfaces. */
  readonly ifname?: string;
}

/** The content of a lease file, byte for byte: id, CR LF, interface name, and no line end. */
export function recordText(owner: LeaseOwner): string {
  return owner.ifname === undefined ? owner.id : `${owner.id}\r\n${owner.ifname}`;
}

/** The owner that a trimmed record names; undefined when it is empty or is no record at all. */
export function parseRecord(record: string): LeaseOwner | undefined {
  const at = record.indexOf("\r\n");
  const id = at < 0 ? record : record.slice(0, at);
  if (!isId(id)) return undefined;
  if (at < 0) return { id };
  const ifname = record.slice(at + 2);
  return ifname !== "" && ifname.length < 16 && !/[\s/:]/.test(ifname) ? { id, ifname } : undefined;
}

/** `id ifname`, for messages. */
export function formatHolder(owner: LeaseOwner): string {
  return owner.ifname === undefined ? owner.id : `${owner.id} ${owner.ifname}`;
}

/** The address that a file is named after; undefined for `lock`, `last_reserved_ip.0` and whatever else is not canonical. */
export function leaseAddress(name: string): Ip | undefined {
  const ip = parseIp(name);
  // Dotted decimals that parse are canonical.
  return ip && (!name.includes(":") || formatIp(ip) === name) ? ip : undefined;
}

function isId(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);
}
