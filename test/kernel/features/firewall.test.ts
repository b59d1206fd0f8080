/** The rules of firewall, made by iptables and read from the kernel: as iptables-save prints them. */
import { expect } from "bun:test";
import { additions } from "../../../src/features/firewall/additions.ts";
import { KernelTable } from "../../../src/features/firewall/kernel-table.ts";
import {
  ACCEPTED,
  acceptRules,
  adminJump,
  isolationRules,
  JUMPS,
  PUBLISHED,
  publishedRules,
  RETURN,
  STAGE_1,
  STAGE_2,
} from "../../../src/features/firewall/layout.ts";
import { removalOf } from "../../../src/features/firewall/removal.ts";
import { programTable } from "../../../src/iptables/edit.ts";
import { Saved } from "../../../src/iptables/saved.ts";
import { countRules } from "../../../src/nft/count-rules.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { can, namespaces, needs, nftables } from "../../support/needs.ts";
import { nftClient } from "../../support/nft.ts";

const iptables = can("iptables on nf_tables", "iptables-nft", "-t", "filter", "-S");
const need = needs(namespaces, nftables, iptables);

const FAMILIES = [
  [4, "iptables", "10.1.2.3/32"],
  [6, "ip6tables", "fd00::3/128"],
] as const;

function make(lab: Lab, tool: string, address: string): void {
  const rules = [
    ...Object.values(JUMPS).map((spec) => `-A FORWARD ${spec}`),
    `-A ${ACCEPTED} ${adminJump("MINE")}`,
    ...acceptRules(address).map((spec) => `-A ${ACCEPTED} ${spec}`),
    ...publishedRules(address, "0123456789abcdef-0123456789abcdef, net: n, if: eth0, id: c").map(
      (spec) => `-A ${PUBLISHED} ${spec}`,
    ),
    ...isolationRules({ bridge: "br0", policy: "isolated" }).map(([chain, spec]) => `-A ${chain} ${spec}`),
    `-A ${STAGE_2} ${RETURN}`,
  ];
  const chains = [ACCEPTED, PUBLISHED, STAGE_1, STAGE_2, "MINE"].map((chain) => `-N ${chain}`);
  const text = ["*filter", ...chains, ...rules, "COMMIT", ""].join("\n");
  lab.sh(lab.host, "sh", "-c", `${tool}-nft-restore --noflush <<'END'\n${text}END`);
}

need(
  "KernelTable.read() has the words of iptables-save, and apply() deletes by them",
  inLab((lab) => {
    for (const [family, tool, address] of FAMILIES) {
      make(lab, tool, address);
      const client = nftClient(lab);
      const programs = programTable({ family, legacy: false, nft: true });
      const table = new KernelTable(client, family, programs, { adminChain: "MINE" });
      const save = () => Saved.parse(lab.sh(lab.host, `${tool}-nft-save`, "-t", "filter"));
      const [read, saved] = [table.read(), save()];
      for (const chain of ["FORWARD", ACCEPTED, PUBLISHED, STAGE_1, STAGE_2]) {
        expect([chain, read.rules(chain)]).toEqual([chain, saved.rules(chain)]);
        expect(read.has(chain)).toBe(true);
      }
      expect([read.has("MINE"), read.has("OTHER")]).toEqual([true, false]);
      const gone = [...acceptRules(address).map((spec) => `-D ${ACCEPTED} ${spec}`), `-D ${STAGE_2} ${RETURN}`];
      table.apply(gone, undefined);
      expect(save().equals(saved.without(gone))).toBe(true);
    }
  }),
);

