import { CniError, INVALID_ENVIRONMENT } from "./errors.ts";

/** The variables of the CNI spec 1.1.0, section 2, in the order in which they are checked. */
const VARIABLES = ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"] as const;

export type Variable = (typeof VARIABLES)[number];

/** The environment of a call; a variable that is unset is the empty string. */
export interface Env {
  readonly command: string;
  readonly containerId: string;
  /** Path of the container's network namespace. Empty on a DEL whose namespace is gone, unknown, or the caller's own. */
  readonly netns: string;
  readonly ifname: string;
  /** CNI_ARGS as it came (args.ts). */
  readonly args: string;
  /** The directories of CNI_PATH. */
  readonly path: readonly string[];
  /** CNI_NETNS_OVERRIDE: the namespace may be the plugin's own. */
  readonly netnsOverride: boolean;
  /** The whole environment, for delegates. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * Reads the environment of a call that needs the variables `needs` (CNI_COMMAND always).
 * @throws CniError 4 for the first needed one that is invalid, else naming all needed ones that are missing
 */
export function readEnv(variables: ReadonlyMap<string, string>, needs: readonly Variable[]): Env {
  const missing: Variable[] = [];
  for (const name of VARIABLES) {
    if (name !== "CNI_COMMAND" && !needs.includes(name)) continue;
    const value = variables.get(name) ?? "";
    if (value === "") missing.push(name);
    else if (name === "CNI_CONTAINERID") assertContainerId(value);
    else if (name === "CNI_IFNAME") assertIfname(value);
  }
  if (missing.length) throw new CniError(INVALID_ENVIRONMENT, `required env variables [${missing.join(",")}] missing`);
  const get = (name: string) => variables.get(name) ?? "";
  const override = get("CNI_NETNS_OVERRIDE");
  return {
    command: get("CNI_COMMAND"),
    containerId: get("CNI_CONTAINERID"),
    netns: get("CNI_NETNS"),
    ifname: get("CNI_IFNAME"),
    args: get("CNI_ARGS"),
    // An empty entry would be the working directory, from which nothing is run as root.
    path: get("CNI_PATH")
      .split(":")
      .filter((directory) => directory !== ""),
    netnsOverride: override === "1" || override.toUpperCase() === "TRUE",
    variables,
  };
}

/** The spec's identifier: container IDs and network names. */
export function isIdentifier(text: string): boolean {
  // What it is not: the engine would keep a state for each character that a repetition takes.
  return !/^$|^[_.-]|[^a-zA-Z0-9_.-]/.test(text);
}

/** @throws CniError 4 */
export function assertContainerId(id: string): void {
  if (!isIdentifier(id)) throw new CniError(INVALID_ENVIRONMENT, "invalid characters in containerID", id);
}

/** Go's unicode.IsSpace: `\s` without U+FEFF, with U+0085. */
const SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Whether Linux takes it as an interface name: dev_valid_name() of net/core/dev.c. @throws CniError 4 */
export function assertIfname(name: string): void {
  const fail = (message: string, details?: string) => new CniError(INVALID_ENVIRONMENT, message, details);
  if (name === "") throw fail("interface name is empty");
  if (name.length > 15 || byteLength(name) > 15)
    throw fail("interface name is too long", "interface name should be less than 16 characters");
  if (name === "." || name === "..") throw fail("interface name is . or ..");
  if (/[/:]/.test(name) || SPACE.test(name)) {
    throw fail("interface name contains / or : or whitespace characters");
  }
}

function byteLength(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
