import { close, fstat, open, read, readFile } from "#sys";
import { EINVAL, errnoOf, errnoText, isErrno } from "../../base/errno.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Dns } from "../../spec/result.ts";
import { O, S_IFCHR, S_IFMT } from "../../sys/flags.ts";

/**
 * The `dns` of a resolv.conf(5): `nameserver` and `domain` take one word, `search` and `options` all, over several lines.
 * /dev/null is an empty one.
 * @throws CniError 7 when it cannot be read; anything but a regular file counts as that
 */
export function readResolvConf(path: string): Dns {
  try {
    return parseResolvConf(textOf(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const details = `ipam.resolvConf is ${path}: a regular file of at most 1 MiB is expected`;
    throw new CniError(INVALID_CONFIG, `open ${path}: ${errnoText(errno)}`, details, error);
  }
}

function textOf(path: string): string {
  try {
    return readFile(path);
  } catch (error) {
    if (isErrno(error, EINVAL) && isEmptyDevice(path)) return "";
    throw error;
  }
}

function isEmptyDevice(path: string): boolean {
  const fd = open(path, O.RDONLY | O.NONBLOCK | O.NOCTTY);
  try {
    return (fstat(fd).mode & S_IFMT) === S_IFCHR && read(fd, 1).length === 0;
  } finally {
    close(fd);
  }
}

export function parseResolvConf(text: string): Dns {
  const nameservers: string[] = [];
  const search: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  for (const line of text.split("\n")) {
    const [key = "", ...values] = line.trim().split(/\s+/);
    const [first] = values;
    if (first === undefined || key.startsWith("#") || key.startsWith(";")) continue;
    if (key === "nameserver") nameservers.push(first);
    else if (key === "domain") domain = first;
    else if (key === "search") search.push(...values);
    else if (key === "options") options.push(...values);
  }
  return { nameservers, search, options, ...(domain === undefined ? {} : { domain }) };
}
