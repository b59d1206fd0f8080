import type { Wishes } from "../features/all.ts";
import type { Backend } from "../features/masquerade/rules.ts";
import { type berthLeftSchema, registerLeft, type registerSchema, registerWish } from "../features/register/wish.ts";
import { type Decoded, decode, type Schema } from "../spec/decode.ts";
import { CniError, INVALID_CONFIG } from "../spec/errors.ts";
import type { Call } from "../spec/plugin.ts";

/** Keys that plugins read alike which join containers by veth pairs. */

/** Bytes that veths, and bridges, may have. */
const MTU_MIN = 68;
const MTU_MAX = 65535;

/** 0 for one not above that: it is left to the kernel. `what` is "a veth has". @throws CniError 7 */
export function mtuOf(mtu: number, what: string): number {
  if (mtu <= 0) return 0;
  if (mtu >= MTU_MIN && mtu <= MTU_MAX) return mtu;
  throw new CniError(
    INVALID_CONFIG,
    `invalid mtu ${mtu}: ${what} ${MTU_MIN} to ${MTU_MAX}`,
    `correct "mtu", or leave it out: 1500 then`,
  );
}

/** What a DEL has to know of a configuration that may have changed since the ADD. */
export interface Remains {
  /** Name of the bridge whose port the host's end was; absent: it was none's. */
  readonly bridge?: string;
  readonly ipam: string | undefined;
  readonly wishes: Wishes;
}

/** What `schema` reads of a configuration: of one that no ADD can have accepted, which left nothing, no key. */
export function readLeft<T extends object>(schema: Schema<T>, config: unknown): T | Record<string, never> {
  try {
    return decode(schema, config);
  } catch (error) {
    if (error instanceof CniError) return {};
    throw error;
  }
}

export interface WishKeys {
  readonly ipMasq?: boolean | undefined;
  readonly ipMasqBackend?: string | undefined;
  readonly macspoofchk?: boolean | undefined;
}

const NO_WISHES: Wishes = {};

/** As in the reference, what ipMasqBackend says matters only where something is masqueraded. */
export function wishesOf(
  { ipMasq, ipMasqBackend, macspoofchk }: WishKeys,
  ipam: string | undefined,
  backendOf: (name: string | undefined) => Backend | undefined,
): Wishes {
  const masquerades = ipMasq && ipam;
  if (!masquerades && !macspoofchk) return NO_WISHES;
  return {
    ...(masquerades && { masquerade: { backend: backendOf(ipMasqBackend) } }),
    ...(macspoofchk && { spoofCheck: true }),
  };
}

/** @throws CniError 7 for one that there is not */
export function backendOf(name: string | undefined): Backend | undefined {
  if (!name) return undefined;
  if (name === "nftables" || name === "iptables") return name;
  throw new CniError(
    INVALID_CONFIG,
    `unknown ipmasq backend "${name}"`,
    'ipMasqBackend is "nftables", which is also meant when it is absent, or "iptables"',
  );
}

/** The same of a configuration that may not be one. */
export function knownBackend(name: string | undefined): Backend | undefined {
  return name === "iptables" ? name : undefined;
}

/**
 * The same wishes, with that to be registered where the network wants it (`berth.register`).
 * @throws CniError 6 and 7 for what is no value of its, 4 for such in CNI_ARGS, 7 where there are no addresses
 */
export function withRegister(
  wishes: Wishes,
  call: Pick<Call, "config" | "env">,
  keys: Decoded<typeof registerSchema> | undefined,
  ipam: string | undefined,
): Wishes {
  if (!keys) return wishes;
  const register = registerWish(call, keys);
  if (ipam === undefined && register.services.length > 0) {
    throw new CniError(
      INVALID_CONFIG,
      "berth.register: a container without addresses is nobody's endpoint",
      'give the network an IPAM plugin ("ipam"), or leave "register" out',
    );
  }
  return { ...wishes, register };
}

/** What a DEL knows of the same. */
export function withRegisterLeft(wishes: Wishes, keys: Decoded<typeof berthLeftSchema> | undefined): Wishes {
  return keys?.register ? { ...wishes, register: registerLeft(keys.register.dir) } : wishes;
}
