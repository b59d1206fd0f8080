import { messageOf } from "../base/errno.ts";
import { isOutOfMemory, isOutOfStack } from "../base/exhausted.ts";
import {
  anyObject,
  array,
  decode,
  goObject,
  int,
  itemBoolean,
  itemString,
  type Members,
  mapOf,
  nullable,
  string,
} from "./decode.ts";
import { isIdentifier } from "./env.ts";
import { CniError, DECODING_FAILURE, INVALID_CONFIG } from "./errors.ts";
import { brief } from "./quote.ts";
import type { Dns } from "./result.ts";
import { OLDEST } from "./versions.ts";

/** What every call says about itself, before a plugin is asked. */
export interface Head {
  /** The parsed JSON object. */
  readonly config: object;
  readonly name: string;
  /** cniVersion as written; "0.1.0" when absent. Not checked. */
  readonly cniVersion: string;
  /** Where the network wants its calls logged; absent: nowhere. */
  readonly log?: LogTarget;
}

/** A log of calls (docs/log.md). */
export interface LogTarget {
  readonly path: string;
  /** Bytes beyond which the file is rotated; not above 0: as many as the log chooses. */
  readonly size: number;
}

/** The keys that all plugins share (CNI spec 1.1.0, sections 1 and 3); plugins decode their own beside these. */
export interface NetConf {
  readonly type?: string;
  /** `ipam.type`; undefined when there is no `ipam` or it has none: no addresses are wanted. */
  readonly ipamType?: string;
  readonly dns: Dns;
  /** Not parsed (result-parse.ts); undefined when absent or null. */
  readonly prevResult?: object;
  /** Capability arguments, their members unchecked. */
  readonly runtimeConfig: object;
  /** The `args.cni` object, its members unchecked. */
  readonly argsCni: object;
  /**
   * GC: the attachments that are still valid, from `cni.dev/valid-attachments`, else from `cni.dev/attachments`.
   * null and undefined (absent) mean that the caller does not know, [] that none is valid.
   */
  readonly validAttachments?: readonly ValidAttachment[] | null;
}

export interface ValidAttachment {
  readonly containerId: string;
  readonly ifname: string;
}

/** What readHead reads. */
export const requestSchema = goObject({
  name: string,
  cniVersion: string,
  berth: anyObject,
});

/** What is read where a member of `berth` is called log: hardly ever. */
export const logSchema = goObject({ berth: goObject({ log: string, logSize: int }) });

/** Parses the request on stdin. @throws CniError 6 for what is no JSON object, 7 for a missing or invalid name */
export function readHead(stdin: string): Head {
  const config = parseJson(stdin);
  const {
    name = "",
    cniVersion,
    berth,
  } = within("error unmarshall network config", () => decode(requestSchema, config));
  if (name === "") throw new CniError(INVALID_CONFIG, "missing network name");
  if (!isIdentifier(name)) throw new CniError(INVALID_CONFIG, "invalid characters found in network name", name);
  const head = { config: config as object, name, cniVersion: cniVersion || OLDEST };
  const log = berth && hasLog(berth) ? logOf(config) : undefined;
  return log ? { ...head, log } : head;
}

const hasLog = (berth: object): boolean =>
  Object.keys(berth).some((key) => key.length === 3 && key.toLowerCase() === "log");

function logOf(config: unknown): LogTarget | undefined {
  const { log, logSize = 0 } = within("error unmarshall network config", () => decode(logSchema, config)).berth ?? {};
  return log ? { path: log, size: logSize } : undefined;
}

export const dnsSchema = goObject({
  nameservers: array(itemString),
  domain: string,
  search: array(itemString),
  options: array(itemString),
});

/** The value of `cni.dev/valid-attachments` and its older spelling. */
export const attachmentsSchema = nullable(array(goObject({ containerID: string, ifname: string })));

/** The keys that every plugin of the reference decodes, used or not: a wrong type is refused. */
export const commonKeys = {
  type: string,
  capabilities: mapOf(itemBoolean),
  ipam: goObject({ type: string }),
  dns: dnsSchema,
  prevResult: anyObject,
  "cni.dev/valid-attachments": attachmentsSchema,
};

/** What readNetConf reads. */
export const netConfSchema = goObject({
  ...commonKeys,
  runtimeConfig: anyObject,
  args: goObject({ cni: anyObject }),
  "cni.dev/attachments": attachmentsSchema,
});

/** The shared keys of a request's `config`. @throws CniError 6 for a wrong type, 7 for an `ipam.type` that is no name */
export function readNetConf(config: unknown): NetConf {
  const raw = decode(netConfSchema, config);
  const ipamType = raw.ipam?.type ?? "";
  assertPluginName(ipamType, "ipam.type");
  const validAttachments = validAttachmentsOf(raw);
  return {
    ...(raw.type === undefined ? {} : { type: raw.type }),
    ...(ipamType === "" ? {} : { ipamType }),
    dns: raw.dns ?? {},
    ...(raw.prevResult === undefined ? {} : { prevResult: raw.prevResult }),
    runtimeConfig: raw.runtimeConfig ?? {},
    argsCni: raw.args?.cni ?? {},
    ...(validAttachments === undefined ? {} : { validAttachments }),
  };
}

type AttachmentKeys = Members<Record<"cni.dev/valid-attachments" | "cni.dev/attachments", typeof attachmentsSchema>>;

/** What the two keys together say: NetConf.validAttachments. */
export function validAttachmentsOf(raw: AttachmentKeys): NetConf["validAttachments"] {
  const valid = raw["cni.dev/valid-attachments"];
  const attachments = valid ?? raw["cni.dev/attachments"] ?? valid;
  return (
    attachments?.map(({ containerID = "", ifname = "" }) => ({ containerId: containerID, ifname })) ??
    (attachments as null | undefined)
  );
}

/** A plugin's name is a file in CNI_PATH, never a path; "" is let through. @throws CniError 7 naming the `key` */
export function assertPluginName(name: string, key: string): void {
  if (!name.includes("/") && name !== "." && name !== "..") return;
  throw new CniError(INVALID_CONFIG, `invalid plugin name: ${name}`, `${key} names a file in CNI_PATH, without a path`);
}

function parseJson(stdin: string): unknown {
  try {
    return JSON.parse(stdin);
  } catch (error) {
    if (isOutOfMemory(error)) throw error;
    const [reason, details] = flawOf(stdin, error);
    throw new CniError(DECODING_FAILURE, `error unmarshall network config: ${reason}`, details, error);
  }
}

/** What is wrong with a text that is no JSON: the reason and the details. */
function flawOf(stdin: string, error: unknown): [string, string] {
  if (isOutOfStack(error))
    return ["exceeded max depth", "stdin is nested too deeply: 10,000 levels are always possible"];
  if (stdin.trim() === "") {
    return ["unexpected end of JSON input", "stdin is empty: the network configuration is expected there"];
  }
  return [messageOf(error), `stdin is not JSON: ${brief(stdin)}`];
}

/** Runs `fn`, putting `context` before the message of a CniError. */
function within<T>(context: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError(error.code, `${context}: ${error.message}`, error.details, error);
  }
}
