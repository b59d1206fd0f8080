import { expect, test } from "bun:test";
import { readPool } from "../../../../src/plugins/host-local/config.ts";
import type { Call } from "../../../../src/spec/plugin.ts";

const callWith = (ipam: object) =>
  ({ version: "1.1.0", config: { ipam: { subnet: "10.77.0.0/24", ...ipam } } }) as unknown as Call;

test("readPool() refuses an ipam.type that is no string, as the reference does", () => {
  expect(readPool(callWith({ type: "host-local" })).sets).toHaveLength(1);
  expect(() => readPool(callWith({ type: 3 }))).toThrow("ipam.type");
});
