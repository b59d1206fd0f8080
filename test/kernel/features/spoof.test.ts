/** The rules of macspoofchk, against the reference's own. */
import { expect } from "bun:test";
import { formatMac } from "../../../src/base/mac.ts";
import {
  addSpoofCheck,
  canName,
  checkSpoofCheck,
  gcSpoofChecks,
  removeSpoofCheck,
} from "../../../src/features/spoof-check/nft.ts";
import { inLab, type Lab, openLab } from "../../support/lab.ts";
import { namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { mac, nftClient, ruleset } from "../../support/nft.ts";

const need = needs(namespaces, nftables);
const needReference = needs(namespaces, nftables, reference);

const owner = { network: "labnet", containerId: "one", ifname: "eth0" };
const other = { ...owner, containerId: "two" };
const PORT = { name: "veth1", mac: mac("02:00:00:00:00:01") };

/** The ruleset without the comments of chains, which only berth writes. */
const rules = (lab: Lab) => ruleset(lab).replace(/^\t\tcomment ".*"\n/gm, "");

needReference("addSpoofCheck() makes what the reference makes, and removeSpoofCheck() removes it", () => {
  using lab = openLab({ bin: REFERENCE });
  using ours = openLab();
  const result = lab.add({ conf: lab.conf({ macspoofchk: true }), ns: lab.container(), id: "one" });
  const [, port, inner] = result.interfaces;
  addSpoofCheck(nftClient(ours), owner, { name: port.name, mac: mac(inner.mac) });
  expect(rules(ours)).toBe(rules(lab));
  expect(checkSpoofCheck(nftClient(lab), owner, { name: port.name, mac: mac(inner.mac) })).toBeUndefined();
  removeSpoofCheck(nftClient(lab), owner);
  expect(ruleset(lab)).not.toContain("one");
});

needReference("the reference's DEL removes what addSpoofCheck() made", () => {
  using lab = openLab({ bin: REFERENCE });
  const conf = lab.conf({ macspoofchk: true });
  const ns = lab.container();
  addSpoofCheck(nftClient(lab), other, PORT);
  const before = ruleset(lab);
  addSpoofCheck(nftClient(lab), owner, PORT);
  lab.del({ conf, ns, id: "one" });
  expect(ruleset(lab)).toBe(before);
});

need(
  "addSpoofCheck() again changes nothing but what differs",
  inLab((lab) => {
    const client = nftClient(lab);
    addSpoofCheck(client, owner, PORT);
    const before = ruleset(lab);
    addSpoofCheck(client, owner, PORT);
    expect(ruleset(lab)).toBe(before);
    const moved = { name: "veth2", mac: mac("02:00:00:00:00:02") };
    addSpoofCheck(client, owner, moved);
    expect(ruleset(lab)).toBe(before.replace('"veth1"', '"veth2"').replace(formatMac(PORT.mac), formatMac(moved.mac)));
  }),
);

need(
  "removeSpoofCheck() leaves others as they are, and nothing to be removed is no error",
  inLab((lab) => {
    const client = nftClient(lab);
    removeSpoofCheck(client, owner);
    lab.sh(
      lab.host,
      "nft",
      "table bridge nat { chain mine { }; chain PREROUTING { type filter hook prerouting priority -300; jump mine; }; }",
    );
    addSpoofCheck(client, other, PORT);
    const before = ruleset(lab);
    addSpoofCheck(client, owner, PORT);
    for (let times = 0; times < 2; times++) {
      removeSpoofCheck(client, owner);
      expect(ruleset(lab)).toBe(before);
    }
  }),
);

need(
  "gcSpoofChecks() removes what the network's living do not own",
  inLab((lab) => {
    const client = nftClient(lab);
    const foreign = { ...owner, network: "labnet2", containerId: "three" };
    for (const one of [owner, other, foreign]) addSpoofCheck(client, one, PORT);
    let asked = 0;
    const alive = () => {
      asked++;
      return [owner];
    };
    gcSpoofChecks(client, "labnet", alive);
    expect(["one", "two", "three"].map((id) => ruleset(lab).includes(`macspoofchk-${id}-`))).toEqual([
      true,
      false,
      true,
    ]);
    gcSpoofChecks(client, "empty", alive);
    expect(asked).toBe(1);
  }),
);

need(
  "checkSpoofCheck() names what is missing",
  inLab((lab) => {
    const client = nftClient(lab);
    const missing = (...command: string[]) => {
      addSpoofCheck(client, owner, PORT);
      expect(checkSpoofCheck(client, owner, PORT)).toBeUndefined();
      lab.sh(lab.host, "nft", ...command);
      return checkSpoofCheck(client, owner, PORT);
    };
    const chain = "cni-br-iface-one-eth0";
    expect(checkSpoofCheck(client, owner, PORT)).toContain("the rule for veth1 in PREROUTING is missing");
    expect(missing("flush", "chain", "bridge", "nat", "PREROUTING")).toContain("the rule for veth1 in PREROUTING");
    expect(missing("flush", "chain", "bridge", "nat", chain)).toContain(`the rule of ${chain} is missing`);
    expect(missing("flush", "chain", "bridge", "nat", `${chain}-mac`)).toContain("lets 02:00:00:00:00:01 through");
    expect(missing("flush", "ruleset")).toContain("is missing");
    addSpoofCheck(client, owner, { ...PORT, mac: mac("02:00:00:00:00:09") });
    expect(checkSpoofCheck(client, owner, PORT)).toContain("lets 02:00:00:00:00:01 through is missing");
  }),
);

need(
  "canName() goes as far as the kernel's names",
  inLab((lab) => {
    const long = { ...owner, containerId: "c".repeat(233) };
    const longer = { ...owner, containerId: "c".repeat(234) };
    expect([canName(long), canName(longer)]).toEqual([true, false]);
    addSpoofCheck(nftClient(lab), long, PORT);
    expect(() => addSpoofCheck(nftClient(lab), longer, PORT)).toThrow();
  }),
);
