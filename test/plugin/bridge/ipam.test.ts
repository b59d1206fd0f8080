import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import type { CallOptions, Verb } from "../../support/conf.ts";
import { FAKE_RESULT, type FakeIpam, fakeIpam } from "../../support/fake-ipam.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { snapshot } from "../../support/snapshot.ts";

const need = needs(namespaces, built);

const FAKE = { type: "fake", pool: "somewhere", nested: { "odd key": [1, null, "ü"] } };

/** A call with more than the minimum in its environment and configuration; stdin is not in JSON.stringify's own form. */
function rich(lab: Lab, fake: FakeIpam, ns: string, prevResult?: Json): CallOptions {
  const conf = lab.conf({
    ipam: FAKE,
    runtimeConfig: { ips: ["10.77.0.50"] },
    "x-unknown": 1.5,
    ...(prevResult && { prevResult }),
  });
  return {
    ns,
    conf: `${JSON.stringify(conf, null, 3)}\n`,
    args: "IgnoreUnknown=1;K8S_POD_NAME=p",
    path: `/nowhere:${fake.dir}`,
    env: { EXTRA: "kept as it is = yes", EMPTY: "" },
  };
}

/** ADD, CHECK and DEL by the bridge plugin of `bin`, and what the IPAM plugin saw of each. */
function lifeWith(lab: Lab, fake: FakeIpam, bin: string, ns: string) {
  const run = (verb: Verb, prevResult?: Json) => {
    const { status, stdout, json } = lab.call("bridge", verb, { ...rich(lab, fake, ns, prevResult), bin });
    if (status !== 0) throw new Error(`${verb} by ${bin}: ${stdout}`);
    return json;
  };
  const result = run("ADD");
  run("CHECK", result);
  run("DEL", result);
  const { interfaces: _, ...addressing } = result;
  return { addressing, seen: (["ADD", "CHECK", "DEL"] as const).map((verb) => fake.recorded(verb)) };
}

/** prevResult has other MAC addresses and port names with each ADD. */
const withoutPrevResult = (recorded: ReturnType<typeof lifeWith>["seen"]) =>
  recorded.map((one) => one && { ...one, stdin: { ...JSON.parse(one.stdin), prevResult: undefined } });

describe("bridge with an IPAM plugin that is not ours", () => {
  needs(
    namespaces,
    built,
    reference,
  )(
    "hands it the environment and stdin that the reference's bridge does",
    inLab((lab) => {
      const fake = fakeIpam(lab.dir);
      const ns = lab.container();
      const theirs = lifeWith(lab, fake, REFERENCE, ns);
      lab.sh(lab.host, "ip", "link", "del", "lab0");
      const ours = lifeWith(lab, fake, BIN, ns);
      expect(withoutPrevResult(ours.seen)).toEqual(withoutPrevResult(theirs.seen));
      expect(ours.addressing).toEqual(theirs.addressing);
      expect(ours.seen[0]?.env).toMatchObject({ CNI_COMMAND: "ADD", EXTRA: "kept as it is = yes", EMPTY: "" });
    }),
  );

  need(
    "gives it stdin byte for byte, after the link exists, and installs what it says",
    inLab((lab) => {
      const fake = fakeIpam(lab.dir);
      const ns = lab.container();
      const options = rich(lab, fake, ns);
      const result = lab.add(options);
      expect(fake.recorded("ADD")).toMatchObject({ stdin: options.conf, linkExists: true, args: "" });
      expect(result).toMatchObject({ ...FAKE_RESULT, ips: [{ ...FAKE_RESULT.ips[0], interface: 2 }] });
      expect(lab.addrs(ns)).toEqual(["10.77.0.50/24"]);
      expect(fake.calls()).toEqual(["ADD"]);
    }),
  );

  need.each([
    ["an error", '{"code": 123, "msg": "no lease", "details": "ask again"}', 1, ["no lease", "ask again"], ["ADD"]],
    ["no result", "", 0, ["fake"], ["ADD"]],
    ["garbage", "hello", 0, ["fake", "hello"], ["ADD"]],
    [
      "a result without addresses",
      '{"cniVersion":"1.0.0"}',
      0,
      ["IPAM plugin returned missing IP config"],
      ["ADD", "DEL"],
    ],
    ["an address that cannot be", '{"cniVersion":"1.0.0","ips":[{"address":"x"}]}', 0, ["x"], ["ADD"]],
    [
      "an unreachable route",
      JSON.stringify({ ...FAKE_RESULT, routes: [{ dst: "192.0.2.0/24", gw: "10.66.0.1" }] }),
      0,
      ["192.0.2.0/24"],
      ["ADD", "DEL"],
    ],
  ] as const)("leaves nothing when that answers with %s", async (_, stdout, status, words, calls) => {
    await inLab((lab) => {
      const fake = fakeIpam(lab.dir);
      const [first, ns] = [lab.container(), lab.container()];
      lab.add({ ...rich(lab, fake, first), id: "first" });
      fake.answer(stdout, status);
      fake.forget();
      const before = snapshot(lab, [first, ns]);
      cniError(lab.call("bridge", "ADD", rich(lab, fake, ns)), ...words);
      expect(snapshot(lab, [first, ns])).toEqual(before);
      expect(fake.calls().filter((verb, i) => i > 0 || verb !== "ADD")).toEqual(calls.slice(1));
    })();
  });

  need(
    "passes the code of its error on, unchanged",
    inLab((lab) => {
      const fake = fakeIpam(lab.dir);
      const error = { code: 123, msg: "no lease", details: "ask again" };
      fake.answer(JSON.stringify(error), 1);
      expect(cniError(lab.call("bridge", "ADD", rich(lab, fake, lab.container())))).toEqual(error);
    }),
  );

  need(
    "names a plugin that is not on CNI_PATH, and the path",
    inLab((lab) => {
      const options = { ns: lab.container(), path: "/nowhere:/neither" };
      cniError(lab.call("bridge", "ADD", options), "host-local", "/nowhere", "/neither");
      expect(lab.ipj(lab.host, "link").map(({ ifname }) => ifname)).toEqual(["lo"]);
    }),
  );
});
