/** How the plugins that make an interface read their configurations. */

import { suppliedSchema } from "../../../src/features/register/wish.ts";
import * as bridge from "../../../src/plugins/bridge/config.ts";
import { schema as bridgeZod } from "../../../src/plugins/bridge/schema.ts";
import { schema as loopbackZod } from "../../../src/plugins/loopback/schema.ts";
import * as ptp from "../../../src/plugins/ptp/config.ts";
import { schema as ptpZod } from "../../../src/plugins/ptp/schema.ts";
import { attachmentsSchema, commonKeys, logSchema, netConfSchema, requestSchema } from "../../../src/spec/config.ts";
import { decode, goObject } from "../../../src/spec/decode.ts";
import { configuration, FULL } from "./configurations.ts";
import type { Reader } from "./reader.ts";

/** Of register: both plugins. */
const REFUSED: Reader["refused"] = [
  {
    why: "a service's endpoints have addresses",
    message: /^berth\.register: a container without addresses is nobody's endpoint/,
    example: { ipam: {}, berth: { register: { service: "web" } } },
  },
  {
    why: "the ports of a slice are told apart by their names",
    message: /: two ports have (no name|the name )/,
    example: {
      ipam: { type: "host-local" },
      berth: { register: { ports: [{ port: 80 }, { port: 81 }] } },
    },
  },
];
const UNREAD: Reader["unread"] = [
  {
    why: "only a network that registers lets its containers say what they are",
    key: /^runtimeConfig($|\.register|\.io\.kubernetes\.cri\.pod-annotations)/,
    passes: ({ berth }) => !berth?.register,
    example: { ipam: { type: "host-local" }, runtimeConfig: { register: { service: "Web" } } },
  },
];

const MAC = "02:00:00:00:00:01";

export const BRIDGE: Reader = {
  schema: bridgeZod,
  goObjects: [
    requestSchema,
    logSchema,
    netConfSchema,
    bridge.schema,
    bridge.remainsSchema,
    suppliedSchema,
    goObject({ runtimeConfig: bridge.macSchema, args: goObject({ cni: bridge.macSchema }) }),
  ],
  read: bridge.readConfig,
  full: FULL,
  generated: configuration,
  refused: [
    ...REFUSED,
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
    ...UNREAD,
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

export const LOOPBACK: Reader = {
  schema: loopbackZod,
  goObjects: [requestSchema, logSchema, goObject(commonKeys)],
  read: (call) => void decode(goObject(commonKeys), call.config),
  full: FULL,
  generated: configuration,
  refused: [],
  unread: [],
};

const attachments = goObject({ "cni.dev/attachments": attachmentsSchema });

export const PTP: Reader = {
  schema: ptpZod,
  goObjects: [requestSchema, logSchema, ptp.schema, ptp.remainsSchema, attachments, suppliedSchema],
  read: (call) => {
    ptp.readConfig(call);
    decode(attachments, call.config);
  },
  full: FULL,
  generated: configuration,
  refused: [
    REFUSED[1] as Reader["refused"][number],
    {
      why: "the schema of the IPAM plugin says that there must be one",
      message: /^no plugin name provided/,
      example: {},
    },
  ],
  unread: [
    ...UNREAD,
    {
      why: "as in the reference, it matters only where something is masqueraded",
      key: "ipMasqBackend",
      passes: ({ ipMasq, ipMasqBackend }) => typeof ipMasqBackend === "string" && !ipMasq,
      example: { ipMasqBackend: "ipvs", ipam: { type: "host-local" } },
    },
  ],
};
