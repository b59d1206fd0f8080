/** Each container: what it needs inside to reach its gateway. */
import { equalIp, formatIp, formatPrefix, type Ip, prefixContains } from "../../base/ip.ts";
import { formatMac } from "../../base/mac.ts";
import { IFA_F_DADFAILED } from "../../rtnl/addr.ts";
import { IFF_UP } from "../../rtnl/link.ts";
import { NEIGH_STATES, type Neigh } from "../../rtnl/neighbours.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Result } from "../../spec/result.ts";
import type { Finding } from "../finding.ts";
import type { AttachmentFacts, Facts, Inside } from "./facts.ts";
import { nameOf } from "./ports.ts";
import { takeDown } from "./take-down.ts";
import { command, inNetns } from "./text/shell.ts";

export function checkAttachments(facts: Facts): Finding[] {
  return facts.attachments.flatMap((attachment) => {
    const { result, inside, netns, cached } = attachment;
    if (!cached) return [];
    if (netns === "gone") return [goneFinding(attachment, facts)];
    if (!inside || !result) return [];
    if (!inside.link) return hasInterface(attachment, result) ? [lostFinding(attachment, facts)] : [];
    return checkInside(new Container(attachment, inside, inside.link, result), facts);
  });
}

/** Whether an ADD made an interface of that name there. */
const hasInterface = ({ owner }: AttachmentFacts, { interfaces }: Result): boolean =>
  interfaces.some(({ name, sandbox }) => sandbox && name === owner.ifname);

function goneFinding(attachment: AttachmentFacts, facts: Facts): Finding {
  const { cached, leases } = attachment;
  const held = leases.map(({ address }) => address).join(", ");
  return {
    severity: "warning",
    what: `${nameOf(attachment)} is gone, and was never taken off the network`,
    evidence: `its namespace ${cached?.netns} is not there, and ${cached?.path} is`,
    consequence: `what it had stays taken: ${held || "rules, ports"}`,
    mend: takeDown(attachment, facts),
  };
}

function lostFinding(attachment: AttachmentFacts, facts: Facts): Finding {
  const { owner, cached } = attachment;
  return {
    severity: "error",
    what: `${nameOf(attachment)} has no interface ${owner.ifname} any more`,
    evidence: `nsenter --net=${cached?.netns} ip link show ${owner.ifname}: does not exist`,
    consequence: "it reaches nothing, and nothing reaches it",
    mend: ["# its runtime must start it anew; until then this frees what it had:", ...takeDown(attachment, facts)],
  };
}

/** A container with all that is known of it. */
class Container {
  readonly attachment: AttachmentFacts;
  readonly inside: Inside;
  readonly link: Link;
  readonly result: Result;
  readonly netns: string;
  readonly name: string;

  constructor(attachment: AttachmentFacts, inside: Inside, link: Link, result: Result) {
    this.attachment = attachment;
    this.inside = inside;
    this.link = link;
    this.result = result;
    this.netns = attachment.cached?.netns ?? "";
    this.name = nameOf(attachment);
  }

  /** A command in its namespace. */
  run(...words: readonly string[]): string {
    return inNetns(this.netns, ...words);
  }

  error(what: string, evidence: string, consequence: string, mend: readonly string[]): Finding {
    return { severity: "error", what, evidence, consequence, mend };
  }
}

function checkInside(container: Container, facts: Facts): Finding[] {
  const { link, name, attachment } = container;
  const isMeantDown = attachment.network?.bridge?.disableContainerInterface === true;
  if (!(link.flags & IFF_UP) && !isMeantDown) {
    const mend = [
      container.run("ip", "link", "set", link.name, "up"),
      ...addressesAgain(container),
      ...routesAgain(container),
    ];
    const evidence = `no UP among its flags (nsenter --net=${container.netns} ip link show ${link.name})`;
    return [
      container.error(`${link.name} of ${name} is down`, evidence, "it reaches nothing, and nothing reaches it", mend),
    ];
  }
  return [
    ...checkMac(container),
    ...checkAddresses(container),
    ...checkRoutes(container),
    ...checkNeighbours(container, facts),
  ];
}

/** IPv6 addresses go when a link goes down. */
function addressesAgain(container: Container): string[] {
  const six = container.result.ips.filter(({ address }) => address.ip.length === 16);
  return six.map(({ address }) =>
    container.run("ip", "addr", "replace", formatPrefix(address), "dev", container.link.name, "nodad"),
  );
}

/** The routes of the result, which go when a link goes down. */
function routesAgain(container: Container): string[] {
  return container.result.routes.map((route) => routeCommand(container, route));
}

type Wanted = Result["routes"][number];

function routeCommand(container: Container, { dst, gw, priority, table }: Wanted): string {
  const via = gatewayOf(container, dst.ip, gw);
  const family = dst.ip.length === 4 ? [] : ["-6"];
  const words = ["ip", ...family, "route", "replace", formatPrefix(dst)];
  return container.run(
    ...words,
    ...(via ? ["via", formatIp(via)] : []),
    "dev",
    container.link.name,
    ...(priority ? ["metric", `${priority}`] : []),
    ...(table ? ["table", `${table}`] : []),
  );
}

/** As the plugins choose it: the route's own, else that of the first address of its family. */
function gatewayOf({ result }: Container, ip: Ip, gw: Ip | undefined): Ip | undefined {
  if (gw?.some((byte) => byte !== 0)) return gw;
  return result.ips.find(({ address }) => address.ip.length === ip.length)?.gateway;
}

