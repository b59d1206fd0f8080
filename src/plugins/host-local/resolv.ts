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
    if (line === "") continue;
    const [key = "", ...values] = wordsOf(line);
    const [first] = values;
    if (first === undefined || key.startsWith("#") || key.startsWith(";")) continue;
    if (key === "nameserver") nameservers.push(first);
    else if (key === "domain") domain = first;
    else if (key === "search") append(search, values);
    else if (key === "options") append(options, values);
  }
  return { nameservers, search, options, ...(domain === undefined ? {} : { domain }) };
}

/** There may be more than a call can have arguments. */
function append(list: string[], words: readonly string[]): void {
  for (const word of words) list.push(word);
}

/** What stands between blanks. Not split by an expression, which is slow on long lines. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let start = 0;
  for (let i = 0; i <= line.length; i++) {
    if (i < line.length && !isBlank(line.charCodeAt(i))) continue;
    if (i > start) words.push(line.slice(start, i));
    start = i + 1;
  }
  return words;
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || (unit >= 9 && unit <= 13) || (unit > 0x7f && String.fromCharCode(unit).trim() === "");
}
