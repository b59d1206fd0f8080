import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { DUAL_STACK, poolOfOne } from "../../support/pools.ts";
import { pool } from "../host-local/pool.ts";

const need = needs(namespaces, built);

const network = (lab: Lab, over: object = {}) =>
  lab.conf({ cniVersion: "1.1.0", ipMasq: true, ipam: DUAL_STACK, ...over });

/** GC as a runtime calls it, for which only `ids` are still valid; undefined: it does not say. */
function collect(lab: Lab, ids: string[] | undefined) {
  const valid = ids?.map((containerID) => ({ containerID, ifname: "eth0" }));
  const env = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
  return lab.call("bridge", "GC", { conf: network(lab, { "cni.dev/valid-attachments": valid }), env });
}

const owners = (lab: Lab) => [...new Set(Object.values(lab.leases()).map((text) => text.split("\r\n")[0]))].sort();
const elementCount = (lab: Lab) => lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []).length;

describe("bridge/GC", () => {
  need(
    "frees leases, ports and rules of all but the valid attachments",
    inLab((lab) => {
      const live = lab.container();
      lab.add({ ns: live, id: "live", conf: network(lab) });
      for (const id of ["dead1", "dead2"]) lab.add({ ns: lab.container(), id, conf: network(lab) });
      expect(collect(lab, ["live"])).toMatchObject({ status: 0, stdout: "" });
      expect([owners(lab), lab.ports().length, elementCount(lab)]).toEqual([["live"], 1, 2]);
      expect(lab.addrs(live)).toEqual(["10.77.0.2/24"]);
    }),
  );

  need(
    "frees nothing when the runtime does not say what is valid, and all when nothing is",
    inLab((lab) => {
      lab.add({ ns: lab.container(), id: "a", conf: network(lab) });
      expect(collect(lab, undefined)).toMatchObject({ status: 0, stdout: "" });
      expect([owners(lab), lab.ports().length, elementCount(lab)]).toEqual([["a"], 1, 2]);
      expect(collect(lab, [])).toMatchObject({ status: 0, stdout: "" });
      expect([owners(lab), lab.ports().length, elementCount(lab)]).toEqual([[], 0, 0]);
    }),
  );

  need(
    "removes the network's set and rule for masquerading once nobody is left, and ADD makes them again",
    inLab((lab) => {
      const kinds = () =>
        lab
          .nftj(lab.host)
          .flatMap((row) => Object.keys(row))
          .filter((kind) => kind !== "table");
      const other = network(lab, { name: "other", bridge: "lab9" });
      lab.add({ ns: lab.container(), id: "o", conf: other });
      const ns = lab.container();
      lab.add({ ns, id: "a", conf: network(lab) });
      lab.add({ ns: lab.container(), id: "b", conf: network(lab) });
      lab.del({ ns, id: "a", conf: network(lab) });
      expect(collect(lab, ["b"])).toMatchObject({ status: 0, stdout: "" });
      const two = ["chain", "chain", "rule", "rule", "rule", "rule", "set", "set", "set", "set"];
      expect(kinds().sort()).toEqual(two);
      expect(collect(lab, [])).toMatchObject({ status: 0, stdout: "" });
      expect(kinds().sort()).toEqual(["chain", "chain", "rule", "rule", "set", "set"]);
      const prevResult = lab.add({ ns, id: "a", conf: network(lab) });
      expect(kinds().sort()).toEqual(two);
      const checked = lab.call("bridge", "CHECK", { ns, id: "a", conf: network(lab, { prevResult }) });
      expect(checked).toMatchObject({ status: 0, stdout: "" });
    }),
  );

  need(
    "leaves other networks alone",
    inLab((lab) => {
      const other = { name: "other", bridge: "lab9" };
      lab.add({ ns: lab.container(), id: "a", conf: network(lab, other) });
      expect(collect(lab, [])).toMatchObject({ status: 0 });
      expect([Object.keys(lab.leases("other")).length, lab.ports("lab9").length, elementCount(lab)]).toEqual([2, 1, 2]);
    }),
  );
});

describe("host-local/GC, beside the reference's,", () => {
  const bins = [{}, { bin: REFERENCE }];
  /** What is left of the leases of "live" on eth0 and net1, "dead", and the older ones of both and of "gone". */
  function left(bin: object, conf: Record<string, unknown>): string[] {
    using net = pool();
    for (const [id, ifname] of [
      ["live", "eth0"],
      ["live", "net1"],
      ["dead", "eth0"],
    ] as const) {
      net.write(`10.1.2.${Object.keys(net.leases()).length + 2}`, `${id}\r\n${ifname}`);
    }
    for (const [i, id] of ["live", "dead", "gone"].entries()) net.write(`10.1.2.${i + 50}`, id);
    Bun.sleepSync(25);
    expect(net.call("GC", "", { conf, ...bin })).toMatchObject({ status: 0, stdout: "", stderr: "" });
    return Object.keys(net.leases());
  }
  const valid = (...ids: string[]) => ({
    "cni.dev/valid-attachments": ids.map((containerID) => ({ containerID, ifname: "eth0" })),
  });
  const test = needs(built, reference);

  test("leaves an older lease, of a container alone, while the container has any valid attachment", () => {
    for (const bin of bins) expect(left(bin, valid("live"))).toEqual(["10.1.2.2", "10.1.2.50"]);
  });

  test("frees all when no attachment is valid", () => {
    for (const bin of bins) expect(left(bin, valid())).toEqual([]);
  });

  test("touches nothing without a list, where the reference's frees all", () => {
    for (const conf of [{}, { "cni.dev/valid-attachments": null }]) {
      expect(bins.map((bin) => left(bin, conf).length)).toEqual([6, 0]);
    }
  });
});

describe("bridge/STATUS", () => {
  const status = (lab: Lab, over: object = {}) =>
    lab.call("bridge", "STATUS", {
      conf: network(lab, over),
      env: { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" },
    });

  need(
    "is ready while there are addresses to give, on a machine that no network was on too",
    inLab((lab) => {
      expect(status(lab)).toMatchObject({ status: 0, stdout: "" });
      lab.add({ ns: lab.container(), conf: network(lab) });
      expect(status(lab)).toMatchObject({ status: 0, stdout: "" });
    }),
  );

  need(
    "is ready while there are none left: containerd would take the node down, and kubelet restart nothing on it",
    inLab((lab) => {
      const ipam = poolOfOne(9);
      lab.add({ ns: lab.container(), conf: network(lab, { ipam }) });
      cniError(lab.call("bridge", "ADD", { ns: lab.container(), id: "b", conf: network(lab, { ipam }) }), "10.77.0.9");
      expect(status(lab, { ipam })).toMatchObject({ status: 0, stdout: "" });
    }),
  );

  need(
    "is ready while the runtime gives ranges with each container",
    inLab((lab) => {
      const ipam = { type: "host-local" };
      const capabilities = { ipRanges: true };
      expect(status(lab, { ipam, capabilities })).toMatchObject({ status: 0, stdout: "" });
      cniError(status(lab, { ipam }), "no IP ranges specified");
    }),
  );

  need(
    "passes on what is wrong with the configuration",
    inLab((lab) => {
      cniError(status(lab, { ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/33" }]] } }), "10.77.0.0/33");
    }),
  );
});
