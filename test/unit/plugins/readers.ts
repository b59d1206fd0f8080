/** Of each plugin: its zod schema, the goObjects that it reads its configuration with, and the whole of that reading. */
import * as z from "zod";
import * as bandwidth from "../../../src/plugins/bandwidth/config.ts";
import { schema as bandwidthZod } from "../../../src/plugins/bandwidth/schema.ts";
import * as bridge from "../../../src/plugins/bridge/config.ts";
import { schema as bridgeZod } from "../../../src/plugins/bridge/schema.ts";
import * as firewall from "../../../src/plugins/firewall/config.ts";
import { schema as firewallZod } from "../../../src/plugins/firewall/schema.ts";
import { schema as checkSchema } from "../../../src/plugins/host-local/check.ts";
import * as hostLocal from "../../../src/plugins/host-local/config.ts";
import { schema as gcSchema } from "../../../src/plugins/host-local/gc.ts";
import { schema as hostLocalZod } from "../../../src/plugins/host-local/schema.ts";
import { schema as loopbackZod } from "../../../src/plugins/loopback/schema.ts";
import * as portmap from "../../../src/plugins/portmap/config.ts";
import { gcSchema as portmapGc } from "../../../src/plugins/portmap/gc.ts";
import { schema as portmapZod } from "../../../src/plugins/portmap/schema.ts";
import * as ptp from "../../../src/plugins/ptp/config.ts";
import { schema as ptpZod } from "../../../src/plugins/ptp/schema.ts";
import * as fixed from "../../../src/plugins/static/config.ts";
import { checkSchema as staticCheck } from "../../../src/plugins/static/plugin.ts";
import { schema as staticZod } from "../../../src/plugins/static/schema.ts";
import * as tuning from "../../../src/plugins/tuning/config.ts";
import { schema as tuningZod } from "../../../src/plugins/tuning/schema.ts";
import { assertVersion } from "../../../src/skel/verbs.ts";
import { attachmentsSchema, commonKeys, netConfSchema, readHead, requestSchema } from "../../../src/spec/config.ts";
import { decode, goObject, type Schema } from "../../../src/spec/decode.ts";
import { readEnv } from "../../../src/spec/env.ts";
import { CniError, INVALID_CONFIG } from "../../../src/spec/errors.ts";
import { assertLimits } from "../../../src/spec/limits.ts";
import type { Call } from "../../../src/spec/plugin.ts";
import { VERSIONS } from "../../../src/spec/versions.ts";
import type { Values } from "../../differential/values.ts";
import type { Json } from "../../support/command.ts";
import { callEnv } from "../../support/plugin-fake.ts";
import {
  asGoReads,
  BANDWIDTH,
  bandwidthConfiguration,
  configuration,
  FULL,
  type JsonSchema,
  STATIC,
  staticConfiguration,
  TUNING,
  tuningConfiguration,
} from "./configurations.ts";
import { FIREWALL, firewallConfiguration } from "./firewall/configurations.ts";

/** What the schema and the plugin say differently, both with their reason. */
interface Exception {
  readonly why: string;
  /** The smallest case. */
  readonly example: object;
}

export interface Reader {
  readonly schema: z.ZodType;
  readonly goObjects: readonly Schema<unknown>[];
  /** Reads a call's configuration as an ADD does, and what other verbs read besides. @throws CniError */
  read(call: Call): void;
  /** A configuration with every key, and generated ones. */
  readonly full: Json;
  readonly generated: Values;
  /** The plugin refuses, with code 7, and the schema does not: what keys or ranges may not be together. */
  readonly refused: readonly (Exception & { readonly message: RegExp })[];
  /** The schema refuses, and the plugin does not: what it does not look at. */
  readonly unread: readonly (Exception & { readonly key: string | RegExp; passes(conf: Json): boolean })[];
}

const MAC = "02:00:00:00:00:01";
const NET = { subnet: "10.1.2.0/24" };
const inRanges = (...ranges: object[]) => ({ ipam: { ranges: [ranges] } });

