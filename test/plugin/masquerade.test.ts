import { describe, expect } from "bun:test";
import { answers } from "../support/answers.ts";
import type { Json } from "../support/command.ts";
import { farHost, UPLINK } from "../support/far-host.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, can, namespaces, needs, nftables } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

const need = needs(namespaces, built, nftables);
const needIptables = needs(namespaces, built, nftables, can("root and iptables", "iptables", "-t", "nat", "-S"));

const masqueraded = (lab: Lab) => lab.conf({ ipMasq: true, ipam: DUAL_STACK });

describe("bridge/ADD with ipMasq", () => {
  need(
    "a far host sees the host's address",
    inLab((lab) => {
      const far = farHost(lab);
      const ns = lab.container();
      lab.add({ ns, conf: masqueraded(lab) });
      for (const address of far.addresses) expect([address, answers(lab, ns, address)]).toEqual([address, true]);
      expect(far.seen()).toEqual([UPLINK.v4, UPLINK.v6]);
    }),
  );

  need(
    "without it, the container's own",
    inLab((lab) => {
      const far = farHost(lab);
      const ns = lab.container();
      lab.add({ ns, conf: lab.conf({ ipam: DUAL_STACK }) });
      for (const address of far.addresses) expect(answers(lab, ns, address, 200)).toBe(false);
      expect(far.seen()).toEqual(["10.77.0.2", "fd77::2"]);
    }),
  );

  need(
    "a neighbour on the bridge sees the container's own address",
    inLab((lab) => {
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, id: "a", conf: masqueraded(lab) });
      const { ips } = lab.add({ ns: b, id: "b", conf: masqueraded(lab) });
      lab.sh(b, "nft", "table ip t { chain c { type filter hook input priority 0; ip saddr 10.77.0.2 counter; }; }");
      expect(answers(lab, a, ips[0].address)).toBe(true);
      const counted = lab.nftj(b).flatMap((row) => row.rule?.expr ?? []);
      expect(counted.find((expr) => expr.counter)?.counter.packets).toBe(1);
    }),
  );

  needIptables(
    "a user's own earlier SNAT for the subnet keeps winning",
    inLab((lab) => {
      const far = farHost(lab);
      const snat = `-t nat -A POSTROUTING -s 10.77.0.0/24 -o ${UPLINK.device} -j SNAT --to-source ${UPLINK.second}`;
      lab.sh(lab.host, "iptables", ...snat.split(" "));
      const ns = lab.container();
      lab.add({ ns, conf: masqueraded(lab) });
      expect(answers(lab, ns, far.addresses[0])).toBe(true);
      expect(far.seen()).toEqual([UPLINK.second]);
    }),
  );

  need(
    "makes one rule and one set for each subnet however many containers there are, elements naming their owners",
    inLab((lab) => {
      const ids = ["a", "b", "c"];
      for (const id of ids) lab.add({ ns: lab.container(), id, conf: masqueraded(lab) });
      const rows = lab.nftj(lab.host);
      const sets = rows.flatMap((row) => row.set ?? []);
      expect(rows.filter((row) => row.rule).length).toBe(2);
      expect(sets.map(({ family, elem }) => [family, elem.length])).toEqual([
        ["ip", 3],
        ["ip6", 3],
      ]);
      const comments = sets.flatMap(({ elem }) => elem.map((one: { elem: { comment: string } }) => one.elem.comment));
      const readable = comments.map((comment) => comment.replace(/^[0-9a-f]{16}-[0-9a-f]{16}, /, "")).sort();
      const wanted = ids.map((id) => `net: labnet, if: eth0, id: ${id}`);
      expect(readable).toEqual([...wanted, ...wanted].sort());
    }),
  );

  need(
    "is for every address of a container, two of one family included",
    inLab((lab) => {
      const ipam = {
        type: "host-local",
        ranges: ["10.77.0.0/24", "fd77::/64", "fd78::/64"].map((subnet) => [{ subnet }]),
      };
      const conf = lab.conf({ ipMasq: true, ipam });
      const ns = lab.container();
      const elements = () =>
        lab.nftj(lab.host).flatMap((row) => (row.set?.elem ?? []).map((one: Json) => one.elem.val));
      lab.add({ ns, conf });
      expect(elements().sort()).toEqual(["10.77.0.2", "fd77::2", "fd78::2"]);
      expect(lab.nftj(lab.host).filter((row) => row.rule).length).toBe(3);
      lab.del({ ns, conf });
      expect(elements()).toEqual([]);
    }),
  );

  need(
    "leaves a user's tables alone, and makes its own again after nft flush ruleset",
    inLab((lab) => {
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, id: "a", conf: masqueraded(lab) });
      lab.sh(lab.host, "nft", "flush", "ruleset");
      lab.sh(lab.host, "nft", "add", "table", "inet", "mine");
      const far = farHost(lab);
      lab.add({ ns: b, id: "b", conf: masqueraded(lab) });
      expect(answers(lab, b, far.addresses[0])).toBe(true);
      lab.del({ ns: a, id: "a", conf: masqueraded(lab) });
      lab.del({ ns: b, id: "b", conf: masqueraded(lab) });
      const tables = lab.nftj(lab.host).flatMap((row) => (row.table ? [`${row.table.family} ${row.table.name}`] : []));
      expect(tables.sort()).toEqual(["inet mine", "ip berth", "ip6 berth"]);
    }),
  );
});
