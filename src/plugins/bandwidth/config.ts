import type { Limit } from "../../features/shaping/bucket.ts";
import type { ShapingWish } from "../../features/shaping/shape.ts";
import { attachmentsSchema, commonKeys } from "../../spec/config.ts";
import { type Decoded, decode, goObject, int } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";

/** The bandwidth plugin's configuration, checked. */
export interface BandwidthConfig {
  /** As NetConf.prevResult. */
  readonly prevResult?: object;
  readonly wish: ShapingWish;
}

/** Limits of both directions: bits a second, and bits. */
const entryKeys = { ingressRate: int, ingressBurst: int, egressRate: int, egressBurst: int };
const entrySchema = goObject(entryKeys);

/** What an ADD reads. */
export const schema = goObject({
  ...commonKeys,
  ...entryKeys,
  runtimeConfig: goObject({ bandwidth: entrySchema }),
});

/** What GC reads. */
export const gcSchema = goObject({
  "cni.dev/valid-attachments": attachmentsSchema,
  "cni.dev/attachments": attachmentsSchema,
});

const NAMES = Object.keys(entryKeys) as (keyof typeof entryKeys)[];

/** Reads a call's configuration. @throws CniError 6 for a wrong type, 7 for an invalid value or combination */
export function readConfig({ config }: Pick<Call, "config">): BandwidthConfig {
  const { prevResult, runtimeConfig, ...own } = decode(schema, config);
  const given = runtimeConfig?.bandwidth ?? {};
  assertCounts(own, "");
  assertCounts(given, RUNTIME);
  // As in the reference, one key of the configuration's own, and the runtime's count no more.
  const wish = NAMES.some((name) => own[name] !== undefined) ? wishOf(own, "") : wishOf(given, RUNTIME);
  return { ...(prevResult && { prevResult }), wish };
}

const RUNTIME = "runtimeConfig.bandwidth.";

type Entry = Decoded<typeof entrySchema>;

function assertCounts(entry: Entry, where: string): void {
  for (const name of NAMES) {
    const value = entry[name] ?? 0;
    if (value < 0) throw new CniError(INVALID_CONFIG, `invalid ${where}${name} ${value}`, "it is in bits: 0 or more");
  }
}

function wishOf(entry: Entry, where: string): ShapingWish {
  const ingress = limitOf(entry.ingressRate, entry.ingressBurst, `${where}ingress`);
  const egress = limitOf(entry.egressRate, entry.egressBurst, `${where}egress`);
  return { ...(ingress && { ingress }), ...(egress && { egress }) };
}

/** A byte: the kernel counts no less. */
const LEAST = 8;
/** Bytes of a burst are 32 bits of the kernel's. */
const BURST_END = 8 * (2 ** 32 - 1);

function limitOf(rate = 0, burst = 0, key: string): Limit | undefined {
  if (!rate && !burst) return undefined;
  const refused = (message: string, details: string) => new CniError(INVALID_CONFIG, message, details);
  const given = `${key}Rate is ${rate}, ${key}Burst ${burst}`;
  if (!burst) throw refused("if rate is set, burst must also be set", `${given}: set both, or neither`);
  if (!rate) throw refused("if burst is set, rate must also be set", `${given}: set both, or neither`);
  for (const [name, value] of [
    [`${key}Rate`, rate],
    [`${key}Burst`, burst],
  ] as const) {
    if (value < LEAST) throw refused(`invalid ${name} ${value}`, `it is in bits: at least ${LEAST}, a byte`);
  }
  if (burst >= BURST_END) throw refused("burst cannot be more than 4GB", `${key}Burst is ${burst} bits`);
  return { rate, burst };
}
