import { close, getxattr, lstat, open } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { formatIp, type Ip } from "../../base/ip.ts";
import { readRecord } from "../../plugins/host-local/lease.ts";
import { decodeOrigin, type Origin, XATTR } from "../../plugins/host-local/origin.ts";
import { type LeaseOwner, leaseAddress, parseRecord } from "../../plugins/host-local/record.ts";
import { O } from "../../sys/flags.ts";
import { namesIn } from "./files.ts";

/** A lease of host-local, berth's or the reference's. */
export interface Lease {
  readonly network: string;
  readonly path: string;
  readonly ip: Ip;
  /** As the file is called. */
  readonly address: string;
  /** Undefined where the file names nobody: it is garbled. */
  readonly holder: LeaseOwner | undefined;
  /** What berth knows of the attachment; undefined for a lease of the reference. */
  readonly origin: Origin | undefined;
  /** When the file was made or written last, in seconds since the epoch. */
  readonly time: number;
}

/** The leases of a network, by address, in `<dataDir>/<network>`; none where there is no such directory. Throws SysError. */
export function readLeases(dataDir: string, network: string): Lease[] {
  const directory = `${dataDir}/${network}`;
  return namesIn(directory).flatMap((name) => {
    const ip = leaseAddress(name);
    const path = `${directory}/${name}`;
    const record = ip && readRecord(path);
    if (ip === undefined || record === undefined) return [];
    const { origin, time } = detailsOf(path);
    return { network, path, ip, address: formatIp(ip), holder: parseRecord(record.trim()), origin, time };
  });
}

/** Of a file that may be gone by now. */
function detailsOf(path: string): { origin: Origin | undefined; time: number } {
  return { origin: attempt(() => originOf(path)), time: attempt(() => lstat(path).mtimeSec) ?? 0 };
}

function originOf(path: string): Origin | undefined {
  const fd = open(path, O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
  try {
    const text = getxattr(fd, XATTR);
    return text === undefined ? undefined : decodeOrigin(text);
  } finally {
    close(fd);
  }
}
