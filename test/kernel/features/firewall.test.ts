/** The rules of firewall, made by iptables and read from the kernel: as iptables-save prints them. */
import { expect } from "bun:test";
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
      const table = new KernelTable(client, family, programs, "MINE");
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
