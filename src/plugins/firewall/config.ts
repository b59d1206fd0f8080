import type { FirewallWish, Isolation } from "../../features/firewall/wish.ts";
import { attachmentsSchema, commonKeys } from "../../spec/config.ts";
import { type Decoded, decode, goObject, string } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { quote } from "../../spec/quote.ts";
import type { Result } from "../../spec/result.ts";
import { RESERVED_CHAINS } from "./names.ts";

/** The keys that an ADD reads. */
export const schema = goObject({
  ...commonKeys,
  backend: string,
  iptablesAdminChainName: string,
  firewalldZone: string,
  ingressPolicy: string,
});

/** What GC reads besides. */
export const gcSchema = goObject({
  "cni.dev/valid-attachments": attachmentsSchema,
  "cni.dev/attachments": attachmentsSchema,
});

/** The firewall plugin's configuration, checked, with its defaults. */
export interface FirewallConfig {
  /** As NetConf.prevResult. */
  readonly prevResult?: object;
  readonly wish: Omit<FirewallWish, "isolation">;
  /** Absent: the network is not isolated. */
  readonly policy?: Isolation["policy"];
}

const ADMIN_CHAIN = "CNI-ADMIN";
const ZONE = "trusted";

/** Reads a call's configuration. @throws CniError 6 for a wrong type, 7 for an invalid value */
export function readConfig(config: unknown): FirewallConfig {
  const raw = decode(schema, config);
  const policy = policyOf(raw);
  return {
    ...(raw.prevResult && { prevResult: raw.prevResult }),
    wish: { ...backendOf(raw), adminChain: adminChainOf(raw), zone: raw.firewalldZone || ZONE },
    ...(policy && { policy }),
  };
}

/** As far as a DEL needs it, which an invalid configuration does not stop: what no ADD takes is as if it was not there. */
export function readRemains(config: unknown): FirewallConfig {
  try {
    return readConfig(config);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return { wish: { adminChain: ADMIN_CHAIN, zone: ZONE } };
  }
}

type Raw = Decoded<typeof schema>;

/** Any other word, as in the reference, leaves it to what runs. */
function backendOf({ backend }: Raw): Pick<FirewallWish, "backend"> {
  return backend === "iptables" || backend === "firewalld" ? { backend } : {};
}

function policyOf({ ingressPolicy = "" }: Raw): Isolation["policy"] | undefined {
  if (ingressPolicy === "" || ingressPolicy === "open") return undefined;
  if (ingressPolicy === "same-bridge" || ingressPolicy === "isolated") return ingressPolicy;
  throw new CniError(
    INVALID_CONFIG,
    `unknown ingress policy: ${quote(ingressPolicy)}`,
    'ingressPolicy is "open", which is also meant when it is absent, "same-bridge" or "isolated"',
  );
}

/** Bytes of a chain's name (XT_EXTENSION_MAXNAMELEN without its NUL). */
const CHAIN_MAX = 28;

function adminChainOf({ iptablesAdminChainName: name }: Raw): string {
  if (name === undefined || name === "") return ADMIN_CHAIN;
  const flaw = RESERVED_CHAINS.includes(name)
    ? "it has another use"
    : name.length > CHAIN_MAX
      ? `a chain's name has at most ${CHAIN_MAX} characters`
      : /^[-!]|[^\x21-\x7e]|["'\\]/.test(name) && "a chain's name is of ASCII characters without spaces and quotes";
  if (!flaw) return name;
  throw new CniError(INVALID_CONFIG, `iptablesAdminChainName ${quote(name)} cannot be a chain of iptables`, flaw);
}

/** Bytes of an interface's name (IFNAMSIZ without its NUL). */
const IFNAME_MAX = 15;

/** The wish of an attachment whose bridge the result names first, as the bridge plugin does. @throws CniError 7 */
export function wishFor({ wish, policy }: FirewallConfig, { interfaces }: Result): FirewallWish {
  if (!policy) return wish;
  const [first] = interfaces;
  const details = 'ingressPolicy needs the name of the bridge: the plugin "bridge" stands before firewall in the list';
  if (!first) {
    const message = `interface needs to be set for ingress policy ${quote(policy)}, make sure to chain "firewall" plugin with "bridge"`;
    throw new CniError(INVALID_CONFIG, message, `prevResult has no interfaces: ${details}`);
  }
  if (first.name === "")
    throw new CniError(INVALID_CONFIG, "got empty bridge name", `prevResult.interfaces[0]: ${details}`);
  if (first.name.length > IFNAME_MAX || /[\s/"'\\]/.test(first.name)) {
    const message = `prevResult.interfaces[0].name ${quote(first.name)} cannot be an interface in a rule of iptables`;
    throw new CniError(INVALID_CONFIG, message, details);
  }
  return { ...wish, isolation: { bridge: first.name, policy } };
}
