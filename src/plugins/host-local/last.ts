/** `last_reserved_ip.<N>`: where the round robin of range set N stands. */
import { close, open, pwrite, readText, truncate, unlink } from "#sys";
import { assertErrno, ENOENT, isErrno, messageOf } from "../../base/errno.ts";
import { formatIp, type Ip, parseIp } from "../../base/ip.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { O } from "../../sys/flags.ts";
import type { Store } from "./store.ts";

/** Longer than any address. */
const LIMIT = 64;

/**
 * The address that set `index` gave last; undefined when none is recorded or what is there is no address. An error of
 * reading is told to `warn`: the round robin then starts anew, which costs nothing but order.
 */
export function readLast(store: Store, index: number, warn: (line: string) => void): Ip | undefined {
  let fd: number | undefined;
  try {
    fd = open(pathOf(store, index), O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
    return parseIp(readText(fd, LIMIT));
  } catch (error) {
    assertErrno(error);
    if (!isErrno(error, ENOENT)) warn(`Error retrieving last reserved ip: ${messageOf(error)}`);
    return undefined;
  } finally {
    if (fd !== undefined) close(fd);
  }
}

/** Records `ip`. A failure leaves the old address, or no file where there was none. @throws SysError */
export function writeLast(store: Store, index: number, ip: Ip): void {
  const path = pathOf(store, index);
  const { fd, created } = openLast(path);
  try {
    const text = encodeUtf8(formatIp(ip));
    // Written over and then cut, so that no crash leaves the file empty.
    pwrite(fd, text, 0);
    truncate(fd, text.length);
  } catch (error) {
    if (created) unlink(path);
    throw error;
  } finally {
    close(fd);
  }
}

function openLast(path: string): { fd: number; created: boolean } {
  const flags = O.WRONLY | O.NOFOLLOW | O.NONBLOCK;
  try {
    return { fd: open(path, flags), created: false };
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
    return { fd: open(path, flags | O.CREAT | O.EXCL, 0o600), created: true };
  }
}

function pathOf(store: Store, index: number): string {
  return `${store.directory}/last_reserved_ip.${index}`;
}
