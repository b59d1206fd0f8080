/** That no list which an IPAM plugin gives is gone through once for each member of another. */
import { expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { planAddresses, planBridge } from "../../../../src/plugins/bridge/plan.ts";
import { assertOneSubnet } from "../../../../src/plugins/bridge/sound.ts";
import { growth, LINEAR } from "../../../support/growth.ts";
import { bridgeCall } from "./call.ts";

const many = <T>(size: number, item: (i: number) => T) => Array.from({ length: size }, (_, i) => item(i));
const prefix = (i: number): Prefix => ({ ip: Uint8Array.of(10, i >> 16, i >> 8, i), length: 32 });
const [gateway, other] = [parseIp("10.0.0.1") as Ip, parseIp("fd00::1") as Ip];

function plan(conf: object, ips: object, size: number) {
  const result = {
    interfaces: [],
    ips: many(size, (i) => ({ address: prefix(i), ...ips })),
    routes: [{ dst: parsePrefix("0.0.0.0/0") as Prefix, gw: gateway }, ...many(size, (i) => ({ dst: prefix(i) }))],
    dns: {},
  };
  return planAddresses(
    planBridge(bridgeCall({ conf: { ipam: { type: "ipam" }, forceAddress: true, ...conf } })),
    result,
  );
}

test("planAddresses() looks for default routes once, and not for each address", () => {
  const work = (size: number) => plan({ isDefaultGateway: true }, { gateway }, size);
  expect(work(3).routes).toHaveLength(4);
  expect(growth(2000, work)).toBeLessThan(LINEAR);
});

test("planAddresses() looks for the addresses' gateway once, and not for each route", () => {
  const work = (size: number) => plan({}, { gateway: other }, size);
  expect(growth(2000, work)).toBeLessThan(LINEAR);
});

test("assertOneSubnet() compares the choices of many ranges in one go", () => {
  const work = (size: number) => assertOneSubnet("br0", [many(size, prefix), many(size, prefix).reverse()]);
  expect(growth(4000, work)).toBeLessThan(LINEAR);
});
