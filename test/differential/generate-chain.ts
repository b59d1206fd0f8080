/** Cases of whole lists: a plugin that makes an interface, then others, called as runtimes call them. */
import fc from "fast-check";
import type { Json } from "../support/command.ts";
import type { CallStep, Case, Guest, Step } from "./case.ts";
import { soundHostLocal } from "./generate-ipam.ts";
import { key, pick, record, type Values } from "./values.ts";

const ipam: Values = fc.oneof(
  { weight: 9, arbitrary: soundHostLocal },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant("static"),
      addresses: fc.constant([{ address: "10.77.0.40/24", gateway: "10.77.0.1" }]),
      routes: key(60, fc.constant([{ dst: "0.0.0.0/0" }])),
    }),
  },
);

const bridge: Values = record({
  type: fc.constant("bridge"),
  bridge: fc.constant("br0"),
  isGateway: key(85, fc.constant(true)),
  isDefaultGateway: key(15, fc.constant(true)),
  ipMasq: key(35, fc.constant(true)),
  ipMasqBackend: key(30, fc.constantFrom("nftables", "iptables")),
  mtu: key(15, fc.constant(1400)),
  portIsolation: key(8, fc.constant(true)),
  ipam: key(95, ipam),
  berth: fc.constant({ indexDir: "$DIR/index" }),
});
const ptp: Values = record({
  type: fc.constant("ptp"),
  ipMasq: key(40, fc.constant(true)),
  mtu: key(25, fc.constant(1400)),
  ipam,
});
const main = fc.oneof(
  { weight: 14, arbitrary: bridge },
  { weight: 5, arbitrary: ptp },
  { weight: 1, arbitrary: fc.constant<Json>({ type: "loopback" }) },
);

const limits = (way: string): Values => fc.constant({ [`${way}Rate`]: 8_000_000, [`${way}Burst`]: 80_000 });
const bandwidths: Values = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(limits("ingress"), limits("egress")).map(([one, two]) => ({ ...one, ...two })) },
  { weight: 1, arbitrary: limits("ingress") },
  { weight: 1, arbitrary: limits("egress") },
);

/** In the order in which nerdctl's list has them, and bandwidth as kubelet's. */
const CHAINED: readonly Values[] = [
  record({
    type: fc.constant("portmap"),
    capabilities: key(90, fc.constant({ portMappings: true })),
    backend: key(45, pick([2, "iptables"], [1, "nftables"])),
    snat: key(35, fc.boolean()),
    masqAll: key(15, fc.boolean()),
    conditionsV4: key(8, fc.constant(["-s", "192.0.2.0/24"])),
  }),
  record({
    type: fc.constant("firewall"),
    backend: key(40, fc.constant("iptables")),
    ingressPolicy: key(60, fc.constantFrom("same-bridge", "isolated", "open")),
    iptablesAdminChainName: key(15, fc.constant("MINE")),
  }),
  record({
    type: fc.constant("tuning"),
    dataDir: fc.constant("$DIR/store/tuning"),
    sysctl: key(30, fc.constant({ "net.ipv4.conf.IFNAME.arp_filter": "1" })),
    mac: key(20, fc.constant("02:11:22:33:44:55")),
    mtu: key(25, fc.constant(1300)),
    promisc: key(15, fc.boolean()),
    allmulti: key(15, fc.boolean()),
    txQLen: key(15, fc.constant(500)),
  }),
  record({
    type: fc.constant("bandwidth"),
    capabilities: key(85, fc.constant({ bandwidth: true })),
  }).chain((conf) => (conf.capabilities ? fc.constant(conf) : bandwidths.map((own) => ({ ...conf, ...own })))),
];

/** What makes a plugin refuse, whatever it is called for. */
const BROKEN: Readonly<Record<string, Json>> = {
  bridge: { mtu: "wide" },
  ptp: { ipam: { type: "absent" } },
  loopback: { cniVersion: 5 },
  portmap: { markMasqBit: 5, externalSetMarkChain: "OTHERS-MARK" },
  firewall: { ingressPolicy: "closed" },
  tuning: { sysctl: { "net.nothing.such": "1" } },
  bandwidth: { ingressRate: 5 },
};

interface Listed {
  readonly cniVersion: string;
  readonly plugins: readonly Json[];
  /** What the runtime has for each container, by the name of a capability. */
  readonly wishes: readonly [Json, Json];
}

const ports = (first: number): Values =>
  fc
    .uniqueArray(fc.constantFrom("tcp 80", "tcp 443", "udp 53", "tcp 81 192.0.2.2", "udp 54 fd77:1::2"), {
      maxLength: 3,
    })
    .map((all) =>
      all.map((text) => {
        const [protocol, port, hostIP] = text.split(" ");
        return { hostPort: first + Number(port), containerPort: Number(port), protocol, ...(hostIP && { hostIP }) };
      }),
    );

/** The second container mostly has other ports. */
const wishes: fc.Arbitrary<[Json, Json]> = fc.tuple(
  record({ portMappings: key(92, ports(8000)), bandwidth: key(92, bandwidths) }),
  fc
    .oneof({ weight: 4, arbitrary: ports(9000) }, { weight: 1, arbitrary: ports(8000) })
    .map((portMappings) => ({ portMappings })),
);

