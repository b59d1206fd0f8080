/** What portmap answers, beside the reference: refusals, and the result of the plugin before. */
import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import { inLab } from "../../support/lab.ts";
import { built, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { ruleset } from "../../support/nft.ts";
import { mapped, WEB } from "./mapped.ts";

const beside = needs(namespaces, built, nftables, reference);

const PREV = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] };
const conf = (over: object = {}) => ({ cniVersion: "1.1.0", name: "net", type: "portmap", prevResult: PREV, ...over });
const mapping = (over: object) => conf({ runtimeConfig: { portMappings: [{ ...WEB, ...over }] } });

const REFUSED: [string, Json, number, string[]][] = [
  ["host port 0", mapping({ hostPort: 0 }), 7, ["Invalid host port number: 0", "portMappings[0].hostPort"]],
  ["host port 65536", mapping({ hostPort: 65_536 }), 7, ["Invalid host port number: 65536"]],
  ["container port -1", mapping({ containerPort: -1 }), 7, ["Invalid container port number: -1"]],
  ["no protocol", mapping({ protocol: undefined }), 7, ["portMappings[0].protocol", "tcp, udp, sctp"]],
  ["protocol icmp", mapping({ protocol: "icmp" }), 7, ['"icmp"']],
  ["hostIP that is none", mapping({ hostIP: "localhost" }), 7, ["portMappings[0].hostIP", '"localhost"']],
  ["a port as text", mapping({ hostPort: "80" }), 6, ["runtimeConfig.portMappings[0].hostPort"]],
  ["mark bit 32", conf({ markMasqBit: 32 }), 7, ["MasqMarkBit must be between 0 and 31", "32"]],
  [
    "two who set marks",
    conf({ markMasqBit: 1, externalSetMarkChain: "X" }),
    7,
    ["Cannot specify externalSetMarkChain and markMasqBit"],
  ],
  ["backend ipvs", conf({ backend: "ipvs" }), 7, ['unrecognized backend "ipvs"']],
  [
    "conditions of the other backend",
    conf({ backend: "nftables", conditionsV4: ["-d", "1.2.3.4"] }),
    7,
    ["nftables backend was requested but configuration contains iptables-specific options [conditionsV4]"],
  ],
  ["no prevResult", { ...mapping({}), prevResult: undefined }, 7, ["must be called as chained plugin"]],
];

/** What the reference does not look at. */
const OVERLOOKED = ["hostIP that is none"];

describe("portmap refuses, as the reference does, and changes nothing:", () => {
  beside.each(REFUSED)("%s", async (what, stdin, code, texts) => {
    await inLab((lab) => {
      const ns = lab.container();
      const error = cniError(lab.call("portmap", "ADD", { ns, conf: stdin }), ...texts);
      expect(error.code).toBe(code);
      expect(ruleset(lab)).toBe("");
      const theirs = lab.call("portmap", "ADD", { ns, conf: stdin, bin: REFERENCE });
      expect([what, theirs.status]).toEqual([what, OVERLOOKED.includes(what) ? 0 : 1]);
      // A DEL of what no ADD can have made finds nothing.
      expect(lab.call("portmap", "DEL", { conf: stdin })).toMatchObject({ status: 0, stdout: "", stderr: "" });
    })();
  });
});

const RESULT = {
  interfaces: [
    { name: "lab7", mac: "02:00:00:00:00:01", unknown: true },
    { name: "eth0", mac: "02:00:00:00:00:02", sandbox: "/run/netns/c", mtu: 1400 },
  ],
  ips: [
    { version: "4", interface: 1, address: "10.1.2.3/24", gateway: "10.1.2.1", unknown: 1 },
    { version: "6", interface: 1, address: "fd00::3/64" },
  ],
  routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1", mtu: 1300 }, { dst: "::/0" }],
  dns: { nameservers: ["10.1.2.1"], domain: "", search: [], unknown: 1 },
  unknown: { a: 1 },
};
const OLD = {
  ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0" }] },
  ip6: { ip: "fd00::3/64" },
  dns: {},
};

describe("portmap passes on the result of the plugin before as the reference does:", () => {
  beside.each([
    ["0.1.0", OLD],
    ["0.2.0", OLD],
    ["0.3.1", RESULT],
    ["0.4.0", RESULT],
    ["1.0.0", RESULT],
    ["1.1.0", RESULT],
  ])("%s", async (cniVersion, result) => {
    await inLab((lab) => {
      const ns = lab.container();
      for (const runtimeConfig of [null, { portMappings: [WEB] }]) {
        const stdin = conf({ cniVersion, prevResult: { cniVersion, ...result }, runtimeConfig });
        const [ours, theirs] = [lab.bin, REFERENCE].map((bin) => lab.call("portmap", "ADD", { ns, conf: stdin, bin }));
        expect(ours).toMatchObject({ status: 0, stderr: "" });
        expect(ours?.stdout).toBe(theirs?.stdout ?? "");
        if (!runtimeConfig?.portMappings) expect(mapped(lab)).toEqual([]);
      }
      lab.call("portmap", "DEL", { conf: conf({ cniVersion }) });
      expect(mapped(lab)).toEqual([]);
    })();
  });
});
