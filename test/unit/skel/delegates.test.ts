import { expect, test } from "bun:test";
import { delegatesOf } from "../../../src/skel/delegates.ts";
import type { Call } from "../../../src/spec/plugin.ts";
import { callEnv, fakePlugin } from "../../support/plugin-fake.ts";
import { refusal } from "../../support/refusal.ts";

const STDIN = '{"name":"net","cniVersion":"1.0.0"}';

test("delegatesOf() runs plugins by name, each knowing the others", () => {
  const seen: string[][] = [];
  const DEL = ({ delegates }: Call) => void seen.push([...delegates.keys()]);
  const table = delegatesOf([fakePlugin({ name: "a", DEL }), fakePlugin({ name: "b" })]);
  expect(table.get("a")?.call(callEnv("DEL"), STDIN)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(seen).toEqual([["a", "b"]]);
});

test("delegatesOf() offers leases of plugins that have them, whatever the command", () => {
  const leases = ({ env, name }: Call) => {
    expect([env.containerId, env.ifname, name]).toEqual(["c1", "eth0", "net"]);
    return [{ address: Uint8Array.of(10, 0, 0, 1), ours: true }];
  };
  const table = delegatesOf([fakePlugin({ name: "ipam", leases }), fakePlugin()]);
  expect(table.get("ipam")?.leases?.(callEnv("ADD"), STDIN)).toHaveLength(1);
  expect(table.get("fake")?.leases).toBeUndefined();
});

test("delegatesOf() offers a collection, begun by a GC that is about no container", () => {
  const collection = ({ name }: Call) => ({
    spared: () => [{ network: name, containerId: "c1", ifname: "eth0" }],
    collect: () => {},
  });
  const env = new Map([["CNI_COMMAND", "GC"]]);
  const found = delegatesOf([fakePlugin({ collection })])
    .get("fake")
    ?.collection?.(env, STDIN);
  expect(found?.spared()).toEqual([{ network: "net", containerId: "c1", ifname: "eth0" }]);
});

test("leases() refuses a request that names no network, or is of no known version", () => {
  const table = delegatesOf([fakePlugin({ leases: () => [] })]);
  const ask = (stdin: string) => refusal(() => table.get("fake")?.leases?.(callEnv("DEL"), stdin)).code;
  expect(ask("{}")).toBe(7);
  expect(ask('{"name":"net","cniVersion":"7"}')).toBe(1);
});
