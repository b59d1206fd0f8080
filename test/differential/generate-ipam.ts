/** Configurations of host-local, mostly valid: the keys of ref-host-local §1. */
import fc from "fast-check";
import { key, pick, record, type Values } from "./values.ts";

export const STORE = "$DIR/store";

/** Ranges that go together, by name of what they show. */
const V4 = { subnet: "10.77.0.0/24" };
const V6 = { subnet: "fd77::/64" };
const RANGE4: Values = pick<object>(
  [24, V4],
  [2, { subnet: "10.77.8.0/29" }],
  [1, { subnet: "10.77.9.0/30" }],
  [2, { ...V4, rangeStart: "10.77.0.10", rangeEnd: "10.77.0.12" }],
  [1, { ...V4, rangeStart: "10.77.0.9", rangeEnd: "10.77.0.9" }],
  [1, { ...V4, rangeStart: "10.77.0.0" }],
  [1, { ...V4, rangeEnd: "10.77.0.255", rangeStart: "10.77.0.254" }],
  [2, { ...V4, gateway: "10.77.0.254" }],
  [1, { ...V4, gateway: "", rangeStart: "", rangeEnd: "" }],
  [1, { ...V4, gateway: "10.99.0.1" }],
  [1, { ...V4, gateway: "fd77::1" }],
);
const RANGE6: Values = pick<object>(
  [14, V6],
  [1, { subnet: "fd77:0:0:1::/120" }],
  [1, { ...V6, rangeStart: "fd77::10", rangeEnd: "fd77::11" }],
  [1, { ...V6, gateway: "fd77::fe" }],
  [1, { subnet: "FD77:0:0:2::/64" }],
);
const BAD_RANGE: Values = pick<object>(
  [1, {}],
  [1, { subnet: "10.77.0.5/24" }],
  [1, { subnet: "10.77.0.0/31" }],
  [1, { subnet: "fd77::/127" }],
  [1, { subnet: "::ffff:10.77.0.0/120" }],
  [1, { subnet: "10.77.0.0" }],
  [1, { subnet: "10.077.0.0/24" }],
  [1, { subnet: "" }],
  [1, { ...V4, rangeStart: "10.78.0.1" }],
  [1, { ...V4, rangeEnd: "10.78.0.1" }],
  [1, { ...V4, rangeStart: "10.77.0.9", rangeEnd: "10.77.0.3" }],
  [1, { ...V4, rangeStart: "fd77::1" }],
  [1, { ...V4, gateway: "gateway" }],
  [1, { subnet: 24 }],
);

export const rangeSets: Values = fc.oneof(
  { weight: 26, arbitrary: fc.tuple(fc.tuple(RANGE4)) },
  { weight: 26, arbitrary: fc.tuple(fc.tuple(RANGE4), fc.tuple(RANGE6)) },
  { weight: 4, arbitrary: fc.tuple(fc.tuple(RANGE6)) },
  { weight: 2, arbitrary: fc.tuple(fc.tuple(RANGE4, fc.constant({ subnet: "10.77.4.0/24" }))) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(RANGE4), fc.constant([{ subnet: "10.77.4.0/24" }])) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(RANGE4, RANGE6)) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(RANGE4, RANGE4)) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(RANGE4), fc.tuple(RANGE4)) },
  { weight: 1, arbitrary: fc.tuple(fc.tuple(BAD_RANGE)) },
  { weight: 1, arbitrary: pick<unknown>([1, []], [1, [[]]], [1, null], [1, [null]], [1, V4], [1, [V4]]) },
);

const ROUTE: Values = pick<object>(
  [10, { dst: "0.0.0.0/0" }],
  [4, { dst: "::/0" }],
  [4, { dst: "0.0.0.0/0", gw: "10.77.0.1" }],
  [1, { dst: "::/0", gw: "fd77::1" }],
  [6, { dst: "10.99.0.0/16" }],
  [1, { dst: "10.98.0.0/16", gw: "10.77.0.200" }],
  [1, { dst: "10.97.0.0/16", gw: "192.0.2.9" }],
  [1, { dst: "fd99::/48", gw: "" }],
  [1, { dst: "10.96.0.9/16" }],
  [3, { dst: "10.95.0.0/16", mtu: 1300, advmss: 1200 }],
  [3, { dst: "10.94.0.0/16", priority: 77 }],
  [3, { dst: "10.93.0.0/16", table: 77 }],
  [3, { dst: "10.92.0.0/16", table: 1000, priority: 5 }],
  [3, { dst: "10.91.0.0/16", scope: 0 }],
  [1, { dst: "10.90.0.0/16", scope: 253, gw: "" }],
  [1, { dst: "fd98::/48", priority: 9, table: 78 }],
  [1, { gw: "10.77.0.1" }],
  [1, { dst: "default" }],
  [1, { dst: "10.77.0.0/24" }],
);

export const routes: Values = fc.oneof(
  { weight: 9, arbitrary: fc.constant([{ dst: "0.0.0.0/0" }]) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 6, arbitrary: fc.array(ROUTE, { maxLength: 3 }) },
);

/** The `ipam` object of type host-local. */
export const hostLocal: Values = record({
  type: fc.constant("host-local"),
  dataDir: fc.constant(STORE),
  ranges: key(92, rangeSets),
  subnet: key(12, pick([4, "10.77.12.0/24"], [1, "10.77.0.0/24"], [1, "fd77:0:0:9::/64"], [1, "10.77.12.0/33"])),
  rangeStart: key(8, pick([3, "10.77.12.20"], [1, "10.77.0.20"], [1, "start"])),
  rangeEnd: key(8, pick([3, "10.77.12.30"], [1, "10.77.12.2"])),
  gateway: key(8, pick([3, "10.77.12.254"], [1, "10.77.13.1"])),
  routes: key(65, routes),
  resolvConf: key(15, pick([4, "$DIR/resolv.conf"], [1, "$DIR/absent"], [1, ""], [1, null])),
});

/** The same with nothing in it that an ADD could fail for. */
export const soundHostLocal: Values = record({
  type: fc.constant("host-local"),
  dataDir: fc.constant(STORE),
  ranges: pick<object>([2, [[V4]]], [3, [[V4], [V6]]], [1, [[V6]]]),
  routes: key(
    70,
    pick<object>(
      [3, [{ dst: "0.0.0.0/0", gw: "10.77.0.1" }]],
      [2, [{ dst: "10.99.0.0/16" }]],
      [
        1,
        [
          { dst: "10.95.0.0/16", mtu: 1300, advmss: 1200 },
          { dst: "10.94.0.0/16", priority: 77 },
        ],
      ],
    ),
  ),
  resolvConf: key(15, fc.constant("$DIR/resolv.conf")),
});

/** Addresses that are asked for: `args.cni.ips` and `runtimeConfig.ips`. At most one of each range set, or the reference picks one at random. */
export const wishes: Values = pick<unknown>(
  [4, ["10.77.0.9"]],
  [3, ["10.77.0.33/24"]],
  [3, ["10.77.0.11", "fd77::11"]],
  [2, ["fd77::10/64"]],
  [1, ["10.77.0.1"]],
  [1, ["172.16.0.1"]],
  [1, []],
  [1, null],
  [1, [""]],
  [1, ["nonsense"]],
  [1, "10.77.0.9"],
);
