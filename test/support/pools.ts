/** host-local configurations that several tests use. */

const DEFAULT_ROUTES = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];

/** An address of 10.77.0.0/24 and one of fd77::/64, with default routes. */
export const DUAL_STACK = {
  type: "host-local",
  ranges: [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]],
  routes: DEFAULT_ROUTES,
};

/** The same subnets, but only the one address 10.77.0.`last` and fd77::`last`. */
export function poolOfOne(last: number) {
  const only = (subnet: string, ip: string) => [{ subnet, rangeStart: ip, rangeEnd: ip }];
  return {
    type: "host-local",
    ranges: [only("10.77.0.0/24", `10.77.0.${last}`), only("fd77::/64", `fd77::${last}`)],
    routes: DEFAULT_ROUTES,
  };
}
