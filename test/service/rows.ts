/** What a client of a service gets: rows for features.test.ts, each for both families. */
import { HOST } from "../support/service/net.ts";
import { type EndpointObject, serviceObject } from "../support/service/objects.ts";

export const VIP = { 4: "10.96.0.1", 6: "fd96::1" } as const;
export const EXTERNAL = { 4: "198.51.100.1", 6: "fd98::1" } as const;
export const BALANCER = { 4: "198.51.100.2", 6: "fd98::2" } as const;
const NODE_ADDRESS = { 4: HOST.v4, 6: HOST.v6 } as const;

/** Service port -> that of the endpoints; the node port is 30,000 more than the former. */
export const PORTS = [
  { name: "http", port: 80, target: 8080, protocol: "TCP" },
  { name: "more", port: 81, target: 8081, protocol: "TCP" },
  { name: "dns", port: 53, target: 5353, protocol: "UDP" },
  { name: "sctp", port: 90, target: 9090, protocol: "SCTP" },
] as const;

/** Ports that no service has. */
export const VACANT = [
  { port: 82, protocol: "TCP" },
  { port: 54, protocol: "UDP" },
  { port: 91, protocol: "SCTP" },
] as const;

/** Keys of berthd's configuration. */
export const OPTIONS = {
  containers: { containers: ["10.1.0.0/16", "fd01::/32"] },
  masqueradeAll: { masqueradeAll: true },
  serviceCIDRs: { serviceCIDRs: ["10.96.0.0/16", "fd96::/112"] },
} as const;

export type Where = "m0" | "host" | "outside";

export interface Row {
  readonly feature: string;
  readonly service: ReturnType<typeof serviceObject>;
  /** What m0, m1, m2 have as endpoints; undefined: it is none. m0 is on this node, the others are on another. */
  readonly endpoints: readonly (Omit<EndpointObject, "addresses"> | undefined)[];
  readonly asked: readonly Asked[];
  readonly options?: keyof typeof OPTIONS;
}

export interface Asked {
  readonly from: Where;
  readonly to: Readonly<Record<4 | 6, string>>;
  /** Ports of the service; of the node where `to` is its address. */
  readonly ports: readonly number[];
  /** Those that answer, each at least once; or nobody does. */
  readonly by: readonly string[] | "refused" | "nothing";
  /** Whom they see; absent where nobody answers. */
  readonly sees?: "client" | "node";
}

const READY = { conditions: { ready: true } } as const;
const NOT_READY = { conditions: { ready: false } } as const;
const ENDING = { conditions: { ready: false, serving: true, terminating: true } } as const;
const ALL = [80, 81, 53, 90];
const OTHERS = VACANT.map(({ port }) => port);
/** An address of the services' networks that none has. */
const NOBODY = { 4: "10.96.0.2", 6: "fd96::2" } as const;
const BOTH = ["m1", "m2"];

const spec = (over: object) =>
  serviceObject(
    "web",
    {
      type: "LoadBalancer",
      clusterIP: VIP[4],
      clusterIPs: [VIP[4], VIP[6]],
      ipFamilyPolicy: "RequireDualStack",
      externalIPs: [EXTERNAL[4], EXTERNAL[6]],
      ports: PORTS.map(({ name, port, protocol }) => ({ name, port, protocol, nodePort: 30_000 + port })),
      ...over,
    },
    { loadBalancer: { ingress: [{ ip: BALANCER[4] }, { ip: BALANCER[6] }] } },
  );

const from = (where: Where, to: Asked["to"], by: Asked["by"], sees?: Asked["sees"], ports: readonly number[] = ALL) =>
  ({ from: where, to, by, ports: to === NODE_ADDRESS ? ports.map((port) => 30_000 + port) : ports, sees }) as Asked;

const OUTER = [EXTERNAL, BALANCER, NODE_ADDRESS] as const;

