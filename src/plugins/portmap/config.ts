import { parseIp } from "../../base/ip.ts";
import {
  type IptablesWish,
  isProtocol,
  type PortMapping,
  type PortMapWish,
  PROTOCOLS,
} from "../../features/port-map/wish.ts";
import { commonKeys } from "../../spec/config.ts";
import { array, boolean, type Decoded, decode, goObject, int, itemString, string } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { quote } from "../../spec/quote.ts";
import { readBackend } from "./backend.ts";
import { readConditions } from "./conditions.ts";

/** The portmap plugin's configuration, checked, with its defaults. */
export interface PortMapConfig {
  /** As NetConf.prevResult. */
  readonly prevResult?: object;
  readonly wish: PortMapWish;
}

const mappingSchema = goObject({ hostPort: int, containerPort: int, protocol: string, hostIP: string });

const runtimeSchema = goObject({ portMappings: array(mappingSchema) });

/** The keys that an ADD reads. */
export const schema = goObject({
  ...commonKeys,
  backend: string,
  snat: boolean,
  masqAll: boolean,
  markMasqBit: int,
  externalSetMarkChain: string,
  conditionsV4: array(itemString),
  conditionsV6: array(itemString),
  runtimeConfig: runtimeSchema,
});

/** What a DEL reads. */
export const remainsSchema = goObject({ runtimeConfig: runtimeSchema });

/** Bits of a packet's mark, the highest. */
const MARK_BIT_MAX = 31;

/** Reads a call's configuration. @throws CniError 6 for a wrong type, 7 for an invalid value or combination */
export function readConfig(call: Call): PortMapConfig {
  const raw = decode(schema, call.config);
  const { markMasqBit, externalSetMarkChain, prevResult, snat = true, masqAll = false, runtimeConfig } = raw;
  if (markMasqBit !== undefined && externalSetMarkChain !== undefined) {
    throw new CniError(
      INVALID_CONFIG,
      "Cannot specify externalSetMarkChain and markMasqBit",
      `"markMasqBit" is ${markMasqBit} and "externalSetMarkChain" ${quote(externalSetMarkChain)}: a chain of others sets a mark of its own`,
    );
  }
  if (markMasqBit !== undefined && (markMasqBit < 0 || markMasqBit > MARK_BIT_MAX)) {
    throw new CniError(
      INVALID_CONFIG,
      `MasqMarkBit must be between 0 and ${MARK_BIT_MAX}`,
      `"markMasqBit" is ${markMasqBit}; without it it is 13`,
    );
  }
  const iptables = readBackend(raw) === "iptables" ? iptablesOf(raw) : undefined;
  const conditions = iptables ? undefined : readConditions(raw);
  const mappings = (runtimeConfig?.portMappings ?? []).map(readMapping);
  const wish = { mappings, snat, masqAll, ...(conditions && { conditions }), ...(iptables && { iptables }) };
  return { ...(prevResult && { prevResult }), wish };
}

const MARK_BIT = 13;

/** Lines end commands of iptables-restore. */
function iptablesOf(raw: Decoded<typeof schema>): IptablesWish {
  const { markMasqBit: markBit = MARK_BIT, externalSetMarkChain: setMarkChain, conditionsV4, conditionsV6 } = raw;
  for (const word of [setMarkChain ?? "", ...(conditionsV4 ?? []), ...(conditionsV6 ?? [])]) {
    if (!/[\n\0]/.test(word)) continue;
    throw new CniError(INVALID_CONFIG, `${quote(word)} cannot be a word of a rule`, "a word is without line breaks");
  }
  const conditions = { ip: conditionsV4 ?? [], ip6: conditionsV6 ?? [] };
  return { markBit, ...(setMarkChain !== undefined && { setMarkChain }), conditions };
}

/** The mappings that a DEL is told of. What no ADD can have made is none. */
export function readRemains(config: unknown): PortMapping[] {
  try {
    return (decode(remainsSchema, config).runtimeConfig?.portMappings ?? []).map(readMapping);
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}

const PORT_MAX = 65_535;

function readMapping(mapping: Decoded<typeof mappingSchema>, index: number): PortMapping {
  const { hostPort = 0, containerPort = 0, protocol = "", hostIP = "" } = mapping;
  const at = `runtimeConfig.portMappings[${index}]`;
  assertPort("container", containerPort, `${at}.containerPort`);
  assertPort("host", hostPort, `${at}.hostPort`);
  const known = protocol.toLowerCase();
  if (!isProtocol(known)) {
    throw new CniError(
      INVALID_CONFIG,
      `${at}.protocol: ${quote(protocol)} is not a protocol that has ports to map`,
      `expected one of ${Object.keys(PROTOCOLS).join(", ")}`,
    );
  }
  const hostIp = hostIP === "" ? undefined : parseIp(hostIP);
  if (hostIP !== "" && !hostIp) {
    throw new CniError(
      INVALID_CONFIG,
      `${at}.hostIP: ${quote(hostIP)} is not an IP address`,
      "expected an address of this machine; without it the port is mapped on all",
    );
  }
  return { protocol: known, hostPort, containerPort, ...(hostIp && { hostIp }) };
}

function assertPort(whose: "container" | "host", port: number, key: string): void {
  if (port > 0 && port <= PORT_MAX) return;
  throw new CniError(INVALID_CONFIG, `Invalid ${whose} port number: ${port}`, `${key} is 1 to ${PORT_MAX}`);
}
