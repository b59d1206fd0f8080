import { expect, test } from "bun:test";
import { nearest } from "../../../../src/tool/doctor/text/near.ts";

const KNOWN = ["isGateway", "isDefaultGateway", "ipMasq", "ipam", "mtu", "mac", "snat", "subnet", "name", "disableGC"];

test.each([
  ["isGatewy", "isGateway"],
  ["isgateways", "isGateway"],
  ["subent", "subnet"],
  ["ipMask", "ipMasq"],
  ["mut", "mtu"],
])("nearest(%j) is %j", (word, meant) => {
  expect(nearest(word, KNOWN)).toBe(meant);
});

test.each(["noSnat", "nerdctlID", "mode", "x", "master"])("nothing is near to %j", (word) => {
  expect(nearest(word, KNOWN)).toBeUndefined();
});