const BRIDGE: Reader = {
  schema: bridgeZod,
  goObjects: [
    requestSchema,
    netConfSchema,
    bridge.schema,
    bridge.remainsSchema,
    goObject({ runtimeConfig: bridge.macSchema, args: goObject({ cni: bridge.macSchema }) }),
  ],
  read: bridge.readConfig,
  full: FULL,
  generated: configuration,
  refused: [
    {
      why: "an interface that stays down cannot have addresses",
      message: /^cannot use IPAM when DisableContainerInterface flag is set/,
      example: { ipam: { type: "host-local" }, disableContainerInterface: true },
    },
    {
      why: "two ways to one end",
      message: /^cannot set hairpin mode and promiscuous mode at the same time/,
      example: { hairpinMode: true, promiscMode: true },
    },
    {
      why: "the gateway of a VLAN is an interface whose name is made of the bridge's",
      message: /^"[^"]+\.\d+" is too long for the name of an interface/,
      example: { bridge: "twelve-bytes", isGateway: true, vlan: 100 },
    },
  ],
  unread: [
    {
      why: "as in the reference, it matters only where something is masqueraded",
      key: "ipMasqBackend",
      passes: ({ ipMasq, ipMasqBackend, ipam }) => typeof ipMasqBackend === "string" && !(ipMasq && ipam?.type),
      example: { ipMasqBackend: "ipvs" },
    },
    {
      why: "runtimeConfig.mac goes before it",
      key: "args.cni.mac",
      passes: ({ runtimeConfig }) => Boolean(runtimeConfig?.mac),
      example: { runtimeConfig: { mac: MAC }, args: { cni: { mac: "none" } } },
    },
  ],
};

const HOST_LOCAL: Reader = {
  schema: hostLocalZod,
  goObjects: [requestSchema, hostLocal.placeSchema, hostLocal.poolSchema, hostLocal.wishSchema, checkSchema, gcSchema],
  read: (call) => {
    hostLocal.readPlace(call.config, call.name);
    hostLocal.readPool(call);
    hostLocal.readWishes(call);
    decode(checkSchema, call.config);
    decode(gcSchema, call.config);
  },
  full: FULL,
  generated: configuration,
  refused: [
    {
      why: "ranges may come from three places",
      message: /^no IP ranges specified/,
      example: { ipam: {} },
    },
    {
      why: "two addresses must be left besides the subnet's and the broadcast address",
      message: /^invalid range set \d+: Network \S+ too small to allocate from/,
      example: inRanges({ subnet: "10.1.2.0/31" }),
    },
    {
      why: "what is a host bit depends on the length",
      message: /^invalid range set \d+: Network has host bits set/,
      example: inRanges({ subnet: "10.1.2.3/24" }),
    },
    {
      why: "addresses of a range lie in its subnet, the first before the last",
      message: /^invalid range set \d+: (gateway|RangeStart|RangeEnd) \S+ (not in network|is after RangeEnd)/,
      example: inRanges({ ...NET, gateway: "10.1.3.1" }),
    },
    {
      why: "ranges of a set lie apart",
      message: /^invalid range set \d+: subnets \S+ and \S+ overlap/,
      example: inRanges(NET, NET),
    },
    {
      why: "a set is of one family",
      message: /^invalid range set \d+: mixed address families/,
      example: inRanges(NET, { subnet: "fd00::/64" }),
    },
    {
      why: "sets lie apart",
      message: /^range set \d+ overlaps with \d+/,
      example: { cniVersion: "1.0.0", ipam: { ranges: [[NET]], ...NET } },
    },
    {
      why: "old results have room for one address of a family",
      message: /^CNI version \S+ does not support more than 1 address per family/,
      example: { cniVersion: "0.2.0", ipam: { ranges: [[NET], [{ subnet: "10.1.3.0/24" }]] } },
    },
  ],
  unread: [],
};