export const ROWS: readonly Row[] = [
  {
    feature: "the service address, several ports, TCP, UDP and SCTP",
    service: spec({}),
    endpoints: [undefined, READY, READY],
    asked: [
      from("outside", VIP, BOTH, "client"),
      from("m0", VIP, BOTH, "client"),
      from("host", VIP, BOTH, "node", [80, 53]),
    ],
  },
  {
    feature: "external, load balancers' and node addresses get the node's address",
    service: spec({}),
    endpoints: [undefined, READY, READY],
    asked: [
      ...OUTER.map((to) => from("outside", to, BOTH, "node")),
      ...OUTER.map((to) => from("m0", to, BOTH, "node", [80, 53])),
      ...OUTER.map((to) => from("host", to, BOTH, "node", [80])),
    ],
  },
  {
    feature: "source ranges are for load balancers' addresses only",
    service: spec({ loadBalancerSourceRanges: ["10.1.0.0/24", "fd01::/64"] }),
    endpoints: [undefined, READY, READY],
    asked: [
      from("m0", BALANCER, BOTH, "node"),
      from("outside", BALANCER, "nothing"),
      from("outside", EXTERNAL, BOTH, "node", [80]),
      from("outside", VIP, BOTH, "client", [80]),
    ],
  },
  {
    feature: "internal policy Local leads to this node's endpoints",
    service: spec({ internalTrafficPolicy: "Local" }),
    endpoints: [READY, READY, READY],
    asked: [
      from("outside", VIP, ["m0"], "client"),
      from("host", VIP, ["m0"], "node", [80, 53]),
      from("outside", EXTERNAL, ["m0", "m1", "m2"], "node", [80]),
    ],
  },
  {
    feature: "internal policy Local drops where this node has none",
    service: spec({ internalTrafficPolicy: "Local" }),
    endpoints: [undefined, READY, READY],
    asked: [from("outside", VIP, "nothing"), from("outside", EXTERNAL, BOTH, "node", [80])],
  },
  {
    feature: "external policy Local leads outsiders to this node's endpoints, and keeps the client's address",
    service: spec({ externalTrafficPolicy: "Local" }),
    endpoints: [READY, READY, READY],
    asked: [
      ...OUTER.map((to) => from("outside", to, ["m0"], "client")),
      ...OUTER.map((to) => from("host", to, ["m0", "m1", "m2"], "node", [80])),
      from("outside", VIP, ["m0", "m1", "m2"], "client", [80]),
      // It is the only one here, and is not told from outsiders: it reaches itself.
      ...OUTER.map((to) => from("m0", to, ["m0"], "node", [80, 53])),
    ],
  },
  {
    feature: "external policy Local drops where this node has none",
    service: spec({ externalTrafficPolicy: "Local" }),
    endpoints: [undefined, READY, READY],
    asked: [
      ...OUTER.map((to) => from("outside", to, "nothing")),
      ...OUTER.map((to) => from("host", to, BOTH, "node", [80])),
      from("outside", VIP, BOTH, "client", [80]),
    ],
  },
  {
    feature: "without endpoints the client is told",
    service: spec({}),
    endpoints: [],
    asked: [
      ...[VIP, ...OUTER].map((to) => from("outside", to, "refused")),
      from("m0", VIP, "refused"),
      from("host", VIP, "refused"),
      from("host", NODE_ADDRESS, "refused"),
    ],
  },
  {
    feature: "what no service has of their networks is refused",
    service: spec({}),
    endpoints: [undefined, READY, READY],
    options: "serviceCIDRs",
    asked: [
      ...(["outside", "m0", "host"] as const).map((where) => from(where, VIP, "refused", undefined, OTHERS)),
      from("outside", NOBODY, "refused"),
      from("outside", VIP, BOTH, "client"),
    ],
  },
  {
    feature: "a container reaches itself through its service",
    service: spec({}),
    endpoints: [READY],
    asked: [from("m0", VIP, ["m0"], "node"), from("m0", NODE_ADDRESS, ["m0"], "node", [80, 53])],
  },
  {
    feature: "what does not come from the node's containers is masqueraded, and these are led past policy Local",
    service: spec({ externalTrafficPolicy: "Local" }),
    endpoints: [undefined, READY, READY],
    options: "containers",
    asked: [
      from("outside", VIP, BOTH, "node"),
      from("outside", EXTERNAL, "nothing", undefined, [80, 53]),
      from("m0", EXTERNAL, BOTH, "client", [80]),
      from("m0", VIP, BOTH, "client", [80]),
    ],
  },
  {
    feature: "masqueradeAll",
    service: spec({}),
    endpoints: [undefined, READY, READY],
    options: "masqueradeAll",
    asked: [from("m0", VIP, BOTH, "node"), from("outside", VIP, BOTH, "node", [80])],
  },
  {
    feature: "endpoints that are not ready do not count",
    service: spec({}),
    endpoints: [undefined, NOT_READY, READY],
    asked: [from("outside", VIP, ["m2"], "client", [80, 53])],
  },
  {
    feature: "publishNotReadyAddresses",
    service: spec({ publishNotReadyAddresses: true }),
    endpoints: [undefined, NOT_READY, READY],
    asked: [from("outside", VIP, BOTH, "client", [80, 53])],
  },
  {
    feature: "endpoints that end do not count while another is ready",
    service: spec({ externalTrafficPolicy: "Local" }),
    endpoints: [ENDING, ENDING, READY],
    // On this node there is none but the one that ends.
    asked: [from("outside", VIP, ["m2"], "client", [80]), from("outside", EXTERNAL, ["m0"], "client", [80])],
  },
  {
    feature: "endpoints that end serve where none is ready",
    service: spec({}),
    endpoints: [undefined, ENDING, NOT_READY],
    asked: [from("outside", VIP, ["m1"], "client", [80, 53])],
  },
  {
    feature: "hints by zone",
    service: spec({}),
    endpoints: [
      undefined,
      { ...READY, hints: { forZones: [{ name: "z1" }] } },
      { ...READY, hints: { forZones: [{ name: "z2" }] } },
    ],
    asked: [from("outside", VIP, ["m1"], "client", [80])],
  },
  {
    feature: "hints by node go before those by zone",
    service: spec({}),
    endpoints: [
      undefined,
      { ...READY, hints: { forZones: [{ name: "z1" }], forNodes: [{ name: "n2" }] } },
      { ...READY, hints: { forZones: [{ name: "z2" }], forNodes: [{ name: "n1" }] } },
    ],
    asked: [from("outside", VIP, ["m2"], "client", [80])],
  },
];
