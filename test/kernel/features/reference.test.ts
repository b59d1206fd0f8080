/** Removing what the reference plugins' own masquerading has left. */
import { expect } from "bun:test";
import { removeReferenceMasquerade } from "../../../src/features/masquerade/reference.ts";
import { iptablesChain } from "../../../src/features/owner.ts";
import { inLab, openLab } from "../../support/lab.ts";
import { can, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { nftClient, ruleset } from "../../support/nft.ts";

const iptables = can(
  "root and iptables on nf_tables",
  "sh",
  "-c",
  "iptables --version | grep -q nf_tables && iptables -t nat -S",
);
const needsTables = needs(namespaces, nftables, iptables);

for (const backend of ["iptables", "nftables"]) {
  needs(
    namespaces,
    nftables,
    iptables,
    reference,
  )(`removeReferenceMasquerade() removes what the reference's ${backend} backend made`, () => {
    using lab = openLab({ bin: REFERENCE });
    const ranges = [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]];
    const conf = lab.conf({ ipMasq: true, ipMasqBackend: backend, ipam: { type: "host-local", ranges } });
    lab.add({ conf, ns: lab.container(), id: "stays" });
    const before = ruleset(lab);
    lab.add({ conf, ns: lab.container(), id: "goes" });
    expect(ruleset(lab)).not.toBe(before);
    for (let times = 0; times < 2; times++) {
      removeReferenceMasquerade(nftClient(lab), { network: conf.name, containerId: "goes", ifname: "eth0" });
      expect(ruleset(lab)).toBe(before);
    }
  });
}

const owner = { network: "net", containerId: "one", ifname: "eth0" };

needsTables(
  "removeReferenceMasquerade() leaves the user's rules around it as they are",
  inLab((lab) => {
    const chain = iptablesChain(owner);
    const nat = (tool: string, ...args: string[]) => lab.sh(lab.host, tool, "-t", "nat", ...args);
    for (const [tool, address] of [
      ["iptables", "10.1.2.3"],
      ["ip6tables", "fd00::3"],
    ] as const) {
      nat(tool, "-A", "POSTROUTING", "-s", address, "-j", "MASQUERADE");
      nat(tool, "-N", "CNI-another");
      nat(tool, "-A", "POSTROUTING", "-s", address, "-j", "CNI-another");
    }
    const before = ruleset(lab);
    for (const [tool, address] of [
      ["iptables", "10.1.2.3"],
      ["ip6tables", "fd00::3"],
    ] as const) {
      nat(tool, "-N", chain);
      nat(tool, "-A", chain, "-d", address, "-j", "ACCEPT", "-m", "comment", "--comment", 'name: "net" id: "one"');
      nat(tool, "-I", "POSTROUTING", "-s", address, "-j", chain);
      nat(tool, "-A", "POSTROUTING", "-s", address, "-j", chain, "-m", "comment", "--comment", 'name: "net" id: "one"');
    }
    removeReferenceMasquerade(nftClient(lab), owner);
    expect(ruleset(lab)).toBe(before);
  }),
);

needsTables(
  "removeReferenceMasquerade() where there is nothing does nothing",
  inLab((lab) => {
    removeReferenceMasquerade(nftClient(lab), owner);
    expect(ruleset(lab)).toBe("");
  }),
);

needsTables(
  "removeReferenceMasquerade() says which chain is still in use",
  inLab((lab) => {
    const chain = iptablesChain(owner);
    lab.sh(lab.host, "iptables", "-t", "nat", "-N", chain);
    lab.sh(lab.host, "iptables", "-t", "nat", "-A", "OUTPUT", "-j", chain);
    expect(() => removeReferenceMasquerade(nftClient(lab), owner)).toThrow(
      `nft delete chain ip nat ${chain}: device or resource busy`,
    );
  }),
);
