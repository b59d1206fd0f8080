import { expect } from "bun:test";
import { addMasquerade } from "../../../src/features/masquerade/nft.ts";
import { checkMasquerade } from "../../../src/features/masquerade/nft-check.ts";
import { gcMasquerade } from "../../../src/features/masquerade/nft-gc.ts";
import { removeMasquerade } from "../../../src/features/masquerade/nft-remove.ts";
import { inLab } from "../../support/lab.ts";
import { DUAL, EXPECTED, ips, other, owner, prefixes } from "../../support/masquerade.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { nftClient, ruleset } from "../../support/nft.ts";

const needsNft = needs(namespaces, nftables);

needsNft(
  "removeMasquerade() removes the owner's addresses, and succeeds when they are gone",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    const before = ruleset(lab);
    const addresses = ips("10.1.2.4", "fd00::4", "10.2.0.4");
    addMasquerade(nft, other, prefixes("10.1.2.4/24", "fd00::4/64"));
    for (let times = 0; times < 3; times++) removeMasquerade(nft, other, addresses);
    expect(ruleset(lab)).toBe(before);
  }),
);

needsNft(
  "removeMasquerade() finds the owner's addresses by itself, in all prefixes",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    addMasquerade(nft, other, prefixes("10.1.2.4/24", "10.3.0.4/16", "fd00::4/64"));
    removeMasquerade(nft, other, undefined);
    const text = ruleset(lab);
    expect(text).not.toContain("id: two");
    expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
  }),
);

needsNft(
  "removeMasquerade() leaves alone what another owner has",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    removeMasquerade(nft, other, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, { ...owner, network: "another" }, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, other, undefined);
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "removeMasquerade() succeeds without table and without set",
  inLab((lab) => {
    const nft = nftClient(lab);
    removeMasquerade(nft, owner, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, owner, undefined);
    lab.sh(lab.host, "nft", "add table ip berth; add table ip6 berth");
    removeMasquerade(nft, owner, ips("10.1.2.3", "fd00::3"));
    removeMasquerade(nft, owner, undefined);
  }),
);

needsNft(
  "checkMasquerade() names what is missing",
  inLab((lab) => {
    const nft = nftClient(lab);
    const set = "masq-6fd94d501e58f0aa-10.1.2.0-24";
    const check = () => checkMasquerade(nft, owner, DUAL);
    const after = (...commands: string[]) => {
      lab.sh(lab.host, "nft", "flush", "ruleset");
      addMasquerade(nft, owner, DUAL);
      expect(check()).toBeUndefined();
      for (const command of commands) lab.sh(lab.host, "nft", command);
      return check();
    };
    expect(check()).toStartWith("table ip berth is missing");
    expect(after("delete table ip6 berth")).toStartWith("table ip6 berth is missing");
    expect(after("flush table ip berth", "delete chain ip berth postrouting")).toStartWith(
      "chain postrouting of table ip berth is missing",
    );
    expect(
      after(
        "delete table ip berth",
        "add table ip berth",
        "add chain ip berth postrouting { type nat hook postrouting priority 90; }",
      ),
    ).toStartWith('chain postrouting of table ip berth is not "type nat hook postrouting priority 101"');
    expect(after("flush chain ip berth postrouting", `delete set ip berth ${set}`)).toStartWith(
      `set ${set} of table ip berth is missing`,
    );
    expect(after("flush chain ip berth postrouting")).toStartWith(`the rule of set ${set} is missing`);
    expect(after(`flush set ip berth ${set}`)).toStartWith(`address 10.1.2.3 is not in set ${set}`);
    expect(after(`flush set ip berth ${set}`, `add element ip berth ${set} { 10.1.2.3 }`)).toStartWith(
      "address 10.1.2.3 is in the name of another",
    );
  }),
);

needsNft(
  "gcMasquerade() removes whoever is not valid any more, of that network only",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    const foreign = 'add element ip berth masq-6fd94d501e58f0aa-10.1.2.0-24 { 10.1.2.99 comment "mine" }';
    for (let i = 0; i < 300; i++)
      addMasquerade(nft, { ...owner, containerId: `gone${i}` }, prefixes(`10.1.2.${(i % 200) + 20}/24`));
    addMasquerade(nft, { ...owner, network: "another" }, prefixes("10.4.0.4/16"));
    expect(gcMasquerade(nft, owner.network, () => [owner, other])).toBe(200);
    expect(ruleset(lab)).toContain("net: another");
    expect(gcMasquerade(nft, "another", () => [])).toBe(1);
    lab.sh(lab.host, "nft", foreign);
    expect(gcMasquerade(nft, owner.network, () => [])).toBe(2);
    expect(ruleset(lab)).toContain('10.1.2.99 comment "mine"');
  }),
);

needsNft(
  "removing and adding do not cost more when there are many",
  inLab((lab) => {
    const nft = nftClient(lab);
    for (let i = 0; i < 2000; i++) {
      addMasquerade(nft, { ...owner, containerId: `c${i}` }, prefixes(`10.1.${i >> 8}.${i & 255}/16`));
    }
    let datagrams = 0;
    const counted = nftClient(lab, (socket) => ({
      receive(timeout) {
        datagrams++;
        return socket.receive(timeout);
      },
    }));
    addMasquerade(counted, owner, prefixes("10.1.200.3/16"));
    removeMasquerade(counted, owner, ips("10.1.200.3"));
    // The set, an acknowledgement; the list of sets and its end, the element, an acknowledgement.
    expect(datagrams).toBe(6);
  }),
);
