/** Network lists and sequences of calls, generated: what libcni, the library and the tool's driver all play. */
import fc from "fast-check";
import { key, pick, record, type Values } from "../differential/values.ts";
import type { Json } from "../support/command.ts";
import { addAnswer, anything, dns, failure, text, version, written } from "./answers.ts";

export interface Step {
  do: "load" | "write" | "attachments" | "add" | "check" | "del" | "cached" | "gc" | "status" | "validate";
  /** load: the list's text; write: a cache file's. */
  text?: string;
  /** load: a file or a directory and a name; write: the name of a cache file. Relative to the scenario's directory. */
  file?: string;
  directory?: string;
  name?: string;
  attachment?: Json;
  valid?: Json[];
  containerId?: string;
}

export interface Scenario {
  /** Relative: the directory of the network configuration's files by their names. */
  files: Record<string, string>;
  /** What p0 to p3 answer to VERSION. */
  versions: Json;
  trace: Json | undefined;
  steps: Step[];
}

const quietly: Values = fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: failure });

function plugin(own: string): Values {
  return record({
    type: pick<Json>([30, "p0"], [30, "p1"], [20, "p2"], [15, "p3"], [5, "missing"], [1, "a/b"], [1, ""], [1, 1]),
    name: key(10, text),
    cniVersion: key(10, version),
    capabilities: key(
      50,
      record({
        mac: key(60, fc.boolean()),
        ips: key(50, fc.boolean()),
        "<x>": key(20, fc.constant(true)),
        bad: key(2, text),
      }),
    ),
    runtimeConfig: key(15, anything),
    prevResult: key(3, pick<Json>([3, {}], [1, "x"])),
    ipam: key(20, pick<Json>([4, { type: "host-local", subnet: "10.1.2.0/24" }], [1, {}], [1, []])),
    dns: key(10, dns),
    DNS: key(3, anything),
    zed: key(30, anything),
    "é<": key(20, anything),
    answers: record({
      ADD: addAnswer(own),
      CHECK: key(30, quietly),
      DEL: key(30, quietly),
      GC: key(30, quietly),
      STATUS: key(30, quietly),
    }),
  });
}

const flag: Values = pick<Json>([4, true], [1, false], [2, "TRUE"], [1, "no"], [1, 1]);

const name: Values = pick<Json>([40, "net"], [4, "a.b-c_d"], [1, "a b"], [1, "é"], [1, ""], [1, 7], [1, undefined]);

const list: Values = version.chain((own) =>
  record({
    name,
    cniVersion: pick<Json>([60, own], [3, undefined], [1, 1]),
    cniVersions: key(15, fc.oneof(fc.array(version, { maxLength: 4 }), pick<Json>([1, "1.0.0"], [1, [1]], [1, null]))),
    disableCheck: key(8, flag),
    disableGC: key(8, flag),
    loadOnlyInlinedPlugins: key(10, flag),
    plugins: fc.oneof(
      { weight: 20, arbitrary: fc.array(plugin(own || "0.1.0"), { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: pick<Json>([1, []], [1, {}], [1, undefined]) },
    ),
    other: key(20, anything),
  }),
);

const attachment: Values = record({
  containerId: pick<Json>([20, "c1"], [8, "c2"], [1, "-c"], [1, ""]),
  netns: pick<Json>([10, "/run/netns/c1"], [1, ""]),
  ifname: pick<Json>([20, "eth0"], [3, "net1"], [1, "a/b"], [1, "much-too-long-for-it"], [1, ""]),
  args: key(
    30,
    fc.array(
      fc.tuple(
        pick<Json>([1, "K8S_POD_NAME"], [1, "A"]),
        fc.string({ unit: "binary-ascii", maxLength: 4 }).map((s) => s.replaceAll("\0", "")),
      ),
      { maxLength: 3 },
    ),
  ),
  capabilityArgs: key(
    50,
    record({ mac: key(70, text), ips: key(60, anything), "<x>": key(40, anything), bad: key(20, anything) }),
  ),
});

/** What stands in the directory of lists beside the one that is called: single plugins, other networks, no lists. */
const files = record({
  "net.d/05.conf": key(20, plugin("0.4.0").map(written)),
  "net.d/07.json": key(10, fc.constant('{"name":"net","type":"p0","cniVersion":"0.3.1"}')),
  "net.d/00.conflist": key(8, pick<Json>([1, "{"], [2, '{"name":"other","plugins":[{"type":"p0"}]}'])),
  "net.d/net/20.conf": key(30, plugin("1.0.0").map(written)),
  "net.d/net/10.conf": key(20, fc.constant('{"type":"p3"}')),
  "net.d/net/30.json": key(10, fc.constant("{")),
});

const load = (made: Json): fc.Arbitrary<Step> =>
  pick<Step>(
    [40, { do: "load", text: written(made) }],
    [30, { do: "load", file: "net.d/10.conflist" }],
    [20, { do: "load", directory: "net.d", name: typeof made.name === "string" ? made.name : "net" }],
    [3, { do: "load", directory: "nowhere", name: "net" }],
    [3, { do: "load", file: "net.d/nothing" }],
  );

const garbled = pick<string>(
  [1, "{"],
  [1, '{"kind":"other"}'],
  [1, '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.1.2.3/24"}]}'],
  [1, '{"kind":"cniCacheV1","containerId":"c1","ifName":"eth0","networkName":"net","result":{"cniVersion":"9"}}'],
  [1, '{"kind":"cniCacheV1","containerId":"c1","ifName":"eth0","networkName":"net","netns":"/n","cniArgs":[["A"]]}'],
  [1, '{"kind":"cniCacheV1","containerId":1}'],
);

const step: fc.Arbitrary<Step> = attachment.chain((one) =>
  fc.oneof(
    ...(["add", "add", "check", "del", "cached"] as const).map((verb) =>
      fc.constant<Step>({ do: verb, attachment: one }),
    ),
    fc.constant<Step>({ do: "status" }),
    fc.constant<Step>({ do: "validate" }),
    fc.array(attachment, { maxLength: 2 }).map((valid): Step => ({ do: "gc", valid })),
    pick<Step>([1, { do: "attachments", containerId: "" }], [1, { do: "attachments", containerId: "c1" }]),
    garbled.map((content): Step => ({ do: "write", file: "net-c1-eth0", text: content })),
  ),
);

const trace: Values = key(
  30,
  fc.constant({
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    state: "vendor=value",
    baggage: "user=alice",
  }),
);

const versions: Values = record({
  p0: key(90, pick<Json>([5, { stdout: '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}' }])),
  p1: key(90, pick<Json>([3, { stdout: '{"cniVersion":"0.2.0"}' }], [3, { stdout: "{}" }])),
  p2: key(70, pick<Json>([3, { stdout: '{"code":4,"msg":"unknown CNI_COMMAND: VERSION"}', exit: 1 }])),
  p3: key(70, failure),
});

export const scenarios: fc.Arbitrary<Scenario> = fc
  .tuple(list, files, versions, trace, attachment, fc.array(step, { minLength: 2, maxLength: 7 }))
  .chain(([made, others, replies, traced, first, steps]) =>
    load(made).map((loaded) => ({
      files: { "net.d/10.conflist": written(made), ...others },
      versions: replies,
      trace: traced,
      steps: [loaded, { do: "add", attachment: first } as Step, ...steps],
    })),
  );