const order = fc.oneof(
  { weight: 3, arbitrary: fc.subarray([...CHAINED], { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.shuffledSubarray([...CHAINED], { minLength: 2, maxLength: 3 }) },
);

const listed: fc.Arbitrary<Listed> = fc
  .tuple(
    pick<string>([2, "0.3.1"], [2, "0.4.0"], [5, "1.0.0"], [6, "1.1.0"]),
    main,
    order.chain((some) => fc.tuple(...some)),
    wishes,
  )
  .map(([cniVersion, first, rest, made]) => ({
    cniVersion: String(cniVersion),
    plugins: [first, ...rest].map((conf) => ({ cniVersion, name: "net", ...conf })),
    wishes: made,
  }));

/** What a runtime asks for, of all plugins in turn. */
type Wave = Omit<CallStep, "at" | "wave"> & { readonly isBare?: true; readonly broken?: number };

/** The calls of one: forward, and DEL backward. What ADD answers is the next one's prevResult, and the last one that of CHECK and DEL. */
function callsOf({ cniVersion, plugins, wishes: all }: Listed, wave: Wave, number: number): CallStep[] {
  const { isBare, broken, ...call } = wave;
  const places = [...plugins.keys()];
  const isAttachment = ["ADD", "CHECK", "DEL"].includes(call.verb);
  // Before 0.4.0 only ADD had one.
  const isOld = cniVersion.startsWith("0.3") && call.verb === "DEL";
  return (call.verb === "DEL" ? places.reverse() : places).map((at) => {
    const { type, capabilities = {} } = plugins[at] as Json;
    const given = Object.keys(capabilities).flatMap((name) => {
      const value = all[call.guest][name];
      return value === undefined ? [] : [[name, value]];
    });
    const patch = {
      ...(isAttachment && !isBare && given.length > 0 && { runtimeConfig: Object.fromEntries(given) }),
      ...(broken === at && BROKEN[type]),
    };
    const isFirst = call.verb === "ADD" && at === 0;
    return {
      ...call,
      at,
      wave: number,
      ...(Object.keys(patch).length > 0 && { patch }),
      ...(isAttachment && !isFirst && !isBare && !isOld && { prevResult: "own" }),
    };
  });
}

const add = (guest: Guest): Wave => ({ verb: "ADD", guest });
const check = (guest: Guest): Wave => ({ verb: "CHECK", guest });
const del = (guest: Guest): Wave => ({ verb: "DEL", guest });
/** After a reboot or a crash: with less than there was, or nothing. */
const poorDel = (guest: Guest): fc.Arbitrary<Wave> =>
  pick<Wave>(
    [2, { ...del(guest), isBare: true }],
    [2, { ...del(guest), netns: "missing" }],
    [2, { ...del(guest), netns: "unset" }],
    [1, { ...del(guest), netns: "missing", isBare: true }],
    [1, { ...del(guest), netns: "unset", isBare: true }],
  );

type Story = readonly (Wave | { readonly act: string; readonly guest: Guest })[];

const ACTS = ["deletes the container's interface", "changes the container's MTU", "deletes the bridge"];
const FILTER_ACTS = ["flushes the table filter", "flushes the isolation of bridges"];

function stories({ cniVersion, plugins }: Listed, guest: Guest): fc.Arbitrary<Story> {
  const fixed = (...waves: Story) => fc.constant<Story>(waves);
  const later = cniVersion === "1.1.0" ? 1 : 0;
  const hasCheck = !cniVersion.startsWith("0.3");
  const acts = [...ACTS, ...(plugins.some(({ type }) => type === "firewall") ? FILTER_ACTS : [])];
  return fc.oneof(
    { weight: hasCheck ? 4 : 0, arbitrary: fixed(add(guest), check(guest), del(guest)) },
    { weight: 3, arbitrary: fixed(add(guest), del(guest), del(guest)) },
    { weight: hasCheck ? 3 : 0, arbitrary: fixed(add(guest), check(guest)) },
    { weight: 2, arbitrary: fixed(add(guest)) },
    { weight: 5, arbitrary: poorDel(guest).map((poor): Story => [add(guest), poor]) },
    { weight: 1, arbitrary: fixed(del(guest)) },
    {
      weight: 3,
      arbitrary: fc.nat(plugins.length - 1).map(
        (broken): Story => [
          { ...add(guest), broken },
          { ...del(guest), broken },
        ],
      ),
    },
    { weight: 1, arbitrary: fixed({ ...add(guest), ifname: "net1" }, { ...del(guest), ifname: "net1" }) },
    { weight: later, arbitrary: fixed({ verb: "STATUS", guest }) },
    {
      weight: 2 * later,
      arbitrary: pick<readonly Guest[]>([2, [0, 1]], [2, [0]], [1, []]).map(
        (valid): Story => [{ verb: "GC", guest, valid }],
      ),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(...acts)
        .map((act): Story => [add(guest), { act, guest }, ...(hasCheck ? [check(guest)] : []), del(guest)]),
    },
  );
}

export const chainCase: fc.Arbitrary<Case> = listed.chain((list) =>
  fc
    .array(
      pick<Guest>([2, 0], [1, 1]).chain((guest) => stories(list, guest)),
      { minLength: 1, maxLength: 3 },
    )
    .map((told) => {
      const steps = told.flat().flatMap((one, number): Step[] => ("act" in one ? [one] : callsOf(list, one, number)));
      const [first] = list.plugins;
      return { plugin: first?.type, conf: first, list: list.plugins, before: [], steps };
    }),
);
