import * as z from "zod";
import { formatIp, formatPrefix, networkOf, parseIp, parsePrefix } from "../../base/ip.ts";

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

/** As Kubernetes has names (RFC 1123: a DNS subdomain). */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const NAMED = "expected a name of small letters, digits, - and .";

/** What both kinds have of their metadata. */
export const metadata = z.object({
  name: z.string().regex(NAME, NAMED),
  namespace: text.refine((value) => value === "" || NAME.test(value), NAMED),
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
