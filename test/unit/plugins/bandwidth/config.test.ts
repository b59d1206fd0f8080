import { describe, expect, test } from "bun:test";
import { bucketOf } from "../../../../src/features/shaping/bucket.ts";
import { ifbName } from "../../../../src/features/shaping/shape.ts";
import { readConfig } from "../../../../src/plugins/bandwidth/config.ts";
import { refusal } from "../../../support/refusal.ts";

const ONE = { ingressRate: 8_000_000, ingressBurst: 80_000 };
const LIMIT = { rate: 8_000_000, burst: 80_000 };

describe("readConfig()", () => {
  test.each<[object, object]>([
    [{}, {}],
    [ONE, { ingress: LIMIT }],
    [{ egressRate: 8_000_000, egressBurst: 80_000 }, { egress: LIMIT }],
    [{ runtimeConfig: { bandwidth: ONE } }, { ingress: LIMIT }],
    [{ egressRate: 0, runtimeConfig: { bandwidth: ONE } }, {}],
    [{ ...ONE, runtimeConfig: { bandwidth: { egressRate: 8 } } }, { ingress: LIMIT }],
    [{ INGRESSRATE: 8_000_000, ingressburst: 80_000 }, { ingress: LIMIT }],
    [{ ingressRate: null, runtimeConfig: { bandwidth: ONE } }, { ingress: LIMIT }],
  ])("of %p", (config, wish) => expect(readConfig({ config }).wish).toEqual(wish));

  test.each([
    [{ ingressRate: 8 }, 7, "if rate is set, burst must also be set"],
    [{ egressBurst: 8 }, 7, "if burst is set, rate must also be set"],
    [{ ingressRate: 8, ingressBurst: 8 * (2 ** 32 - 1) }, 7, "burst cannot be more than 4GB"],
    [{ ingressRate: 7, ingressBurst: 8 }, 7, "invalid ingressRate 7"],
    [
      { runtimeConfig: { bandwidth: { egressRate: 8, egressBurst: 7 } } },
      7,
      "invalid runtimeConfig.bandwidth.egressBurst 7",
    ],
    [{ ...ONE, runtimeConfig: { bandwidth: { egressRate: -8 } } }, 7, "invalid runtimeConfig.bandwidth.egressRate -8"],
    [{ ingressRate: 8.5 }, 6, "ingressRate: 8.5 is not an integer"],
  ])("refuses %p", (config, code, message) => {
    const error = refusal(() => readConfig({ config }));
    expect([error.code, error.message]).toEqual([code, message]);
  });
});

test.each<[rate: number, burst: number, tbf: object]>([
  [8_000_000, 80_000, { rate: 1_000_000, limit: 35_000, buffer: 156_250 }],
  [8, 8, { rate: 1, limit: 1, buffer: 15_625_000 }],
  [1_000_003, 123_457, { rate: 125_000, limit: 18_557, buffer: 1_929_000 }],
  [80_000_000_000, 8_000_000, { rate: 10_000_000_000, limit: 251_000_000, buffer: 1562 }],
  // 2,147,483,640 us are 33,554,431,875 ticks, of which 32 bits are left.
  [1_000_000, 2_147_483_647, { rate: 125_000, limit: 268_438_580, buffer: 3_489_660_803 }],
])("bucketOf() %d bits a second, %d at once", (rate, burst, tbf) =>
  expect(bucketOf({ rate, burst })).toEqual(tbf as never),
);

test("ifbName() is the reference's", () => {
  expect(ifbName({ network: "net", containerId: "cid-1" })).toBe("bwpc56677a01e3b");
});
