/** Differences that leave both sides in the same state for whatever comes next. */
import { hasPlugin } from "./case.ts";
import { endsWith, memberOf } from "./class-words.ts";
import type { DifferenceClass } from "./classes.ts";
import type { Difference } from "./diff.ts";

/** The reference's bridge has the address of its lowest port. */
function isFloating(d: Difference): boolean {
  return (endsWith(d, "mac", "shared") || endsWith(d, "mac", "changed")) && d.berth === false && d.reference === true;
}

const isRouteToContainer = ({ path: [where, what, route = ""] }: Difference) =>
  where === "host" && what === "routes" && /"dst":"10\.77\.0\.40",.*"dev":"port\(/.test(route);
const isLinkLocal = (d: Difference) => endsWith(d, "addresses", "fe80::");
const isPort = ({ path }: Difference) => path[2]?.startsWith("port(") ?? false;
const inHost = ({ path }: Difference) => path[0] === "host";

export const COSMETIC: readonly DifferenceClass[] = [
  {
    name: "alias",
    cosmetic: true,
    explains: (d) => inHost(d) && endsWith(d, "ifalias") && d.reference === undefined && /^berth/.test(d.berth),
  },
  {
    name: "bridge-mac-pinned",
    cosmetic: true,
    explains: (d) => inHost(d) && (isFloating(d) || (endsWith(d, "mac") && d.reference === "00:00:00:00:00:00")),
  },
  {
    name: "one-address-twice",
    cosmetic: true,
    explains: (d, { one, conf }) =>
      memberOf((one.list?.[0] ?? conf).ipam, "type") === "static" &&
      ((d.path[0] === "containers" && endsWith(d, "mac", "shared") && d.berth === true && d.reference === false) ||
        (hasPlugin(one, "ptp") && isRouteToContainer(d) && d.reference === undefined)),
  },
  {
    name: "queue-length",
    cosmetic: true,
    explains: (d) => inHost(d) && endsWith(d, "txqlen") && d.berth === 1000 && d.reference === undefined,
  },
  {
    name: "bridge-state-unknown",
    cosmetic: true,
    // While a bridge has no port that runs, its state, and with that its own link-local address, is a race in the kernel.
    explains: (d) =>
      inHost(d) &&
      ((endsWith(d, "operstate") && d.berth === "UNKNOWN" && d.reference === "UP") ||
        (isLinkLocal(d) && !isPort(d) && d.berth === undefined && d.reference === true)),
  },
  {
    name: "port-without-link-local",
    cosmetic: true,
    explains: (d) => inHost(d) && isLinkLocal(d) && isPort(d) && d.berth === undefined && d.reference === true,
  },
  {
    name: "no-dad",
    cosmetic: true,
    explains: (d) => endsWith(d, "addresses", "*", "nodad") && d.berth === true && d.reference === undefined,
  },
  {
    name: "neighbour-advertisement",
    cosmetic: true,
    // With CNI_NETNS_OVERRIDE a container's link may be in the host's namespace.
    explains: (d) =>
      (d.path[0] === "containers" || d.path[2] === "eth0") &&
      endsWith(d, "sysctls", "ipv6/conf/*/ndisc_notify") &&
      d.berth === "1" &&
      d.reference === "0",
  },
  {
    name: "specific-code",
    cosmetic: true,
    explains: (d, { berth, reference }) =>
      endsWith(d, "answer", "code") &&
      berth.answer.status === 1 &&
      reference.answer.status === 1 &&
      d.reference === 999,
  },
  {
    name: "first-error",
    cosmetic: true,
    // Each side names the first of several things that are wrong: berth the configuration's, with what the kernel lacks for
    // it, then the lease's.
    explains: (d, { step, berth: { answer } }) =>
      endsWith(d, "answer", "message") &&
      (/^[2467]$/.test(String(answer.code)) ||
        step.verb === "CHECK" ||
        (step.verb === "ADD" &&
          /failed to (allocate|open netns|set bridge addr|find plugin)|requested IPs/.test(answer.message ?? ""))),
  },
  {
    name: "first-error",
    cosmetic: true,
    explains: (d, { step, berth, reference }) =>
      endsWith(d, "answer", "code") &&
      step.verb !== "ADD" &&
      /^[67]$/.test(`${berth.answer.code}`) &&
      reference.answer.code === 4,
  },
];
