/** How the plugins that change what others have made read their configurations. */
import * as bandwidth from "../../../src/plugins/bandwidth/config.ts";
import { schema as bandwidthZod } from "../../../src/plugins/bandwidth/schema.ts";
import * as firewall from "../../../src/plugins/firewall/config.ts";
import { schema as firewallZod } from "../../../src/plugins/firewall/schema.ts";
import * as portmap from "../../../src/plugins/portmap/config.ts";
import { gcSchema as portmapGc } from "../../../src/plugins/portmap/gc.ts";
import { schema as portmapZod } from "../../../src/plugins/portmap/schema.ts";
import * as tuning from "../../../src/plugins/tuning/config.ts";
import { schema as tuningZod } from "../../../src/plugins/tuning/schema.ts";
import { logSchema, requestSchema } from "../../../src/spec/config.ts";
import { decode } from "../../../src/spec/decode.ts";
import { BANDWIDTH, bandwidthConfiguration } from "./bandwidth/configurations.ts";
import { configuration, FULL } from "./configurations.ts";
import { FIREWALL, firewallConfiguration } from "./firewall/configurations.ts";
import type { Reader } from "./reader.ts";
import { TUNING, tuningConfiguration } from "./tuning/configurations.ts";

const CONDITIONS = { conditionsV4: ["-d", "192.0.2.0/24"], conditionsV6: ["ip6", "daddr", "2001:db8::/64"] };

export const PORTMAP: Reader = {
  schema: portmapZod,
  goObjects: [requestSchema, logSchema, portmap.schema, portmapGc],
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

export const TUNER: Reader = {
  schema: tuningZod,
  goObjects: [requestSchema, logSchema, tuning.schema, tuning.gcSchema],
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

export const FIREWALLER: Reader = {
  schema: firewallZod,
  goObjects: [requestSchema, logSchema, firewall.schema, firewall.gcSchema],
  read: ({ config }) => {
    firewall.readConfig(config);
    decode(firewall.gcSchema, config);
  },
  full: FIREWALL,
  generated: firewallConfiguration,
  refused: [],
  unread: [],
};

export const SHAPER: Reader = {
  schema: bandwidthZod,
  goObjects: [requestSchema, logSchema, bandwidth.schema, bandwidth.gcSchema],
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