need(
  "KernelTable.apply() makes the rules that iptables makes, which iptables finds",
  inLab((lab) => {
    for (const [family, tool, address] of FAMILIES) {
      make(lab, tool, address);
      const other = address.replace("3", "4");
      const comment = "0123456789abcdef-0123456789abcdef, bridge: br0, net: n, if: eth0, id: d";
      const made: [string, string][] = [
        ...acceptRules(other).map((spec): [string, string] => [ACCEPTED, spec]),
        ...publishedRules(other, comment).map((spec): [string, string] => [PUBLISHED, spec]),
        [STAGE_1, RETURN],
      ];
      const isolated = isolationRules({ bridge: "br1", policy: "isolated" });
      const refuse = () => {
        throw new Error("no program is needed");
      };
      const table = new KernelTable(nftClient(lab), family, { read: refuse, apply: refuse }, { adminChain: "MINE" });
      table.read();
      table.apply(
        [
          ...made.map(([chain, spec]) => `-A ${chain} ${spec}`),
          ...isolated.map(([chain, spec]) => `-I ${chain} 1 ${spec}`),
        ],
        undefined,
      );
      const listed = () => lab.sh(lab.host, "nft", "-a", "list", "table", family === 4 ? "ip" : "ip6", "filter");
      const ours = listed().replace(/ # handle \d+/g, "");
      expect(
        Saved.parse(lab.sh(lab.host, `${tool}-nft-save`, "-t", "filter"))
          .rules(PUBLISHED)
          .slice(-2),
      ).toEqual(publishedRules(other, comment));
      const again = [
        ...made.map(([chain, spec]) => `-D ${chain} ${spec}\n-A ${chain} ${spec}`),
        ...isolated.map(([chain, spec]) => `-D ${chain} ${spec}`),
        ...isolated.map(([chain, spec]) => `-I ${chain} 1 ${spec}`),
      ];
      const text = ["*filter", ...again, "COMMIT", ""].join("\n");
      lab.sh(lab.host, "sh", "-c", `${tool}-nft-restore --noflush <<'END'\n${text}END`);
      expect(listed().replace(/ # handle \d+/g, "")).toBe(ours);
    }
  }),
);

need(
  "countRules() counts rules and what jumps there, and none where there is no chain",
  inLab((lab) => {
    make(lab, "iptables", "10.1.2.3/32");
    const count = (chain: string) => countRules(nftClient(lab), { family: "ip", table: "filter", chain });
    expect([ACCEPTED, PUBLISHED, "MINE", "OTHER"].map(count)).toEqual([3 + 1, 2 + 1, 1, 0]);
  }),
);

need(
  "KernelTable.read() leaves what it does not understand to iptables-save",
  inLab((lab) => {
    make(lab, "iptables", "10.1.2.3/32");
    lab.sh(lab.host, "iptables-nft", "-A", ACCEPTED, "-p", "tcp", "-j", "ACCEPT");
    const told = new Saved(new Map([["told", []]]));
    const table = new KernelTable(nftClient(lab), 4, { read: () => told, apply() {} });
    expect(table.read()).toBe(told);
  }),
);

/** An attachment's tag and address among many: two to a bridge, the last one alone on its. */
const COUNT = 41;
const tagOfNumber = (n: number) => `0123456789abcdef-${n.toString(16).padStart(16, "0")}`;
const addressOfNumber = (family: 4 | 6, n: number) => (family === 4 ? `10.1.2.${n}/32` : `fd00::${n.toString(16)}/128`);
const bridgeOf = (n: number) => `br-${n >> 1}`;

function makeMany(lab: Lab, tool: string, family: 4 | 6): void {
  make(lab, tool, addressOfNumber(family, 200));
  const rules = Array.from({ length: COUNT }, (_, n) => {
    const comment = `${tagOfNumber(n)}, bridge: ${bridgeOf(n)}, net: n, if: eth0, id: c${n}`;
    return [
      ...acceptRules(addressOfNumber(family, n)).map((spec) => `-A ${ACCEPTED} ${spec}`),
      ...publishedRules(addressOfNumber(family, n), comment).map((spec) => `-A ${PUBLISHED} ${spec}`),
      ...isolationRules({ bridge: bridgeOf(n), policy: "same-bridge" }).map(([chain, spec]) => `-A ${chain} ${spec}`),
    ];
  });
  const text = ["*filter", ...rules.flat(), "COMMIT", ""].join("\n");
  lab.sh(lab.host, "sh", "-c", `${tool}-nft-restore --noflush <<'END'\n${text}END`);
}

need(
  "KernelTable.read() about one attachment of many decides as all rules would, without a program",
  inLab((lab) => {
    const refuse = () => {
      throw new Error("no program is needed");
    };
    for (const [family, tool] of FAMILIES) {
      makeMany(lab, tool, family);
      const client = nftClient(lab);
      const save = () => Saved.parse(lab.sh(lab.host, `${tool}-nft-save`, "-t", "filter"));
      const all = save();
      // Of its own, of nobody, of an address that is another's, of one on another bridge.
      for (const [n, address, bridge] of [[3], [0], [90], [90, 4], [3, 5], [3, 3, "br-9"]] as const) {
        const tag = tagOfNumber(n);
        const known = { addresses: [addressOfNumber(family, address ?? n)], bridge };
        const limits = { adminChain: "MINE", about: { ...known, tag } };
        const table = new KernelTable(client, family, { read: refuse, apply: refuse }, limits);
        const read = table.read();
        const removal = removalOf(read, (other) => other === tag, known);
        expect([n, removal.toSorted()]).toEqual([n, removalOf(all, (other) => other === tag, known).toSorted()]);
        const owner = { tag, comment: `${tag}, net: n, if: eth0, id: c` };
        const target = { owner, addresses: known.addresses, adminChain: "MINE", accepts: true };
        expect([n, additions(read, [target])]).toEqual([n, additions(all, [target])]);
      }
      const about = { tag: tagOfNumber(3), addresses: [], bridge: undefined };
      const table = new KernelTable(client, family, { read: refuse, apply: refuse }, { about });
      const gone = removalOf(table.read(), (other) => other === about.tag);
      expect(gone.length).toBe(4);
      table.apply(gone, undefined);
      expect(save().equals(all.without(gone))).toBe(true);
      // With the last of a bridge its rules go, which all others decide.
      const told = new Saved(new Map([["told", []]]));
      const last = { tag: tagOfNumber(COUNT - 1), addresses: [] };
      expect(new KernelTable(client, family, { read: () => told, apply: refuse }, { about: last }).read()).toBe(told);
    }
  }),
);