const LOOPBACK: Reader = {
  schema: loopbackZod,
  goObjects: [requestSchema, goObject(commonKeys)],
  read: (call) => void decode(goObject(commonKeys), call.config),
  full: FULL,
  generated: configuration,
  refused: [],
  unread: [],
};

const CONDITIONS = { conditionsV4: ["-d", "192.0.2.0/24"], conditionsV6: ["ip6", "daddr", "2001:db8::/64"] };

const PORTMAP: Reader = {
  schema: portmapZod,
  goObjects: [requestSchema, portmap.schema, portmapGc],
  read: (call) => {
    decode(portmapGc, call.config);
    portmap.readConfig(call);
  },
  full: FULL,
  generated: configuration,
  refused: [
    {
      why: "a chain of others sets a mark of its own",
      message: /^Cannot specify externalSetMarkChain and markMasqBit/,
      example: { externalSetMarkChain: "KUBE-MARK-MASQ", markMasqBit: 14 },
    },
    {
      why: "conditions are in the words of one backend",
      message: /^(nftables|iptables) backend was requested but configuration contains/,
      example: CONDITIONS,
    },
    {
      why: "a part of nft's syntax is read",
      message: /^conditionsV[46]: "/,
      example: { conditionsV6: ["ip6", "hoplimit", "64"] },
    },
    {
      why: "lines end commands of iptables-restore",
      message: /cannot be a word of a rule/,
      example: { conditionsV4: ["-d", "1.2.3.4\n-F"] },
    },
  ],
  unread: [],
};

const attachments = goObject({ "cni.dev/attachments": attachmentsSchema });

const PTP: Reader = {
  schema: ptpZod,
  goObjects: [requestSchema, ptp.schema, ptp.remainsSchema, attachments],
  read: (call) => {
    ptp.readConfig(call);
    decode(attachments, call.config);
  },
  full: FULL,
  generated: configuration,
  refused: [
    {
      why: "the schema of the IPAM plugin says that there must be one",
      message: /^no plugin name provided/,
      example: {},
    },
  ],
  unread: [
    {
      why: "as in the reference, it matters only where something is masqueraded",
      key: "ipMasqBackend",
      passes: ({ ipMasq, ipMasqBackend }) => typeof ipMasqBackend === "string" && !ipMasq,
      example: { ipMasqBackend: "ipvs", ipam: { type: "host-local" } },
    },
  ],
};

const FIXED: Reader = {
  schema: staticZod,
  goObjects: [requestSchema, fixed.schema, staticCheck],
  read: (call) => {
    fixed.readGiven(call);
    decode(staticCheck, call.config);
  },
  full: STATIC,
  generated: staticConfiguration,
  refused: [
    {
      why: "old results have room for one address of a family",
      message: /^CNI version \S+ does not support more than 1 address per family/,
      example: { cniVersion: "0.2.0", ipam: { addresses: [{ address: "10.1.2.3/24" }, { address: "10.1.2.4/24" }] } },
    },
  ],
  unread: [
    {
      why: "other addresses are given instead",
      key: /^ipam\.addresses\.\d+\.address$/,
      passes: ({ args, runtimeConfig, ipam }) =>
        Boolean(runtimeConfig?.ips?.length || args?.cni?.ips?.length) &&
        ipam.addresses.every(({ address = "" }) => typeof address === "string"),
      example: { ipam: { addresses: [{ address: "none" }] }, runtimeConfig: { ips: ["10.1.2.3/24"] } },
    },
  ],
};

const TUNER: Reader = {
  schema: tuningZod,
  goObjects: [requestSchema, tuning.schema, tuning.gcSchema],
  read: (call) => {
    tuning.readTuning(call);
    decode(tuning.gcSchema, call.config);
  },
  full: TUNING,
  generated: tuningConfiguration,
  refused: [
    {
      why: "of what is twice, JSON.parse keeps the last",
      message: /^duplicated sysctl keys are not allowed/,
      example: { SYSCTL: { "net.ipv4.ip_forward": "1" }, sysctl: { "net.ipv4.ip_forward": "1" } },
    },
  ],
  unread: [],
};

