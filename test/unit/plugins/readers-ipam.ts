/** How the plugins that give addresses read their configurations. */
import { schema as checkSchema } from "../../../src/plugins/host-local/check.ts";
import * as hostLocal from "../../../src/plugins/host-local/config.ts";
import { schema as gcSchema } from "../../../src/plugins/host-local/gc.ts";
import { schema as hostLocalZod } from "../../../src/plugins/host-local/schema.ts";
import * as fixed from "../../../src/plugins/static/config.ts";
import { checkSchema as staticCheck } from "../../../src/plugins/static/plugin.ts";
import { schema as staticZod } from "../../../src/plugins/static/schema.ts";
import { logSchema, requestSchema } from "../../../src/spec/config.ts";
import { decode } from "../../../src/spec/decode.ts";
import { configuration, FULL } from "./configurations.ts";
import type { Reader } from "./reader.ts";
import { STATIC, staticConfiguration } from "./static/configurations.ts";

const NET = { subnet: "10.1.2.0/24" };
const inRanges = (...ranges: object[]) => ({ ipam: { ranges: [ranges] } });

export const HOST_LOCAL: Reader = {
  schema: hostLocalZod,
  goObjects: [
    requestSchema,
    logSchema,
    hostLocal.placeSchema,
    hostLocal.poolSchema,
    hostLocal.wishSchema,
    checkSchema,
    gcSchema,
  ],
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

export const FIXED: Reader = {
  schema: staticZod,
  goObjects: [requestSchema, logSchema, fixed.schema, staticCheck],
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
