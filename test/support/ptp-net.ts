/** Networks of ptp in a laboratory, and what is seen of one afterwards, with what is random in words. */
import type { Json } from "./command.ts";
import type { Conf } from "./conf.ts";
import type { Lab } from "./lab.ts";

const V4 = [{ subnet: "10.77.0.0/24" }];
export const V6 = [{ subnet: "fd77::/64" }];
export const DEFAULT_ROUTE = { dst: "0.0.0.0/0" };

/** A network of host-local with 10.77.0.0/24; `ipam` replaces keys of its own, `over` those of the top level. */
export function ptpConf(lab: Lab, over: Record<string, unknown> = {}, ipam: object = {}): Conf {
  const conf = lab.conf({ type: "ptp", cniVersion: "1.1.0", bridge: undefined, isGateway: undefined, ...over });
  return {
    ...conf,
    ipam: { type: "host-local", dataDir: lab.store, ranges: [V4], routes: [DEFAULT_ROUTE], ...ipam },
  };
}
export const dual = (lab: Lab, over = {}) =>
  ptpConf(lab, over, { ranges: [V4, V6], routes: [DEFAULT_ROUTE, { dst: "::/0" }] });

/** The host's end of the only pair. */
export const hostEnd = (lab: Lab): Json =>
  lab.ipj(lab.host, "-d", "addr", "show").find(({ ifname }) => ifname !== "lo");

const isLinkLocal = (text = "") => /^(fe80|ff00):/.test(text);

function side(lab: Lab, ns: string): Json {
  const [link] = lab.ipj(ns, "-d", "addr", "show").filter(({ ifname }) => ifname !== "lo");
  const name = link?.ifname ?? "none";
  const addresses = (link?.addr_info ?? []).filter(({ local }: Json) => !isLinkLocal(local));
  const routes = ["-4", "-6"].flatMap((family) => lab.ipj(ns, family, "-d", "route", "show", "table", "all"));
  // Local routes of IPv6 come when an address is not tentative any more.
  const lasting = routes.filter(({ dst, table }) => !isLinkLocal(dst) && !(table === "local" && dst.includes(":")));
  const worded = (one: Json) => (one.dev === name ? { ...one, dev: "pair" } : one);
  return {
    mtu: link?.mtu,
    up: link?.flags.includes("UP"),
    addresses: addresses.map(({ local, prefixlen, scope, label: _ }: Json) => ({ local, prefixlen, scope })),
    routes: lasting.map(({ flags: _, ...route }) => worded(route)),
    acceptRa: link && lab.sh(ns, "cat", `/proc/sys/net/ipv6/conf/${name}/accept_ra`).trim(),
  };
}

/** Links, addresses and routes on both sides, and whether the machine forwards. */
export function seen(lab: Lab, ns: string): Json {
  const forwarding = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map((key) => `/proc/sys/net/${key}`);
  return { host: side(lab, lab.host), container: side(lab, ns), forwarding: lab.sh(lab.host, "cat", ...forwarding) };
}

/** A result with its random names and addresses in words, its keys in their order. */
export const worded = (stdout: string, ns: string): string =>
  stdout
    .replace(/veth[0-9a-f]{8}/g, "(host's end)")
    .replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "(MAC)")
    .replaceAll(ns, "(container)");