const FIREWALLER: Reader = {
  schema: firewallZod,
  goObjects: [requestSchema, firewall.schema, firewall.gcSchema],
  read: ({ config }) => {
    firewall.readConfig(config);
    decode(firewall.gcSchema, config);
  },
  full: FIREWALL,
  generated: firewallConfiguration,
  refused: [],
  unread: [],
};

const SHAPER: Reader = {
  schema: bandwidthZod,
  goObjects: [requestSchema, bandwidth.schema, bandwidth.gcSchema],
  read: (call) => {
    bandwidth.readConfig(call);
    decode(bandwidth.gcSchema, call.config);
  },
  full: BANDWIDTH,
  generated: bandwidthConfiguration,
  refused: [
    {
      why: "a rate is nothing without a burst",
      message: /^if rate is set, burst must also be set/,
      example: { ingressRate: 8 },
    },
    {
      why: "a burst is nothing without a rate",
      message: /^if burst is set, rate must also be set/,
      example: { egressBurst: 8 },
    },
  ],
  unread: [
    {
      why: "the configuration's own keys go before the runtime's",
      key: /^runtimeConfig\.bandwidth\.(in|e)gress(Rate|Burst)$/,
      passes: (conf) =>
        Object.keys(conf).some((name) => /^(in|e)gress(Rate|Burst)$/.test(name)) &&
        Object.values(conf.runtimeConfig.bandwidth).every((value) => Number.isInteger(value) && Number(value) >= 0),
      example: { ingressRate: 0, runtimeConfig: { bandwidth: { ingressRate: 4 } } },
    },
  ],
};

export const READERS: Record<string, Reader> = {
  bandwidth: SHAPER,
  bridge: BRIDGE,
  firewall: FIREWALLER,
  "host-local": HOST_LOCAL,
  loopback: LOOPBACK,
  portmap: PORTMAP,
  ptp: PTP,
  static: FIXED,
  tuning: TUNER,
};

/** Why `reader` refuses `conf`, as skel asks it; undefined when it does not. */
export function refusalOf(reader: Reader, conf: Json): CniError | undefined {
  try {
    const stdin = JSON.stringify(conf);
    const { config, name, cniVersion } = readHead(stdin);
    assertVersion("ADD", cniVersion, VERSIONS);
    assertLimits(name, "c1");
    const env = readEnv(callEnv("ADD"), []);
    reader.read({ env, stdin, config, name, version: cniVersion, delegates: [], warn: () => {} });
    return undefined;
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
}

/**
 * Whether the schema refuses `conf`, which names the network, where the plugin does not, or the plugin where the schema does
 * not, and no exception says so: in words. Else whether both take it.
 */
export function verdict(
  { reader, jsonSchema }: { reader: Reader; jsonSchema: JsonSchema },
  conf: Json,
): string | boolean {
  const read = asGoReads(conf, jsonSchema);
  const { error } = reader.schema.safeParse(read);
  const refusal = refusalOf(reader, conf);
  if (error && !refusal && !isUnread(reader, error, read))
    return `only the schema refuses it: ${z.prettifyError(error)}`;
  if (refusal && !error && !isExcepted(reader, refusal)) return `only the plugin refuses it: ${refusal.text}`;
  return !error && !refusal;
}

function isExcepted(reader: Reader, { code, message }: CniError): boolean {
  return code === INVALID_CONFIG && reader.refused.some((one) => one.message.test(message));
}

/** Whether all that the schema has against `conf` is what the plugin does not look at. */
function isUnread(reader: Reader, { issues }: z.ZodError, conf: Json): boolean {
  const excused = (path: string) => reader.unread.some((one) => isKey(path, one.key) && one.passes(conf));
  return issues.every(({ path }) => excused(path.join(".")));
}

export function isKey(path: string, key: string | RegExp): boolean {
  return typeof key === "string" ? path === key : key.test(path);
}
