import {
  EACCES,
  EADDRNOTAVAIL,
  EEXIST,
  EHOSTUNREACH,
  EINVAL,
  ENETUNREACH,
  ENODEV,
  isErrno,
  messageOf,
} from "../base/errno.ts";
import { familyOf, formatIp, formatPrefix, type Ip, networkOf } from "../base/ip.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { Sysctls } from "../host/sysctl.ts";
import { addAddr, IFA_F_NODAD } from "../rtnl/addr.ts";
import { setUp, setUpNotifying } from "../rtnl/link.ts";
import { addRoute } from "../rtnl/route.ts";
import { CniError, INTERNAL } from "../spec/errors.ts";
import { addLinkLocal, isLinkLocalEarly } from "./link-local.ts";
import type { Veth } from "./pair.ts";
import type { Addressing, VethPlan } from "./plan.ts";
import { NO_IPV6 } from "./remedies.ts";
import { gatewaysOfRoutes } from "./sound.ts";

/** The container's interface, as its own namespace knows it. */
export interface Inner {
  readonly name: string;
  readonly index: number;
}

/**
 * Gives the container's interface its addresses and routes, and brings it up. `announces`: there are others on the link, who
 * are to be told who has an address (arp_notify, ndisc_notify).
 */
export function configure(
  sandbox: Sandbox,
  plan: VethPlan,
  veth: Veth,
  addressing: Addressing,
  announces: boolean,
): Inner {
  const { ifname } = plan.owner;
  const inner = { name: ifname, index: veth.outer.peer };
  const v6 = addressing.ips.some(({ address }) => familyOf(address.ip) === 6);
  const { enabledad } = plan.config;
  const early = !v6 && isLinkLocalEarly(sandbox, plan.config, veth);
  if (v6 || (announces && !early)) {
    sandbox.enter((sysctls) => {
      if (announces) prepare(sysctls, ifname, enabledad);
      if (v6) prepareIpv6(sysctls, ifname, announces);
    });
  }
  // Without duplicate address detection an IPv6 address is ready at once, not when the kernel's timers come to it.
  const nodad = enabledad ? 0 : IFA_F_NODAD;
  const addresses = addressing.ips.map(({ address }) =>
    addAddr(inner, address, familyOf(address.ip) === 6 ? nodad : 0),
  );
  const up = announces ? setUpNotifying(inner) : setUp(inner);
  const linkLocal = early ? [addLinkLocal(inner, veth.mac)] : [];
  const failures = sandbox.attempt([...addresses, up, ...routesOf(inner, addressing), ...linkLocal]);
  const first = failures.findIndex((failure) => failure !== undefined);
  if (isErrno(failures[first], ENODEV) && !sandbox.findLink(inner.index)) throw vanished(sandbox, ifname);
  if (first >= 0) throw explain(failures[first], first, addressing, ifname);
  return inner;
}

function vanished(sandbox: Sandbox, ifname: string): CniError {
  return new CniError(
    INTERNAL,
    `interface "${ifname}" vanished from ${sandbox.path} while it was set up`,
    "has the container ended?",
  );
}

function prepare(sysctls: Sysctls, ifname: string, enabledad: boolean): void {
  if (enabledad) sysctls.tryWrite(`net/ipv6/conf/${ifname}/enhanced_dad`, "1");
  sysctls.tryWrite(`net/ipv6/conf/${ifname}/accept_dad`, enabledad ? "1" : "0");
}

/** An IPv6 address needs IPv6 to be on, and should survive the interface going down. */
function prepareIpv6(sysctls: Sysctls, ifname: string, announces: boolean): void {
  for (const name of ["lo", ifname]) {
    const key = `net/ipv6/conf/${name}/disable_ipv6`;
    const disabled = sysctls.read(key);
    if (disabled === undefined) {
      throw new CniError(
        INTERNAL,
        `failed to enable IPv6 for interface "${name}": there is no sysctl ${key.replaceAll("/", ".")}`,
        NO_IPV6,
      );
    }
    if (disabled !== "0") sysctls.write(key, "0");
  }
  sysctls.write(`net/ipv6/conf/${ifname}/keep_addr_on_down`, "1");
  if (announces) sysctls.tryWrite(`net/ipv6/conf/${ifname}/ndisc_notify`, "1");
}

function routesOf(inner: Inner, { ips, routes }: Addressing) {
  // As in the reference, a priority or table below one is none.
  const given = (number: number | undefined) => (number !== undefined && number > 0 ? number : undefined);
  const gatewayOf = gatewaysOfRoutes(ips);
  return routes.map((route) => {
    const { dst, scope } = route;
    const [priority, table] = [given(route.priority), given(route.table)];
    return addRoute({ dst, gateway: gatewayOf(route), oif: inner, priority, table, scope });
  });
}

/** What the first failing request of addresses, up, routes, link-local address was about. */
function explain(failure: unknown, at: number, { ips, routes }: Addressing, ifname: string): CniError {
  const failed = (what: string, remedy = "") =>
    new CniError(INTERNAL, `failed to ${what}: ${messageOf(failure)}`, remedy, failure);
  const address = ips[at]?.address;
  if (address) return failed(`add IP addr ${formatPrefix(address)} to "${ifname}"`, remedyForAddress(failure));
  if (at === ips.length) return failed(`set "${ifname}" UP`);
  const route = routes[at - ips.length - 1];
  if (!route) return failed(`add link-local address to "${ifname}"`);
  const gateway = gatewaysOfRoutes(ips)(route);
  const via = gateway ? ` via ${formatIp(gateway)}` : "";
  return failed(
    `add route '${formatPrefix(route.dst)}${via} dev ${ifname}'`,
    remedyForRoute(failure, gateway, ips) ?? `see "routes" under "ipam"`,
  );
}

function remedyForAddress(failure: unknown): string {
  if (isErrno(failure, EEXIST)) return "IPAM gave the address twice";
  if (isErrno(failure, EADDRNOTAVAIL)) return `no interface can have such an address: choose another "subnet"`;
  return "";
}

function remedyForRoute(failure: unknown, gateway: Ip | undefined, ips: Addressing["ips"]): string | undefined {
  if (isErrno(failure, EEXIST)) {
    return `the route is given twice, or the address's own subnet already makes it: see "routes" under "ipam"`;
  }
  if (isErrno(failure, EACCES)) {
    return "IPv6 is switched off in the container, for which the network has no IPv6 range: remove its IPv6 routes, or add one";
  }
  if (!gateway || !isErrno(failure, ENETUNREACH, EHOSTUNREACH, EINVAL)) return undefined;
  const subnets = ips.map(({ address }) => formatPrefix({ ip: networkOf(address), length: address.length }));
  return `see "routes" under "ipam": ${formatIp(gateway)} must be another host's address in a subnet of the container's (${subnets.join(", ")}), or one that a route before it leads to`;
}
