/** Comparisons with values, beside what nft makes of the same words. */
import { expect } from "bun:test";
import { Batch } from "../../../src/nft/batch.ts";
import { run } from "../../../src/nft/client.ts";
import { jump } from "../../../src/nft/match-link.ts";
import { matching, matchText } from "../../../src/nft/match-values.ts";
import { inLab } from "../../support/lab.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { nftClient, ruleset } from "../../support/nft.ts";
import { expressions, matchesOf } from "../../support/nft-matches.ts";

const needsNft = needs(namespaces, nftables);

const ANY = [
  "iifname eth0",
  'iifname != "veth*"',
  'meta iifname { lo, "eth*" }',
  "iifname != { eth0, eth1 }",
  "meta l4proto tcp",
  "meta l4proto { tcp, udp } th dport 53",
  "meta l4proto != sctp",
  "tcp dport 80",
  "tcp dport != 80 tcp sport 1024-65535",
  "udp dport { 53, 5353, 6000-6100 }",
  "udp dport != { 0-1023, 60000-65535 }",
  "tcp dport { 80, 81, 90-95, 96-99 }",
  "tcp sport { 80, 81 }",
  "sctp sport != 9",
  "meta l4proto tcp tcp dport 0-65535",
  "th dport == 9",
];

const TEXTS = {
  ip: [
    ...ANY,
    "ip saddr 10.0.0.1",
    "ip saddr 10.1.2.3/8",
    "ip saddr != 10.0.0.0/12",
    "ip daddr 0.0.0.0/0",
    "ip saddr 10.0.0.5-10.0.0.9 ip daddr != 10.0.0.5-10.0.0.9",
    "ip saddr { 10.0.0.1, 10.0.0.2 } ip daddr { 192.0.2.0/24, 10.0.0.0-10.0.0.200, 255.0.0.0/8 }",
    "ip saddr != { 0.0.0.0/1, 10.0.0.0/8, 224.0.0.0/4, 224.0.0.1 }",
    "ip protocol tcp",
  ],
  ip6: [
    ...ANY,
    "ip6 saddr fd00::1",
    "ip6 daddr != 2001:db8::/32",
    "ip6 saddr fd00::/61",
    "ip6 saddr { fd00::/8, 2001:db8::1-2001:db8::ff, ffff::/16 }",
    "ip6 saddr != ::/0",
  ],
};

needsNft.each(["ip", "ip6"] as const)(
  "matching() makes what nft makes of the same words, in a table %s",
  async (family) => {
    await inLab((lab) => {
      const twin = lab.container();
      const batch = new Batch(family, "t").add({ kind: "table" }).add({ kind: "chain", name: "h" });
      batch.add({ kind: "chain", name: "c" });
      const lines: string[] = [];
      TEXTS[family].forEach((text, i) => {
        const matches = matchesOf(family, text);
        const { statements, literals } = matching(matches, 1000 + 10 * i);
        for (const literal of literals) batch.add(literal);
        batch.add({ kind: "rule", chain: "c", statements: [...statements, jump("h")] });
        // The alias is what berth takes for the same.
        lines.push(text.startsWith("ip protocol") ? matches.map(matchText).join(" ") : text);
      });
      run(nftClient(lab), batch);
      const rules = lines.map((line) => `    ${line} jump h\n`).join("");
      lab.sh(twin, "nft", `table ${family} t {\n  chain h { }\n  chain c {\n${rules}  }\n}`);
      expect(expressions(lab, lab.host)).toEqual(expressions(lab, twin));
      expect(ruleset(lab)).toBe(ruleset(lab, twin));
      const third = lab.container();
      lab.sh(third, "nft", `${batch}`);
      expect(ruleset(lab, third)).toBe(ruleset(lab));
    })();
  },
);
