import * as z from "zod";
import { formatIp, formatPrefix, type Ip, networkOf, parseIp, parsePrefix } from "../../base/ip.ts";

/** Values that Kubernetes' objects are made of. What may be absent may be null as well: kubectl writes both. */

export const portNumber = z.int().min(1).max(65_535);

export const protocol = z
  .enum(["TCP", "UDP", "SCTP"])
  .nullish()
  .transform((name) => (name ?? "TCP").toLowerCase() as "tcp" | "udp" | "sctp");

/** Canonical text. */
export const address = z.string().transform((text, context) => {
  const ip = parseIp(text);
  if (ip) return formatIp(ip);
  context.addIssue({ code: "custom", message: "expected an IPv4 or IPv6 address", input: text });
  return z.NEVER;
});

/** The same of where packets are led to, or come to from outside: what each machine has for itself is refused, as Kubernetes does. */
export const reachable = z.string().transform((text, context) => {
  const ip = parseIp(text);
  const special = ip && specialKind(ip);
  if (ip && special === undefined) return formatIp(ip);
  const message = special === undefined ? "an IPv4 or IPv6 address" : `an address that others reach: it is ${special}`;
  context.addIssue({ code: "custom", message: `expected ${message}`, input: text });
  return z.NEVER;
});

/** Undefined: of no kind that is special to Kubernetes. */
function specialKind(ip: Ip): string | undefined {
  const [a = 0, b = 0, c = 0] = ip;
  const isV4 = ip.length === 4;
  if (isV4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) return "link-local";
  if (isV4 ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0xf) === 2) return "link-local multicast";
  if (isV4 && a === 127) return "of the loopback";
  if (a !== 0 || !ip.subarray(0, -1).every((byte) => byte === 0)) return undefined;
  const last = ip.at(-1);
  return last === 0 ? "unspecified" : !isV4 && last === 1 ? "of the loopback" : undefined;
}

/** The same of a service's own address; "" for none, as a headless service has it. */
export const clusterAddress = z.string().transform((text, context) => {
  if (text === "" || text === "None") return "";
  const ip = parseIp(text);
  if (ip) return formatIp(ip);
  context.addIssue({ code: "custom", message: "expected an IPv4 or IPv6 address, or None", input: text });
  return z.NEVER;
});

/** Canonical text of a network, without the bits of a host. */
export const network = z.string().transform((text, context) => {
  const prefix = parsePrefix(text.trim());
  if (prefix) return formatPrefix({ ip: networkOf(prefix), length: prefix.length });
  context.addIssue({ code: "custom", message: "expected a network such as 10.0.0.0/8", input: text });
  return z.NEVER;
});

/** A list, empty when absent. */
export function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/** Text, "" when absent. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");

export const texts = z.record(z.string(), z.string()).nullish();

/** As Kubernetes has names (RFC 1123): a DNS label, and a subdomain. */
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const isLabel = (value: string) => value === "" || LABEL.test(value);
export const LABELLED = "expected at most 63 small letters, digits and - within";

/** The name of a port, "" when absent. */
export const portName = text.refine(isLabel, LABELLED);

export const label = z.string().regex(LABEL, LABELLED);
const subdomain = z.string().regex(SUBDOMAIN, "expected a name of small letters, digits, - and .");

/** What both kinds have of their metadata. */
export const metadata = z.object({
  name: subdomain,
  namespace: text.refine(isLabel, LABELLED),
  labels: texts,
  annotations: texts,
});

/** `NAMESPACE/NAME`, as kubectl takes an absent namespace. */
export function keyOf({ name, namespace }: { readonly name: string; readonly namespace: string }): string {
  return `${namespace || "default"}/${name}`;
}

const TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time";

/** When what an object tells of happened, in milliseconds since the epoch; 0 when it does not say. */
export function sinceOf({ annotations }: z.output<typeof metadata>): number {
  return Date.parse(annotations?.[TRIGGER] ?? "") || 0;
}
