import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { ruleset } from "../../support/nft.ts";
import { snapshot } from "../../support/snapshot.ts";

const need = needs(namespaces, built, nftables);
const needReference = needs(namespaces, built, nftables, reference);

const checked = (lab: Lab, over: object = {}) => lab.conf({ cniVersion: "1.1.0", macspoofchk: true, ...over });
const layer2 = (lab: Lab) => checked(lab, { ipam: {} });

/** The container IDs that there are rules for. */
const watched = (lab: Lab) => [...new Set(ruleset(lab).match(/(?<=comment "macspoofchk-)[^-"]+/g))].sort();

const setMac = (lab: Lab, ns: string, address: string) => lab.sh(ns, "ip", "link", "set", "eth0", "address", address);

describe("bridge/ADD with macspoofchk", () => {
  need(
    "drops what a container sends with another MAC address, and only that",
    inLab((lab) => {
      const [a, b] = [lab.container(), lab.container()];
      const { interfaces } = lab.add({ ns: a, id: "a", conf: checked(lab) });
      const { ips } = lab.add({ ns: b, id: "b", conf: checked(lab) });
      const reaches = () => ["10.77.0.1", ips[0].address].map((address) => answers(lab, a, address, 300));
      expect(reaches()).toEqual([true, true]);
      setMac(lab, a, "02:00:00:00:00:66");
      expect(reaches()).toEqual([false, false]);
      expect(answers(lab, b, "10.77.0.1")).toBe(true);
      setMac(lab, a, interfaces[2].mac);
      expect(reaches()).toEqual([true, true]);
    }),
  );

  need(
    "knows a MAC address that was asked for",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: checked(lab, { runtimeConfig: { mac: "02:00:00:00:00:0a" } }) });
      expect(answers(lab, ns, "10.77.0.1")).toBe(true);
      expect(ruleset(lab)).toContain("ether saddr 02:00:00:00:00:0a return");
    }),
  );

  need(
    "leaves no rule when it fails later",
    inLab((lab) => {
      const ns = lab.container();
      lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
      const before = snapshot(lab, [ns], { cursor: false });
      const routes = [{ dst: "192.0.2.0/24", gw: "203.0.113.1" }];
      const ipam = { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]], routes };
      cniError(lab.call("bridge", "ADD", { ns, conf: checked(lab, { ipam, isGateway: false }) }), "192.0.2.0/24");
      const after = snapshot(lab, [ns], { cursor: false });
      expect(watched(lab)).toEqual([]);
      expect(after.namespaces[ns]).toEqual(before.namespaces[ns]);
      expect(lab.leases()).toEqual({});
    }),
  );

  need(
    "says why, and leaves nothing, when the container ID is too long for a chain's name",
    inLab((lab) => {
      const ns = lab.container();
      const reply = lab.call("bridge", "ADD", { ns, id: "c".repeat(240), conf: checked(lab) });
      cniError(reply, "failed to setup spoof-check", "240 characters");
      expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    }),
  );
});

describe("bridge/DEL with macspoofchk", () => {
  const cases: [string, (lab: Lab) => Json][] = [
    ["of layer 3", checked],
    ["of layer 2", layer2],
  ];
  need.each(cases)(
    "removes the rules of an attachment %s, of it alone, with the namespace and without",
    async (_, conf) => {
      await inLab((lab) => {
        const [a, b, c] = [lab.container(), lab.container(), lab.container()];
        for (const [id, ns] of [
          ["a", a],
          ["b", b],
          ["c", c],
        ] as const)
          lab.add({ ns, id, conf: conf(lab) });
        expect(watched(lab)).toEqual(["a", "b", "c"]);
        lab.del({ ns: a, id: "a", conf: conf(lab) });
        expect(watched(lab)).toEqual(["b", "c"]);
        lab.sh(lab.host, "ip", "netns", "del", b);
        lab.del({ ns: b, id: "b", conf: conf(lab) });
        lab.del({ ns: "", id: "c", conf: conf(lab) });
        expect(watched(lab)).toEqual([]);
        lab.del({ ns: a, id: "a", conf: conf(lab) });
      })();
    },
  );

  needReference.each([
    ["berth", undefined, REFERENCE],
    ["the reference", REFERENCE, undefined],
  ])("removes what the ADD of %s made", async (_, maker, remover) => {
    await inLab((lab) => {
      const ns = lab.container();
      const stays = lab.container();
      lab.add({ ns: stays, id: "stays", conf: checked(lab), ...(remover && { bin: remover }) });
      const before = ruleset(lab);
      lab.add({ ns, id: "goes", conf: checked(lab), ...(maker && { bin: maker }) });
      expect(watched(lab)).toEqual(["goes", "stays"]);
      lab.del({ ns, id: "goes", conf: checked(lab), ...(remover && { bin: remover }) });
      expect(ruleset(lab)).toBe(before);
    })();
  });

  needReference(
    "removes what the reference made, whatever the configuration says by now",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: checked(lab), bin: REFERENCE });
      lab.del({ ns, conf: lab.conf() });
      expect(watched(lab)).toEqual([]);
    }),
  );
});

describe("bridge/CHECK with macspoofchk", () => {
  const check = (lab: Lab, ns: string, prevResult: Json) =>
    lab.call("bridge", "CHECK", { ns, conf: checked(lab, { prevResult }) });

  need(
    "names a rule that is missing",
    inLab((lab) => {
      const ns = lab.container();
      const result = lab.add({ ns, conf: checked(lab) });
      expect(check(lab, ns, result)).toMatchObject({ status: 0, stdout: "" });
      lab.sh(lab.host, "nft", "flush", "chain", "bridge", "nat", "cni-br-iface-cid-1-eth0-mac");
      cniError(check(lab, ns, result), "spoof check", result.interfaces[2].mac);
    }),
  );

  needReference(
    "takes the rules of the reference's ADD for good",
    inLab((lab) => {
      const ns = lab.container();
      const result = lab.add({ ns, conf: checked(lab), bin: REFERENCE });
      expect(check(lab, ns, result)).toMatchObject({ status: 0, stdout: "" });
    }),
  );
});

describe("bridge/GC with macspoofchk", () => {
  need.each([
    ["layer 3", checked],
    ["layer 2", layer2],
  ] as const)("removes the rules of all but the valid attachments: %s", async (_, conf) => {
    await inLab((lab) => {
      const dead = lab.container();
      for (const [id, ns] of [
        ["live", lab.container()],
        ["dead", dead],
      ] as const)
        lab.add({ ns, id, conf: conf(lab) });
      lab.add({ ns: lab.container(), id: "foreign", conf: { ...conf(lab), name: "other" } });
      lab.sh(lab.host, "ip", "netns", "del", dead);
      const valid = [{ containerID: "live", ifname: "eth0" }];
      const env = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
      const gc = { ...conf(lab), macspoofchk: false, "cni.dev/valid-attachments": valid };
      expect(lab.call("bridge", "GC", { conf: gc, env })).toMatchObject({ status: 0, stdout: "" });
      expect(watched(lab)).toEqual(["foreign", "live"]);
    })();
  });
});