function checkMac(container: Container): Finding[] {
  const { result, link, attachment, name } = container;
  const then = result.interfaces
    .findLast((one) => one.name === attachment.owner.ifname && one.sandbox)
    ?.mac?.toLowerCase();
  const now = formatMac(link.mac);
  if (!then || then === now) return [];
  const evidence = `it is ${now}, and the result of ADD says ${then} (nsenter --net=${container.netns} ip link show ${link.name})`;
  const mend = [container.run("ip", "link", "set", link.name, "address", then)];
  const consequence = "others send to the old one until they ask again; with macspoofchk what it sends is dropped";
  return [
    container.error(`${link.name} of ${name} has another MAC address than it was given`, evidence, consequence, mend),
  ];
}

function checkAddresses(container: Container): Finding[] {
  const { result, inside, link, name, netns } = container;
  return result.ips.flatMap(({ address }) => {
    const text = formatPrefix(address);
    const found = inside.addrs.find(({ prefix }) => formatPrefix(prefix) === text);
    const replace = container.run(
      "ip",
      "addr",
      "replace",
      text,
      "dev",
      link.name,
      ...(address.ip.length === 16 ? ["nodad"] : []),
    );
    const see = `nsenter --net=${netns} ip addr show ${link.name}`;
    if (!found) {
      const has = inside.addrs.map(({ prefix }) => formatPrefix(prefix)).join(", ");
      const mend = [replace, ...routesAgain(container)];
      return container.error(
        `${name} lacks its address ${text}`,
        `${link.name} has ${has || "none"} (${see})`,
        NOTHING,
        mend,
      );
    }
    if (!(found.flags & IFA_F_DADFAILED)) return [];
    const mend = [container.run("ip", "addr", "del", text, "dev", link.name), replace];
    return container.error(
      `the address ${text} of ${name} is somebody else's too`,
      `dadfailed (${see})`,
      NOTHING,
      mend,
    );
  });
}

const NOTHING = "it reaches nothing, and nothing reaches it";

function checkRoutes(container: Container): Finding[] {
  const { result, inside, name, netns } = container;
  const present = new Set(inside.routes.map(({ dst }) => formatPrefix(dst)));
  const missing = result.routes.filter(({ dst }) => !present.has(formatPrefix(dst)));
  return missing.map((route) => {
    const text = formatPrefix(route.dst);
    const isDefault = route.dst.length === 0;
    return container.error(
      isDefault ? `${name} has no default route` : `${name} has no route to ${text}`,
      `the result of ADD has ${text}, and its tables have not (nsenter --net=${netns} ip route)`,
      isDefault ? "it reaches its own subnet only" : `it does not reach ${text}, or by another way`,
      [routeCommand(container, route)],
    );
  });
}

/** The neighbour entries by which container and gateway find each other. */
function checkNeighbours(container: Container, facts: Facts): Finding[] {
  return [...gatewayNeighbours(container, facts), ...hostNeighbours(container, facts)];
}

function gatewayNeighbours(container: Container, { links, addrs }: Facts): Finding[] {
  const { inside, link, name, netns } = container;
  return inside.neighs.flatMap((neigh) => {
    const isGateway = container.result.ips.some(({ gateway: ip }) => ip && equalIp(ip, neigh.address));
    const owner = isGateway ? addrs.find(({ prefix }) => equalIp(prefix.ip, neigh.address)) : undefined;
    const gateway = owner && links.find(({ index }) => index === owner.index);
    const why = gateway ? wrongOf(neigh, gateway) : undefined;
    if (why === undefined) return [];
    const evidence = `${formatIp(neigh.address)} ${why} (nsenter --net=${netns} ip neigh)`;
    const mend = [container.run("ip", "neigh", "del", formatIp(neigh.address), "dev", link.name)];
    return container.error(`${name} does not find its gateway`, evidence, "it reaches its own subnet only", mend);
  });
}

/** Why an entry does not lead to the link that has its address. */
function wrongOf({ state, mac }: Neigh, link: Link): string | undefined {
  if (state & NEIGH_STATES.failed) return "is FAILED: nobody has answered";
  if (!mac || formatMac(mac) === formatMac(link.mac)) return undefined;
  return `leads to ${formatMac(mac)}, and ${link.name} has ${formatMac(link.mac)}`;
}

function hostNeighbours(container: Container, { neighs, links }: Facts): Finding[] {
  const { result, link, name, inside } = container;
  return neighs.flatMap((neigh) => {
    if (!result.ips.some(({ address }) => equalIp(address.ip, neigh.address))) return [];
    const dev = links.find(({ index }) => index === neigh.dev);
    const isHere = inside.addrs.some(({ prefix }) => prefixContains(prefix, neigh.address));
    const why = isHere && dev ? wrongOf(neigh, link) : undefined;
    if (why === undefined || !dev) return [];
    const evidence = `${formatIp(neigh.address)} ${why} (ip neigh show dev ${dev.name})`;
    const mend = [command("ip", "neigh", "del", formatIp(neigh.address), "dev", dev.name)];
    return container.error(
      `this machine does not find ${name}`,
      evidence,
      "answers and published ports do not get to it",
      mend,
    );
  });
}
