import { readFile } from "#sys";
import { errnoOf, errnoText } from "../../base/errno.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Dns } from "../../spec/result.ts";

/**
 * The `dns` of a resolv.conf(5): `nameserver` and `domain` take one word, `search` and `options` all, over several lines.
 * @throws CniError 7 when it cannot be read; anything but a regular file counts as that
 */
export function readResolvConf(path: string): Dns {
  try {
    return parseResolvConf(readFile(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const details = `ipam.resolvConf is ${path}: a regular file of at most 1 MiB is expected`;
    throw new CniError(INVALID_CONFIG, `open ${path}: ${errnoText(errno)}`, details, error);
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
