/** The state files: what interfaces were like before an ADD changed them, for their DEL. */
import { close, getxattr, open, readdir, readFile, setxattr, unlink, write } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { ENAMETOOLONG, ENOENT, ENOTDIR, errnoOf, isErrno, messageOf } from "../../base/errno.ts";
import { formatMac, parseMac } from "../../base/mac.ts";
import { boolean, decode, goObject, int, string } from "../../spec/decode.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { O } from "../../sys/flags.ts";
import type { Attributes } from "./attributes.ts";

/*
 *  <dataDir>/                          0700
 *    <containerID>_<ifname>.json       0600, the reference's: the attributes that were changed, as they were
 *
 * Its extended attribute user.berth, `v1 NETWORK`, says for GC whose it is: dataDir is all networks'.
 */

const XATTR = "user.berth";
const END = ".json";

/** There is no such file. */
const NONE = [ENOENT, ENOTDIR, ENAMETOOLONG];

export function stateName(containerId: string, ifname: string): string {
  return `${containerId}_${ifname}${END}`;
}

/** The text of a state file: the bytes that the reference writes. */
export function stateText({ mac, promisc, mtu, allmulti, txqlen }: Attributes): string {
  const state = { mac: mac && formatMac(mac), promisc, mtu: mtu || undefined, allmulti, txQLen: txqlen };
  return JSON.stringify(state, null, 1);
}

const stateSchema = goObject({ mac: string, promisc: boolean, mtu: int, allmulti: boolean, txQLen: int });

/** The reverse; undefined for what is no state, as a killed ADD leaves it: that has changed nothing. */
export function parseState(text: string): Attributes | undefined {
  try {
    const { mac: written = "", mtu, txQLen, ...switches } = decode(stateSchema, JSON.parse(text));
    const mac = parseMac(written);
    return { ...switches, ...(mac && { mac }), ...(mtu && { mtu }), ...(txQLen !== undefined && { txqlen: txQLen }) };
  } catch (error) {
    if (error instanceof CniError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Undefined when there is none. @throws CniError 5 when that cannot be seen */
export function readState(dataDir: string, name: string): string | undefined {
  try {
    return readFile(`${dataDir}/${name}`);
  } catch (error) {
    if (isErrno(error, ...NONE)) return undefined;
    throw failure(
      "read",
      `${dataDir}/${name}`,
      "what the interface was like is there: repeat the call when it can",
      error,
    );
  }
}

/** Writes a state file over what there is. @throws CniError 5 */
export function writeState(dataDir: string, name: string, content: string, network: string): void {
  try {
    makeDirectories(dataDir, 0o700);
    const fd = open(`${dataDir}/${name}`, O.WRONLY | O.CREAT | O.TRUNC | O.NOFOLLOW, 0o600);
    try {
      // Where the file system has no attributes, GC leaves the file to DEL.
      attempt(() => setxattr(fd, XATTR, mark(network)));
      write(fd, content);
    } finally {
      close(fd);
    }
  } catch (error) {
    const remedy = `DEL needs it to put the interface back: "dataDir" must be a directory that can be written`;
    throw failure("write", `${dataDir}/${name}`, remedy, error);
  }
}

/** Absent is success. @throws CniError 5 */
export function removeState(dataDir: string, name: string): void {
  try {
    unlink(`${dataDir}/${name}`);
  } catch (error) {
    if (!isErrno(error, ...NONE)) throw failure("remove", `${dataDir}/${name}`, "the call can be repeated", error);
  }
}

/** The names of all that berth has made for a network. @throws CniError 5 */
export function statesOf(dataDir: string, network: string): string[] {
  return namesIn(dataDir).filter((name) => name.endsWith(END) && isMarked(`${dataDir}/${name}`, mark(network)));
}

function namesIn(dataDir: string): string[] {
  try {
    return readdir(dataDir);
  } catch (error) {
    if (isErrno(error, ...NONE)) return [];
    throw failure("read", dataDir, "the state files of the network are there: repeat the call when it can", error);
  }
}

function mark(network: string): string {
  return `v1 ${network}`;
}

/** What cannot be opened is none that is to go. */
function isMarked(path: string, wanted: string): boolean {
  const fd = attempt(() => open(path, O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY));
  if (fd === undefined) return false;
  try {
    return attempt(() => getxattr(fd, XATTR)) === wanted;
  } finally {
    close(fd);
  }
}

/** What is no SysError stays as it is. */
function failure(verb: string, path: string, remedy: string, error: unknown): unknown {
  if (errnoOf(error) === undefined) return error;
  return new CniError(IO_FAILURE, `cannot ${verb} the state file ${path}: ${messageOf(error)}`, remedy, error);
}
