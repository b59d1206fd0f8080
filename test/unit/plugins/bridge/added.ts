/** ADDs over the fake host, and what is said of them. */
import { afterAll, expect } from "bun:test";
import { type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { add } from "../../../../src/plugins/bridge/add.ts";
import type { Result } from "../../../../src/spec/result.ts";
import { executables } from "../../../support/executables.ts";
import { type Cues, type FakeHost, fakeHost } from "../../../support/fakehost.ts";
import { fakePlugin } from "../../../support/plugin-fake.ts";
import { bridgeCall } from "./call.ts";

export const GATEWAY = parseIp("10.1.2.1") as Uint8Array;
export const LEASE: Result = {
  interfaces: [],
  ips: [{ address: parsePrefix("10.1.2.3/24") as Prefix, gateway: GATEWAY }],
  routes: [{ dst: parsePrefix("0.0.0.0/0") as Prefix }],
  dns: {},
};
export const FULL = { isGateway: true, ipMasq: true, hairpinMode: true, ipam: { type: "ipam" } };

/** An IPAM plugin in this process whose effects are recorded with the host's. */
function recordingIpam(host: FakeHost, lease: Result) {
  return fakePlugin({
    name: "ipam",
    ADD: () => {
      host.effect("ipam ADD");
      return { result: lease, attached: ({ name, index }) => host.effect(`ipam attached ${name} ${index}`) };
    },
    DEL: () => host.effect("ipam DEL"),
  });
}

/** ADDs of this test file, each on a fresh host: what makes one. */
export function adding() {
  const path = executables();
  path.self("ipam");
  afterAll(() => path[Symbol.dispose]());
  return (conf: Record<string, unknown>, cues: Cues = {}, { lease = LEASE, prepare = (_: FakeHost) => {} } = {}) => {
    const host = fakeHost(cues);
    prepare(host);
    const delegates = [recordingIpam(host, lease)];
    const call = bridgeCall({ conf, env: { CNI_PATH: path.dir }, delegates });
    try {
      return { host, call, outcome: add(call, host), thrown: undefined };
    } catch (error) {
      return { host, call, outcome: undefined, thrown: error };
    }
  };
}

/** The record with what is random or counted left out. */
export const words = (log: readonly string[]) =>
  log.map((line) =>
    line.replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "MAC").replace(/\b(dev|master|set|attached \w+) \d+/, "$1 N"),
  );

/** Nothing that only this ADD can have made is left. */
export function expectNothingLeft(host: FakeHost): void {
  expect(host.inside()).toEqual([]);
  expect(host.listLinks().filter(({ kind }) => kind === "veth")).toEqual([]);
  expect([...host.masqueraded]).toEqual([]);
}
