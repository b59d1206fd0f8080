import { expect, test } from "bun:test";
import {
  iptablesChain,
  networkOfTag,
  networkTag,
  ownerComment,
  ownerTag,
  tagOfComment,
} from "../../../src/features/owner.ts";

const owner = { network: "unit-test", ifname: "eth0", containerId: "one" };
// What the reference writes for the same owner.
const tag = "6fd94d501e58f0aa-287fc69eff0574a2";

test("ownerTag() is the reference's", () => {
  expect(ownerTag(owner)).toBe(tag);
  expect(ownerTag(owner, networkTag("unit-test"))).toBe(tag);
  expect(networkOfTag(tag)).toBe(networkTag("unit-test"));
});

test("ownerComment() is the reference's", () => {
  expect(ownerComment(owner, tag)).toBe(`${tag}, net: unit-test, if: eth0, id: one`);
});

test("tagOfComment() survives the longest names", () => {
  const long = { network: "n".repeat(200), ifname: "eth0", containerId: "c".repeat(200) };
  const comment = ownerComment(long, ownerTag(long));
  expect(comment.length).toBe(128);
  expect(tagOfComment(comment)).toBe(ownerTag(long));
});

test("iptablesChain() is the reference's", () => {
  expect(iptablesChain({ network: "test", containerId: "1234" })).toBe("CNI-2bbe0c48b91a7d1b8a6753a8");
});
