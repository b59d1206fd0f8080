/** The configuration of static: the addresses that an attachment gets, and from where. */
import { type Ip, type Prefix, parseIp, parsePrefix, prefixContains } from "../../base/ip.ts";
import { parseArgs } from "../../spec/args.ts";
import { dnsSchema } from "../../spec/config.ts";
import { array, type Decoded, decode, goObject, ip, prefix, string } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG, INVALID_ENVIRONMENT } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Dns, IpConfig, Route } from "../../spec/result.ts";
import { routeSchema, toRoute } from "../../spec/result-parse.ts";
import { atLeast, type Version } from "../../spec/versions.ts";

/** What an attachment is given. */
export interface Given {
  /** In the order of the result; the gateway is absent where nobody named one. */
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

const ips = array(prefix);
/** A text, which is an address only where it is used: see readGiven. */
const addresses = array(goObject({ address: string, gateway: ip }));

/** What readGiven reads. */
export const schema = goObject({
  // Its type is not used, but the reference refuses what is not a name.
  ipam: goObject({ type: string, addresses, routes: array(routeSchema), dns: dnsSchema }),
  args: goObject({ cni: goObject({ ips }) }),
  runtimeConfig: goObject({ ips }),
});

/**
 * Reads what the call's attachment is given. Its addresses are those of `ipam.addresses` and then those of CNI_ARGS; instead of
 * all these those of `args.cni.ips`, and instead of them those of `runtimeConfig.ips`. `ipam.addresses` that are replaced may be
 * anything, as in the reference; all are where the runtime is still to give them (`awaited`).
 * @throws CniError 4, 6 or 7 naming the key
 */
export function readGiven({ config, env, version }: Call, awaited = false): Given {
  const { ipam, args, runtimeConfig } = decode(schema, config);
  if (!ipam) throw new CniError(INVALID_CONFIG, "IPAM config missing 'ipam' key", "static reads its addresses there");
  const ofArgs = addressesOfArgs(env.args);
  const instead = [runtimeConfig?.ips, args?.cni?.ips].find((list) => list?.length);
  const own = () => (ipam.addresses ?? []).map((one, i) => configured(one, `ipam.addresses[${i}]`));
  const given = instead?.map((address) => ({ address })) ?? (awaited ? [] : [...own(), ...ofArgs]);
  assertOnePerFamily(given, version);
  const routes = (ipam.routes ?? []).map((route, i) => toRoute(route, `ipam.routes[${i}]`));
  return { ips: given, routes, dns: ipam.dns ?? {} };
}

/** Whether the runtime gives the addresses with each container (the capability `ips`), and so none in other calls. */
export function awaitsIps(config: unknown): boolean {
  const { capabilities } = config as { capabilities?: { ips?: unknown } | null };
  return capabilities?.ips === true;
}

function configured({ address = "", ...rest }: Decoded<typeof addresses>[number], where: string): IpConfig {
  return { ...rest, address: decode(prefix, address, `${where}.address`) };
}

/** IP=CIDR,CIDR and GATEWAY=ADDRESS,ADDRESS: a gateway is that of the addresses of IP whose subnet it is in. @throws CniError 4 */
function addressesOfArgs(text: string): IpConfig[] {
  const args = parseArgs(text, ["IP", "GATEWAY"]);
  const example = "expected IP=10.1.2.3/24,2001:db8::3/64";
  const prefixes = items(args.get("IP"), parsePrefix, (item) => [`"${item}" of IP is not a CIDR`, example]);
  const gateways = items(args.get("GATEWAY"), parseIp, (item) => [
    `"${item}" of GATEWAY is not an IP address`,
    "expected GATEWAY=10.1.2.1,2001:db8::1",
  ]);
  return prefixes.map((address: Prefix) => {
    const gateway = gateways.findLast((one: Ip) => prefixContains(address, one));
    return { address, ...(gateway && { gateway }) };
  });
}

/** The items of a list with commas; none where it is absent or empty. `fault` says what is wrong with one, and the details. */
function items<T>(
  list: string | undefined,
  parse: (item: string) => T | undefined,
  fault: (item: string) => readonly [string, string],
): T[] {
  if (!list) return [];
  return list.split(",").map((item) => {
    const value = parse(item.trim());
    if (value !== undefined) return value;
    const [message, details] = fault(item);
    throw new CniError(INVALID_ENVIRONMENT, `CNI_ARGS: ${message}`, details);
  });
}

/** Results before 0.3.0 have room for one address of each family. @throws CniError 7 */
function assertOnePerFamily(given: readonly IpConfig[], version: Version): void {
  const v4 = given.filter(({ address }) => address.ip.length === 4).length;
  if ((v4 <= 1 && given.length - v4 <= 1) || atLeast(version, "0.3.0")) return;
  throw new CniError(
    INVALID_CONFIG,
    `CNI version ${version} does not support more than 1 address per family`,
    'give one address of each family, or set "cniVersion" to 0.3.0 or later',
  );
}
